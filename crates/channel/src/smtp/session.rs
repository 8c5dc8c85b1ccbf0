//! One conversation with a mail server, and the few connections kept open.
//!
//! Written on lettre's connection rather than on its transport, because only
//! here is it known how far a conversation had come. Until the line with the
//! single dot is written, RFC 5321 §4.1.1.4 forbids the server to deliver, so a
//! break before it is an ordinary failure that may be tried again. Only a break
//! after it leaves the outcome unknown, which costs a person's attention.

use std::error::Error as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::ExposeSecret;
use tendon_care::message::{Failure, FailureClass};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::letter::Letter;
use super::reply::{self, Stage};
use super::server::{Encryption, Server};
use super::{Patience, Settings};
use crate::carrier::{InvalidSetting, Outcome, Unsure};

/// Opens, keeps and reuses connections to one server.
pub(crate) struct Sessions {
    server: Server,
    tls: TlsParameters,
    hello: ClientId,
    patience: Patience,
    permits: Semaphore,
    at_once: usize,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

/// How a conversation went wrong, by what that means.
enum Broken {
    /// The server said no.
    Refused(Failure),
    /// The conversation ended before the letter was complete.
    Before(Failure),
    /// It broke off after that.
    After(Unsure),
}

impl Sessions {
    /// Prepares, without connecting. Fails on a certificate that cannot be read.
    pub(crate) fn new(settings: &Settings) -> Result<Self, InvalidSetting> {
        let host = settings.server.host.clone();
        let mut tls = TlsParameters::builder(host);
        if let Some(pem) = &settings.root_certificates {
            tls = tls.add_root_certificate(certificates(pem)?);
        }
        let sender_domain = settings.from.expose().rsplit_once('@');
        let hello = sender_domain.map_or("localhost", |(_, domain)| domain);
        Ok(Self {
            server: settings.server.clone(),
            tls: tls.build().map_err(|_| BAD_ROOT)?,
            hello: ClientId::Domain(hello.to_owned()),
            patience: settings.patience,
            permits: Semaphore::new(settings.connections.max(1)),
            at_once: settings.connections.max(1),
            idle: Mutex::new(Vec::new()),
        })
    }

    /// Returns how many letters are on their way side by side at most.
    pub(crate) const fn at_once(&self) -> usize {
        self.at_once
    }

    /// Returns the longest that a letter takes once it has a connection.
    pub(crate) fn patience(&self) -> Duration {
        self.patience.in_all()
    }

    /// Sends a letter over an idle connection or a new one.
    ///
    /// An idle connection may have died unnoticed. If it breaks before the
    /// letter was complete, a new one is tried at once; a new one is not.
    pub(crate) async fn deliver(&self, letter: &Letter) -> Outcome {
        let Ok(_permit) = self.permits.acquire().await else {
            return Outcome::refused(FailureClass::Transient, "closed");
        };
        let idle = self.idle().pop();
        if let Some(connection) = idle
            && let Ok(outcome) = self.converse(connection, letter).await
        {
            return outcome;
        }
        let told = match self.open().await {
            Ok(connection) => self.converse(connection, letter).await,
            Err(failure) => Err(failure),
        };
        told.unwrap_or_else(Outcome::Refused)
    }

    /// Tells one letter to the server; fails if the conversation ended harmlessly.
    async fn converse(
        &self,
        mut connection: AsyncSmtpConnection,
        letter: &Letter,
    ) -> Result<Outcome, Failure> {
        match self.exchange(&mut connection, letter).await {
            Ok(carrier_ref) => {
                self.idle().push(connection);
                Ok(Outcome::Accepted { carrier_ref })
            }
            Err(Broken::Refused(failure)) => {
                let reset = timeout(self.patience.command, connection.command(Rset)).await;
                if matches!(reset, Ok(Ok(_))) {
                    self.idle().push(connection);
                }
                Ok(Outcome::Refused(failure))
            }
            Err(Broken::Before(failure)) => Err(failure),
            Err(Broken::After(why)) => Ok(Outcome::Unknown { why }),
        }
    }

    async fn exchange(
        &self,
        connection: &mut AsyncSmtpConnection,
        letter: &Letter,
    ) -> Result<String, Broken> {
        let from = Mail::new(letter.envelope.from().cloned(), Vec::new());
        self.command(Stage::Sender, connection.command(from))
            .await?;
        for to in letter.envelope.to() {
            let to = Rcpt::new(to.clone(), Vec::new());
            self.command(Stage::Recipient, connection.command(to))
                .await?;
        }
        self.command(Stage::Letter, connection.command(Data))
            .await?;
        self.hand_over(connection, letter).await
    }

    /// Writes the letter and its final dot, and waits for the answer.
    async fn hand_over(
        &self,
        connection: &mut AsyncSmtpConnection,
        letter: &Letter,
    ) -> Result<String, Broken> {
        // Asked for a second piece, the connection has written the first one
        // whole and goes on to write the dot.
        let complete = AtomicBool::new(false);
        let mut piece = Some(letter.bytes.as_slice());
        let pieces = std::iter::from_fn(|| {
            complete.store(piece.is_none(), Ordering::Relaxed);
            piece.take()
        });
        let answer = timeout(self.patience.answer, connection.message_iter(pieces)).await;
        let why = match answer {
            Ok(Ok(_accepted)) => return Ok(letter.message_id.clone()),
            Ok(Err(error)) => match refusal(Stage::Letter, &error) {
                Some(broken) => return Err(broken),
                None => Unsure::ConnectionLost,
            },
            Err(_elapsed) => Unsure::TimedOut,
        };
        Err(if complete.load(Ordering::Relaxed) {
            Broken::After(why)
        } else {
            Broken::Before(transient(why.code()))
        })
    }

    async fn command<T>(
        &self,
        stage: Stage,
        command: impl Future<Output = Result<T, smtp::Error>>,
    ) -> Result<T, Broken> {
        match timeout(self.patience.command, command).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(refusal(stage, &error)
                .unwrap_or_else(|| Broken::Before(transient(Unsure::ConnectionLost.code())))),
            Err(_elapsed) => Err(Broken::Before(transient(Unsure::TimedOut.code()))),
        }
    }

    /// Connects, encrypts and signs in. Nothing of a letter has left if it fails.
    async fn open(&self) -> Result<AsyncSmtpConnection, Failure> {
        let opening = async {
            let mut connection = self.connect().await?;
            if let Some(credentials) = &self.server.credentials {
                let password = credentials.password.expose_secret().to_owned();
                let credentials = Credentials::new(credentials.user.clone(), password);
                connection
                    .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                    .await
                    .map_err(|error| opening_failure(&error))?;
            }
            Ok(connection)
        };
        match timeout(self.patience.connect, opening).await {
            Ok(opened) => opened,
            Err(_elapsed) => Err(transient("connect_timed_out")),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let mut connection = match self.server.encryption {
            Encryption::Implicit => self.connect_encrypted().await?,
            _ => self.connect_plainly().await?,
        };
        let upgrade = match self.server.encryption {
            Encryption::Implicit | Encryption::None => false,
            Encryption::Opportunistic => connection.can_starttls(),
            Encryption::Required if connection.can_starttls() => true,
            Encryption::Required => {
                return Err(rejected("starttls_not_offered"));
            }
        };
        if upgrade {
            connection
                .starttls(self.tls.clone(), &self.hello)
                .await
                .map_err(|error| opening_failure(&error))?;
        }
        Ok(connection)
    }

    async fn connect_encrypted(&self) -> Result<AsyncSmtpConnection, Failure> {
        let address = (self.server.host.as_str(), self.server.port);
        let tls = Some(self.tls.clone());
        AsyncSmtpConnection::connect_tokio1(address, None, &self.hello, tls, None)
            .await
            .map_err(|error| opening_failure(&error))
    }

    /// Connects without Nagle's algorithm, which holds the final dot back until
    /// the letter is acknowledged: 40 ms for every letter.
    async fn connect_plainly(&self) -> Result<AsyncSmtpConnection, Failure> {
        let address = (self.server.host.as_str(), self.server.port);
        let stream = TcpStream::connect(address)
            .await
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
            .map_err(|_| transient("connect"))?;
        AsyncSmtpConnection::connect_with_transport(Box::new(stream), &self.hello)
            .await
            .map_err(|error| opening_failure(&error))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<AsyncSmtpConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a refusal out of lettre's error; `None` if the server did not answer.
///
/// lettre gives the server's words only as the source of its error. A 421 says
/// that the server closes (RFC 5321 §3.8), as many do with an idle connection.
fn refusal(stage: Stage, error: &smtp::Error) -> Option<Broken> {
    let code = u16::from(error.status()?);
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    let failure = reply::failure(stage, code, &words);
    Some(if code == 421 {
        Broken::Before(failure)
    } else {
        Broken::Refused(failure)
    })
}

fn opening_failure(error: &smtp::Error) -> Failure {
    match refusal(Stage::Opening, error) {
        Some(Broken::Refused(failure) | Broken::Before(failure)) => failure,
        _ if is_about_tls(error) => transient("tls"),
        // lettre calls it a client error when no way to sign in is offered.
        _ if error.is_client() => rejected("sign_in_not_offered"),
        _ => transient("connect"),
    }
}

/// Tells an untrusted certificate from a server that is away. lettre calls both
/// a connection error when encryption begins with the first byte.
fn is_about_tls(error: &smtp::Error) -> bool {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let about_tls = |cause: &(dyn std::error::Error + 'static)| {
        cause
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
    };
    error.is_tls() || causes.any(about_tls)
}

fn rejected(code: &str) -> Failure {
    Failure {
        class: FailureClass::Rejected,
        code: code.to_owned(),
    }
}

fn transient(code: &str) -> Failure {
    Failure {
        class: FailureClass::Transient,
        code: code.to_owned(),
    }
}

/// Reads PEM, in which lettre would find nothing without a word.
fn certificates(pem: &[u8]) -> Result<Certificate, InvalidSetting> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    match found {
        Ok(found) if !found.is_empty() => Certificate::from_pem(pem).map_err(|_| BAD_ROOT),
        _ => Err(BAD_ROOT),
    }
}

const BAD_ROOT: InvalidSetting = InvalidSetting {
    carrier: super::NAME,
    setting: "root_certificates",
    problem: "is not a PEM certificate",
};

/// A relay of the practice's own or its provider's answers within seconds. One that
/// takes minutes for the dot is given up on (RFC 5321 §4.5.3.2.6 would wait for ten): the
/// letter is then one whose answer was lost, which a person looks at, and it is never
/// sent again by itself.
impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            command: Duration::from_secs(30),
            answer: Duration::from_mins(2),
        }
    }
}

impl Patience {
    /// Returns the longest that a letter takes: over an idle connection that turns out
    /// to be dead at its last step, and then over a new one.
    pub(super) fn in_all(&self) -> Duration {
        self.connect + 2 * (3 * self.command + self.answer)
    }
}
