//! Whether one more message is one too many, and from when on it is not.

use jiff::{SignedDuration, Timestamp, ToSpan};

use super::Sent;
use super::quiet::start_of_day;
use crate::decision::Reason;
use crate::rules::{Cap, Period};
use crate::zone::Place;

/// Whose messages were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Person,
    Household,
}

/// A cap that is used up.
pub(super) struct Full<'a> {
    pub(super) rule_id: &'a str,
    pub(super) max: u16,
    pub(super) reason: Reason,
    /// When there is room again; `None` for a cap of zero, which never frees.
    pub(super) frees_at: Option<Timestamp>,
}

/// Checks a cap against what was sent; `None` where there is room at `at`.
pub(super) fn check<'a>(
    (rule_id, cap): (&'a str, &Cap),
    whose: Whose,
    sent: impl Iterator<Item = Sent> + Clone,
    place: &Place,
    at: Timestamp,
) -> Option<Full<'a>> {
    let counted = sent.filter(|sent| cap.purposes.contains(sent.purpose));
    // Most people have had nothing lately: no need to look at a calendar.
    if cap.max > 0 && counted.clone().next().is_none() {
        return None;
    }
    let since = counts_since(cap.per, place, at);
    let recent = counted.filter(|sent| sent.at >= since);
    let max = usize::from(cap.max);
    if recent.clone().count() < max {
        return None;
    }
    let mut recent: Vec<Timestamp> = recent.map(|sent| sent.at).collect();
    recent.sort_unstable_by(|one, other| other.cmp(one));
    // There is room when the message that fills the cap stops counting.
    let filling = max.checked_sub(1).and_then(|last| recent.get(last));
    Some(Full {
        rule_id,
        max: cap.max,
        reason: reason(cap.per, whose),
        frees_at: filling.and_then(|sent| stops_counting(cap.per, place, *sent)),
    })
}

/// Returns the first instant whose messages still count at `at`.
fn counts_since(per: Period, place: &Place, at: Timestamp) -> Timestamp {
    match per {
        // A message counts for less than the whole period.
        Period::Hours(hours) => {
            let period = SignedDuration::from_hours(i64::from(hours));
            at.checked_sub(period - SignedDuration::from_nanos(1))
                .unwrap_or(Timestamp::MIN)
        }
        Period::Days(days) => {
            let back = i64::from(days) - 1;
            let starts = place.time_zones().filter_map(|zone| {
                let today = zone.to_datetime(at).date();
                start_of_day(zone, today.checked_sub(back.days()).ok()?)
            });
            starts.min().unwrap_or(Timestamp::MIN)
        }
    }
}

/// Returns the first instant at which a message counts no more, in every zone.
fn stops_counting(per: Period, place: &Place, sent: Timestamp) -> Option<Timestamp> {
    match per {
        Period::Hours(hours) => sent
            .checked_add(SignedDuration::from_hours(i64::from(hours)))
            .ok(),
        Period::Days(days) => place
            .time_zones()
            .filter_map(|zone| {
                let day = zone.to_datetime(sent).date();
                start_of_day(zone, day.checked_add(i64::from(days).days()).ok()?)
            })
            .max(),
    }
}

const fn reason(per: Period, whose: Whose) -> Reason {
    match (whose, per) {
        (Whose::Person, Period::Hours(_)) => Reason::CapHours,
        (Whose::Person, Period::Days(1)) => Reason::CapDay,
        (Whose::Person, Period::Days(2..=7)) => Reason::CapWeek,
        (Whose::Person, Period::Days(_)) => Reason::CapMonth,
        (Whose::Household, Period::Hours(_)) => Reason::HouseholdHours,
        (Whose::Household, Period::Days(1)) => Reason::HouseholdDay,
        (Whose::Household, Period::Days(2..=7)) => Reason::HouseholdWeek,
        (Whose::Household, Period::Days(_)) => Reason::HouseholdMonth,
    }
}
