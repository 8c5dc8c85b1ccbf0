//! FHIR's date, dateTime and instant. *Source*: R4 datatypes §2.24.0.1.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::record::Moment;

use super::context::{Context, Path};
use super::element::Field;
use super::shape::{Meta, Text};

/// Before this year no living patient was born; `0001-01-01` is what some
/// systems write for "unknown".
const FIRST_YEAR: i16 = 1850;

/// How exactly a text names a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// A year or a month.
    Partial,
    /// A day.
    Day(Date),
    /// A moment.
    Moment(Moment),
}

fn parse(text: &str) -> Option<When> {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        bytes
            .get(range)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let month_fits = || {
        text.get(5..7)
            .and_then(|month| month.parse().ok())
            .is_some_and(|month: u8| (1..=12).contains(&month))
    };
    match bytes.len() {
        4 if digits(0..4) => Some(When::Partial),
        7 if digits(0..4) && bytes.get(4) == Some(&b'-') && digits(5..7) => {
            month_fits().then_some(When::Partial)
        }
        10 => day(text).map(When::Day),
        _ => moment(text).map(When::Moment),
    }
}

fn day(text: &str) -> Option<Date> {
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shaped.then(|| text.parse().ok()).flatten()
}

fn moment(text: &str) -> Option<Moment> {
    // jiff reads more than FHIR allows (spaces, weeks, zones in brackets); the
    // date and the `T` must stand where FHIR puts them.
    let (date, time) = text.split_once(['T', 't'])?;
    day(date)?;
    let zoned = time.ends_with(['Z', 'z']) || time.contains(['+', '-']);
    if time.contains('[') {
        None
    } else if zoned {
        text.parse::<Timestamp>().ok().map(Moment::Exact)
    } else {
        text.parse::<DateTime>().ok().map(Moment::Local)
    }
}

const NO_DAY: &str = "has no day: year, month and day are needed";
const NO_DATE: &str = "is not a date of the calendar";
const NO_TIME: &str = "is not a date or time of FHIR";

impl Context<'_> {
    /// Reads a birthday: a whole date from 1850 on.
    pub(super) fn birthday(&mut self, field: &Text, path: Path<'_>) -> Option<Date> {
        let date = self.date(field, path)?;
        if date.year() < FIRST_YEAR {
            self.ignore(path, "is before 1850, so it stands for an unknown day");
            return None;
        }
        Some(date)
    }

    /// Reads a date. Of a moment, the day as written counts, whatever the zone.
    pub(super) fn date(&mut self, field: &Text, path: Path<'_>) -> Option<Date> {
        let text = self.text(field, path)?;
        match parse(text) {
            Some(When::Day(date)) => Some(date),
            Some(When::Moment(_)) => text.get(..10).and_then(day),
            Some(When::Partial) => {
                self.ignore(path, NO_DAY);
                None
            }
            None => {
                self.ignore(path, NO_DATE);
                None
            }
        }
    }

    /// Reads a moment. A day without a time begins at its local midnight.
    pub(super) fn moment(&mut self, field: &Text, path: Path<'_>) -> Option<Moment> {
        let text = self.text(field, path)?;
        match parse(text) {
            Some(When::Moment(moment)) => Some(moment),
            Some(When::Day(date)) => Some(Moment::Local(
                date.to_datetime(jiff::civil::Time::midnight()),
            )),
            Some(When::Partial) => {
                self.ignore(path, NO_DAY);
                None
            }
            None => {
                self.ignore(path, NO_TIME);
                None
            }
        }
    }

    /// Reads `meta.lastUpdated`.
    pub(super) fn changed_at(&mut self, meta: &Field<Meta>) -> Option<Moment> {
        let path = Path::new("meta");
        let meta = self.one(meta, path)?;
        self.moment(&meta.last_updated, path.then("lastUpdated"))
    }
}

/// Tells whether `a` is certainly not after `b`; an exact and a local time
/// compare only when more than a day of zones lies between them.
pub(super) fn not_after(a: Moment, b: Moment) -> bool {
    match (a, b) {
        (Moment::Exact(a), Moment::Exact(b)) => a <= b,
        (Moment::Local(a), Moment::Local(b)) => a <= b,
        (Moment::Exact(a), Moment::Local(b)) => utc(a).date() < b.date(),
        (Moment::Local(a), Moment::Exact(b)) => a.date() < utc(b).date(),
    }
}

fn utc(at: Timestamp) -> DateTime {
    jiff::tz::Offset::UTC.to_datetime(at)
}

/// Returns the whole minutes from one moment to another, where both are of one
/// kind and no more than a day apart.
pub(super) fn minutes_between(start: Moment, end: Moment) -> Option<u16> {
    let seconds = match (start, end) {
        (Moment::Exact(start), Moment::Exact(end)) => end.duration_since(start).as_secs(),
        (Moment::Local(start), Moment::Local(end)) => end.duration_since(start).as_secs(),
        _ => return None,
    };
    u16::try_from(seconds / 60)
        .ok()
        .filter(|minutes| (1..=24 * 60).contains(minutes))
}

/// Returns the moment so many minutes later.
pub(super) fn plus_minutes(at: Moment, minutes: u16) -> Option<Moment> {
    let span = jiff::SignedDuration::from_mins(i64::from(minutes));
    match at {
        Moment::Exact(at) => at.checked_add(span).ok().map(Moment::Exact),
        Moment::Local(at) => at.checked_add(span).ok().map(Moment::Local),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn every_precision_is_told_apart() {
        let exact = |text: &str| Some(When::Moment(Moment::Exact(text.parse().unwrap())));
        let cases = [
            ("2019", Some(When::Partial)),
            ("2019-02", Some(When::Partial)),
            ("2019-13", None),
            ("2019-02-28", Some(When::Day(date(2019, 2, 28)))),
            ("2019-02-30", None),
            ("2020-02-29", Some(When::Day(date(2020, 2, 29)))),
            ("19-02-2019", None),
            ("2019/02/28", None),
            ("2019-02-28T10:00:00Z", exact("2019-02-28T10:00:00Z")),
            (
                "2019-02-28T10:00:00.123-05:00",
                exact("2019-02-28T15:00:00.123Z"),
            ),
            ("2019-02-28T10:00:60Z", exact("2019-02-28T10:00:59Z")),
            ("2019-02-28T25:00:00Z", None),
            ("2019-02-28T10:00:00Z[Europe/Paris]", None),
            ("2019-02-28 10:00:00Z", None),
            ("tomorrow", None),
            ("２０１９", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text}");
        }
        let local = date(2019, 2, 28).at(10, 0, 0, 0);
        assert_eq!(
            parse("2019-02-28T10:00:00"),
            Some(When::Moment(Moment::Local(local)))
        );
    }

    #[test]
    fn minutes_are_counted_within_a_day() {
        let at = |text: &str| Moment::Exact(text.parse().unwrap());
        let start = at("2026-03-08T01:30:00-06:00");
        assert_eq!(
            minutes_between(start, at("2026-03-08T03:15:00-05:00")),
            Some(45)
        );
        assert_eq!(minutes_between(start, start), None);
        assert_eq!(
            minutes_between(start, at("2026-03-10T01:30:00-05:00")),
            None
        );
        assert_eq!(
            minutes_between(at("2026-03-08T03:15:00Z"), at("2026-03-08T02:15:00Z")),
            None
        );
    }

    #[test]
    fn times_of_unlike_kinds_compare_by_whole_days() {
        let exact = Moment::Exact("2026-03-08T12:00:00Z".parse().unwrap());
        let local = |day| Moment::Local(date(2026, 3, day).at(12, 0, 0, 0));
        assert!(not_after(exact, local(9)) && !not_after(exact, local(8)));
        assert!(not_after(local(7), exact) && !not_after(local(8), exact));
    }
}
