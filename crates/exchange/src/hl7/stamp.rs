//! Times and dates as HL7 writes them.
//!
//! A time without an offset stays local and is resolved in the location's zone.
//! The standard lets MSH-7's offset stand for the whole message; feeds send that
//! offset as it is today, so applying it to a visit after the next clock change
//! would move the visit by an hour. It is not applied.
//!
//! *Source*: HL7 v2.5.1 chapter 2.A, DTM and TS.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use super::wire::Value;
use crate::record::Moment;

/// What is wrong with a time; its text is a problem's reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadStamp {
    /// Not in the format, or not in the calendar.
    #[error("is not a date or time of the form YYYYMMDD[HHMM[SS]][+ZZZZ]")]
    Malformed,
    /// Only a year, or a year and month.
    #[error("names no day")]
    NoDay,
    /// Only a day where a time of day is needed.
    #[error("names no time of day")]
    NoTime,
}

/// A time as far as the sender knew it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    date: Date,
    time: Option<Time>,
    offset: Option<Offset>,
}

/// Reads a birthday: the date as written, whatever time and offset follow.
///
/// Years before 1850 are refused: senders fill 0001 or 1800 for "unknown".
pub fn read_birthday(value: Value<'_>) -> Result<Date, BadStamp> {
    let date = parse(&value.component(1).text())?.date;
    (date.year() >= 1850)
        .then_some(date)
        .ok_or(BadStamp::Malformed)
}

/// Reads a time; a day without a time of day counts from midnight.
pub fn read_moment(value: Value<'_>) -> Result<Moment, BadStamp> {
    parse(&value.component(1).text()).map(Stamp::moment)
}

/// Reads a time that must name an hour, such as when a visit begins.
pub fn read_exact_moment(value: Value<'_>) -> Result<Moment, BadStamp> {
    let stamp = parse(&value.component(1).text())?;
    stamp.time.ok_or(BadStamp::NoTime)?;
    Ok(stamp.moment())
}

impl Stamp {
    fn moment(self) -> Moment {
        let local = self.date.to_datetime(self.time.unwrap_or_default());
        self.offset
            .and_then(|offset| offset.to_timestamp(local).ok())
            .map_or(Moment::Local(local), Moment::Exact)
    }
}

/// Returns whole minutes from one moment to a later one of the same sort.
pub fn minutes_between(start: Moment, end: Moment) -> Option<u16> {
    let seconds = match (start, end) {
        (Moment::Exact(start), Moment::Exact(end)) => end.duration_since(start).as_secs(),
        (Moment::Local(start), Moment::Local(end)) => end.duration_since(start).as_secs(),
        _ => return None,
    };
    u16::try_from(seconds / 60)
        .ok()
        .filter(|&minutes| minutes > 0)
}

/// Writes a moment to the second, with an offset only where one is known.
pub fn write(moment: Moment) -> String {
    match moment {
        Moment::Local(local) => digits(local),
        Moment::Exact(at) => format!("{}+0000", digits(utc(at))),
    }
}

/// Writes a day.
pub fn write_date(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

fn digits(local: DateTime) -> String {
    local.strftime("%Y%m%d%H%M%S").to_string()
}

fn utc(at: Timestamp) -> DateTime {
    at.to_zoned(TimeZone::UTC).datetime()
}

fn parse(text: &str) -> Result<Stamp, BadStamp> {
    let text = text.trim();
    // Some senders write ISO 8601; it differs by its punctuation only.
    let is_iso = matches!(text.as_bytes(), [_, _, _, _, b'-', _, _, b'-', ..]);
    let plain = if is_iso {
        let day = text.get(..10).ok_or(BadStamp::Malformed)?.replace('-', "");
        let clock = text.get(10..).unwrap_or_default();
        let clock = clock.trim_start_matches(['T', ' ']).replace(':', "");
        Cow::Owned(day + &clock)
    } else {
        Cow::Borrowed(text)
    };
    let day = plain.len().min(8);
    let day = plain.find(['+', '-']).map_or(day, |sign| sign.min(day));
    let (date, rest) = plain.split_at_checked(day).ok_or(BadStamp::Malformed)?;
    let date = parse_date(date)?;
    let (clock, offset) = match rest.find(['+', '-', 'Z']) {
        Some(at) => rest.split_at_checked(at).ok_or(BadStamp::Malformed)?,
        None => (rest, ""),
    };
    Ok(Stamp {
        date,
        time: parse_clock(clock)?,
        offset: parse_offset(offset)?,
    })
}

fn parse_date(digits: &str) -> Result<Date, BadStamp> {
    let year = number(digits, 0..4).ok_or(BadStamp::Malformed)?;
    match digits.len() {
        4 | 6 => return Err(BadStamp::NoDay),
        8 => {}
        _ => return Err(BadStamp::Malformed),
    }
    let (Some(month), Some(day)) = (number(digits, 4..6), number(digits, 6..8)) else {
        return Err(BadStamp::Malformed);
    };
    if month == 0 || day == 0 {
        return Err(BadStamp::NoDay);
    }
    let small = |n: i16| i8::try_from(n).map_err(|_| BadStamp::Malformed);
    Date::new(year, small(month)?, small(day)?).map_err(|_| BadStamp::Malformed)
}

fn parse_clock(clock: &str) -> Result<Option<Time>, BadStamp> {
    let whole = clock.split('.').next().unwrap_or_default();
    if whole.is_empty() {
        return Ok(None);
    }
    if !matches!(whole.len(), 2 | 4 | 6) {
        return Err(BadStamp::Malformed);
    }
    let part = |at: usize| match whole.get(at..) {
        None | Some("") => Ok(0),
        Some(_) => number(whole, at..at + 2)
            .and_then(|n| i8::try_from(n).ok())
            .ok_or(BadStamp::Malformed),
    };
    // A leap second is the end of its minute: jiff has no sixtieth second.
    let second = part(4)?.min(59);
    Time::new(part(0)?, part(2)?, second, 0)
        .map(Some)
        .map_err(|_| BadStamp::Malformed)
}

fn parse_offset(text: &str) -> Result<Option<Offset>, BadStamp> {
    if text.is_empty() {
        return Ok(None);
    }
    if text == "Z" {
        return Ok(Some(Offset::UTC));
    }
    let (sign, digits) = text.split_at_checked(1).ok_or(BadStamp::Malformed)?;
    if digits.len() != 4 {
        return Err(BadStamp::Malformed);
    }
    let (Some(hours), Some(minutes)) = (number(digits, 0..2), number(digits, 2..4)) else {
        return Err(BadStamp::Malformed);
    };
    let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
    let seconds = if sign == "-" { -seconds } else { seconds };
    Offset::from_seconds(seconds)
        .map(Some)
        .map_err(|_| BadStamp::Malformed)
}

fn number(digits: &str, range: std::ops::Range<usize>) -> Option<i16> {
    let part = digits.get(range)?;
    let all_digits = part.bytes().all(|b| b.is_ascii_digit());
    all_digits.then(|| part.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, datetime};
    use proptest::prelude::*;

    use super::*;

    fn moment(text: &str) -> Result<Moment, BadStamp> {
        parse(text).map(Stamp::moment)
    }

    #[test]
    fn times_keep_what_the_sender_knew() {
        let local = |h, m, s| Ok(Moment::Local(datetime(2026, 3, 1, h, m, s, 0)));
        for (text, expected) in [
            ("20260301", local(0, 0, 0)),
            ("2026030110", local(10, 0, 0)),
            ("202603011015", local(10, 15, 0)),
            ("20260301101559.1234", local(10, 15, 59)),
            ("20260301101560", local(10, 15, 59)),
            ("2026-03-01T10:15:00", local(10, 15, 0)),
            ("2026-03-01", local(0, 0, 0)),
        ] {
            assert_eq!(moment(text), expected, "{text}");
        }
        let exact = |text: &str| Ok(Moment::Exact(text.parse().unwrap()));
        assert_eq!(moment("20260301101500-0600"), exact("2026-03-01T16:15:00Z"));
        assert_eq!(
            moment("20120712145441.837+0100"),
            exact("2012-07-12T13:54:41Z")
        );
        assert_eq!(
            moment("2026-03-01T10:15:00Z"),
            exact("2026-03-01T10:15:00Z")
        );
        assert_eq!(moment("20260301+0215").map(|_| ()), Ok(()));
    }

    #[test]
    fn what_is_no_time_says_why() {
        assert_eq!(moment("2026"), Err(BadStamp::NoDay));
        assert_eq!(moment("202603"), Err(BadStamp::NoDay));
        assert_eq!(moment("19800000"), Err(BadStamp::NoDay));
        for bad in [
            "",
            "Aug 15, 1942",
            "20260230",
            "20261301",
            "202603012",
            "202603012500",
            "20260301+15",
            "２０２６０３０１",
            "2026030é",
        ] {
            assert_eq!(moment(bad), Err(BadStamp::Malformed), "{bad}");
        }
    }

    #[test]
    fn moments_are_written_so_that_they_come_back() {
        for text in ["20260301101500", "20261101013000+0000"] {
            assert_eq!(write(moment(text).unwrap()), text);
        }
        assert_eq!(write_date(date(1980, 2, 29)), "19800229");
    }

    #[test]
    fn minutes_need_two_moments_of_one_sort() {
        let (a, b) = (
            moment("202603011015").unwrap(),
            moment("202603011100").unwrap(),
        );
        assert_eq!(minutes_between(a, b), Some(45));
        assert_eq!(minutes_between(b, a), None);
        assert_eq!(
            minutes_between(a, moment("202603011100+0000").unwrap()),
            None
        );
    }

    proptest! {
        #[test]
        fn any_text_can_be_tried(text in any::<String>(), digits in "[0-9+.:TZ-]{0,24}") {
            let _ = moment(&text);
            let _ = moment(&digits);
        }
    }
}
