//! A part of a whole as a ring.

use std::fmt;

use askama::filters::HtmlSafe;

/// Half of the square in which the ring is drawn, less half of its stroke.
const RADIUS: f64 = 18.0;

/// A ring that is filled clockwise from the top.
#[derive(Clone, Debug)]
pub struct Ring {
    part: u32,
    whole: u32,
    noun: String,
}

impl Ring {
    /// Makes a ring of `part` in `whole`; `noun` says what is counted, such as
    /// `visits confirmed`. A part above the whole fills the ring; of nothing,
    /// nothing is filled.
    pub fn new(part: u32, whole: u32, noun: impl Into<String>) -> Self {
        Self {
            part,
            whole,
            noun: noun.into(),
        }
    }

    /// Returns the filled share, 0 to 1.
    fn share(&self) -> f64 {
        if self.whole == 0 {
            return 0.0;
        }
        (f64::from(self.part) / f64::from(self.whole)).min(1.0)
    }
}

impl fmt::Display for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = format!("{} of {} {}", self.part, self.whole, self.noun);
        let share = self.share();
        super::open(
            f,
            "ring",
            (44, 44),
            &title,
            &format!("{:.0} %", share * 100.0),
        )?;
        let round = std::f64::consts::TAU * RADIUS;
        write!(
            f,
            r#"<circle class="track" cx="22" cy="22" r="{RADIUS}" fill="none" stroke-width="5.5"/>"#
        )?;
        if share > 0.0 {
            write!(
                f,
                r#"<circle class="value" cx="22" cy="22" r="{RADIUS}" fill="none" stroke-width="5.5" stroke-dasharray="{:.2} {round:.2}" transform="rotate(-90 22 22)"/>"#,
                share * round
            )?;
        }
        f.write_str("</svg>")
    }
}

impl HtmlSafe for Ring {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_filled_by_its_share() {
        let half = Ring::new(24, 48, "visits confirmed").to_string();
        assert!(half.contains("<title>24 of 48 visits confirmed</title><desc>50 %</desc>"));
        assert!(
            half.contains(r#"stroke-dasharray="56.55 113.10""#),
            "{half}"
        );
    }

    #[test]
    fn nothing_and_too_much_are_drawn_sanely() {
        assert!(!Ring::new(0, 0, "x").to_string().contains("value"));
        let full = Ring::new(5, 4, "x").to_string();
        assert!(
            full.contains(r#"stroke-dasharray="113.10 113.10""#),
            "{full}"
        );
    }
}
