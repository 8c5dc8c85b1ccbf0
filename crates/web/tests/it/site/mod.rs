//! The staff pages and the portal, asked as a browser asks: cookies, forms,
//! redirects, and nothing but the whole server behind them.

mod acts;
mod coverage;
mod entrance;
mod live;
mod portal;
mod set_up;
mod world;
