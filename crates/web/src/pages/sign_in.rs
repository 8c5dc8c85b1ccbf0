//! Sign-in: e-mail and password.

use askama::Template;
use tendon_care::language::Language;

use super::gate::Gate;
use super::parts::{Flash, Tone, count};
use super::sample::HOSTILE;
use super::urls::Url;
use crate::words::Words;

/// The page.
#[derive(Debug, Template)]
#[template(path = "gate/sign_in.html")]
pub struct SignIn {
    /// What surrounds it.
    pub gate: Gate,
    /// The e-mail that was typed.
    pub email: String,
    /// Where the reader wanted to go; empty for home.
    pub to: String,
    /// Why the reader is here again.
    pub because: Option<Because>,
}

/// Why the reader is here again. A wrong name and a wrong password are told the
/// same way, so that nobody can find out who works here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// Not this e-mail with this password.
    Wrong,
    /// Too many tries.
    Locked {
        /// For how long.
        minutes: u32,
    },
    /// Nothing was done for a while.
    Idle,
    /// Signed out.
    Left,
    /// The password was changed.
    Changed,
    /// The link was used before, or is too old.
    Spent,
}

impl SignIn {
    /// Returns where the form is sent.
    pub const fn url(&self) -> Url {
        Url::SignIn
    }

    /// Tells whether the fields hold what was refused.
    pub fn is_refused(&self) -> bool {
        self.because == Some(Because::Wrong)
    }

    /// Says why the reader is here again.
    pub fn flash(&self) -> Option<Flash> {
        self.because.map(|because| match because {
            Because::Wrong => Flash::new(Tone::Bad, "This e-mail and password do not go together."),
            Because::Locked { minutes } => Flash::new(
                Tone::Bad,
                format!(
                    "Too many tries. Wait {}, or ask an administrator.",
                    count(minutes, "minute", "minutes")
                ),
            ),
            Because::Idle => Flash::new(
                Tone::Info,
                "Your session has ended: nothing was done for a while, or you signed out elsewhere.",
            ),
            Because::Spent => Flash::new(
                Tone::Warn,
                "This link was used before or is too old. Sign in with your password.",
            ),
            Because::Changed => Flash::new(
                Tone::Good,
                "Your password is changed. Sign in with the new one.",
            ),
            Because::Left => Flash::new(Tone::Good, "You are signed out."),
        })
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let page = |email: &str, because| Self {
            gate: Gate::sample(Words(Language::English)),
            email: email.to_owned(),
            to: String::new(),
            because,
        };
        let mut hostile = page(HOSTILE, Some(Because::Wrong));
        HOSTILE.clone_into(&mut hostile.gate.practice);
        vec![
            ("first", page("", None)),
            ("wrong", page("maria@example.org", Some(Because::Wrong))),
            ("locked", page("", Some(Because::Locked { minutes: 15 }))),
            ("idle", page("maria@example.org", Some(Because::Idle))),
            ("left", page("", Some(Because::Left))),
            ("changed", page("", Some(Because::Changed))),
            ("spent", page("", Some(Because::Spent))),
            ("hostile", hostile),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_does_not_say_which_half_was_wrong() {
        let (_, page) = SignIn::samples().swap_remove(1);
        let text = page.flash().unwrap().text;
        assert!(text.contains("e-mail and password"));
        assert!(page.is_refused());
    }

    #[test]
    fn no_page_ever_prints_a_password() {
        for (_, page) in SignIn::samples() {
            let html = page.render().unwrap();
            let (_, field) = html.split_once(r#"type="password""#).unwrap();
            let (field, _) = field.split_once('>').unwrap();
            assert!(!field.contains("value="));
        }
    }
}
