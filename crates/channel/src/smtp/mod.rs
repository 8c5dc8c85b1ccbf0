//! E-mail over SMTP submission (RFC 5321, RFC 6409, RFC 8314).

mod letter;
mod reply;
mod server;
mod session;
mod signing;

use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;

use tendon_care::contact::Email;

pub use server::{Encryption, Server};
pub use signing::Signer;

use crate::carrier::{Answer, Blind, Carrier, Found, InvalidSetting, Outcome, Outgoing, Window};
use session::Sessions;

const NAME: &str = "smtp";

/// What the SMTP carrier needs to know.
#[derive(Debug)]
pub struct Settings {
    /// Where the mail server is.
    pub server: Server,
    /// The sending address; its domain is that of every `Message-ID`, and
    /// should be that of the signature.
    pub from: Email,
    /// The DKIM key, unless the mail server signs.
    pub signer: Option<Signer>,
    /// Certificates to trust besides the public ones, in PEM.
    pub root_certificates: Option<Vec<u8>>,
    /// How many connections may be open at once; at least one is.
    pub connections: usize,
    /// How long the server may take.
    pub patience: Patience,
}

impl Settings {
    /// Settings with four connections, no signature and public certificates.
    pub fn new(server: Server, from: Email) -> Self {
        Self {
            server,
            from,
            signer: None,
            root_certificates: None,
            connections: 4,
            patience: Patience::default(),
        }
    }
}

/// How long a server may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// To connect, encrypt and sign in.
    pub connect: Duration,
    /// To answer a command.
    pub command: Duration,
    /// To take a whole letter and answer for it.
    pub answer: Duration,
}

/// Sends e-mail through one mail server.
pub struct Smtp {
    from: Email,
    signer: Option<Signer>,
    sessions: Sessions,
}

impl Smtp {
    /// Prepares the carrier; connects when there is something to send.
    pub fn new(settings: Settings) -> Result<Self, InvalidSetting> {
        let sessions = Sessions::new(&settings)?;
        Ok(Self {
            from: settings.from,
            signer: settings.signer,
            sessions,
        })
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("signs", &self.signer.is_some())
            .finish_non_exhaustive()
    }
}

impl Carrier for Smtp {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Writes the letter and hands it over. The reference is its `Message-ID`
    /// without brackets, which bounces and answers quote.
    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> Answer<'a, Outcome> {
        Box::pin(async move {
            match letter::write(outgoing, &self.from, self.signer.as_ref()) {
                Ok(letter) => self.sessions.deliver(&letter).await,
                Err(refused) => refused,
            }
        })
    }

    fn at_once(&self) -> usize {
        self.sessions.at_once()
    }

    fn patience(&self) -> SignedDuration {
        SignedDuration::try_from(self.sessions.patience()).unwrap_or(SignedDuration::MAX)
    }

    /// Cannot tell: SMTP hands a letter on and keeps no record that a sender
    /// could ask. `VRFY` speaks of mailboxes only, and a bounce that does not
    /// come proves nothing. A person decides, with the `Message-ID` at hand to
    /// look for in the mail server's own log.
    fn reconcile<'a>(&'a self, _outgoing: &'a Outgoing, _window: Window) -> Answer<'a, Found> {
        Box::pin(async {
            Found::CannotTell {
                why: Blind::NoRecord,
            }
        })
    }
}
