//! The patients of the benchmarks and when they come: 20 clinics of a practice that
//! has grown for five years. Everybody is invented, and drawn from the seed alone.

pub(crate) mod names;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use tendon_care::contact::{Address, ContactPoint, Email, Line, Owner, Phone, Standing};
use tendon_care::id::{Id, PatientId};
use tendon_care::language::Language;
use tendon_care::patient::{Identifier, Life, Patient, Region};
use tendon_care::person::{Mrn, PersonName, Sex};

use super::dice::{Dice, For};
use names::{AREAS, BEGINNINGS, COMMON, ENDINGS, GIVEN_FEMALE, GIVEN_MALE, MIDDLES};

/// Clinics of the practice.
pub(crate) const CLINICS: u16 = 20;

/// Clinicians of a clinic.
pub(crate) const CLINICIANS: u16 = 6;

/// Days of history.
const DAYS: u32 = 1_826;

/// The most visits of a patient.
pub(crate) const MOST_VISITS: u16 = 60;

/// The kinds of things whose ids are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Patient,
    Contact,
    Referral,
    Consent,
    Episode,
    Plan,
    Thread,
    Visit,
    Enrolment,
    Message,
    Decision,
    Inbound,
    Task,
    Fact,
}

/// A patient's course of care.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Course {
    pub(crate) number: u32,
    pub(crate) clinic: u16,
    pub(crate) clinician: u16,
    pub(crate) registered: Timestamp,
    /// The first of its visits among all, and how many there are.
    pub(crate) first: u32,
    pub(crate) count: u16,
    /// Visits of its plan; more than `count` where somebody stopped coming.
    pub(crate) planned: u16,
}

/// Something that happened to a patient: the registration, or a visit.
pub(crate) type Event = (Timestamp, u32, Option<u16>);

/// Everybody, and every visit.
#[derive(Debug)]
pub(crate) struct Town {
    pub(crate) seed: u64,
    /// The moment at which history ends and the benchmark begins.
    pub(crate) present: Timestamp,
    pub(crate) zone: TimeZone,
    pub(crate) courses: Vec<Course>,
    /// When each visit begins, those of a patient together.
    pub(crate) visits: Vec<Timestamp>,
}

impl Town {
    /// Draws `patients` patients with their visits.
    pub(crate) fn new(seed: u64, patients: u32, present: Timestamp, zone: &TimeZone) -> Self {
        let mut town = Self {
            seed,
            present,
            zone: zone.clone(),
            courses: Vec::new(),
            visits: Vec::new(),
        };
        (0..patients).for_each(|number| town.add(number));
        town
    }

    fn add(&mut self, number: u32) {
        let mut dice = Dice::new(self.seed, For::Course, u64::from(number));
        let today = self.present.to_zoned(self.zone.clone()).date();
        // The practice has grown: more of its patients came lately.
        let ago = if number == 0 {
            400
        } else {
            i64::from(dice.low(DAYS, GROWTH))
        };
        let began = today.saturating_sub(ago.days());
        let planned = if number == 0 {
            MOST_VISITS
        } else {
            2 + narrow(dice.low(u32::from(MOST_VISITS - 2), 6.0))
        };
        let fate = dice.unit();
        let stays = 0.3 + 0.5 * dice.unit();
        let first = u32::try_from(self.visits.len()).unwrap_or(u32::MAX);
        let mut day = began.saturating_add(i64::from(3 + dice.below(9)).days());
        let mut count = 0;
        for visit in 0..planned {
            day = working_day(day, &mut dice);
            let starts = self.slot(day, &mut dice);
            // Some stop coming early, and some have not booked what is ahead of them.
            let gone = number > 0 && fate < 0.25 && f64::from(visit) > f64::from(planned) * stays;
            let unbooked = fate > 0.88 && starts > self.present;
            if gone || unbooked {
                break;
            }
            self.visits.push(starts);
            count += 1;
            day = day.saturating_add(i64::from(2 + dice.below(3)).days());
        }
        self.courses.push(Course {
            number,
            clinic: narrow(dice.below(u32::from(CLINICS))),
            clinician: narrow(dice.below(u32::from(CLINICIANS))),
            registered: began
                .at(9, 30, 0, 0)
                .to_zoned(self.zone.clone())
                .map_or(self.present, |at| at.timestamp().min(self.present)),
            first,
            count,
            planned,
        });
    }

    /// Draws the time of a visit: every 20 minutes from 8:00 to 17:40.
    fn slot(&self, day: Date, dice: &mut Dice) -> Timestamp {
        let slot = i8::try_from(dice.below(30)).unwrap_or(0);
        let at = day.at(8 + slot / 3, slot % 3 * 20, 0, 0);
        at.to_zoned(self.zone.clone())
            .map_or(self.present, |at| at.timestamp())
    }

    /// Returns when the visits of a course begin.
    pub(crate) fn visits_of(&self, course: &Course) -> &[Timestamp] {
        let first = usize::try_from(course.first).unwrap_or(usize::MAX);
        let end = first.saturating_add(usize::from(course.count));
        self.visits.get(first..end).unwrap_or_default()
    }

    /// Lists what happened to everybody, the earliest first: the registration, and
    /// each visit by its place among those of the patient.
    pub(crate) fn events(&self) -> Vec<Event> {
        let mut events: Vec<Event> = Vec::with_capacity(self.visits.len() + self.courses.len());
        for course in &self.courses {
            events.push((course.registered, course.number, None));
            let visits = (0..).zip(self.visits_of(course));
            events.extend(visits.map(|(index, starts)| (*starts, course.number, Some(index))));
        }
        events.sort_unstable();
        events
    }

    /// Returns the course of a patient.
    pub(crate) fn course(&self, number: u32) -> Option<&Course> {
        self.courses.get(usize::try_from(number).ok()?)
    }

    /// Draws the id of a thing of a patient: the same each time.
    pub(crate) fn id<I: Id>(&self, number: u32, kind: Kind, index: u16, at: Timestamp) -> I {
        let which = u64::from(number) << 24 | (kind as u64) << 16 | u64::from(index);
        I::from_parts(at, Dice::new(self.seed, For::Id, which).ten_bytes())
    }

    /// Returns who a patient is.
    pub(crate) fn patient_id(&self, course: &Course) -> PatientId {
        self.id(course.number, Kind::Patient, 0, course.registered)
    }

    /// Draws a person.
    pub(crate) fn person(&self, course: &Course) -> anyhow::Result<Patient> {
        let mut dice = Dice::new(self.seed, For::Person, u64::from(course.number));
        let sex = if dice.happens(0.58) {
            Sex::Female
        } else {
            Sex::Male
        };
        let given = dice.pick_common(match sex {
            Sex::Female => &GIVEN_FEMALE,
            _ => &GIVEN_MALE,
        });
        let family = if dice.happens(0.6) {
            dice.pick_common(&COMMON).to_owned()
        } else {
            let rest = format!("{}{}", dice.pick(&MIDDLES), dice.pick(&ENDINGS));
            format!("{}{rest}", dice.pick(&BEGINNINGS))
        };
        let age_days = i64::from(3_000 + dice.below(27_500));
        let today = self.present.to_zoned(self.zone.clone()).date();
        let language = if dice.happens(0.12) {
            Language::Spanish
        } else {
            Language::English
        };
        let deceased = dice.happens(0.01);
        let paused = dice.happens(0.01);
        Ok(Patient {
            id: self.patient_id(course),
            name: PersonName::parse(&family, given)?,
            birth_date: Some(today.saturating_sub(age_days.days())),
            sex,
            language,
            time_zone: None,
            region: Region {
                state: Some("IL".to_owned()),
                zip: Some(format!("606{:02}", dice.below(60))),
            },
            life: if deceased {
                Life::Deceased {
                    learnt_at: self.present,
                }
            } else {
                Life::Living
            },
            identifiers: vec![Identifier {
                system: "bench".to_owned(),
                value: Mrn::parse(&mrn(course.number))?,
            }],
            contact_points: self.contacts(course, &family, &mut dice)?,
            proxies: Vec::new(),
            paused,
        })
    }

    fn contacts(
        &self,
        course: &Course,
        family: &str,
        dice: &mut Dice,
    ) -> anyhow::Result<Vec<ContactPoint>> {
        let point = |index: u16, address, line| ContactPoint {
            id: self.id(course.number, Kind::Contact, index, course.registered),
            owner: Owner::Patient,
            address,
            line,
            standing: Standing::Unverified,
            shared: false,
            rank: index,
        };
        let phone = Address::Phone(Phone::from_e164(&phone(course.number))?);
        let mut points = vec![point(0, phone, Line::Mobile)];
        if dice.happens(0.45) {
            let mail = format!("{}.{}@mail.example", family.to_lowercase(), course.number);
            points.push(point(
                1,
                Address::Email(Email::parse(&mail)?),
                Line::Unknown,
            ));
        }
        Ok(points)
    }
}

/// How the practice grew: 1 would spread the first visits evenly over the years.
const GROWTH: f64 = 1.3;

/// Returns the record number of a patient.
pub(crate) fn mrn(number: u32) -> String {
    format!("B{:07}", 1_000_000 + number)
}

/// Returns the phone of a patient: fictional exchanges of real areas.
pub(crate) fn phone(number: u32) -> String {
    let area = usize::try_from(number / 10_000).unwrap_or(0);
    let exchange = 555 + area / AREAS.len();
    let area = AREAS.get(area % AREAS.len()).copied().unwrap_or("312");
    format!("+1{area}{exchange}{:04}", number % 10_000)
}

fn narrow(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// Moves a weekend to some day of the week after it, so that none is fuller.
fn working_day(day: Date, dice: &mut Dice) -> Date {
    let until_monday = match day.weekday() {
        Weekday::Saturday => 2,
        Weekday::Sunday => 1,
        _ => return day,
    };
    day.saturating_add(i64::from(until_monday + dice.below(5)).days())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn town(patients: u32) -> Town {
        let present = "2026-11-03T13:50:00Z".parse().unwrap();
        Town::new(
            7,
            patients,
            present,
            &TimeZone::get("America/Chicago").unwrap(),
        )
    }

    #[test]
    fn the_same_seed_draws_the_same_town() {
        let (one, other) = (town(300), town(300));
        assert_eq!(one.visits, other.visits);
        for (a, b) in one.courses.iter().zip(&other.courses) {
            assert_eq!(one.person(a).unwrap(), other.person(b).unwrap());
        }
    }

    #[test]
    fn everybody_has_visits_on_working_hours_of_working_days() {
        let town = town(2_000);
        for course in &town.courses {
            let visits = town.visits_of(course);
            assert!(visits.len() <= usize::from(course.planned));
            assert!(visits.is_sorted());
            for starts in visits {
                let at = starts.to_zoned(town.zone.clone());
                assert!((8..18).contains(&at.hour()));
                assert!(!matches!(at.weekday(), Weekday::Saturday | Weekday::Sunday));
            }
        }
        let mean = town.visits.len() as f64 / 2_000.0;
        assert!((7.0..13.0).contains(&mean), "{mean}");
    }

    #[test]
    fn two_patients_share_neither_id_nor_phone() {
        let town = town(12_000);
        let people: Vec<_> = town
            .courses
            .iter()
            .map(|c| town.person(c).unwrap())
            .collect();
        let ids: std::collections::HashSet<_> = people.iter().map(|p| p.id).collect();
        let phones: std::collections::HashSet<_> = people
            .iter()
            .map(|p| p.contact_points.first().unwrap().address.comparable())
            .collect();
        assert_eq!((ids.len(), phones.len()), (12_000, 12_000));
    }

    #[test]
    fn everything_happens_once_and_in_order() {
        let town = town(500);
        let events = town.events();
        assert_eq!(events.len(), town.visits.len() + 500);
        assert!(events.is_sorted());
        let mut seen = std::collections::HashSet::new();
        for (_, number, visit) in &events {
            // Nobody has a visit before being registered.
            assert!(visit.is_none() || seen.contains(&(*number, None)));
            assert!(seen.insert((*number, *visit)));
        }
    }
}
