//! Values that show what a message looks like, from the shortest to the worst.

use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;

use super::values::Values;

/// Returns the values with which every message is tried: short, long, accented,
/// and at an address that several people read.
///
/// The long ones are what really occurs: a clinic's name of forty letters, a
/// double given name, the longest day and time, a link with 128 random bits.
pub fn samples() -> Vec<Values> {
    let now = date(2026, 11, 22).at(9, 0, 0, 0);
    let soon = date(2026, 11, 24).at(8, 40, 0, 0);
    let longest = date(2026, 11, 28).at(12, 40, 0, 0);
    let base = |clinic: &str, visit: DateTime| {
        let mut values = Values::new(clinic, "(312) 555-0142", zoned(now));
        values.visit = Some(zoned(visit));
        values.link = Some("https://go.hill.example/v/Jk3_9fQ2mZp81LtRvwX0aB".to_owned());
        values
    };
    let named = |mut values: Values, name: &str| {
        values.first_name = Some(name.to_owned());
        values
    };
    let mut bare = base("Hill Clinic", soon);
    bare.link = None;
    vec![
        named(base("Hill Clinic", soon), "Jo"),
        named(
            base("Northwest Rehabilitation & Sports Center", longest),
            "Maria Fernanda",
        ),
        named(base("Clínica San José", longest), "Ángela María"),
        named(base("Hill Clinic", soon), "Dolores"),
        named(base("O’Neil & Søn <Physio>", soon), "D’Arcy"),
        bare,
    ]
}

fn zoned(at: DateTime) -> jiff::Zoned {
    // UTC has no gaps, so the conversion cannot fail.
    at.to_zoned(TimeZone::UTC).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_say_the_days_that_they_should() {
        let samples = samples();
        assert!(
            samples
                .iter()
                .all(|v| v.visit.as_ref().is_some_and(|at| at.year() == 2026))
        );
        assert!(
            samples
                .iter()
                .any(|v| v.first_name.is_none() && v.link.is_none())
        );
    }
}
