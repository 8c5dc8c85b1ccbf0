//! What a reader may change of their own account, whatever their role.

use askama::Template;

use super::super::frame::{Frame, Section};
use super::super::parts::{Chip, Tab, Tone, count};
use super::super::sample::{HOSTILE, frame};
use super::super::urls::Url;
use super::Topic;

/// The page.
#[derive(Debug, Template)]
#[template(path = "settings/account.html")]
pub struct Account {
    /// What surrounds it.
    pub frame: Frame,
    /// The address that the reader signs in with.
    pub email: String,
    /// The second factor is set up.
    pub second_factor: bool,
    /// What was refused.
    pub refused: Option<Refused>,
}

/// Why a password was not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The present password is another.
    Wrong,
    /// Too many tries.
    Locked {
        /// For how long.
        minutes: u32,
    },
    /// The new one is not taken.
    New(String),
}

impl Account {
    /// Returns the topics.
    pub fn menu(&self) -> Vec<Tab> {
        Topic::Account.menu(&self.frame)
    }

    /// Returns where the form is sent.
    pub const fn url(&self) -> Url {
        Url::Account
    }

    /// Returns the state of the second factor.
    pub fn codes(&self) -> Chip {
        if self.second_factor {
            Chip::new(Tone::Good, "second factor on")
        } else {
            Chip::new(Tone::Warn, "not set up")
        }
    }

    /// Returns why the present password was refused.
    pub fn present_problem(&self) -> Option<String> {
        match &self.refused {
            Some(Refused::Wrong) => Some("This is not your present password.".to_owned()),
            Some(Refused::Locked { minutes }) => Some(format!(
                "Too many tries. Wait {}.",
                count(*minutes, "minute", "minutes")
            )),
            _ => None,
        }
    }

    /// Returns why the new password was refused.
    pub fn new_problem(&self) -> Option<&str> {
        match &self.refused {
            Some(Refused::New(why)) => Some(why),
            _ => None,
        }
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let page = |email: &str, second_factor, refused| Self {
            frame: frame(Section::Settings),
            email: email.to_owned(),
            second_factor,
            refused,
        };
        let email = "maria@example.org";
        let locked = Refused::Locked { minutes: 15 };
        vec![
            ("typical", page(email, true, None)),
            ("wrong", page(email, true, Some(Refused::Wrong))),
            ("locked", page(email, false, Some(locked))),
            (
                "hostile",
                page(HOSTILE, false, Some(Refused::New(HOSTILE.to_owned()))),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_stands_at_its_own_field() {
        let [_, wrong, _, hostile] = Account::samples().try_into().unwrap();
        let fields = |(_, page): (_, Account)| {
            let new = page.new_problem().is_some();
            (page.present_problem().is_some(), new)
        };
        assert_eq!(fields(wrong), (true, false));
        assert_eq!(fields(hostile), (false, true));
    }
}
