//! What staff are told about words that they write.

use tendon_care::segment::{Encoding, segments};
use tendon_desk::Measured;

use crate::pages::inbox::Measure;
use crate::pages::parts::Advice;
use crate::server::session::small;

/// Says what is wrong with a draft, with the words that it is about.
pub(crate) fn advice(measured: &Measured) -> Advice {
    let text = measured.text.expose();
    let problem = |finding: &tendon_care::lint::Finding| {
        let excerpt = finding.excerpt(text);
        let short = !excerpt.is_empty() && excerpt.chars().count() <= 40;
        if short {
            format!("“{excerpt}”: {}", finding.code.words())
        } else {
            finding.code.words().to_owned()
        }
    };
    Advice {
        problems: measured.findings.iter().map(problem).collect(),
        can_insist: !measured.must_change,
    }
}

/// Says how a text would travel.
pub(crate) fn measure(text: &str) -> Measure {
    let split = segments(text);
    Measure {
        characters: small(text.chars().count()),
        segments: small(split.parts),
        wide: split.encoding == Encoding::Ucs2,
    }
}

#[cfg(test)]
mod tests {
    use tendon_care::lint::{Code, Finding};
    use tendon_care::message::Body;

    use super::*;

    #[test]
    fn advice_names_the_words_that_it_is_about() {
        let measured = |code, span| Measured {
            text: Body::new("How is the knee?"),
            parts: 1,
            findings: vec![Finding { code, span }],
            must_change: code == Code::Shortener,
        };
        let knee = advice(&measured(Code::BodyPart, 11..15));
        assert!(
            knee.problems[0].starts_with("“knee”: "),
            "{:?}",
            knee.problems
        );
        assert!(knee.can_insist);
        assert!(!advice(&measured(Code::Shortener, 0..0)).can_insist);
    }

    #[test]
    fn a_letter_that_gsm_lacks_makes_texts_shorter() {
        assert_eq!(
            measure("Hi"),
            Measure {
                characters: 2,
                segments: 1,
                wide: false
            }
        );
        assert_eq!(measure(&format!("{}ł", "a".repeat(70))).segments, 2);
        assert!(measure("ł").wide);
    }
}
