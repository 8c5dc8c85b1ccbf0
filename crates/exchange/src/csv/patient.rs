//! The patient of a row.

use jiff::civil::Date;
use tendon_care::contact::{InvalidAddress, Line};
use tendon_care::patient::{Identifier, Region, Relation};
use tendon_care::person::{Mrn, PersonName, Sex};

use super::cells::{Cell, Cells};
use super::contact::{self, BadPhone};
use super::fields::{Column, PatientMap};
use super::layout::fold;
use super::{person, value};
use crate::hl7::names::is_test;
use crate::record::{ContactRecord, ForeignKey, PatientRecord, ProxyRecord, Said};

/// Who a row is about.
pub struct Identity {
    /// The key: by number, or by name and birthday.
    pub key: ForeignKey,
    /// The key is the name alone, which two people may share.
    pub by_name_alone: bool,
}

/// Finds out who a row is about, or notes why nobody can tell.
pub fn identify(cells: &mut Cells<'_>, map: &PatientMap, system: &str) -> Option<Identity> {
    if let Some(cell) = cells.value(&map.key) {
        return match value::record_number(cell.text) {
            Ok(number) => Some(Identity {
                key: ForeignKey {
                    system: format!("{system}:patient"),
                    value: number.into_owned(),
                },
                by_name_alone: false,
            }),
            Err(error) => {
                cells.reject(cell.at, error.to_string());
                None
            }
        };
    }
    if map.key.is_there() && !map.or_by_name {
        cells.reject(Cells::place(&map.key), "is empty: the row names no patient");
        return None;
    }
    let name = match read_name(cells, map) {
        Ok(Some(name)) => name,
        Ok(None) => {
            let place = [&map.full_name, &map.family, &map.given, &map.key]
                .into_iter()
                .find(|column| column.is_there());
            let place = place.map_or(usize::MAX, Cells::place);
            cells.reject(place, "is empty: the row names no patient");
            return None;
        }
        Err((at, reason)) => {
            cells.reject(at, reason);
            return None;
        }
    };
    // What is wrong with the birthday is noted when the record is read.
    let noted = cells.problems.len();
    let born = read_birthday(cells, map);
    cells.problems.truncate(noted);
    let folded = person::folded(&name);
    Some(Identity {
        by_name_alone: born.is_none(),
        key: match born {
            Some(born) => ForeignKey {
                system: format!("{system}:patient-name-birthday"),
                value: format!("{folded}|{born}"),
            },
            None => ForeignKey {
                system: format!("{system}:patient-name"),
                value: folded,
            },
        },
    })
}

/// Reads what a row says about the patient; `None` where it is no more than the
/// number.
pub fn read(
    cells: &mut Cells<'_>,
    map: &PatientMap,
    system: &str,
    key: ForeignKey,
    removed: bool,
) -> Option<PatientRecord> {
    let name = match read_name(cells, map) {
        Ok(name) => name,
        Err((at, reason)) => {
            cells.ignore(at, reason);
            None
        }
    };
    let contact_points = contacts(cells, map);
    let birth_date = read_birthday(cells, map);
    if name.is_none() && birth_date.is_none() && contact_points == Said::Nothing {
        return None;
    }
    let is_test = name.as_ref().is_some_and(is_test);
    Some(PatientRecord {
        key,
        aliases: Vec::new(),
        identifiers: identifiers(cells, map, system),
        birth_date: birth_date.into(),
        sex: sex(cells, &map.sex),
        language: language(cells, &map.language),
        region: region(cells, map),
        contact_points,
        deceased: cells.any(&map.deceased).then_some(true).into(),
        proxies: proxy(cells, map).into_iter().collect(),
        changed_at: cells.moment(&map.changed_at),
        inactive: removed || is_test || cells.any(&map.inactive),
        name,
    })
}

type Refusal = (usize, String);

fn read_name(cells: &mut Cells<'_>, map: &PatientMap) -> Result<Option<PersonName>, Refusal> {
    let words = |cell: Option<Cell<'_>>| match cell {
        Some(cell) => value::words(cell.text)
            .map(str::to_owned)
            .map_err(|error| (cell.at, error.to_string())),
        None => Ok(String::new()),
    };
    let mut given = words(cells.value(&map.given))?;
    // There are families called Null, but nobody is called that and nothing else.
    let family = cells.first(&map.family);
    let family = family.filter(|cell| !given.is_empty() || !value::is_filler(cell.text));
    let family = words(family)?;
    let name = if family.is_empty() && given.is_empty() {
        let Some(cell) = cells.value(&map.full_name) else {
            return Ok(None);
        };
        let full = words(Some(cell))?;
        if person::is_number(&full) {
            return Err((cell.at, "is a number where a name was expected".to_owned()));
        }
        person::split(&full).map_err(|error| (cell.at, error.to_string()))?
    } else {
        let middle = words(cells.value(&map.middle))?;
        if !middle.is_empty() {
            given = format!("{given} {middle}");
        }
        PersonName::parse(&family, &given)
            .map_err(|error| (Cells::place(&map.family), error.to_string()))?
    };
    let called = cells
        .words(&map.preferred)
        .filter(|called| !value::is_filler(called) && !called.eq_ignore_ascii_case(name.given()));
    match called {
        // A name to be called by that is too long is not worth a problem.
        Some(called) => Ok(name.clone().with_preferred(called).ok().or(Some(name))),
        None => Ok(Some(name)),
    }
}

fn read_birthday(cells: &mut Cells<'_>, map: &PatientMap) -> Option<Date> {
    let cell = cells.value(&map.birth_date)?;
    match cells.birthday(cell) {
        Ok(date) => Some(date),
        Err(error) => {
            cells.ignore(cell.at, error.to_string());
            None
        }
    }
}

/// Reads phones and mailboxes, best first.
///
/// *Missing*: empty cells say nothing; cells with fillers only, such as
/// 999-999-9999, say that the person has none.
fn contacts(cells: &mut Cells<'_>, map: &PatientMap) -> Said<Vec<ContactRecord>> {
    let mut found = Found::default();
    found.phones(cells, &map.mobile, Line::Mobile);
    found.phones(cells, &map.phone, Line::Unknown);
    found.emails(cells, &map.email);
    found.phones(cells, &map.work_phone, Line::Unknown);
    match (found.contacts.is_empty(), found.fillers, found.unreadable) {
        (false, ..) => Said::Value(found.contacts),
        (true, true, false) => Said::Clear,
        (true, ..) => Said::Nothing,
    }
}

#[derive(Default)]
struct Found {
    contacts: Vec<ContactRecord>,
    fillers: bool,
    unreadable: bool,
}

impl Found {
    fn phones(&mut self, cells: &mut Cells<'_>, column: &Column, line: Line) {
        for cell in cells.all(column) {
            self.take(cells, cell.at, contact::phones(cell.text, line));
        }
    }

    fn emails(&mut self, cells: &mut Cells<'_>, column: &Column) {
        for cell in cells.all(column) {
            self.take(cells, cell.at, contact::emails(cell.text));
        }
    }

    fn take(
        &mut self,
        cells: &mut Cells<'_>,
        at: usize,
        read: Vec<Result<ContactRecord, BadPhone>>,
    ) {
        for one in read {
            match one {
                Ok(contact) if self.contacts.iter().any(|c| c.address == contact.address) => {}
                Ok(contact) => self.contacts.push(contact),
                Err(error) => {
                    let filler = BadPhone::Address(InvalidAddress::Placeholder);
                    *(if error == filler {
                        &mut self.fillers
                    } else {
                        &mut self.unreadable
                    }) = true;
                    cells.ignore(at, error.to_string());
                }
            }
        }
    }
}

fn identifiers(cells: &mut Cells<'_>, map: &PatientMap, system: &str) -> Vec<Identifier> {
    let mut found = Vec::new();
    for (name, column) in &map.numbers {
        let Some(cell) = cells.value(column) else {
            continue;
        };
        let number = value::record_number(cell.text).map_err(|error| error.to_string());
        let number =
            number.and_then(|number| Mrn::parse(&number).map_err(|error| error.to_string()));
        match number {
            Ok(value) => found.push(Identifier {
                system: format!("{system}:{name}"),
                value,
            }),
            Err(reason) => cells.ignore(cell.at, reason),
        }
    }
    found
}

fn sex(cells: &mut Cells<'_>, column: &Column) -> Said<Sex> {
    let Some(cell) = cells.value(column) else {
        return Said::Nothing;
    };
    let read = match fold(cell.text).as_str() {
        "u" | "unk" | "unknown" | "undisclosed" | "notspecified" => Sex::Unknown,
        "nonbinary" | "intersex" | "nb" => Sex::Other,
        "mujer" | "femenino" => Sex::Female,
        "hombre" | "masculino" => Sex::Male,
        _ => match Sex::from_foreign(cell.text) {
            Sex::Unknown => {
                cells.ignore(cell.at, "is no sex that is known");
                return Said::Nothing;
            }
            known => known,
        },
    };
    Said::Value(read)
}

fn language(cells: &mut Cells<'_>, column: &Column) -> Said<String> {
    let Some(cell) = cells.value(column) else {
        return Said::Nothing;
    };
    let is_name = cell
        .text
        .chars()
        .all(|c| c.is_alphabetic() || "- _()".contains(c));
    if is_name && cell.text.chars().count() <= 40 {
        Said::Value(cell.text.to_owned())
    } else {
        cells.ignore(cell.at, "is no language");
        Said::Nothing
    }
}

fn region(cells: &mut Cells<'_>, map: &PatientMap) -> Said<Region> {
    let state = cells.value(&map.state);
    let zip = cells.value(&map.zip);
    let country = cells.value(&map.country).map(|cell| cell.text);
    let text = |cell: Option<Cell<'_>>| cell.map(|cell| cell.text.to_owned());
    let region = value::region(text(state).as_deref(), text(zip).as_deref(), country);
    if crate::fhir::region::is_american(country) {
        if let Some(cell) = state.filter(|_| region.state.is_none()) {
            cells.ignore(cell.at, "is no state of the United States");
        }
        // A code abroad is no mistake where the state is not one of ours either.
        let abroad = state.is_some() && region.state.is_none();
        if let Some(cell) = zip.filter(|_| region.zip.is_none() && !abroad) {
            cells.ignore(cell.at, "is no ZIP code");
        }
    }
    Some(region)
        .filter(|region| *region != Region::default())
        .into()
}

fn proxy(cells: &mut Cells<'_>, map: &PatientMap) -> Option<ProxyRecord> {
    let cell = cells.first(&map.proxy_name)?;
    let name = value::words(cell.text).map_err(|error| error.to_string());
    let name = name.and_then(|text| person::split(text).map_err(|error| error.to_string()));
    let name = match name {
        Ok(name) => name,
        Err(reason) => {
            cells.ignore(cell.at, reason);
            return None;
        }
    };
    let mut found = Found::default();
    found.phones(cells, &map.proxy_phone, Line::Unknown);
    found.emails(cells, &map.proxy_email);
    let relation = cells.value(&map.proxy_relation);
    Some(ProxyRecord {
        name,
        relation: relation.map_or(Relation::Carer, |cell| relation_of(cell.text)),
        contact_points: found.contacts,
    })
}

/// Reads how a proxy is related; whoever is not known is a carer.
fn relation_of(text: &str) -> Relation {
    match fold(text).as_str() {
        "mother" | "father" | "mom" | "dad" | "parent" | "guardian" | "legalguardian" | "madre"
        | "padre" => Relation::Guardian,
        "wife" | "husband" | "spouse" | "partner" | "domesticpartner" | "esposa" | "esposo" => {
            Relation::Partner
        }
        "poa" | "powerofattorney" | "healthagent" | "healthcareagent" | "healthcareproxy" => {
            Relation::HealthAgent
        }
        _ => Relation::Carer,
    }
}
