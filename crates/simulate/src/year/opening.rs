//! How the practice is set up, and what its calendar of the span holds from the start.

use jiff::ToSpan;
use jiff::civil::Date;
use rand::RngExt;
use tendon_care::practice::{Clinician, Location, OpenHours};

use super::{Act, Settings, SimulateError, Year, failed};
use crate::calendar::{PLACES, works};
use crate::names;

/// New patients that fill a clinician's year: about seven visits and the openings
/// between them.
const PATIENTS_A_CLINICIAN: u64 = 220;

const PLACE_NAMES: [(&str, &str); PLACES] = [
    ("Riverside", "412 River Street"),
    ("Lincoln Park", "88 Grant Avenue"),
];

/// Returns how many clinicians a practice of the size has, at least one a place.
pub(super) fn clinicians(settings: &Settings) -> usize {
    let hours = settings.until.duration_since(settings.from).as_hours();
    let a_year = u64::from(settings.patients) * 365 * 24 / hours.max(24).unsigned_abs();
    usize::try_from(a_year.div_ceil(PATIENTS_A_CLINICIAN)).map_or(PLACES, |all| all.max(PLACES))
}

impl Year {
    pub(super) async fn set_up(&mut self) -> Result<(), SimulateError> {
        let zone =
            jiff::tz::TimeZone::get("America/Chicago").map_err(|_| SimulateError::Settings)?;
        let time =
            |hour| jiff::civil::Time::new(hour, 0, 0, 0).map_err(|_| SimulateError::Settings);
        let open = Some(OpenHours {
            from: time(8)?,
            until: time(18)?,
        });
        for (name, street) in PLACE_NAMES {
            let id = self.desk.mint().id();
            let location = Location {
                id,
                name: name.into(),
                time_zone: zone.clone(),
                phone: None,
                street: Some(street.into()),
                hours: [open, open, open, open, open, None, None],
            };
            self.desk
                .put_location(&self.access, location)
                .await
                .map_err(failed("open a place"))?;
            self.places.push(id);
        }
        for number in 0..clinicians(&self.settings) {
            let id = self.desk.mint().id();
            let clinician = Clinician {
                id,
                display_name: names::clinician(number),
            };
            self.desk
                .put_clinician(&self.access, clinician)
                .await
                .map_err(failed("hire a clinician"))?;
            self.clinicians.push(id);
        }
        Ok(())
    }

    fn span_days(&self) -> impl Iterator<Item = Date> + use<> {
        let (first, last) = (
            self.calendar.day(self.settings.from),
            self.calendar.day(self.settings.until),
        );
        let days = (0..).map_while(move |days| first.checked_add(days.days()).ok());
        days.take_while(move |day| *day <= last)
    }

    /// Spreads referrals evenly over the working days of the span.
    pub(super) fn plan_referrals(&mut self) {
        let last = self.calendar.day(self.settings.until);
        let days: Vec<Date> = self
            .span_days()
            .filter(|day| works(*day) && *day < last)
            .collect();
        let patients = self.settings.patients as usize;
        for number in 0..patients {
            // One in each equal part of the span, anywhere within it.
            let part = number as f64 + self.dice.random_range(0.0..1.0);
            let at = part / patients.max(1) as f64 * days.len() as f64;
            let whole = (0..days.len()).take_while(|day| (*day as f64) < at).count();
            let Some(day) = days.get(whole.saturating_sub(1)).copied() else {
                continue;
            };
            let (hour, minute) = (self.dice.random_range(8..17), self.dice.random_range(0..60));
            if let Some(at) = self.calendar.at(day, hour, minute) {
                self.plan(at.max(self.settings.from), Act::Refer);
            }
        }
    }

    /// Puts two shifts into every working day.
    pub(super) fn plan_shifts(&mut self) {
        for day in self.span_days().filter(|day| works(*day)) {
            for (hour, minute) in [(11, 35), (15, 20)] {
                self.plan_on(day, hour, minute, Act::Shift);
            }
        }
    }

    /// Lets the clock's own sweeps run every night.
    pub(super) fn plan_nights(&mut self) {
        for day in self.span_days() {
            self.plan_on(day, 3, 30, Act::Night);
        }
    }

    fn plan_on(&mut self, day: Date, hour: i8, minute: i8, act: Act) {
        if let Some(at) = self.calendar.at(day, hour, minute)
            && at >= self.settings.from
        {
            self.plan(at, act);
        }
    }

    /// Does what a server's housekeeping does all the time.
    pub(super) async fn night(&mut self) -> Result<(), SimulateError> {
        let practice = self.access.practice;
        self.desk
            .infer_missed(practice)
            .await
            .map_err(failed("look for missed visits"))?;
        self.desk
            .watch_episodes(practice)
            .await
            .map(drop)
            .map_err(failed("look for silent courses of care"))
    }
}
