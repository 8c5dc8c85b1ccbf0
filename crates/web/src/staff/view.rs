//! What turns stored facts into words on every staff page: the practice's set-up
//! and the present, both of one moment.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use tendon_care::appointment::Appointment;
use tendon_care::id::{ClinicianId, UserId};
use tendon_care::task::TaskKind;
use tendon_desk::{Class, House};

use crate::pages::parts::{Chip, Tone};
use crate::server::App;
use crate::server::refusal::Refusal;
use crate::server::session::Staff;

/// The practice and the present.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) house: Arc<House>,
    pub(crate) now: Zoned,
}

impl View {
    /// Reads them for who asks.
    pub(crate) async fn of(app: &App, staff: &Staff) -> Result<Self, Refusal> {
        let house = app.desk().house(staff.access().practice).await?;
        let now = app.desk().now().to_zoned(house.practice.time_zone.clone());
        Ok(Self { house, now })
    }

    /// Returns the present as an instant.
    pub(crate) fn instant(&self) -> Timestamp {
        self.now.timestamp()
    }

    /// Returns the practice's zone.
    pub(crate) fn zone(&self) -> TimeZone {
        self.house.practice.time_zone.clone()
    }

    /// Says when something was, by the practice's clock.
    pub(crate) fn at(&self, instant: Timestamp) -> Zoned {
        instant.to_zoned(self.zone())
    }

    /// Says when a visit is, by the clock on its location's wall.
    pub(crate) fn visit_at(&self, visit: &Appointment) -> Zoned {
        visit
            .starts_at
            .to_zoned(self.house.zone_of(visit.location).clone())
    }

    /// Returns the first moment of a day in the practice's zone.
    pub(crate) fn start_of(&self, day: Date) -> Timestamp {
        day.to_zoned(self.zone())
            .map_or(self.instant(), |at| at.timestamp())
    }

    /// Returns a clinician's name, or nothing for one who is not known.
    pub(crate) fn clinician(&self, clinician: Option<ClinicianId>) -> &str {
        let known = clinician.and_then(|id| self.house.clinicians.get(&id));
        known.map_or("", |clinician| clinician.display_name.as_str())
    }

    /// Returns with whom and where a visit is.
    pub(crate) fn with_and_where(&self, visit: &Appointment) -> String {
        let place = self.house.locations.get(&visit.location);
        let place = place.map_or("", |place| place.name.as_str());
        crate::pages::parts::dotted([self.clinician(visit.clinician), place])
    }

    /// Returns a journey's title, or its name where its version is gone.
    pub(crate) fn journey_title(&self, name: &str) -> String {
        let mut known = self.house.journeys().current().iter();
        let known = known.find(|definition| definition.name() == name);
        known.map_or_else(|| spaced(name), |definition| definition.title().to_owned())
    }
}

/// Returns the name of every member of staff.
pub(crate) async fn staff_names(
    app: &App,
    staff: &Staff,
) -> Result<HashMap<UserId, String>, Refusal> {
    let users = staff.reader(app).users(app.desk().db()).await?;
    Ok(users.into_iter().map(|user| (user.id, user.name)).collect())
}

/// Writes a code as words: `plan-unbooked` becomes `plan unbooked`.
pub(crate) fn spaced(code: &str) -> String {
    code.replace(['-', '_'], " ")
}

/// Returns what the parser took a text for.
pub(crate) fn intent(code: &str) -> Chip {
    let Some(class) = Class::from_code(code) else {
        return Chip::new(Tone::Plain, spaced(code));
    };
    let tone = match class {
        class if class.is_red_flag() => Tone::Bad,
        Class::OptOutAll | Class::OptOutCategory | Class::WrongParty | Class::CancelVisit => {
            Tone::Warn
        }
        Class::Confirm | Class::Thanks | Class::OptIn | Class::WaitlistAccept => Tone::Good,
        _ => Tone::Info,
    };
    Chip::new(tone, class.words())
}

/// Returns what is to be done.
pub(crate) const fn task_words(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Reply => "Answer what the patient wrote",
        TaskKind::MoveVisit => "Wants another time: find one",
        TaskKind::RebookVisit => "Cannot come: find another time",
        TaskKind::RedFlag => "Read what was written and call at once",
        TaskKind::WrongParty => "Somebody else answers from this number: ask for the right one",
        TaskKind::UnknownOutcome => {
            "Nobody knows whether a message went out: check before writing again"
        }
        TaskKind::Undeliverable => "No message gets through: check phone and e-mail",
        TaskKind::ClarifyCancel => "Wrote CANCEL: the visit, or the messages?",
        TaskKind::ReviewMatch => "Two records may be one person: compare them",
        TaskKind::NumberDisputed => {
            "A record number is used for two people: correct it where it comes from"
        }
        TaskKind::Call => "Call the patient",
    }
}

/// Returns where a course of care stands.
pub(crate) fn episode_chip(code: &str) -> Chip {
    let tone = match code {
        "active" => Tone::Good,
        "at_risk" | "lost" => Tone::Warn,
        "referred" | "contacted" | "eval_scheduled" | "evaluated" => Tone::Info,
        _ => Tone::Plain,
    };
    let words = if code == "eval_scheduled" {
        "evaluation booked".to_owned()
    } else {
        spaced(code)
    };
    Chip::new(tone, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_red_flag_is_never_told_in_a_quiet_colour() {
        for class in Class::ALL {
            let chip = intent(class.code());
            assert_eq!(chip.tone == Tone::Bad, class.is_red_flag(), "{class}");
            assert_eq!(chip.text, class.words());
        }
        assert_eq!(intent("not_a_class").text, "not a class");
    }

    #[test]
    fn every_task_says_what_to_do() {
        let mut words: Vec<&str> = TaskKind::ALL.into_iter().map(task_words).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), TaskKind::ALL.len());
    }
}
