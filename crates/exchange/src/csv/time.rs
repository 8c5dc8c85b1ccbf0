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

/// A time of day, with what may stand behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The time of day.
    pub time: Time,
    /// The distance from UTC.
    pub offset: Option<Offset>,
    /// The end of a span such as `9:00 - 9:45`.
    pub until: Option<Time>,
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

fn day_fraction(digits: &str) -> Result<Clock, BadTime> {
    let fraction: f64 = format!("0.{digits}")
        .parse()
        .map_err(|_| BadTime::Malformed)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a fraction of a day has at most 86400 seconds"
    )]
    let seconds = (fraction * 86_400.0).round() as i64;
    let time = Time::midnight()
        .checked_add(seconds.seconds())
        .map_err(|_| BadTime::Malformed)?;
    Ok(Clock {
        time,
        offset: None,
        until: None,
    })
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

/// Reads a time of day, its offset, and the end of a span.
fn read_clock(text: &str, from_iso: bool) -> Result<Clock, BadTime> {
    if let Some(fraction) = text.strip_prefix("0.").filter(|f| f.len() > 2) {
        return day_fraction(fraction);
    }
    let (time, mut rest, has_seconds) = time_of_day(text).ok_or(BadTime::Malformed)?;
    let mut clock = Clock {
        time,
        offset: None,
        until: None,
    };
    rest = rest.trim_start();
    if let Some((offset, after)) = read_offset(rest, from_iso || has_seconds) {
        clock.offset = offset;
        rest = after.trim();
    }
    let span = ["-", "–", "—", "to ", "until "]
        .iter()
        .find_map(|sign| rest.strip_prefix(sign));
    if let Some(end) = span {
        let (until, after, _) = time_of_day(end.trim()).ok_or(BadTime::Malformed)?;
        clock.until = Some(until);
        rest = after.trim();
    }
    // "Mon Mar 02 2026 09:00:00 GMT-0500 (Eastern Standard Time)"
    let remark = rest.is_empty() || (rest.starts_with('(') && rest.ends_with(')'));
    remark.then_some(clock).ok_or(BadTime::Malformed)
}

/// Takes `9`, `9:00`, `09:00:00.000`, `0900`, `090000`, each with or without
/// `AM`/`PM`, off the front; tells whether seconds were named.
fn time_of_day(text: &str) -> Option<(Time, &str, bool)> {
    let count = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, mut rest) = text.split_at_checked(count)?;
    let pair = |from: usize| digits.get(from..from + 2)?.parse::<i8>().ok();
    let (mut minute, mut second, mut has_seconds) = (0, 0, false);
    let hour: i8 = match count {
        1 | 2 => {
            let mut parts = [&mut minute, &mut second];
            for (n, part) in parts.iter_mut().enumerate() {
                let Some(after) = rest.strip_prefix(':') else {
                    break;
                };
                let (two, after) = after.split_at_checked(2)?;
                **part = two.parse().ok()?;
                has_seconds = n == 1;
                rest = after;
            }
            if has_seconds && rest.starts_with(['.', ',']) {
                let fraction = rest.get(1..)?;
                rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            }
            digits.parse().ok()?
        }
        4 | 6 => {
            minute = pair(2)?;
            has_seconds = count == 6;
            if has_seconds {
                second = pair(4)?;
            }
            pair(0)?
        }
        _ => return None,
    };
    let (half, rest) = half_of_day(rest);
    let bare_hour = count < 3 && !text.contains(':') && half.is_none();
    let hour = match half {
        None if bare_hour => return None,
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
    };
    let time = Time::new(hour, minute, second, 0).ok()?;
    Some((time, rest, has_seconds))
}

/// Takes `AM`, `p.m.`, `p` off the front: true in the afternoon.
fn half_of_day(text: &str) -> (Option<bool>, &str) {
    let rest = text.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    for (word, afternoon) in [
        ("a.m.", false),
        ("p.m.", true),
        ("am", false),
        ("pm", true),
        ("a", false),
        ("p", true),
    ] {
        let (Some(front), Some(after)) = (rest.get(..word.len()), rest.get(word.len()..)) else {
            continue;
        };
        let ends = !after.starts_with(|c: char| c.is_alphabetic());
        if front.eq_ignore_ascii_case(word) && ends {
            return (Some(afternoon), after);
        }
    }
    (None, text)
}

/// Takes an offset off the front. `-0500` is one only behind seconds or in an
/// ISO form; else it ends a span. Names such as `EST` are taken and not believed:
/// exports write them all year round, and the place knows its own zone.
fn read_offset(text: &str, minus_allowed: bool) -> Option<(Option<Offset>, &str)> {
    let letters = text
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(letters)?;
    let is_utc = matches!(word.to_ascii_uppercase().as_str(), "Z" | "UTC" | "GMT");
    let signed = rest.starts_with('+') || (rest.starts_with('-') && (minus_allowed || is_utc));
    if (word.is_empty() || is_utc) && signed {
        let (sign, digits) = rest.split_at_checked(1)?;
        let hours: i8 = digits.get(..2)?.parse().ok()?;
        let after = digits.get(2..)?;
        let (minutes, after) = match after.strip_prefix(':').unwrap_or(after) {
            more if more.starts_with(|c: char| c.is_ascii_digit()) => {
                (more.get(..2)?.parse::<i8>().ok()?, more.get(2..)?)
            }
            more => (0, more),
        };
        if hours > 14 || minutes > 59 {
            return None;
        }
        let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
        let seconds = if sign == "-" { -seconds } else { seconds };
        return Some((Some(Offset::from_seconds(seconds).ok()?), after));
    }
    if is_utc {
        return Some((Some(Offset::UTC), rest));
    }
    let is_zone_name = (2..=4).contains(&word.len()) && word.to_ascii_uppercase().ends_with('T');
    is_zone_name.then_some((None, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use DateOrder::{DayFirst, MonthFirst};
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    fn day(text: &str, order: Option<DateOrder>) -> Result<Date, BadTime> {
        stamp(text, order).map(|stamp| stamp.date)
    }

    fn written(text: &str) -> String {
        match stamp(text, Some(MonthFirst)) {
            Ok(stamp) => match stamp.moment(None) {
                Moment::Exact(at) => at.to_string(),
                Moment::Local(at) => at.to_string(),
            },
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn one_day_has_many_forms() {
        for text in [
            "2026-03-02",
            "2026/3/2",
            "3/2/2026",
            "03-02-2026",
            "03/02/26",
            "2.3.2026",
            "02.03.26",
            "20260302",
            "46083",
            "46083.0",
            "Mar 2, 2026",
            "March 2nd 2026",
            "Monday, March 2, 2026",
            "2-Mar-2026",
            "2-Mar-26",
            "2 de marzo de 2026",
            "lunes, 2 de mar. de 2026",
            "2026-Mar-02",
            "2026 March 2",
            "2026-03-02 00:00:00",
            "2026-03-02T00:00",
        ] {
            assert_eq!(day(text, Some(MonthFirst)), Ok(date(2026, 3, 2)), "{text}");
        }
    }

    #[test]
    fn the_order_decides_only_what_is_open() {
        for (text, day_first, month_first) in [
            ("3/4/2026", date(2026, 4, 3), date(2026, 3, 4)),
            ("13/4/2026", date(2026, 4, 13), date(2026, 4, 13)),
            ("4/13/2026", date(2026, 4, 13), date(2026, 4, 13)),
            ("4/4/2026", date(2026, 4, 4), date(2026, 4, 4)),
            ("3.4.2026", date(2026, 4, 3), date(2026, 4, 3)),
        ] {
            assert_eq!(day(text, Some(DayFirst)), Ok(day_first), "{text}");
            assert_eq!(day(text, Some(MonthFirst)), Ok(month_first), "{text}");
        }
        assert_eq!(day("3/4/2026", None), Err(BadTime::Order));
        assert_eq!(day("13/4/2026", None), Ok(date(2026, 4, 13)));
    }

    #[test]
    fn times_of_day_have_many_forms() {
        for text in [
            "2026-03-02 14:30",
            "2026-03-02T14:30:00",
            "2026-03-02 14:30:00.000",
            "20260302 143000",
            "202603021430",
            "20260302143000",
            "3/2/2026 2:30 PM",
            "3/2/2026, 2:30:00 p.m.",
            "3/2/2026 2:30p",
            "3/2/2026 at 2:30pm",
            "Mar 2, 2026 2:30 PM EST",
            "2026-03-02 14:30 - 15:15",
            "3/2/2026 2:30 PM - 3:15 PM",
            "46083.604166667",
        ] {
            assert_eq!(written(text), "2026-03-02T14:30:00", "{text}");
        }
        assert_eq!(clock("12:00 AM").unwrap().time, time(0, 0, 0, 0));
        assert_eq!(clock("12:15 pm").unwrap().time, time(12, 15, 0, 0));
        assert_eq!(clock("0.375").unwrap().time, time(9, 0, 0, 0));
        assert_eq!(clock("9am").unwrap().time, time(9, 0, 0, 0));
        assert_eq!(clock("9:00-9:45").unwrap().until, Some(time(9, 45, 0, 0)));
        for wrong in ["9", "25:00", "13:00 PM", "9:5", "noon", "9:00 x"] {
            assert_eq!(clock(wrong), Err(BadTime::Malformed), "{wrong}");
        }
    }

    #[test]
    fn an_offset_makes_a_time_exact() {
        for text in [
            "2026-03-02T09:00:00-05:00",
            "2026-03-02 09:00:00-05",
            "2026-03-02T14:00:00Z",
            "2026-03-02T14:00:00.123+0000",
            "2026-03-02 14:00:00 UTC",
            "Mon Mar 02 2026 09:00:00 GMT-0500 (Eastern Standard Time)",
        ] {
            assert_eq!(written(text), "2026-03-02T14:00:00Z", "{text}");
        }
        let zone = TimeZone::get("America/Boise").unwrap();
        let stamp = stamp("2026-03-02 09:00", None).unwrap();
        let exact = "2026-03-02T16:00:00Z".parse().unwrap();
        assert_eq!(stamp.moment(Some(&zone)), Moment::Exact(exact));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for wrong in [
            "",
            "x",
            "2026",
            "13/13/2026",
            "2/30/2026",
            "0/0/0000",
            "99999",
            "1/2/3",
            "12:30",
            "2026-03-02 soon",
            "Mar 2",
            "=TODAY()",
            "1.2.3.4",
            "20261301",
            "Smarch 2, 2026",
        ] {
            assert_eq!(
                stamp(wrong, Some(MonthFirst)),
                Err(BadTime::Malformed),
                "{wrong}"
            );
        }
    }

    #[test]
    fn birthdays_refuse_fillers_and_open_centuries() {
        let read = |text| birthday(text, Some(MonthFirst));
        assert_eq!(read("5/26/1988"), Ok(date(1988, 5, 26)));
        assert_eq!(read("5/26/88"), Ok(date(1988, 5, 26)));
        assert_eq!(read("5/26/15"), Ok(date(2015, 5, 26)));
        assert_eq!(read("32289"), Ok(date(1988, 5, 26)));
        assert_eq!(read("5/26/25"), Err(BadTime::Century));
        assert_eq!(read("1/1/1900"), Err(BadTime::Filler));
        assert_eq!(read("0001-01-01"), Err(BadTime::Filler));
    }

    #[test]
    fn lengths_are_whole_minutes_forward() {
        let at = |text| stamp(text, None).unwrap().moment(None);
        let start = at("2026-03-02 09:00");
        assert_eq!(minutes_between(start, at("2026-03-02 09:45")), Some(45));
        assert_eq!(minutes_between(start, at("2026-03-02 08:45")), None);
        assert_eq!(minutes_between(start, at("2026-03-02T09:45Z")), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_stumble(text in "[0-9A-Za-z/:. ,TZ+é-]{0,24}") {
            let _ = birthday(&text, Some(MonthFirst));
            let _ = clock(&text);
        }

        #[test]
        fn dates_are_read_as_they_were_written(days in 3_000_i64..60_000) {
            let date = Date::constant(1899, 12, 30) + days.days();
            for (form, order) in [
                ("%Y-%m-%d", None),
                ("%-m/%-d/%Y", Some(MonthFirst)),
                ("%d/%m/%Y", Some(DayFirst)),
                ("%d.%m.%Y", None),
                ("%b %-d, %Y", None),
                ("%d-%b-%Y", None),
                ("%Y%m%d", None),
            ] {
                let text = date.strftime(form).to_string();
                prop_assert_eq!(day(&text, order), Ok(date), "{}", text);
            }
            prop_assert_eq!(day(&days.to_string(), None), Ok(date));
        }
    }
}
