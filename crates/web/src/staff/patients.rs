//! Patients: one field for name, phone, birthday and record number. What was
//! typed decides where it is looked for.

use axum::extract::State;
use jiff::civil::Date;
use tendon_care::access::Permission;
use tendon_care::contact::{Address, Email, Phone};
use tendon_care::person::search_words;
use tendon_store::{PatientCard, PatientHit, Reader};

use super::view::{self, View};
use crate::pages::frame::Section;
use crate::pages::parts::{Chip, Tone, dotted};
use crate::pages::patients::{Found, Patients};
use crate::server::App;
use crate::server::forgery::Fields;
use crate::server::page::Page;
use crate::server::refusal::Refusal;
use crate::server::session::{Staff, small};

/// Patients on one page; whoever is not among them needs another letter.
const SHOWN: u16 = 30;

/// Shows the first patients by name.
pub(crate) async fn page(State(app): State<App>, staff: Staff) -> Result<Page<Patients>, Refusal> {
    list(&app, &staff, String::new()).await
}

/// Shows who fits what was typed.
pub(crate) async fn search(
    State(app): State<App>,
    staff: Staff,
    fields: Fields,
) -> Result<Page<Patients>, Refusal> {
    let asked: String = fields
        .get("q")
        .unwrap_or_default()
        .trim()
        .chars()
        .take(80)
        .collect();
    list(&app, &staff, asked).await
}

async fn list(app: &App, staff: &Staff, asked: String) -> Result<Page<Patients>, Refusal> {
    let view = View::of(app, staff).await?;
    let reader = staff.reader(app);
    let hits = find(reader, &asked, view.now.date()).await?;
    let total = if asked.is_empty() {
        u32::try_from(reader.patient_count().await?).unwrap_or(u32::MAX)
    } else {
        small(hits.len())
    };
    let ids: Vec<_> = hits.iter().map(|hit| hit.id).collect();
    let cards = reader.cards(&ids, view.instant()).await?;
    staff.looked_at(app, "patient_list", None).await?;
    let clinical = staff.may(Permission::ReadChart);
    let found = hits.iter().filter_map(|hit| cards.get(&hit.id));
    Ok(Page(Patients {
        frame: staff.frame(app, Section::Patients).await?,
        found: found.map(|card| row(card, &view, clinical)).collect(),
        now: view.now,
        asked,
        total,
    }))
}

/// Looks where the question may have an answer: a birthday, an address, and always
/// among names and record numbers.
async fn find(reader: Reader<'_>, asked: &str, today: Date) -> Result<Vec<PatientHit>, Refusal> {
    if asked.is_empty() {
        return Ok(reader.patients_first(SHOWN).await?);
    }
    let mut hits: Vec<PatientHit> = Vec::new();
    if let Some(day) = birthday(asked, today) {
        hits.extend(reader.search_birth_date(day, SHOWN).await?);
    }
    if let Some(address) = address(asked) {
        hits.extend(reader.search_address(&address, SHOWN).await?);
    }
    let words = search_words(asked);
    if !words.is_empty() {
        hits.extend(reader.search_words(&words, SHOWN).await?);
    }
    let mut seen = std::collections::HashSet::new();
    hits.retain(|hit| seen.insert(hit.id));
    hits.truncate(usize::from(SHOWN));
    Ok(hits)
}

/// Reads a whole phone number or mail address.
fn address(text: &str) -> Option<Address> {
    if text.contains('@') {
        return Email::parse(text).ok().map(Address::Email);
    }
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let plain = text
        .chars()
        .all(|c| c.is_ascii_digit() || " +-().".contains(c));
    (plain && digits >= 7)
        .then(|| Phone::parse(text).ok().map(Address::Phone))
        .flatten()
}

/// Reads a birthday as people here write it: `3/4/1968`, `3-4-68`, `03041968`,
/// `1968-03-04`, `Mar 4 1968`, `4 March 1968`. A year of two digits is the last
/// one that is not in the future.
fn birthday(text: &str, today: Date) -> Option<Date> {
    let parts: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    let (year, month, day) = match parts.as_slice() {
        [year, month, day] if year.len() == 4 && is_number(year) => (*year, *month, *day),
        [month, day, year] if month_of(day).is_none() => (*year, *month, *day),
        [day, month, year] => (*year, *month, *day),
        [all] if all.len() == 8 && is_number(all) => (all.get(4..)?, all.get(..2)?, all.get(2..4)?),
        _ => return None,
    };
    let month = month_of(month).or_else(|| month.parse().ok())?;
    let full: i16 = match year.len() {
        4 => year.parse().ok()?,
        2 => {
            let century = today.year() - today.year().rem_euclid(100);
            let near = century + year.parse::<i16>().ok()?;
            if near > today.year() {
                near - 100
            } else {
                near
            }
        }
        _ => return None,
    };
    let date = Date::new(full, month, day.parse().ok()?).ok()?;
    (date <= today && date.year() >= 1_900).then_some(date)
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Reads the name of a month, in full or by its first three letters.
fn month_of(text: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let lower = text.to_ascii_lowercase();
    let known = MONTHS.iter().zip(1..);
    known
        .into_iter()
        .find(|(name, _)| lower.len() >= 3 && name.starts_with(&lower))
        .map(|(_, number)| number)
}

fn row(card: &PatientCard, view: &View, clinical: bool) -> Found {
    let mut flags = Vec::new();
    if card.deceased {
        flags.push(Chip::new(Tone::Plain, "deceased"));
    }
    let age = card.birth_date.and_then(|born| age(born, view.now.date()));
    if age.is_some_and(|age| age < tendon_care::patient::AGE_OF_MAJORITY_YEARS) {
        flags.push(Chip::new(Tone::Info, "minor"));
    }
    if card.paused {
        flags.push(Chip::new(Tone::Info, "automation paused"));
    }
    let born = card
        .birth_date
        .map(|born| born.strftime("%b %-d, %Y").to_string())
        .unwrap_or_default();
    let age = age.map(|age| age.to_string()).unwrap_or_default();
    Found {
        id: card.id,
        name: card.name.clone(),
        born: dotted([born, age]),
        mrn: card.mrn.clone().unwrap_or_default(),
        phone: card.hint.clone().unwrap_or_default(),
        episode: card
            .episode
            .as_deref()
            .filter(|_| clinical)
            .map(view::episode_chip),
        next: card.next.map(|at| view.at(at)),
        flags,
    }
}

fn age(born: Date, today: Date) -> Option<i16> {
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    Some(today.year() - born.year() - i16::from(!had_birthday)).filter(|age| *age >= 0)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_birthday_is_understood_as_people_write_it() {
        let today = date(2026, 11, 23);
        for text in [
            "3/4/1968",
            "03/04/68",
            "3-4-1968",
            "03041968",
            "1968-03-04",
            "Mar 4, 1968",
            "4 march 1968",
            "3.4.68",
        ] {
            assert_eq!(birthday(text, today), Some(date(1968, 3, 4)), "{text}");
        }
        assert_eq!(birthday("3/4/26", today), Some(date(2026, 3, 4)));
        assert_eq!(birthday("12/24/26", today), None, "it is in the future");
        for text in [
            "",
            "mar",
            "3/4",
            "13/13/1968",
            "2/30/1968",
            "1899-01-01",
            "Ana Maria Lopez",
            "312-555-0142",
        ] {
            assert_eq!(birthday(text, today), None, "{text}");
        }
    }

    #[test]
    fn a_number_is_an_address_only_where_it_can_be_one() {
        assert!(matches!(address("(312) 555-0142"), Some(Address::Phone(_))));
        assert!(matches!(
            address("+1 312 555 0142"),
            Some(Address::Phone(_))
        ));
        assert!(matches!(
            address("ana@example.org"),
            Some(Address::Email(_))
        ));
        for text in ["0142", "Ana 3125550142", "ana@", "004801"] {
            assert!(address(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_age_counts_from_the_birthday() {
        let born = date(2008, 11, 24);
        assert_eq!(age(born, date(2026, 11, 23)), Some(17));
        assert_eq!(age(born, date(2026, 11, 24)), Some(18));
        assert_eq!(age(born, date(2000, 1, 1)), None);
    }
}
