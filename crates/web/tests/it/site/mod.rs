//! The staff pages and the portal, asked as a browser asks: cookies, forms,
//! redirects, and nothing but the whole server behind them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the whole module is a test; its helpers stand outside of one"
)]

mod acts;
mod coverage;
mod entrance;
mod live;
mod portal;
mod world;
