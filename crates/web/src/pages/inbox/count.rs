//! Count: how many texts a draft makes. It is asked with every pause of a typist, so
//! it shows nothing of the thread, and nobody's chart is read for it.

use askama::Template;
use tendon_care::id::ConversationId;

use super::super::frame::{Frame, Section};
use super::super::sample::{self, HOSTILE};
use super::super::urls::Url;
use super::Measure;

/// The page; a script takes the count out of it.
#[derive(Debug, Template)]
#[template(path = "count.html")]
pub struct Count {
    /// What surrounds it.
    pub frame: Frame,
    /// The thread that is answered.
    pub thread: ConversationId,
    /// What is typed.
    pub draft: String,
    /// How it would travel.
    pub measure: Measure,
}

impl Count {
    /// Returns where the reply is sent.
    pub const fn reply_url(&self) -> Url {
        Url::ThreadReply(self.thread)
    }

    /// Returns the thread.
    pub const fn thread_url(&self) -> Url {
        Url::Thread(self.thread)
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let page = |draft: &str, segments| Self {
            frame: sample::frame(Section::Inbox),
            thread: sample::id(1),
            draft: draft.to_owned(),
            measure: Measure {
                characters: 21,
                segments,
                wide: false,
            },
        };
        vec![
            ("one", page("Yes, please bring it.", 1)),
            ("hostile", page(HOSTILE, 2)),
        ]
    }
}
