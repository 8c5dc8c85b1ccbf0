//! When the next decent hour begins, exactly, across clock changes.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::purpose::Purpose;
use crate::rules::{Hours, Number, Rules};
use crate::zone::Place;

/// The hours of one purpose in every zone and state where a recipient may be.
pub(super) struct Quiet<'a> {
    pub(super) rules: &'a Rules,
    pub(super) purpose: Purpose,
    pub(super) place: &'a Place,
}

impl Quiet<'_> {
    /// Returns the first instant from `from` on at which every window is open;
    /// `None` where that does not happen within the rule pack's horizon.
    pub(super) fn next_open(&self, from: Timestamp) -> Option<Timestamp> {
        let today = self.place.local_date(from);
        let days = self.rules.for_date(today).number(Number::HoldHorizonDays);
        let wait = SignedDuration::from_hours(days.saturating_mul(24));
        let horizon = from.checked_add(wait).unwrap_or(Timestamp::MAX);
        let mut at = from;
        // Each zone can only push the instant on. When a whole round over the zones
        // leaves it where it is, all of them are open.
        loop {
            let before = at;
            for zone in self.place.time_zones() {
                at = self.next_open_in(zone, at, horizon)?;
            }
            if at == before {
                return Some(at);
            }
        }
    }

    fn next_open_in(
        &self,
        zone: &TimeZone,
        at: Timestamp,
        horizon: Timestamp,
    ) -> Option<Timestamp> {
        let mut day = zone.to_datetime(at).date();
        loop {
            let hours = self
                .rules
                .for_date(day)
                .hours(self.purpose, self.place.states(), day);
            if let Some((opens, shuts)) = interval(zone, day, hours)
                && at < shuts
            {
                let open = at.max(opens);
                return (open <= horizon).then_some(open);
            }
            day = day.tomorrow().ok()?;
            if start_of_day(zone, day)? > horizon {
                return None;
            }
        }
    }
}

/// Returns when the hours of a local day begin and end; `None` where they are
/// closed or a clock change swallows them.
fn interval(zone: &TimeZone, day: Date, hours: Hours) -> Option<(Timestamp, Timestamp)> {
    if hours.is_closed() {
        return None;
    }
    // On a clock reading that happens twice, the window opens the second time and
    // shuts the first time: nobody is written to in an hour that may be quiet.
    let opens = instant(zone, minute_of(day, hours.from())?, Twice::Second)?;
    let shuts = instant(zone, minute_of(day, hours.until())?, Twice::First)?;
    (opens < shuts).then_some((opens, shuts))
}

fn minute_of(day: Date, minute: u16) -> Option<DateTime> {
    let (hour, minute) = (
        i8::try_from(minute / 60).ok()?,
        i8::try_from(minute % 60).ok()?,
    );
    if hour == 24 {
        return Some(day.tomorrow().ok()?.at(0, 0, 0, 0));
    }
    Some(day.at(hour, minute, 0, 0))
}

/// Which of two equal clock readings is meant.
#[derive(Clone, Copy)]
enum Twice {
    First,
    Second,
}

/// Returns the instant of a clock reading. One that is skipped in spring is the
/// instant of the change itself.
fn instant(zone: &TimeZone, reading: DateTime, twice: Twice) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(reading);
    match (ambiguous.offset(), twice) {
        (AmbiguousOffset::Gap { .. }, _) => {
            let before = ambiguous.earlier().ok()?;
            zone.following(before)
                .next()
                .map(|change| change.timestamp())
        }
        (_, Twice::First) => ambiguous.earlier().ok(),
        (_, Twice::Second) => ambiguous.later().ok(),
    }
}

/// Returns the first instant of a local day.
pub(super) fn start_of_day(zone: &TimeZone, day: Date) -> Option<Timestamp> {
    instant(zone, day.at(0, 0, 0, 0), Twice::First)
}

#[cfg(test)]
mod tests;
