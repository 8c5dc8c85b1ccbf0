//! Lengths of time as definitions write them: `3w`, `24h`, `1d12h`, `12mo`.
//!
//! Months, weeks and days are counted on the calendar of the practice, so
//! that "3 days before 8:40" is 8:40 on both sides of a clock change. Hours and
//! minutes are counted on the stopwatch, so that "24h" is always 24 hours.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// A length of time, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Length {
    months: u16,
    weeks: u16,
    days: u16,
    hours: u16,
    minutes: u16,
}

/// A text that is no length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a length of time is written like 30m, 24h, 3d, 2w, 6mo or 1d12h, largest unit first")]
pub struct InvalidLength;

/// The suffix of each unit with its words, largest first.
const UNITS: [(&str, &str, &str); 5] = [
    ("mo", "month", "months"),
    ("w", "week", "weeks"),
    ("d", "day", "days"),
    ("h", "hour", "hours"),
    ("m", "minute", "minutes"),
];

impl Length {
    /// A length of whole days.
    pub const fn days(days: u16) -> Self {
        Self {
            months: 0,
            weeks: 0,
            days,
            hours: 0,
            minutes: 0,
        }
    }

    /// Tells whether this is no time at all.
    pub fn is_zero(self) -> bool {
        self == Self::default()
    }

    /// Returns the instant this long before `at` on the calendar of `zone`.
    ///
    /// A day that the month does not have becomes its last one: 12 months
    /// before 29 February 2028 is 28 February 2027.
    pub fn before(self, at: Timestamp, zone: &TimeZone) -> Timestamp {
        at.to_zoned(zone.clone())
            .checked_sub(self.span())
            .map_or(Timestamp::MIN, |zoned| zoned.timestamp())
    }

    /// Returns the instant this long after `at` on the calendar of `zone`.
    pub fn after(self, at: Timestamp, zone: &TimeZone) -> Timestamp {
        at.to_zoned(zone.clone())
            .checked_add(self.span())
            .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    }

    /// Returns the length in words, such as `1 day and 12 hours`.
    pub fn words(self) -> String {
        let parts: Vec<String> = self
            .amounts()
            .zip(UNITS)
            .filter(|(amount, _)| *amount > 0)
            .map(|(amount, (_, one, many))| {
                format!("{amount} {}", if amount == 1 { one } else { many })
            })
            .collect();
        if parts.is_empty() {
            "no time".to_owned()
        } else {
            parts.join(" and ")
        }
    }

    fn amounts(self) -> impl Iterator<Item = u16> {
        [self.months, self.weeks, self.days, self.hours, self.minutes].into_iter()
    }

    fn span(self) -> Span {
        Span::new()
            .months(self.months)
            .weeks(self.weeks)
            .days(self.days)
            .hours(self.hours)
            .minutes(self.minutes)
    }
}

impl FromStr for Length {
    type Err = InvalidLength;

    fn from_str(text: &str) -> Result<Self, InvalidLength> {
        let mut rest = text;
        let mut amounts = [0_u16; UNITS.len()];
        for ((suffix, ..), slot) in UNITS.iter().zip(&mut amounts) {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, unit) = rest.split_at(digits);
            // "m" must not take the beginning of "mo"; months come first, so
            // only the exact letters of the unit up to the next digit count.
            let letters = unit.len() - unit.trim_start_matches(char::is_alphabetic).len();
            let (unit, after) = unit.split_at(letters);
            if unit == *suffix {
                // Four digits keep every sum inside the calendar.
                if number.is_empty() || number.len() > 4 {
                    return Err(InvalidLength);
                }
                *slot = number.parse().map_err(|_| InvalidLength)?;
                rest = after;
            }
        }
        if !rest.is_empty() || text.is_empty() {
            return Err(InvalidLength);
        }
        let [months, weeks, days, hours, minutes] = amounts;
        Ok(Self {
            months,
            weeks,
            days,
            hours,
            minutes,
        })
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return f.write_str("0m");
        }
        for (amount, (suffix, ..)) in self.amounts().zip(UNITS) {
            if amount > 0 {
                write!(f, "{amount}{suffix}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(text: &str) -> Length {
        text.parse().unwrap()
    }

    fn chicago() -> TimeZone {
        TimeZone::get("America/Chicago").unwrap()
    }

    fn ts(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn texts_round_trip_and_have_words() {
        for (text, words) in [
            ("3w", "3 weeks"),
            ("24h", "24 hours"),
            ("1d12h", "1 day and 12 hours"),
            ("12mo", "12 months"),
            ("1mo30m", "1 month and 30 minutes"),
            ("0m", "no time"),
        ] {
            assert_eq!(length(text).to_string(), text);
            assert_eq!(length(text).words(), words);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "", "3", "d", "-3d", "3 d", "3x", "12h1d", "1d1d", "99999d", "1.5h",
        ] {
            assert_eq!(text.parse::<Length>(), Err(InvalidLength), "{text}");
        }
    }

    #[test]
    fn days_keep_the_local_hour_across_a_clock_change_and_hours_do_not() {
        // Clocks in Chicago went back on 1 November 2026 at 2:00.
        let visit = ts("2026-11-02T08:40:00-06:00");
        assert_eq!(
            length("3d").before(visit, &chicago()),
            ts("2026-10-30T08:40:00-05:00")
        );
        assert_eq!(
            length("72h").before(visit, &chicago()),
            ts("2026-10-30T09:40:00-05:00")
        );
    }

    #[test]
    fn a_day_that_the_month_lacks_becomes_its_last_one() {
        let leap_day = ts("2028-02-29T09:00:00-06:00");
        assert_eq!(
            length("12mo").after(leap_day, &chicago()),
            ts("2029-02-28T09:00:00-06:00")
        );
    }

    #[test]
    fn absurd_lengths_stop_at_the_end_of_the_calendar() {
        let long = length("9999mo9999w");
        assert_eq!(long.after(Timestamp::MAX, &chicago()), Timestamp::MAX);
        assert_eq!(long.before(Timestamp::MIN, &chicago()), Timestamp::MIN);
    }
}
