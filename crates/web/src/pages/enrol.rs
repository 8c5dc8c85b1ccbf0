//! Enrolment: setting up the authenticator app, once.

use askama::Template;
use tendon_care::language::Language;

use super::gate::Gate;
use super::urls::Url;
use crate::chart::Qr;
use crate::words::Words;

/// The page.
#[derive(Debug, Template)]
#[template(path = "gate/enrol.html")]
pub struct Enrol {
    /// What surrounds it.
    pub gate: Gate,
    /// The secret in base32, for typing.
    secret: String,
    /// The same for the camera; `None` where the text is too long for a code.
    picture: Option<Qr>,
    /// The last code did not fit.
    pub wrong: bool,
}

impl Enrol {
    /// Makes the page from the key's address (`otpauth://…`) and its secret in
    /// base32.
    pub fn new(gate: Gate, address: &str, secret: &str, wrong: bool) -> Self {
        Self {
            gate,
            secret: grouped(secret),
            picture: Qr::new(address),
            wrong,
        }
    }

    /// Returns where the form is sent.
    pub const fn url(&self) -> Url {
        Url::Enrol
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let page = |wrong| {
            Self::new(
                Gate::sample(Words(Language::English)),
                "otpauth://totp/Tendon:maria%40example.org?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Tendon",
                "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
                wrong,
            )
        };
        vec![("first", page(false)), ("wrong", page(true))]
    }
}

/// Writes a secret in groups of four, as nobody types 32 letters in a row.
fn grouped(secret: &str) -> String {
    let mut out = String::new();
    for (i, letter) in secret.chars().enumerate() {
        if i > 0 && i % 4 == 0 {
            out.push(' ');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_can_be_typed_and_photographed() {
        assert_eq!(grouped("JBSWY3DPE"), "JBSW Y3DP E");
        let html = Enrol::samples().swap_remove(0).1.render().unwrap();
        assert!(html.contains("JBSW Y3DP EHPK 3PXP"));
        assert!(html.contains("<title>QR code"));
    }
}
