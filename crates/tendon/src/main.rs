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

/// SQLite's memory comes from here as well. With the C library's allocator a long import
/// grows by fragments alone, seven megabytes for 100,000 messages; `docs/benchmarks.md`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    let arguments = match command::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(told) => return answer(&told),
    };
    match command::run(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tendon: {error:#}");
            std::process::ExitCode::from(1)
        }
    }
}

/// Prints help, or what is wrong with the arguments. That is a failure as any other:
/// clap's own code for it, 2, would tell a script that an import was done.
fn answer(told: &clap::Error) -> std::process::ExitCode {
    // Where this fails, nobody is left to read it.
    let _ = told.print();
    std::process::ExitCode::from(u8::from(told.use_stderr()))
}
