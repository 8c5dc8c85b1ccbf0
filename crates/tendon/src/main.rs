//! Tendon: patient relationship management for outpatient physical therapy.
//!
//! The binary: settings, wiring and commands. Everything else lives in the
//! crates that ARCHITECTURE.md maps.

mod carriers;
mod command;
mod edge;
mod file;
mod keys;
mod open;
mod server;
mod settings;

use clap::Parser as _;

fn main() -> std::process::ExitCode {
    let arguments = command::Arguments::parse();
    match command::run(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tendon: {error:#}");
            std::process::ExitCode::from(1)
        }
    }
}
