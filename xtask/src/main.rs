//! Developer tasks: `cargo xtask test`, `tidy`, `crash`, `year` and `screens`.

mod crash;
mod engine;
mod screens;
mod test;
mod tidy;
mod workspace;
mod year;

use std::process::ExitCode;

use clap::Parser;
use workspace::Workspace;

/// Developer tasks of Tendon.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
enum Task {
    /// Runs formatting, tidy, clippy, every test, a crash rehearsal, and the documentation.
    ///
    /// Installs what is missing with apt where it runs as root, and otherwise
    /// names it and fails. Ends with the line `N passed, N failed, N skipped`,
    /// where each check counts as one.
    Test(test::Options),
    /// Kills the server at random moments under load; nothing may be lost or repeated.
    ///
    /// Plays against carriers of our own on real sockets, judges by what they took
    /// and by what the API shows, and prints a line for each database. The seed
    /// reproduces the schedule.
    #[command(after_help = "Example: cargo xtask crash --kills 200 --release")]
    Crash(crash::Options),
    /// Lives a simulated year of any size and looks for what must never happen.
    ///
    /// Builds what the tests of `cargo xtask test` judge small years by as it is
    /// released, and judges the finished database: no message at night, above a cap,
    /// to the dead, against a no, to a wrong number, or beside the visit.
    #[command(after_help = "Example: cargo xtask year --patients 2000 --database both")]
    Year(year::Options),
    /// Draws the pages of the demo as pictures, in a real browser.
    ///
    /// Without an option it draws the few that documents show into docs/images.
    #[command(after_help = "Example: cargo xtask screens --out /tmp/screens")]
    Screens(screens::Options),
    /// Checks the rules of the house that the compiler does not know.
    Tidy,
}

fn main() -> ExitCode {
    let task = Task::parse();
    let outcome = Workspace::find().and_then(|workspace| match task {
        Task::Test(options) => Ok(test::run(&workspace, &options)),
        Task::Crash(options) => crash::run(&workspace, &options),
        Task::Year(options) => year::run(&workspace, &options),
        Task::Screens(options) => screens::run(&workspace, &options),
        Task::Tidy => Ok(tidy::run(&workspace.root)? == 0),
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_made() {
        super::Task::command().debug_assert();
    }
}
