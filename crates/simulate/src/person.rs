//! Who the patients are: drawn once, kept for the year.

use jiff::civil::Date;
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
}

/// A visit as the patient remembers it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    pub(crate) id: AppointmentId,
    pub(crate) starts_at: Timestamp,
    pub(crate) booked_at: Timestamp,
    pub(crate) clinician: usize,
    pub(crate) reminders: u32,
    pub(crate) open: bool,
}

/// A patient of the simulation.
#[derive(Clone, Debug)]
pub struct Person {
    /// The id in the product.
    pub id: PatientId,
    /// What makes them come.
    pub traits: Traits,
    pub(crate) phone: Phone,
    pub(crate) language: Language,
    pub(crate) clinician: usize,
    pub(crate) location: usize,
    pub(crate) plan_visits: u16,
    pub(crate) per_week: u8,
    pub(crate) episode: Option<EpisodeId>,
    pub(crate) referral: Option<ReferralId>,
    pub(crate) visits: Vec<Planned>,
    pub(crate) completed: u16,
    pub(crate) missed: u16,
    pub(crate) missed_last: bool,
    pub(crate) pain: f64,
    pub(crate) last_seen: Option<Timestamp>,
    pub(crate) gone: bool,
}

fn pick<'a, T>(dice: &mut ChaCha8Rng, from: &'a [T]) -> Option<&'a T> {
    from.get(dice.random_range(0..from.len().max(1)))
}

/// Draws a person; `number` makes phone and record number unique.
pub(crate) fn draw(
    dice: &mut ChaCha8Rng,
    mint: &Mint<'_>,
    number: u32,
    today: Date,
    clinicians: usize,
) -> Option<(Person, Patient)> {
    let spanish = dice.random_bool(0.14);
    let (given, family) = if spanish {
        (names::GIVEN_ES, names::FAMILY_ES)
    } else {
        (names::GIVEN_EN, names::FAMILY_EN)
    };
    let (given, sex) = *pick(dice, given)?;
    let name = PersonName::parse(pick(dice, family)?, given).ok()?;
    let age_years: f64 = Normal::new(51.0_f64, 17.0)
        .ok()?
        .sample(dice)
        .clamp(18.0, 92.0);
    let traits = traits(dice, age_years)?;
    let phone = phone(number)?;
    let language = if spanish && dice.random_bool(0.8) {
        Language::Spanish
    } else {
        Language::English
    };
    // Planned visits = 1 + Poisson(Gamma(shape 4, mean 10)).
    let mean: f64 = Gamma::new(4.0_f64, 2.5).ok()?.sample(dice);
    let further: f64 = Poisson::new(mean.max(0.5)).ok()?.sample(dice).min(39.0);
    let id = mint.id();
    let patient = Patient {
        id,
        name,
        birth_date: born(today, age_years, dice),
        sex: if sex == 'f' { Sex::Female } else { Sex::Male },
        language,
        time_zone: None,
        region: Region {
            state: Some("IL".into()),
            zip: Some("60622".into()),
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
    let person = Person {
        id,
        traits,
        phone,
        language,
        clinician: dice.random_range(0..clinicians.max(1)),
        location: dice.random_range(0..2),
        plan_visits: 1 + whole(further),
        per_week: if dice.random_bool(0.7) { 2 } else { 1 },
        episode: None,
        referral: None,
        visits: Vec::new(),
        completed: 0,
        missed: 0,
        missed_last: false,
        pain: dice.random_range(3.0..8.0),
        last_seen: None,
        gone: false,
    };
    Some((person, patient))
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
    })
}

/// A number in the range that is kept free for stories: 555-0100 to 555-0199,
/// in every area code that has people.
fn phone(number: u32) -> Option<Phone> {
    const AREAS: [u32; 10] = [312, 773, 872, 708, 847, 224, 630, 331, 815, 779];
    let area = AREAS.get((number / 100) as usize % AREAS.len())?;
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
