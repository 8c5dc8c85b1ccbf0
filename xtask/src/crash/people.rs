//! The people of a rehearsal: who is imported, and who registers later.
//!
//! Phone numbers are of the kind that is kept free for stories: 555-01xx, in area
//! codes of Central time, so that a decent hour of the clinic is one for all.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const AREAS: [u16; 30] = [
    312, 773, 708, 847, 630, 815, 224, 331, 217, 309, 618, 414, 262, 608, 612, 651, 763, 952, 314,
    636, 816, 214, 972, 469, 817, 713, 281, 832, 210, 512,
];

/// How many phone numbers there are. Whoever comes later has e-mail alone.
const PHONES: usize = AREAS.len() * 100;

/// The number at which the practice gets texts.
pub(super) const PRACTICE_PHONE: &str = "+13125559000";

/// Somebody with a phone, or with e-mail alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// A name that nobody else has.
    pub(super) family: String,
    /// In E.164.
    pub(super) phone: Option<String>,
    pub(super) email: Option<String>,
}

impl Person {
    /// Makes up person `number`; three of five have a phone.
    pub(super) fn new(number: usize) -> Self {
        let with_phone = number % 5 < 3;
        let phone = number / 5 * 3 + number % 5;
        let phone = (with_phone && phone < PHONES).then(|| number_of(phone));
        let email = phone
            .is_none()
            .then(|| format!("patient{number}@mail.example"));
        Self {
            family: name_of(number),
            phone,
            email,
        }
    }
}

fn number_of(index: usize) -> String {
    let area = AREAS.get(index / 100).copied().unwrap_or(312);
    format!("+1{area}55501{:02}", index % 100)
}

/// Spells a number in letters, all different in every place, so that no two names
/// look like a misspelling of one.
fn name_of(number: usize) -> String {
    const SYLLABLES: [&str; 12] = [
        "ba", "cor", "del", "fin", "gus", "hol", "ker", "mun", "pra", "ros", "tev", "zim",
    ];
    let mut left = number * 4_657 + 11;
    let mut name = String::from("Q");
    for _ in 0..7 {
        name.push_str(SYLLABLES.get(left % 12).copied().unwrap_or_default());
        left /= 12;
    }
    name
}

/// Writes the table that the practice imports: a visit for each of `count` people
/// whose reminders fall due one after the other from `start` on, for `span`.
pub(super) fn table(count: usize, start: Timestamp, span: SignedDuration) -> String {
    let mut table = String::from(
        "patient_id,first_name,last_name,dob,mobile,email,appointment_id,start_date,start_time,\
         duration,appointment_type,clinic_id,clinic_name,status\n",
    );
    let step = span.as_secs() / i64::try_from(count.max(1)).unwrap_or(i64::MAX);
    let zone = TimeZone::get("America/Chicago").unwrap_or(TimeZone::UTC);
    for (number, place) in (0..count).zip(0_i64..) {
        let person = Person::new(number);
        let after = SignedDuration::from_hours(24) + SignedDuration::from_secs(60 + place * step);
        let visit = start.saturating_add(after).unwrap_or(start);
        let visit = visit.to_zoned(zone.clone());
        let born = 1940 + number % 60;
        let (month, day) = (1 + number / 60 % 12, 1 + number / 720 % 28);
        let _ = writeln!(
            table,
            "P{number},Pat,{},{born}-{month:02}-{day:02},{},{},A{number},{},{},40,Follow up,L1,Riverside,Booked",
            person.family,
            person.phone.unwrap_or_default(),
            person.email.unwrap_or_default(),
            visit.strftime("%Y-%m-%d"),
            visit.strftime("%H:%M"),
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nobody_shares_a_name_or_an_address() {
        let people: Vec<Person> = (0..6_000).map(Person::new).collect();
        let count = |of: fn(&Person) -> Option<&String>| {
            let all: Vec<_> = people.iter().filter_map(of).collect();
            let different: BTreeSet<_> = all.iter().collect();
            assert_eq!(all.len(), different.len());
            all.len()
        };
        assert_eq!(count(|person| Some(&person.family)), 6_000);
        assert_eq!(count(|person| person.phone.as_ref()), PHONES);
        assert_eq!(count(|person| person.email.as_ref()), 6_000 - PHONES);
        assert!(
            people
                .iter()
                .all(|p| p.phone.is_some() != p.email.is_some())
        );
    }

    #[test]
    fn visits_are_spread_over_the_span_a_day_ahead() {
        let start: Timestamp = "2027-03-02T14:05:00Z".parse().unwrap();
        let table = table(3, start, SignedDuration::from_mins(30));
        let rows: Vec<&str> = table.lines().collect();
        assert_eq!(rows.len(), 4);
        assert!(rows[1].contains(",A0,2027-03-03,08:06,40,"), "{}", rows[1]);
        assert!(rows[3].contains(",A2,2027-03-03,08:26,40,"), "{}", rows[3]);
    }
}
