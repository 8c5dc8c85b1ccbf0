//! Second factor: the six digits of the authenticator app (RFC 6238).

use askama::Template;
use tendon_care::language::Language;

use super::gate::Gate;
use super::urls::Url;
use crate::words::Words;

/// The page.
#[derive(Debug, Template)]
#[template(path = "gate/second_factor.html")]
pub struct SecondFactor {
    /// What surrounds it.
    pub gate: Gate,
    /// Where the reader wanted to go; empty for home.
    pub to: String,
    /// The last code was wrong or too old.
    pub wrong: bool,
}

impl SecondFactor {
    /// Returns where the form is sent.
    pub const fn url(&self) -> Url {
        Url::SecondFactor
    }

    /// Returns the way back.
    pub const fn back_url(&self) -> Url {
        Url::SignIn
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let page = |wrong| Self {
            gate: Gate::sample(Words(Language::English)),
            to: String::new(),
            wrong,
        };
        vec![("first", page(false)), ("wrong", page(true))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_offer_the_code_and_a_wrong_one_is_said() {
        for (_, page) in SecondFactor::samples() {
            let html = page.render().unwrap();
            assert!(html.contains(r#"autocomplete="one-time-code""#));
            assert_eq!(html.contains(r#"role="alert""#), page.wrong);
        }
    }
}
