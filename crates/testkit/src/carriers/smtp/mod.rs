//! A mail server that keeps what it gets: RFC 5321 as far as a client needs it.

mod session;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

pub use tokio_rustls::TlsAcceptor;

use super::Habits;
use super::habits::{Mood, Temper};

/// Who may send, how, and how much is remembered.
#[derive(Clone)]
pub struct Options {
    /// Whether and when conversations are encrypted.
    pub encryption: Encryption,
    /// User and password, demanded before any letter where given.
    pub credentials: Option<(String, String)>,
    /// How many of the last letters are kept. All are counted.
    pub keep: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            encryption: Encryption::None,
            credentials: None,
            keep: usize::MAX,
        }
    }
}

/// Prints no password and no key.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}

/// Whether and when conversations are encrypted.
#[derive(Clone)]
pub enum Encryption {
    /// Never.
    None,
    /// When the client asks by STARTTLS.
    OnRequest(TlsAcceptor),
    /// From the first byte.
    Always(TlsAcceptor),
}

/// What goes wrong, once, when a conversation comes to a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// At which point.
    pub at: At,
    /// What the client experiences.
    pub then: Then,
}

/// A point of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The greeting.
    Greeting,
    /// `MAIL FROM`.
    Mail,
    /// `RCPT TO`.
    Rcpt,
    /// `DATA`, before the letter.
    Data,
    /// The letter has begun: after the first line of it.
    Letter,
    /// The final dot.
    Dot {
        /// Whether the letter is taken nevertheless.
        taken: bool,
    },
}

/// What the client experiences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    /// A reply, such as `550 5.1.1 no such user`.
    Reply(String),
    /// The connection closes without one.
    Close,
    /// Nothing, until the client hangs up.
    Hang,
}

/// A letter that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Whether it came over an encrypted connection.
    pub encrypted: bool,
    /// Headers and body, dots unstuffed, lines ending in CRLF.
    pub data: String,
    /// The `Message-ID` without brackets, empty if there is none.
    pub message_id: String,
}

/// A running mail server. Dropped, it and all its conversations stop.
#[derive(Debug)]
pub struct SmtpSink {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    options: Options,
    severed: Notify,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    received: VecDeque<Received>,
    /// How often each `Message-ID` was taken.
    counts: HashMap<String, u32>,
    total: u64,
    connections: u64,
    faults: VecDeque<Fault>,
    temper: Temper,
}

impl SmtpSink {
    /// Listens on an address; port 0 takes a free one.
    pub async fn start(address: impl ToSocketAddrs, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            options,
            severed: Notify::new(),
            state: Mutex::new(State::default()),
        });
        let listening = tokio::spawn(listen(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            listening,
        })
    }

    /// Returns where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL for the carrier's settings, without credentials.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Queues faults. The first one waits for its point, then the next.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.state().faults.extend(faults);
    }

    /// Behaves in this way from now on, wherever nothing is scripted.
    pub fn behave(&self, habits: Habits, seed: u64) {
        self.shared.state().temper = Temper::new(habits, seed);
    }

    /// Cuts every conversation that is open now, as a restart would.
    pub fn sever(&self) {
        self.shared.severed.notify_waiters();
    }

    /// Returns the letters kept, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.shared.state().received.iter().cloned().collect()
    }

    /// Returns how many letters were taken, repeated ones included.
    pub fn total(&self) -> u64 {
        self.shared.state().total
    }

    /// Returns how many letters were taken beyond the first of each `Message-ID`.
    pub fn repeats(&self) -> u64 {
        let state = self.shared.state();
        state.total - state.counts.len() as u64
    }

    /// Returns how many connections were made.
    pub fn connections(&self) -> u64 {
        self.shared.state().connections
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Uses up the next fault if this is its point.
    fn fault(&self, is_its_point: impl Fn(At) -> bool) -> Option<Fault> {
        self.state()
            .faults
            .pop_front_if(|fault| is_its_point(fault.at))
    }

    fn mood(&self) -> Mood {
        self.state().temper.mood()
    }

    fn take(&self, letter: Received) {
        let mut state = self.state();
        state.total += 1;
        *state.counts.entry(letter.message_id.clone()).or_default() += 1;
        state.received.push_back(letter);
        while state.received.len() > self.options.keep {
            state.received.pop_front();
        }
    }
}

/// Takes connections until it is dropped, and they with it.
async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut conversations = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.state().connections += 1;
        let shared = Arc::clone(&shared);
        conversations.spawn(async move {
            tokio::select! {
                // A conversation that ends badly was told to, or its client was killed.
                () = session::converse(stream, &shared) => {}
                () = shared.severed.notified() => {}
            }
        });
        while conversations.try_join_next().is_some() {}
    }
}
