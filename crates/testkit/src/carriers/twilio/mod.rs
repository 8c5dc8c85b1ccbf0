//! A server that speaks Twilio's REST API as far as Tendon uses it.
//!
//! It makes and lists messages, refuses, fails before or after it took one,
//! hangs and hangs up, as told; and it signs and posts webhooks.

mod hooks;
mod http;

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tendon_care::Clock;
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::task::JoinHandle;

pub use hooks::{post_form, sign};

use super::Habits;
use super::habits::Temper;

/// Who may use the server, and how much it remembers.
#[derive(Clone, Debug)]
pub struct Options {
    /// The one account.
    pub account_sid: String,
    /// Its token, which also signs webhooks.
    pub auth_token: String,
    /// The most messages on one page of a list.
    pub page_limit: usize,
    /// How many of the last messages are kept and listed. All are counted.
    pub keep: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            account_sid: "AC0000000000000000000000000000test".into(),
            auth_token: "token-of-a-test-account".into(),
            page_limit: 50,
            keep: usize::MAX,
        }
    }
}

/// What goes wrong with one request to make a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whether the message is taken nevertheless.
    pub taken: bool,
    /// What the caller experiences.
    pub then: Then,
}

impl Fault {
    /// The message is not taken.
    pub const fn before(then: Then) -> Self {
        Self { taken: false, then }
    }

    /// The message is taken first.
    pub const fn after(then: Then) -> Self {
        Self { taken: true, then }
    }
}

/// What the caller of a failing request experiences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// A regular answer: no fault at all, to let a request pass in a script.
    Answer,
    /// A refusal with one of Twilio's codes.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// The code, such as 21610.
        code: u32,
    },
    /// A status and nothing else, as a proxy in the middle would give.
    Bare {
        /// The HTTP status.
        status: u16,
    },
    /// A status of success with words that are no JSON.
    Garble,
    /// No answer until the caller hangs up.
    Hang,
    /// The connection closes without an answer.
    Close,
}

/// A message that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The id it was given.
    pub sid: String,
    /// To which number.
    pub to: String,
    /// From which number or messaging service.
    pub from: String,
    /// The words.
    pub body: String,
    /// Where receipts are wanted.
    pub status_callback: Option<String>,
    /// When, on the clock of the server.
    pub at: Timestamp,
    /// Twilio's word for where it stands.
    pub status: String,
}

/// A running server. Dropped, it stops taking connections.
#[derive(Debug)]
pub struct TwilioSink {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    options: Options,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    accepted: VecDeque<Accepted>,
    /// How often each (to, body) was taken, by hash, so that a long run stays small.
    counts: HashMap<u64, u32>,
    total: u64,
    requests: u64,
    faults: VecDeque<Fault>,
    temper: Temper,
    /// Numbers whose list was asked for since they last got a message.
    asked: HashSet<String>,
    questions: u64,
}

/// A text that a person writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The id that the service gives it, the same however often it is delivered.
    pub sid: String,
    /// The person's number.
    pub from: String,
    /// The practice's number.
    pub to: String,
    /// The words.
    pub body: String,
}

impl TwilioSink {
    /// Listens on an address; port 0 takes a free one. The clock dates messages.
    pub async fn start(
        address: impl ToSocketAddrs,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            options,
            clock,
            state: Mutex::new(State::default()),
        });
        let listening = tokio::spawn(http::listen(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            listening,
        })
    }

    /// Returns the base URL for the carrier's settings.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the account and its token.
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// Queues faults: each request to make a message uses up one.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.state().faults.extend(faults);
    }

    /// Behaves in this way from now on, wherever nothing is scripted.
    pub fn behave(&self, habits: Habits, seed: u64) {
        self.shared.state().temper = Temper::new(habits, seed);
    }

    /// Returns the messages kept, but for the first `known` of them.
    pub fn accepted_after(&self, known: usize) -> Vec<Accepted> {
        self.shared
            .state()
            .accepted
            .iter()
            .skip(known)
            .cloned()
            .collect()
    }

    /// Returns how often it was asked what became of a message: of the questions
    /// about one number, those without a message in between are one.
    pub fn questions(&self) -> u64 {
        self.shared.state().questions
    }

    /// Returns the messages kept, oldest first.
    pub fn accepted(&self) -> Vec<Accepted> {
        self.shared.state().accepted.iter().cloned().collect()
    }

    /// Returns how many messages were taken, repeated ones included.
    pub fn total(&self) -> u64 {
        self.shared.state().total
    }

    /// Returns how many requests to make a message arrived, whatever became of them.
    pub fn requests(&self) -> u64 {
        self.shared.state().requests
    }

    /// Returns how often these words were taken for this number.
    pub fn times(&self, to: &str, body: &str) -> u32 {
        let state = self.shared.state();
        state.counts.get(&key(to, body)).copied().unwrap_or(0)
    }

    /// Returns how many messages were taken beyond the first of each number and words.
    pub fn repeats(&self) -> u64 {
        let state = self.shared.state();
        state.total - state.counts.len() as u64
    }

    /// Signs and posts a person's text to a URL; returns the HTTP status.
    pub async fn post_inbound(
        &self,
        url: &str,
        from: &str,
        to: &str,
        body: &str,
    ) -> io::Result<u16> {
        let text = Text {
            sid: format!("SM{:032x}", key(from, body)),
            from: from.to_owned(),
            to: to.to_owned(),
            body: body.to_owned(),
        };
        self.post_text(url, &text).await
    }

    /// Signs and posts a text under its own id; returns the HTTP status.
    pub async fn post_text(&self, url: &str, text: &Text) -> io::Result<u16> {
        let parameters = [
            ("AccountSid", self.options().account_sid.as_str()),
            ("Body", &text.body),
            ("From", &text.from),
            ("MessageSid", &text.sid),
            ("NumMedia", "0"),
            ("To", &text.to),
        ];
        post_form(url, &self.options().auth_token, &parameters).await
    }

    /// Signs and posts a receipt to the message's own callback, which must be
    /// `http`, and keeps the status for the list; returns the HTTP status.
    pub async fn post_status(
        &self,
        sid: &str,
        status: &str,
        error: Option<u32>,
    ) -> io::Result<u16> {
        let callback = self.shared.state().settle(sid, status);
        let url = callback.ok_or_else(|| io::Error::other("no callback for this message"))?;
        let error = error.map(|code| code.to_string());
        let mut parameters = vec![("MessageSid", sid), ("MessageStatus", status)];
        parameters.extend(error.iter().map(|code| ("ErrorCode", code.as_str())));
        post_form(&url, &self.options().auth_token, &parameters).await
    }
}

impl Drop for TwilioSink {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts the message and keeps it within the limit.
    fn take(&mut self, message: Accepted, keep: usize) {
        self.total += 1;
        *self
            .counts
            .entry(key(&message.to, &message.body))
            .or_default() += 1;
        self.accepted.push_back(message);
        while self.accepted.len() > keep {
            self.accepted.pop_front();
        }
    }

    /// Counts a question about a number, once until it gets a message.
    fn ask(&mut self, to: &str) {
        if self.asked.insert(to.to_owned()) {
            self.questions += 1;
        }
    }

    fn settle(&mut self, sid: &str, status: &str) -> Option<String> {
        let message = self.accepted.iter_mut().find(|held| held.sid == sid)?;
        status.clone_into(&mut message.status);
        message.status_callback.clone()
    }
}

fn key(to: &str, body: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (to, body).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(n: u8) -> Accepted {
        Accepted {
            sid: format!("SM{n}"),
            to: "+13125550142".into(),
            from: "+13125550100".into(),
            body: format!("Number {n}"),
            status_callback: None,
            at: Timestamp::UNIX_EPOCH,
            status: "queued".into(),
        }
    }

    #[test]
    fn questions_about_a_number_count_once_between_its_messages() {
        let mut state = State::default();
        for to in ["+13125550142", "+13125550142", "+13125550143"] {
            state.ask(to);
        }
        assert_eq!(state.questions, 2);
        state.asked.remove("+13125550142");
        state.ask("+13125550142");
        assert_eq!(state.questions, 3);
    }

    #[test]
    fn a_small_memory_still_counts_everything() {
        let mut state = State::default();
        for n in [1, 2, 1, 3] {
            state.take(message(n), 2);
        }
        let kept: Vec<&str> = state
            .accepted
            .iter()
            .map(|kept| kept.sid.as_str())
            .collect();
        assert_eq!(kept, ["SM1", "SM3"]);
        assert_eq!((state.total, state.counts.len()), (4, 3));
        assert_eq!(state.counts[&key("+13125550142", "Number 1")], 2);
    }
}
