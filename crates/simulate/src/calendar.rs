//! The book's free slots: forty minutes each, weekdays from eight to half past five.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Minutes from one slot's start to the next.
pub(crate) const SLOT_MINUTES: i16 = 40;
const FIRST_MINUTE: i16 = 8 * 60;
const SLOTS_A_DAY: i16 = 14;

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

    /// Takes a free slot on or after a day, of the wanted clinician where one is
    /// free that day, near a time of day that the patient likes.
    pub(crate) fn take(
        &mut self,
        dice: &mut ChaCha8Rng,
        from: Date,
        wanted: usize,
    ) -> Option<(Timestamp, usize)> {
        let liked = dice.random_range(0..SLOTS_A_DAY);
        for day in (0..60).filter_map(|days| from.checked_add(days.days()).ok()) {
            if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
                continue;
            }
            for offset in 0..self.clinicians {
                let clinician = (wanted + offset) % self.clinicians.max(1);
                let slots = (0..SLOTS_A_DAY).map(|n| (liked + n) % SLOTS_A_DAY);
                let free = slots
                    .filter_map(|slot| self.start(day, slot))
                    .find(|start| !self.taken.contains(&(clinician, *start)));
                if let Some(start) = free {
                    self.taken.insert((clinician, start));
                    return Some((start, clinician));
                }
            }
        }
        None
    }

    /// Returns the moment itself, or the next morning on which the desk is open.
    pub(crate) fn desk_hours(&self, at: Timestamp) -> Timestamp {
        let local = at.to_zoned(self.zone.clone());
        let open = |day: Date| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        if open(local.date()) && (8..18).contains(&local.hour()) {
            return at;
        }
        let first = i64::from(local.hour() >= 8);
        (first..7)
            .filter_map(|days| local.date().checked_add(days.days()).ok())
            .filter(|day| open(*day))
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
