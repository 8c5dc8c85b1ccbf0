//! Wall-clock times of foreign systems, turned into moments.
//!
//! A local time that does not exist, because clocks go forward over it, is moved
//! forward by as much: 02:30 becomes 03:30, which is when the desk's own clock
//! shows it. One that exists twice is taken as the first of the two: a reminder
//! that comes an hour early does no harm, one that comes late does. *Source*:
//! RFC 5545 §3.3.5. Both are told, since the source's clock may mean otherwise.

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};
use tendon_exchange::record::Moment;

/// Returns the moment, and why it is in doubt where it is.
pub(super) fn resolve(
    moment: Moment,
    zone: &TimeZone,
) -> Option<(Timestamp, Option<&'static str>)> {
    match moment {
        Moment::Exact(at) => Some((at, None)),
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
            ambiguous.compatible().ok().map(|at| (at, doubt))
        }
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
        assert_eq!(resolve(exact, &zone), Some((Timestamp::UNIX_EPOCH, None)));
    }
}
