//! The book's free slots: fifty minutes each, weekdays from eight to ten past five.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// Minutes from one slot's start to the next.
pub(crate) const SLOT_MINUTES: i16 = 50;
const FIRST_MINUTE: i16 = 8 * 60;
/// Slots of one clinician's day.
pub(crate) const SLOTS_A_DAY: i16 = 11;
/// Clinicians take turns at the places: every second one works at the same.
pub(crate) const PLACES: usize = 2;
/// Nobody is told to come at once.
const NOTICE: SignedDuration = SignedDuration::from_hours(2);

/// Which slots are taken.
#[derive(Debug)]
pub(crate) struct Calendar {
    zone: TimeZone,
    clinicians: usize,
    taken: BTreeSet<(usize, Timestamp)>,
}

impl Calendar {
    pub(crate) fn new(zone: TimeZone, clinicians: usize) -> Self {
        Self {
            zone,
            clinicians,
            taken: BTreeSet::new(),
        }
    }

    /// Takes a free slot on or after a day: of the wanted clinician where one is free
    /// that day, else of another at the same place, near the time that suits.
    pub(crate) fn take(
        &mut self,
        now: Timestamp,
        from: Date,
        wanted: usize,
        liked: i16,
    ) -> Option<(Timestamp, usize)> {
        let earliest = now + NOTICE;
        for day in (0..60).filter_map(|days| from.checked_add(days.days()).ok()) {
            if !works(day) {
                continue;
            }
            for clinician in self.colleagues(wanted) {
                let slots = (0..SLOTS_A_DAY).map(|n| (liked + n) % SLOTS_A_DAY);
                let free = slots
                    .filter_map(|slot| self.start(day, slot))
                    .filter(|start| *start > earliest)
                    .find(|start| !self.taken.contains(&(clinician, *start)));
                if let Some(start) = free {
                    self.taken.insert((clinician, start));
                    return Some((start, clinician));
                }
            }
        }
        None
    }

    /// Returns a clinician and then those who work at the same place.
    fn colleagues(&self, wanted: usize) -> impl Iterator<Item = usize> + use<> {
        let count = self.clinicians;
        let others = (wanted % PLACES..count).step_by(PLACES);
        std::iter::once(wanted).chain(others.filter(move |other| *other != wanted))
    }

    /// Returns the moment itself, or the next morning on which the desk is open.
    pub(crate) fn desk_hours(&self, at: Timestamp) -> Timestamp {
        let local = at.to_zoned(self.zone.clone());
        if works(local.date()) && (8..18).contains(&local.hour()) {
            return at;
        }
        let first = i64::from(local.hour() >= 8);
        (first..7)
            .filter_map(|days| local.date().checked_add(days.days()).ok())
            .filter(|day| works(*day))
            .find_map(|day| self.at(day, 8, local.minute()))
            .unwrap_or(at)
    }

    /// Gives a slot back.
    pub(crate) fn free(&mut self, start: Timestamp, clinician: usize) {
        self.taken.remove(&(clinician, start));
    }

    pub(crate) fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// Returns the local day and hour.
    pub(crate) fn local(&self, at: Timestamp) -> (Date, i8) {
        let local = at.to_zoned(self.zone.clone());
        (local.date(), local.hour())
    }

    /// Returns a local moment of a day.
    pub(crate) fn at(&self, day: Date, hour: i8, minute: i8) -> Option<Timestamp> {
        let time = Time::new(hour, minute, 0, 0).ok()?;
        day.to_datetime(time)
            .to_zoned(self.zone.clone())
            .ok()
            .map(|zoned| zoned.timestamp())
    }

    fn start(&self, day: Date, slot: i16) -> Option<Timestamp> {
        let minute = FIRST_MINUTE + slot * SLOT_MINUTES;
        self.at(
            day,
            i8::try_from(minute / 60).ok()?,
            i8::try_from(minute % 60).ok()?,
        )
    }
}

/// Tells whether the practice is open on a day.
pub(crate) fn works(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn calendar() -> (Calendar, Timestamp) {
        let zone = TimeZone::get("America/Chicago").unwrap();
        let now = "2028-02-29T15:00:00Z".parse().unwrap();
        (Calendar::new(zone, 3), now)
    }

    #[test]
    fn a_full_day_goes_to_a_colleague_at_the_same_place_and_then_to_the_next_day() {
        let (mut calendar, now) = calendar();
        let day = date(2028, 3, 3);
        let mut took = |wanted| calendar.take(now, day, wanted, 0).unwrap();
        let slots: Vec<_> = (0..22).map(|_| took(0)).collect();
        assert!(slots[..11].iter().all(|(_, clinician)| *clinician == 0));
        assert!(slots[11..].iter().all(|(_, clinician)| *clinician == 2));
        let (next, clinician) = took(0);
        assert_eq!((calendar.day(next), clinician), (date(2028, 3, 6), 0));
    }

    #[test]
    fn nothing_is_taken_within_two_hours_and_what_is_given_back_is_free() {
        let (mut calendar, now) = calendar();
        let (first, clinician) = calendar.take(now, date(2028, 2, 29), 1, 0).unwrap();
        assert_eq!(first.to_string(), "2028-02-29T17:20:00Z");
        calendar.free(first, clinician);
        let again = calendar.take(now, date(2028, 2, 29), 1, 0);
        assert_eq!(again, Some((first, clinician)));
    }
}
