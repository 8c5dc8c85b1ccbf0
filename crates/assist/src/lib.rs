//! Understands what a patient writes: red flags and opt-outs first, then the visit grammar.
//!
//! One idea: everything is a phrase in a versioned lexicon (`lexicon/*.toml`,
//! English and Spanish), read once and matched in a fixed order, so that what
//! was decided can be named by its rule and reviewed by a clinician as text.
//! Pure: no clock, no randomness, no IO, no logging, and no word of the person
//! in what comes out.
//!
//! ```
//! use tendon_assist::{Class, Context, understand};
//!
//! let heard = understand("please stop texting me", &Context::default());
//! assert_eq!(heard.class, Class::OptOutAll);
//! ```

mod action;
mod class;
mod flag;
mod lexicon;
mod phrase;
mod text;
mod understand;
mod understanding;
mod vocabulary;

pub use action::action_in_words;
pub use class::Class;
pub use flag::{Category, Level, RedFlag};
pub use lexicon::LEXICON_VERSION;
pub use understand::understand;
pub use understanding::{Confidence, Context, Matched, OptOutScope, Prompt, Understanding};
