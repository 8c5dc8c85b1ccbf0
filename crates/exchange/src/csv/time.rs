//! Dates and times of day as programs and people write them.
//!
//! | form | example |
//! |---|---|
//! | ISO 8601, with or without time and offset | `2026-03-02T09:00:00-05:00`, `2026-03-02 09:00` |
//! | three numbers | `3/2/2026`, `02-03-2026`, `2.3.26` |
//! | compact | `20260302`, `20260302 090000`, `202603020900` |
//! | with the name of the month, English or Spanish | `Mon, Mar 2nd 2026`, `2-mar-26`, `2 de marzo de 2026` |
//! | a spreadsheet's day number | `46083`, `46083.375` |
//! | with a time of day | `… 9:00 AM`, `… 14:30:05`, `… 9:00 AM - 9:45 AM` |
//!
//! Which of two numbers is the day is decided for a column as a whole, by
//! [`super::order`]; this file takes that decision as given.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, ToSpan};

use super::clock::{Clock, day_fraction, read_clock};
use crate::record::Moment;

/// What is wrong with a date or time; its text is a problem's reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTime {
    /// In no known form, or not in the calendar.
    #[error("is no date or time in a known form")]
    Malformed,
    /// A year of two digits that may mean two centuries.
    #[error("names its year with two digits, which may mean two centuries")]
    Century,
    /// Day and month could be either way round in this column.
    #[error("may name the day or the month first, as other rows of the column do both")]
    Order,
    /// Only a day where a time of day is needed.
    #[error("names no time of day")]
    NoTime,
    /// A birthday before 1850, or one that programs fill in for "unknown".
    #[error("is a filler, not a birthday")]
    Filler,
}

/// Which number of `3/4/2026` is the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
pub enum DateOrder {
    /// As most of the world writes it.
    #[serde(rename = "day-first")]
    DayFirst,
    /// As the United States write it.
    #[serde(rename = "month-first")]
    MonthFirst,
}

/// A point in time as far as a cell tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The day.
    pub date: Date,
    /// The time of day.
    pub time: Option<Clock>,
}

impl Stamp {
    /// Returns the moment; a day without a time of day counts from midnight.
    /// Where there is no offset, `zone` gives it, or the place of the visit does.
    pub fn moment(self, zone: Option<&TimeZone>) -> Moment {
        let clock = self.time.unwrap_or(Clock {
            time: Time::midnight(),
            offset: None,
            until: None,
        });
        locate(self.date.to_datetime(clock.time), clock.offset, zone)
    }

    /// Returns the end of a span, on the same day.
    pub fn until(self, zone: Option<&TimeZone>) -> Option<Moment> {
        let clock = self.time?;
        let end = self.date.to_datetime(clock.until?);
        Some(locate(end, clock.offset, zone))
    }
}

fn locate(local: DateTime, offset: Option<Offset>, zone: Option<&TimeZone>) -> Moment {
    let exact: Option<Timestamp> = match (offset, zone) {
        (Some(offset), _) => offset.to_timestamp(local).ok(),
        (None, Some(zone)) => zone.to_timestamp(local).ok(),
        (None, None) => None,
    };
    exact.map_or(Moment::Local(local), Moment::Exact)
}

/// Reads a date, with a time of day where one follows. `order` tells the day
/// from the month where both are numbers; `None` refuses what only it can tell.
pub fn stamp(text: &str, order: Option<DateOrder>) -> Result<Stamp, BadTime> {
    let text = text.trim();
    if let Some(stamp) = by_digits(text) {
        return stamp;
    }
    let (date, rest) = match Numbers::split(text) {
        Some((numbers, rest)) => (numbers.date(order)?, rest),
        None => by_name(text).ok_or(BadTime::Malformed)??,
    };
    let from_iso = rest.starts_with('T');
    let rest = rest
        .trim_start_matches(['T', ',', ' ', '\u{a0}', '\n', ';'])
        .trim_start_matches("at ")
        .trim_start_matches("- ");
    let time = match rest {
        "" => None,
        rest => Some(read_clock(rest, from_iso)?),
    };
    Ok(Stamp { date, time })
}

/// Reads a birthday: the day as written, whatever time follows.
///
/// Refuses 1900-01-01 and everything before 1850, which programs fill in for
/// "unknown", and a year of two digits between 20 and 30: a patient born in 1925
/// and one born in 2025 are both to be expected.
pub fn birthday(text: &str, order: Option<DateOrder>) -> Result<Date, BadTime> {
    let date = stamp(text, order)?.date;
    if Numbers::split(text.trim()).is_some_and(|(numbers, _)| numbers.is_century_open()) {
        return Err(BadTime::Century);
    }
    let is_filler = date.year() < 1850 || (date.year(), date.month(), date.day()) == (1900, 1, 1);
    if is_filler {
        return Err(BadTime::Filler);
    }
    Ok(date)
}

/// Reads a time of day that stands alone.
pub fn clock(text: &str) -> Result<Clock, BadTime> {
    read_clock(text.trim(), false)
}

/// Returns whole minutes from one moment to a later one of the same sort.
pub fn minutes_between(start: Moment, end: Moment) -> Option<u16> {
    let length: SignedDuration = match (start, end) {
        (Moment::Exact(start), Moment::Exact(end)) => end.duration_since(start),
        (Moment::Local(start), Moment::Local(end)) => end.duration_since(start),
        _ => return None,
    };
    u16::try_from(length.as_mins())
        .ok()
        .filter(|minutes| *minutes > 0)
}

/// The three numbers of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    first: u16,
    second: u16,
    third: u16,
    digits: [usize; 3],
    separator: u8,
}

impl Numbers {
    /// Splits a date of three numbers off the front of a text.
    pub fn split(text: &str) -> Option<(Self, &str)> {
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut values = [0_u16; 3];
        let mut digits = [0_usize; 3];
        let mut separator = 0;
        for n in 0..3 {
            if n > 0 {
                let found = *bytes.get(at)?;
                let fits = matches!(found, b'/' | b'-' | b'.') && (n == 1 || found == separator);
                separator = fits.then_some(found)?;
                at += 1;
            }
            let rest = bytes.get(at..)?;
            let count = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            let number = text.get(at..at + count)?;
            *values.get_mut(n)? = number.parse().ok()?;
            *digits.get_mut(n)? = count;
            at += count;
        }
        let [first, second, third] = values;
        let rest = text.get(at..)?;
        // `10.30.15` is no date where more digits or points follow.
        let ends = !rest.starts_with(['/', '.', ':']);
        let plausible = matches!(digits, [4, 1..=2, 1..=2] | [1..=2, 1..=2, 2 | 4]);
        (ends && plausible).then_some((
            Self {
                first,
                second,
                third,
                digits,
                separator,
            },
            rest,
        ))
    }

    /// Tells which of the first two numbers must be the day: `Ok(order)` where
    /// only one can be, `Err(true)` where both can, `Err(false)` where it does
    /// not matter or points say it (`2.3.2026` names the day first).
    pub fn order(&self) -> Result<DateOrder, bool> {
        if self.digits.first() == Some(&4) || self.first == self.second {
            return Err(false);
        }
        match (self.first > 12, self.second > 12) {
            (true, false) => Ok(DateOrder::DayFirst),
            (false, true) => Ok(DateOrder::MonthFirst),
            (true, true) => Err(false),
            (false, false) => Err(self.separator != b'.'),
        }
    }

    fn date(&self, order: Option<DateOrder>) -> Result<Date, BadTime> {
        let (year, month, day) = if self.digits.first() == Some(&4) {
            (self.first, self.second, self.third)
        } else {
            let order = match (self.order(), order) {
                (Ok(only), _) => only,
                (Err(true), given) => given.ok_or(BadTime::Order)?,
                (Err(false), _) => DateOrder::DayFirst,
            };
            let year = full_year(self.third, self.digits.last() == Some(&2));
            match order {
                DateOrder::DayFirst => (year, self.second, self.first),
                DateOrder::MonthFirst => (year, self.first, self.second),
            }
        };
        civil(year, month, day)
    }

    fn is_century_open(&self) -> bool {
        self.digits.last() == Some(&2)
            && self.digits.first() != Some(&4)
            && (20..=30).contains(&self.third)
    }
}

/// Gives a year of two digits its century: visits are of this one, and so are
/// children; 31 to 99 are birthdays of the last.
fn full_year(year: u16, two_digits: bool) -> u16 {
    match year {
        _ if !two_digits => year,
        0..=30 => 2000 + year,
        _ => 1900 + year,
    }
}

fn civil(year: u16, month: u16, day: u16) -> Result<Date, BadTime> {
    let parts = (i16::try_from(year), i8::try_from(month), i8::try_from(day));
    let (Ok(year), Ok(month), Ok(day)) = parts else {
        return Err(BadTime::Malformed);
    };
    Date::new(year, month, day).map_err(|_| BadTime::Malformed)
}

/// Reads what has only digits in its date: compact forms and day numbers.
fn by_digits(text: &str) -> Option<Result<Stamp, BadTime>> {
    let (date, rest) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
    match (date.len(), rest) {
        (8, rest) if rest.is_empty() || rest.starts_with([' ', 'T']) => {
            Some(compact(date, rest.trim_start_matches(['T', ' '])))
        }
        (12 | 14, rest) => {
            let (date, time) = date.split_at(8);
            Some(compact(date, &format!("{time}{rest}")))
        }
        (4..=5, "") => Some(day_number(date, "")),
        (4..=5, rest) => {
            let fraction = rest.strip_prefix('.')?;
            let only_digits = fraction.bytes().all(|b| b.is_ascii_digit());
            only_digits.then(|| day_number(date, fraction))
        }
        _ => None,
    }
}

fn compact(date: &str, time: &str) -> Result<Stamp, BadTime> {
    let part = |from, to| date.get(from..to).and_then(|part| part.parse().ok());
    let (Some(year), Some(month), Some(day)) = (part(0, 4), part(4, 6), part(6, 8)) else {
        return Err(BadTime::Malformed);
    };
    let date = civil(year, month, day)?;
    let time = match time {
        "" => None,
        time => Some(read_clock(time, true)?),
    };
    Ok(Stamp { date, time })
}

/// Reads a spreadsheet's day number: days since 1899-12-30, as Excel counts from
/// March 1900 on. *Source*: ECMA-376 part 1, §18.17.4.1.
fn day_number(days: &str, fraction: &str) -> Result<Stamp, BadTime> {
    // 1904 and 2119: a bare year such as 2026 is no day number.
    const RANGE: std::ops::RangeInclusive<i64> = 3000..=80_000;
    let days: i64 = days.parse().map_err(|_| BadTime::Malformed)?;
    if !RANGE.contains(&days) {
        return Err(BadTime::Malformed);
    }
    let date = Date::constant(1899, 12, 30)
        .checked_add(days.days())
        .map_err(|_| BadTime::Malformed)?;
    let time = match fraction.trim_end_matches('0') {
        "" => None,
        fraction => Some(day_fraction(fraction)?),
    };
    Ok(Stamp { date, time })
}

/// Reads a date whose month has a name; returns it with what follows.
fn by_name(text: &str) -> Option<Result<(Date, &str), BadTime>> {
    let (mut day, mut month, mut year) = (None, None, None);
    let mut rest = text;
    while year.is_none() {
        rest = rest.trim_start_matches([' ', ',', '-', '/', '.', '\u{a0}']);
        let letters = rest
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(rest.len());
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (word, after) = rest.split_at_checked(letters.max(digits))?;
        if word.is_empty() {
            return None;
        }
        if digits > 0 {
            let number: u16 = word.parse().ok()?;
            if digits == 4 || day.is_some() {
                year = Some(full_year(number, digits == 2));
            } else {
                day = Some(number);
            }
        } else if month.is_none() {
            month = month_number(word);
            if month.is_none() && !is_filler_word(word) {
                return None;
            }
        } else if !is_filler_word(word) {
            return None;
        }
        rest = after;
    }
    // `2026 March 2` has its day behind the year.
    if day.is_none() {
        rest = rest.trim_start_matches([' ', ',', '-', '/']);
        if month.is_none() {
            let letters = rest.find(|c: char| !c.is_alphabetic())?;
            let (word, after) = rest.split_at_checked(letters)?;
            month = month_number(word);
            rest = after.trim_start_matches([' ', ',', '-', '/']);
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (word, after) = rest.split_at_checked(digits)?;
        day = word.parse().ok();
        rest = after;
    }
    let (year, month, day) = (year?, month?, day?);
    Some(civil(year, month, day).map(|date| (date, rest)))
}

fn month_number(word: &str) -> Option<u16> {
    // English and Spanish, told apart from other words by their first letters.
    const NAMES: [(&str, &str); 12] = [
        ("january", "enero"),
        ("february", "febrero"),
        ("march", "marzo"),
        ("april", "abril"),
        ("may", "mayo"),
        ("june", "junio"),
        ("july", "julio"),
        ("august", "agosto"),
        ("september", "septiembre"),
        ("october", "octubre"),
        ("november", "noviembre"),
        ("december", "diciembre"),
    ];
    let word = word.to_lowercase();
    let fits = |name: &str| word.len() >= 3 && name.starts_with(word.as_str());
    let position = NAMES.iter().position(|(en, es)| fits(en) || fits(es));
    let position = position.or_else(|| (word == "sept").then_some(8))?;
    u16::try_from(position + 1).ok()
}

/// Knows the words that may stand in a date: weekdays, endings and "of".
fn is_filler_word(word: &str) -> bool {
    const WEEKDAYS: [&str; 14] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "lunes",
        "martes",
        "miércoles",
        "jueves",
        "viernes",
        "sábado",
        "domingo",
    ];
    let word = word.to_lowercase();
    matches!(
        word.as_str(),
        "st" | "nd" | "rd" | "th" | "de" | "del" | "of"
    ) || (word.chars().count() >= 3 && WEEKDAYS.iter().any(|day| day.starts_with(&word)))
}

#[cfg(test)]
#[path = "time_tests.rs"]
mod tests;
