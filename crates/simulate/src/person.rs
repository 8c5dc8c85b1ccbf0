//! Who the patients are: drawn once, kept for the year.

use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, Normal, Poisson};
use tendon_care::Mint;
use tendon_care::contact::{Address, ContactPoint, Email, Line, Owner, Phone, Standing};
use tendon_care::id::{AppointmentId, EpisodeId, PatientId, ReferralId};
use tendon_care::language::Language;
use tendon_care::patient::{Identifier, Life, Patient, Region};
use tendon_care::person::{Mrn, PersonName, Sex};

use crate::behaviour::Intent;
use crate::names;

/// Who pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// A private insurer.
    Commercial,
    /// Medicare.
    Medicare,
    /// Medicaid.
    Medicaid,
    /// Nobody but the patient.
    SelfPay,
}

/// What makes a patient come or stay away. Coefficients: docs/simulator.md.
#[derive(Clone, Copy, Debug)]
pub struct Traits {
    /// The patient's own random effect on the logit of missing, SD 0.9.
    pub own: f64,
    /// Who pays.
    pub payer: Payer,
    /// Without work.
    pub unemployed: bool,
    /// Younger than forty.
    pub under_40: bool,
    /// Lives five miles away or more.
    pub far: bool,
    /// Tens of dollars of co-payment.
    pub copay_tens: f64,
    /// No reminder changes anything (15 %).
    pub sleeper: bool,
    /// Reminders do the opposite (3 %).
    pub contrarian: bool,
    /// Answers a text that asks.
    pub answers: f64,
    /// The effect of the clinic they go to, SD 0.25.
    pub clinic: f64,
}

/// Where a patient stands with the practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Referred; nobody has spoken with them.
    Waiting,
    /// Comes, or is expected to.
    Coming,
    /// Did the whole plan.
    Finished,
    /// Will not come again, whatever is done.
    Left,
    /// Died.
    Dead,
}

/// What became of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It took place.
    Kept,
    /// Nobody came.
    Missed,
    /// The patient called it off.
    CalledOff { at: Timestamp },
    /// The practice took it off the book.
    TakenOff,
}

/// A visit as the patient remembers it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    pub(crate) id: AppointmentId,
    pub(crate) starts_at: Timestamp,
    pub(crate) booked_at: Timestamp,
    pub(crate) clinician: usize,
    pub(crate) reminders: u32,
    pub(crate) moves: u32,
    pub(crate) intent: Intent,
    /// What became of it; nothing while it stands.
    pub(crate) fate: Option<Fate>,
}

/// A patient of the simulation.
#[derive(Clone, Debug)]
pub struct Person {
    /// The id in the product.
    pub id: PatientId,
    /// What makes them come.
    pub traits: Traits,
    pub(crate) phone: Phone,
    /// The phone on file belongs to somebody else.
    pub(crate) wrong_phone: bool,
    /// The phone on file is switched off for good.
    pub(crate) phone_off: bool,
    pub(crate) family: String,
    pub(crate) language: Language,
    pub(crate) clinician: usize,
    pub(crate) plan_visits: u16,
    pub(crate) per_week: u8,
    /// Visits that the front desk puts on the book at once.
    pub(crate) books_ahead: usize,
    /// The days of the week that suit, one or two as the plan wants.
    pub(crate) weekdays: &'static [Weekday],
    /// The slot of the day that suits.
    pub(crate) liked_slot: i16,
    pub(crate) episode: Option<EpisodeId>,
    pub(crate) referral: Option<ReferralId>,
    pub(crate) calls: u8,
    pub(crate) visits: Vec<Planned>,
    pub(crate) completed: u16,
    pub(crate) missed: u16,
    /// Visits missed in a row.
    pub(crate) missed_last: u8,
    pub(crate) first_pain: f64,
    pub(crate) pain: f64,
    pub(crate) first_seen: Option<Timestamp>,
    pub(crate) last_seen: Option<Timestamp>,
    pub(crate) stage: Stage,
    /// What the desk owes in answer to the last question.
    pub(crate) owed: Option<&'static str>,
}

impl Person {
    /// Returns the visits on the book.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Planned> {
        self.visits.iter().filter(|visit| visit.fate.is_none())
    }

    /// Returns the next visit on the book after a moment.
    pub(crate) fn next(&self, now: Timestamp) -> Option<Planned> {
        let ahead = self.open().filter(|visit| visit.starts_at > now);
        ahead.min_by_key(|visit| visit.starts_at).copied()
    }

    pub(crate) fn visit(&self, id: AppointmentId) -> Option<Planned> {
        self.open().find(|visit| visit.id == id).copied()
    }
}

fn pick<'a, T>(dice: &mut ChaCha8Rng, from: &'a [T]) -> Option<&'a T> {
    from.get(dice.random_range(0..from.len().max(1)))
}

/// What a new patient shares with one who is known: the phone and the name.
#[derive(Clone, Debug)]
pub(crate) struct Kin {
    pub(crate) phone: Phone,
    pub(crate) family: String,
    pub(crate) language: Language,
}

/// Who works here, for whom to draw people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Staffing {
    pub(crate) clinicians: usize,
    pub(crate) slots_a_day: i16,
}

/// Draws a person; `number` makes phone and record number unique.
pub(crate) fn draw(
    dice: &mut ChaCha8Rng,
    mint: &Mint<'_>,
    number: u32,
    today: Date,
    staffing: Staffing,
    kin: Option<&Kin>,
) -> Option<(Person, Patient)> {
    let face = face(dice, kin)?;
    let age_years: f64 = Normal::new(51.0_f64, 17.0)
        .ok()?
        .sample(dice)
        .clamp(18.0, 92.0);
    let traits = traits(dice, age_years)?;
    let phone = kin.map_or_else(|| phone(number), |kin| Some(kin.phone.clone()))?;
    let language = if face.spanish && dice.random_bool(0.8) {
        Language::Spanish
    } else {
        Language::English
    };
    let plan_visits = plan_visits(dice)?;
    let patient = Patient {
        id: mint.id(),
        name: PersonName::parse(&face.family, face.given).ok()?,
        birth_date: born(today, age_years, dice),
        sex: face.sex,
        language,
        time_zone: None,
        region: Region {
            state: Some("IL".into()),
            zip: pick(dice, names::ZIPS).map(|zip| (*zip).to_owned()),
        },
        life: Life::Living,
        identifiers: vec![Identifier {
            system: "riverside-ehr".into(),
            value: Mrn::parse(&format!("R{number:06}")).ok()?,
        }],
        contact_points: contact_points(dice, mint, &phone, number)?,
        proxies: Vec::new(),
        paused: false,
    };
    let pain = dice.random_range(3.0..8.0);
    let weekdays = weekdays(dice);
    let person = Person {
        id: patient.id,
        traits,
        phone,
        phone_off: false,
        wrong_phone: kin.is_none() && dice.random_bool(0.02),
        family: face.family,
        language,
        clinician: dice.random_range(0..staffing.clinicians.max(1)),
        plan_visits,
        per_week: u8::try_from(weekdays.len()).unwrap_or(1),
        weekdays,
        books_ahead: if dice.random_bool(0.3) {
            1
        } else {
            dice.random_range(4..=8)
        },
        liked_slot: dice.random_range(0..staffing.slots_a_day.max(1)),
        episode: None,
        referral: None,
        calls: 0,
        visits: Vec::new(),
        completed: 0,
        missed: 0,
        missed_last: 0,
        first_pain: pain,
        pain,
        first_seen: None,
        last_seen: None,
        stage: Stage::Waiting,
        owed: None,
    };
    Some((person, patient))
}

/// What somebody is called.
struct Face {
    spanish: bool,
    given: &'static str,
    family: String,
    sex: Sex,
}

fn face(dice: &mut ChaCha8Rng, kin: Option<&Kin>) -> Option<Face> {
    let spanish = match kin {
        Some(kin) => kin.language == Language::Spanish,
        None => dice.random_bool(0.14),
    };
    let (given, family) = if spanish {
        (names::GIVEN_ES, names::FAMILY_ES)
    } else {
        (names::GIVEN_EN, names::FAMILY_EN)
    };
    let (given, sex) = *pick(dice, given)?;
    let family = match kin {
        Some(kin) => kin.family.clone(),
        None => (*pick(dice, family)?).to_owned(),
    };
    Some(Face {
        spanish,
        given,
        family,
        sex: if sex == 'f' { Sex::Female } else { Sex::Male },
    })
}

/// Planned visits = 1 + Poisson(Gamma(shape 4, mean 10)).
fn plan_visits(dice: &mut ChaCha8Rng) -> Option<u16> {
    let mean: f64 = Gamma::new(4.0_f64, 2.5).ok()?.sample(dice);
    let further: f64 = Poisson::new(mean.max(0.5)).ok()?.sample(dice).min(39.0);
    Some(1 + whole(further))
}

/// Draws the days on which somebody comes: three in four twice a week.
fn weekdays(dice: &mut ChaCha8Rng) -> &'static [Weekday] {
    use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
    const TWICE: &[&[Weekday]] = &[
        &[Monday, Wednesday],
        &[Monday, Thursday],
        &[Tuesday, Thursday],
        &[Tuesday, Friday],
        &[Wednesday, Friday],
    ];
    const ONCE: &[&[Weekday]] = &[&[Monday], &[Tuesday], &[Wednesday], &[Thursday], &[Friday]];
    let often = if dice.random_bool(0.75) { TWICE } else { ONCE };
    pick(dice, often).copied().unwrap_or(&[Tuesday])
}

fn traits(dice: &mut ChaCha8Rng, age_years: f64) -> Option<Traits> {
    let payer = match dice.random_range(0.0..1.0) {
        _ if age_years >= 65.0 => Payer::Medicare,
        share if share < 0.16 => Payer::Medicaid,
        share if share < 0.22 => Payer::SelfPay,
        _ => Payer::Commercial,
    };
    Some(Traits {
        own: Normal::new(0.0, 0.9).ok()?.sample(dice),
        payer,
        unemployed: age_years < 65.0 && dice.random_bool(0.07),
        under_40: age_years < 40.0,
        far: dice.random_bool(0.35),
        copay_tens: if payer == Payer::Medicaid {
            0.0
        } else {
            dice.random_range(0.0..5.0)
        },
        sleeper: dice.random_bool(0.15),
        contrarian: dice.random_bool(0.03),
        answers: dice.random_range(0.25..0.98),
        clinic: 0.0,
    })
}

/// One in so many kept the number that they had in Seattle, two hours behind.
const FROM_AFAR: u32 = 37;

/// A number in the range that is kept free for stories: 555-0100 to 555-0199,
/// in every area code that has people.
pub(crate) fn phone(number: u32) -> Option<Phone> {
    const AREAS: [u32; 10] = [312, 773, 872, 708, 847, 224, 630, 331, 815, 779];
    let near = AREAS.get((number / 100) as usize % AREAS.len())?;
    let area = if number % FROM_AFAR == 5 { &206 } else { near };
    let exchange = if number < 1_000 {
        555
    } else {
        200 + (number / 1_000) % 700
    };
    Phone::parse(&format!("+1{area}{exchange}01{:02}", number % 100)).ok()
}

/// Cuts a number of at most a few hundred to a whole one.
fn whole(number: f64) -> u16 {
    (1..500)
        .take_while(|next| f64::from(*next) <= number)
        .last()
        .unwrap_or(0)
}

fn born(today: Date, age_years: f64, dice: &mut ChaCha8Rng) -> Option<Date> {
    let days = i64::from(whole(age_years)) * 365 + dice.random_range(0..365);
    today.checked_sub(days.days()).ok()
}

fn contact_points(
    dice: &mut ChaCha8Rng,
    mint: &Mint<'_>,
    phone: &Phone,
    number: u32,
) -> Option<Vec<ContactPoint>> {
    let mut points = Vec::new();
    let point = |address, rank| ContactPoint {
        id: mint.id(),
        owner: Owner::Patient,
        address,
        line: Line::Mobile,
        standing: Standing::Unverified,
        shared: false,
        rank,
    };
    if dice.random_bool(0.95) {
        points.push(point(Address::Phone(phone.clone()), 0));
    }
    if dice.random_bool(0.6) || points.is_empty() {
        let email = Email::parse(&format!("patient{number}@example.org")).ok()?;
        points.push(ContactPoint {
            line: Line::Unknown,
            ..point(Address::Email(email), 1)
        });
    }
    Some(points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn phones_are_distinct_for_a_large_practice() {
        let phones: BTreeSet<_> = (0..4_000).map(|n| phone(n).expect("a phone")).collect();
        assert_eq!(phones.len(), 4_000);
    }
}
