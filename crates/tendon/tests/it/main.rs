//! The commands as an operator runs them: the real binary on real databases.

#![cfg(test)]

mod backup;
mod first_run;
mod import;
mod practices;
mod run;
mod serve;
mod users;
