//! Against a mail server that is not of our making: Postfix's `smtp-sink`.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tendon_care::contact::Email;
use tendon_care::message::FailureClass;
use tendon_channel::smtp::{Server, Settings, Smtp};
use tendon_channel::{Carrier, Outcome, Unsure};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::support::{Nobody, email, install_tls};

/// A running `smtp-sink` on a free port, killed when dropped, and a carrier to it.
struct Sink {
    _process: Child,
    carrier: Smtp,
}

impl Sink {
    /// Starts it; `None`, said aloud, where it is not installed.
    async fn start(options: &[&str]) -> Option<Self> {
        let Some(program) = program() else {
            println!("SKIPPED: smtp-sink (Debian package postfix) is not installed");
            return None;
        };
        // Freed again at once, for the program to take.
        let address = Nobody::new().address();
        // Started by root, it insists on becoming somebody else.
        let user: &[&str] = match std::fs::metadata("/proc/self").map(|own| own.uid()) {
            Ok(0) => &["-u", "nobody"],
            _ => &[],
        };
        let mut process = Command::new(program)
            .args(user)
            .args(options)
            .args([&format!("inet:{address}"), "100"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        while TcpStream::connect(address).await.is_err() {
            assert_eq!(process.try_wait().unwrap(), None, "smtp-sink ended");
            tokio::task::yield_now().await;
        }
        install_tls();
        let server = Server::parse(&format!("smtp://{address}").into()).unwrap();
        let from = Email::parse("care@clinic.example").unwrap();
        Some(Self {
            _process: process,
            carrier: Smtp::new(Settings::new(server, from)).unwrap(),
        })
    }
}

/// Finds the program where Debian puts it, or on the path.
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([Path::new("/usr/sbin").to_owned()])
        .map(|folder| folder.join("smtp-sink"))
        .find(|program| program.exists())
}

#[tokio::test]
async fn postfix_takes_letters_over_one_connection() {
    let Some(sink) = Sink::start(&[]).await else {
        return;
    };
    for n in 1..=20 {
        let outgoing = email(n, "Mañana a las nueve.\n.\nHasta pronto");
        let carrier_ref = format!("{}@clinic.example", outgoing.message);
        let outcome = sink.carrier.send(&outgoing).await;
        assert_eq!(outcome, Outcome::Accepted { carrier_ref });
    }
}

#[tokio::test]
async fn postfix_refusals_are_read() {
    for (options, class) in [
        (["-r", "RCPT"], FailureClass::Transient),
        (["-r", "."], FailureClass::Transient),
        (["-f", "MAIL"], FailureClass::Rejected),
        (["-f", "DATA"], FailureClass::Rejected),
    ] {
        let Some(sink) = Sink::start(&options).await else {
            return;
        };
        let outcome = sink.carrier.send(&email(1, "hello")).await;
        let Outcome::Refused(failure) = outcome else {
            panic!("{options:?}: {outcome:?}");
        };
        assert_eq!(failure.class, class, "{options:?}");
    }
}

#[tokio::test]
async fn postfix_hanging_up_is_harmless_before_the_dot_and_unknown_after() {
    for command in ["MAIL", "RCPT", "DATA"] {
        let Some(sink) = Sink::start(&["-q", command]).await else {
            return;
        };
        let outcome = sink.carrier.send(&email(1, "hello")).await;
        let Outcome::Refused(failure) = outcome else {
            panic!("{command}: {outcome:?}");
        };
        assert_eq!(failure.class, FailureClass::Transient, "{command}");
    }
    let Some(sink) = Sink::start(&["-q", "."]).await else {
        return;
    };
    let outcome = sink.carrier.send(&email(1, "hello")).await;
    let why = Unsure::ConnectionLost;
    assert_eq!(outcome, Outcome::Unknown { why });
}
