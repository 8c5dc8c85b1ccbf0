//! Phones and e-mails (XTN), wherever in the type a sender puts them.
//!
//! *Source*: HL7 v2.5.1 chapter 2.A, XTN and TN; tables 0201 and 0202.

use tendon_care::contact::{Address, Email, InvalidAddress, Line, Phone};

use super::notes::Notes;
use super::wire::{Segment, Value};
use crate::record::{ContactRecord, Said};

/// Reads the contact fields of a segment, best first: mobiles, other phones,
/// e-mails, then what is at work.
///
/// *Missing*: all fields empty says nothing; `""`, or nothing but fillers such
/// as 999-999-9999, says that the person has none. What cannot be read leaves
/// what is stored.
pub fn read(
    segment: Segment<'_, '_>,
    fields: &[Field],
    notes: &mut Notes<'_>,
) -> Said<Vec<ContactRecord>> {
    let mut found: Vec<(Rank, ContactRecord)> = Vec::new();
    let (mut cleared, mut unreadable) = (false, false);
    for field in fields {
        let value = segment.field(field.number);
        cleared |= value.is_null();
        for one in value.repetitions().filter(|v| v.is_present()) {
            match read_one(one, field.at_work) {
                Reading::Contact(rank, contact) => {
                    if !found
                        .iter()
                        .any(|(_, known)| known.address == contact.address)
                    {
                        found.push((rank, contact));
                    }
                }
                Reading::Nobodys => {}
                Reading::Bad(error) => {
                    notes.ignore(field.label, error.to_string());
                    match error {
                        InvalidAddress::Placeholder => cleared = true,
                        _ => unreadable = true,
                    }
                }
            }
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    let contacts: Vec<_> = found.into_iter().map(|(_, contact)| contact).collect();
    match (contacts.is_empty(), cleared && !unreadable) {
        (false, _) => Said::Value(contacts),
        (true, true) => Said::Clear,
        (true, false) => Said::Nothing,
    }
}

/// A field with contacts in it.
pub struct Field {
    /// Its number in the segment.
    pub number: usize,
    /// Its name in problems.
    pub label: &'static str,
    /// Phones in it ring at work.
    pub at_work: bool,
}

/// The order in which addresses of one person are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Mobile,
    Home,
    Email,
    Work,
}

enum Reading {
    Contact(Rank, ContactRecord),
    /// A fax, a pager, an answering service: no way to this person.
    Nobodys,
    Bad(InvalidAddress),
}

fn read_one(value: Value<'_>, at_work: bool) -> Reading {
    let (usage, equipment) = (value.component(2), value.component(3));
    let at_work = at_work || usage.is_one_of(&["WPN"]);
    let email = [4, 1, 7, 12]
        .into_iter()
        .filter_map(|n| value.component(n).some())
        .find(|text| text.contains('@'));
    if email.is_some() || usage.is_one_of(&["NET"]) || equipment.is_one_of(&["Internet"]) {
        let text = email.or_else(|| value.component(4).some());
        let Some(text) = text.or_else(|| value.component(1).some()) else {
            return Reading::Nobodys;
        };
        let text = text.strip_prefix("mailto:").unwrap_or(&text);
        return match Email::parse(text) {
            Ok(email) => Reading::Contact(
                if at_work { Rank::Work } else { Rank::Email },
                ContactRecord {
                    address: Address::Email(email),
                    line: Line::Unknown,
                },
            ),
            Err(error) => Reading::Bad(error),
        };
    }
    if usage.is_one_of(&["BPN", "ASN", "EMR"])
        || equipment.is_one_of(&["FX", "BP", "MD", "TDD", "TTY", "X.400"])
    {
        return Reading::Nobodys;
    }
    let is_mobile = equipment.is_one_of(&["CP"]);
    match phone(value) {
        None => Reading::Nobodys,
        Some(Err(error)) => Reading::Bad(error),
        Some(Ok(phone)) => Reading::Contact(
            match (is_mobile, at_work) {
                (true, _) => Rank::Mobile,
                (false, true) => Rank::Work,
                (false, false) => Rank::Home,
            },
            ContactRecord {
                address: Address::Phone(phone),
                // `PH` only says "telephone": many of those are mobiles.
                line: if is_mobile {
                    Line::Mobile
                } else {
                    Line::Unknown
                },
            },
        ),
    }
}

/// Tries the places of a number, the most complete first; `None` where none of
/// them holds a digit.
fn phone(value: Value<'_>) -> Option<Result<Phone, InvalidAddress>> {
    let part = |n: usize| value.component(n).some().unwrap_or_default();
    let local = part(7);
    let structured = match part(5).trim_start_matches('+') {
        _ if local.is_empty() => String::new(),
        "" | "1" => format!("{}{local}", part(6)),
        country => format!("+{country}{}{local}", part(6)),
    };
    let mut first_error = None;
    for text in [part(12), structured, part(1)] {
        let text = without_annotation(&text);
        if !text.contains(|c: char| c.is_ascii_digit()) {
            continue;
        }
        match Phone::parse(text) {
            Ok(phone) => return Some(Ok(phone)),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    first_error.map(Err)
}

/// Cuts what TN allows around a number: `(260)555-1234X123B44CAfter 5`.
fn without_annotation(text: &str) -> &str {
    let text = text.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '+' && c != '(');
    let end = text.find(char::is_alphabetic).unwrap_or(text.len());
    text.get(..end).unwrap_or(text).trim()
}

#[cfg(test)]
mod tests {
    use super::super::wire::Wire;
    use super::*;

    const FIELDS: [Field; 2] = [
        Field {
            number: 13,
            label: "PID-13",
            at_work: false,
        },
        Field {
            number: 14,
            label: "PID-14",
            at_work: true,
        },
    ];

    fn read_both(pid_13: &str, pid_14: &str) -> (Said<Vec<ContactRecord>>, Vec<String>) {
        let text = format!("MSH|^~\\&\rPID|||||||||||||{pid_13}|{pid_14}");
        let wire = Wire::parse(&text).unwrap();
        let mut notes = Notes::new("test", 1);
        let said = read(wire.first("PID").unwrap(), &FIELDS, &mut notes);
        let problems = notes.take();
        let problems = problems
            .into_iter()
            .map(|p| format!("{} {}", p.field, p.reason));
        (said, problems.collect())
    }

    fn addresses(pid_13: &str, pid_14: &str) -> Vec<String> {
        match read_both(pid_13, pid_14).0 {
            Said::Value(list) => list.iter().map(|c| c.address.comparable()).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_number_is_found_wherever_it_stands() {
        for pid_13 in [
            "(312)555-0142",
            "312-555-0142X17B3CAfter five",
            "Home: 312 555 0142 ext 3",
            "^PRN^PH^^^312^5550142",
            "^PRN^PH^^1^312^5550142^17",
            "^PRN^CP^^^^^^^^^(312)555-0142",
            "^^CP^^^^5550142^^^^^+13125550142",
            "3125550142^PRN^PH",
        ] {
            assert_eq!(addresses(pid_13, ""), ["+13125550142"], "{pid_13}");
        }
        assert_eq!(addresses("^PRN^PH^^44^20^79460958", ""), ["+442079460958"]);
    }

    #[test]
    fn an_email_is_found_wherever_it_stands() {
        for pid_13 in [
            "^NET^Internet^ana@example.org",
            "ana@example.org^NET^Internet",
            "ana@example.org",
            "^^^ana@example.org",
            "mailto:ana@example.org",
            "^PRN^PH^^^^ana@example.org",
        ] {
            assert_eq!(addresses(pid_13, ""), ["ana@example.org"], "{pid_13}");
        }
    }

    #[test]
    fn mobiles_come_first_and_work_last() {
        assert_eq!(
            addresses(
                "^PRN^PH^^^312^5550142~^NET^Internet^ana@example.org~^PRN^CP^^^312^5550143~^PRN^PH^^^312^5550142",
                "(312)555-0144~^ORN^CP^^^312^5550145"
            ),
            [
                "+13125550143",
                "+13125550145",
                "+13125550142",
                "ana@example.org",
                "+13125550144"
            ]
        );
        let (said, _) = read_both("^PRN^CP^^^312^5550143~3125550142", "");
        let Said::Value(list) = said else { panic!() };
        assert_eq!((list[0].line, list[1].line), (Line::Mobile, Line::Unknown));
    }

    #[test]
    fn faxes_and_pagers_reach_nobody() {
        let (said, problems) = read_both("^PRN^FX^^^312^5550142~^BPN^BP^^^312^5550143", "");
        assert_eq!((said, problems), (Said::Nothing, vec![]));
    }

    #[test]
    fn fillers_clear_and_nonsense_leaves() {
        let placeholder = "PID-13 address is a placeholder".to_owned();
        assert_eq!(
            read_both("999-999-9999", ""),
            (Said::Clear, vec![placeholder.clone()])
        );
        assert_eq!(
            read_both("^NET^Internet^none@none.com", "\"\""),
            (Said::Clear, vec![placeholder])
        );
        assert_eq!(
            read_both("555-8899", ""),
            (
                Said::Nothing,
                vec!["PID-13 phone is not a valid number".to_owned()]
            )
        );
        assert_eq!(read_both("\"\"", "").0, Said::Clear);
        assert_eq!(read_both("", "").0, Said::Nothing);
        assert_eq!(read_both("^PRN^PH", "^^").0, Said::Nothing);
        assert_eq!(addresses("\"\"", "312-555-0142"), ["+13125550142"]);
    }
}
