//! What surrounds the pages before and beside the rest: sign-in and errors.

use super::frame::Look;
use super::parts::Csrf;
use crate::words::Words;

/// What surrounds a page outside of the frame.
#[derive(Clone, Debug)]
pub struct Gate {
    /// The practice's name, or the product's where no practice is known yet.
    pub practice: String,
    /// The reader's language.
    pub words: Words,
    /// Theme.
    pub look: Look,
    /// The token of the form.
    pub csrf: Csrf,
}

impl Gate {
    /// Returns the language's tag.
    pub const fn tag(&self) -> &'static str {
        self.words.language().tag()
    }

    /// Returns a gate for samples.
    pub fn sample(words: Words) -> Self {
        Self {
            practice: "Riverside Physical Therapy".to_owned(),
            words,
            look: Look::default(),
            csrf: Csrf::new("k3JxV1ZtQm9yZGVy"),
        }
    }
}
