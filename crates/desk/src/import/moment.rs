//! Wall-clock times of foreign systems, turned into moments.
//!
//! A local time that does not exist, because clocks go forward over it, is moved
//! forward by as much: 02:30 becomes 03:30, which is when the desk's own clock
//! shows it. One that exists twice is taken as the first of the two: a reminder
//! that comes an hour early does no harm, one that comes late does. *Source*:
//! RFC 5545 §3.3.5. Both are told, since the source's clock may mean otherwise.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};
use tendon_exchange::record::Moment;

/// Years that a feed can mean. Others are slips and placeholders, such as
/// 9999-12-31 for "without end", and the calendar of machines ends near them.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;

/// Why a day or a moment was not taken.
pub(super) const IMPLAUSIBLE: &str = "lies in a year that cannot be meant";

/// Tells whether a day can be meant.
pub(super) fn is_plausible(day: Date) -> bool {
    YEARS.contains(&day.year())
}

/// Returns the moment, and why it is in doubt where it is.
///
/// *Errors*: it cannot be meant, or lies outside of all calendars. What is
/// returned is so far from the ends of time that days and months may be added.
pub(super) fn resolve(
    moment: Moment,
    zone: &TimeZone,
) -> Result<(Timestamp, Option<&'static str>), &'static str> {
    let (at, doubt) = match moment {
        Moment::Exact(at) => (at, None),
        Moment::Local(local) => {
            let ambiguous = zone.to_ambiguous_timestamp(local);
            let doubt = match ambiguous.offset() {
                AmbiguousOffset::Unambiguous { .. } => None,
                AmbiguousOffset::Gap { .. } => {
                    Some("does not exist on that day's clock; it was moved forward")
                }
                AmbiguousOffset::Fold { .. } => {
                    Some("exists twice on that day's clock; the first was taken")
                }
            };
            (ambiguous.compatible().map_err(|_| IMPLAUSIBLE)?, doubt)
        }
    };
    if is_plausible(TimeZone::UTC.to_datetime(at).date()) {
        Ok((at, doubt))
    } else {
        Err(IMPLAUSIBLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn gaps_go_forward_and_folds_take_the_first() {
        let zone = TimeZone::get("America/Chicago").unwrap();
        let local = |month, day, hour| {
            let moment = Moment::Local(date(2026, month, day).at(hour, 30, 0, 0));
            let (at, doubt) = resolve(moment, &zone).unwrap();
            (
                at.to_string(),
                doubt.map(|doubt| doubt.split(' ').nth(1).unwrap()),
            )
        };
        assert_eq!(local(3, 7, 2), ("2026-03-07T08:30:00Z".into(), None));
        assert_eq!(local(3, 8, 2), ("2026-03-08T08:30:00Z".into(), Some("not")));
        assert_eq!(
            local(11, 1, 1),
            ("2026-11-01T06:30:00Z".into(), Some("twice"))
        );
        let exact = Moment::Exact(Timestamp::UNIX_EPOCH);
        assert_eq!(resolve(exact, &zone), Ok((Timestamp::UNIX_EPOCH, None)));
    }

    #[test]
    fn years_that_nobody_means_are_refused() {
        let zone = TimeZone::get("America/Chicago").unwrap();
        for local in [date(9999, 12, 30), date(2200, 1, 2), date(1, 1, 1)] {
            let moment = Moment::Local(local.at(9, 0, 0, 0));
            assert_eq!(resolve(moment, &zone), Err(IMPLAUSIBLE));
        }
        assert_eq!(
            resolve(Moment::Exact(Timestamp::MAX), &zone),
            Err(IMPLAUSIBLE)
        );
        assert!(resolve(Moment::Local(date(2199, 1, 1).at(9, 0, 0, 0)), &zone).is_ok());
    }
}
