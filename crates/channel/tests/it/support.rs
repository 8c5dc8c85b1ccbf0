//! What every test of a carrier needs.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tendon_care::Clock;
use tendon_care::contact::{Address, Email, Phone};
use tendon_care::id::{Id, MessageId};
use tendon_care::language::Language;
use tendon_care::message::{Body, Content, Failure, FailureClass};
use tendon_care::purpose::Purpose;
use tendon_channel::{Outcome, Outgoing, Sender};
use tokio::net::TcpSocket;

/// Longer than any answer of a server that means to answer.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// For servers that never answer: how long is of no matter, so not long.
pub(crate) const SHORT: Duration = Duration::from_millis(100);

/// A clock that stands until it is set.
#[derive(Debug)]
pub(crate) struct Standing(AtomicI64);

impl Standing {
    pub(crate) fn at(second: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(second)))
    }

    pub(crate) fn set(&self, second: i64) {
        self.0.store(second, Ordering::Relaxed);
    }
}

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        at(self.0.load(Ordering::Relaxed))
    }
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) const NUMBER: &str = "+13125550142";

/// The nth message, as a text.
pub(crate) fn text(n: u8, words: &str) -> Outgoing {
    Outgoing {
        message: MessageId::from_parts(Timestamp::UNIX_EPOCH, [n; 10]),
        to: Address::Phone(Phone::from_e164(NUMBER).unwrap()),
        content: Content {
            subject: None,
            text: Body::new(words),
            html: None,
        },
        purpose: Purpose::Care,
        language: Language::English,
        sender: Sender::default(),
        in_reply_to: None,
        unsubscribe_url: None,
        attempt: 1,
        at: Timestamp::UNIX_EPOCH,
    }
}

/// The nth message, as an e-mail.
pub(crate) fn email(n: u8, words: &str) -> Outgoing {
    let mut outgoing = text(n, words);
    outgoing.to = Address::Email(Email::parse("ana@example.org").unwrap());
    outgoing.content.subject = Some(Body::new("Your visit"));
    outgoing.content.html = Some(Body::new(format!("<p>{words}</p>")));
    outgoing
}

pub(crate) fn refused(class: FailureClass, code: &str) -> Outcome {
    Outcome::Refused(Failure {
        class,
        code: code.to_owned(),
    })
}

/// The binary does this once; in tests every test does, and the first one wins.
pub(crate) fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// An address at which nobody listens, kept from everybody else while it lives:
/// the socket is bound and never listens, so a connection is refused.
pub(crate) struct Nobody(TcpSocket);

impl Nobody {
    pub(crate) fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        Self(socket)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }
}
