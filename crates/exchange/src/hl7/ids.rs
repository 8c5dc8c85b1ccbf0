//! Who a number belongs to: patient numbers (CX), visit and order numbers (EI).
//!
//! A patient is known by the number that the registering system uses, and only
//! numbers of persons may play that part: an account, a visit or an insurance
//! number can stand for a whole family. Those are kept as identifiers under a
//! namespace of their own (`CLINIC#AN`), so that account 17 of a clinic never
//! meets its patient 17. Social security numbers are not read at all.
//!
//! *Source*: HL7 v2.5.1 chapter 2.A, CX and EI; table 0203.

use tendon_care::patient::Identifier;
use tendon_care::person::Mrn;

use super::notes::Notes;
use super::wire::{Segment, Value};
use crate::record::ForeignKey;

/// The numbers of one person.
pub struct PersonNumbers {
    /// The one that stands for the person.
    pub key: ForeignKey,
    /// Further numbers of the person at the same source.
    pub aliases: Vec<ForeignKey>,
    /// All of them, with account and member numbers.
    pub identifiers: Vec<Identifier>,
}

/// Reads PID-2, -3, -4 and -18. `None`, with the reason noted, where no number
/// of a person is there. PID-19 is only looked at in order to drop its number
/// wherever else it appears.
pub fn read_person(
    pid: Segment<'_, '_>,
    assigner: &str,
    notes: &mut Notes<'_>,
) -> Option<PersonNumbers> {
    let social = nine_digits(&pid.field(19).text());
    let (numbers, social_seen) = listed(pid, social.as_deref(), notes);
    let best = numbers.iter().filter_map(|n| Some((n.rank()?, n)));
    let Some((_, best)) = best.min_by_key(|(rank, _)| *rank) else {
        let reason = match (social_seen, numbers.is_empty()) {
            (true, _) => "holds only a social security number, which is never read",
            (false, true) => "is empty: the patient has no number",
            (false, false) => "holds no number of a person, only of accounts or members",
        };
        notes.reject("PID-3", reason);
        return None;
    };
    let key = best.key(assigner);
    let mut aliases: Vec<ForeignKey> = numbers
        .iter()
        .filter(|number| number.rank().is_some_and(|rank| rank < LAST_RESORT))
        .map(|number| number.key(assigner))
        .filter(|alias| *alias != key)
        .collect();
    aliases.dedup();
    let mut identifiers: Vec<Identifier> = Vec::new();
    let accounts = accounts(pid, social.as_deref(), notes);
    for number in numbers.iter().chain(&accounts) {
        let identifier = number.identifier(assigner);
        if !identifiers.contains(&identifier) {
            identifiers.push(identifier);
        }
    }
    Some(PersonNumbers {
        key,
        aliases,
        identifiers,
    })
}

/// Lists what PID-3, PID-2 and PID-4 hold, and whether a social security number
/// was passed over.
fn listed(
    pid: Segment<'_, '_>,
    social: Option<&str>,
    notes: &mut Notes<'_>,
) -> (Vec<Number>, bool) {
    let mut numbers = Vec::new();
    let mut social_seen = false;
    // PID-3 is the one list since v2.3.1; PID-2 and PID-4 are what older feeds
    // have, and stand for the person only where PID-3 is empty.
    for (n, label) in [(3, "PID-3"), (2, "PID-2"), (4, "PID-4")] {
        for value in pid.field(n).repetitions().filter(|v| v.is_present()) {
            let Some(mut number) = Number::read(value, label, notes) else {
                continue;
            };
            if number.is_social(social) {
                social_seen = true;
                continue;
            }
            let is_aside = n == 4 || (n == 2 && pid.field(3).is_present());
            if is_aside && number.authority.is_none() {
                label.clone_into(&mut number.kind);
            }
            numbers.push(number);
        }
    }
    (numbers, social_seen)
}

/// Lists the account numbers of PID-18, whatever type they are given.
fn accounts(pid: Segment<'_, '_>, social: Option<&str>, notes: &mut Notes<'_>) -> Vec<Number> {
    let values = pid.field(18).repetitions().filter(|v| v.is_present());
    values
        .filter_map(|value| Number::read(value, "PID-18", notes))
        .filter(|number| !number.is_social(social))
        .map(|number| Number {
            kind: "AN".to_owned(),
            ..number
        })
        .collect()
}

/// Reads the numbers of MRG-1 (or MRG-4, where older feeds have it). A number
/// without an assigner has that of the survivor, whom the same system named.
pub fn read_retired(
    mrg: Segment<'_, '_>,
    survivor: &ForeignKey,
    notes: &mut Notes<'_>,
) -> Vec<ForeignKey> {
    let (field, label) = if mrg.field(1).is_present() || !mrg.field(4).is_present() {
        (mrg.field(1), "MRG-1")
    } else {
        (mrg.field(4), "MRG-4")
    };
    field
        .repetitions()
        .filter(|value| value.is_present())
        .filter_map(|value| Number::read(value, label, notes))
        .filter(|number| !number.is_social(None) && number.rank().is_some())
        .map(|number| number.key(&survivor.system))
        .collect()
}

/// Reads an entity identifier such as SCH-2: `number^namespace^universal id`.
pub fn read_entity(value: Value<'_>, namespace: &str) -> Option<ForeignKey> {
    let number = value.component(1).some()?;
    // Some schedulers repeat the number where the namespace belongs.
    let system = [2, 3]
        .into_iter()
        .filter_map(|n| value.component(n).some())
        .find(|system| *system != number);
    Some(ForeignKey {
        system: system.unwrap_or_else(|| namespace.to_owned()),
        value: number,
    })
}

/// A rank below which a number may stand for a person beside others.
const LAST_RESORT: u8 = 3;

struct Number {
    value: Mrn,
    authority: Option<String>,
    kind: String,
}

impl Number {
    fn read(value: Value<'_>, field: &str, notes: &mut Notes<'_>) -> Option<Self> {
        // An authority without a number is an empty row of the sender's form.
        let text = value.component(1).some()?;
        let Ok(number) = Mrn::parse(&text) else {
            notes.ignore(field, "number must have 1 to 64 characters");
            return None;
        };
        let part = |n| {
            let component = value.component(n);
            [1, 2]
                .into_iter()
                .find_map(|sub| component.subcomponent(sub).some())
        };
        let kind = value.component(5).some().unwrap_or_default();
        Some(Self {
            value: number,
            authority: part(4).or_else(|| part(6)),
            kind: kind.to_uppercase(),
        })
    }

    /// Tells how well the number stands for a person, 0 best; `None` for one
    /// that may belong to a visit, an account or a family.
    fn rank(&self) -> Option<u8> {
        match self.kind.as_str() {
            kind if kind == "MR" || kind.contains("MRN") => Some(0),
            "PI" | "PT" | "PN" | "PE" => Some(1),
            // A health number is a person's own, and changes with the insurer.
            "NI" | "NH" | "HC" | "JHN" | "MC" | "MA" | "PPN" | "PRC" => Some(LAST_RESORT),
            "AN" | "VN" | "SN" | "BA" | "BC" | "CC" | "AM" | "DI" | "DL" | "WC" | "WCN"
            | "NIIP" | "MI" | "GN" | "PLAC" | "FILL" | "XX" | "SB" | "PID-2" | "PID-4" => None,
            _ => Some(2),
        }
    }

    fn is_social(&self, pid_19: Option<&str>) -> bool {
        let named = |text: &str| matches!(text, "SS" | "SSN" | "USSSA" | "SSA" | "USSSN");
        let text = self.value.expose();
        let dashed: Vec<usize> = text.split('-').map(str::len).collect();
        named(&self.kind)
            || self.authority.as_deref().is_some_and(named)
            || (dashed == [3, 2, 4] && nine_digits(text).is_some())
            || (pid_19.is_some() && nine_digits(text).as_deref() == pid_19)
    }

    fn key(&self, assigner: &str) -> ForeignKey {
        ForeignKey {
            system: self.system(assigner),
            value: self.value.expose().to_owned(),
        }
    }

    fn identifier(&self, assigner: &str) -> Identifier {
        Identifier {
            system: self.system(assigner),
            value: self.value.clone(),
        }
    }

    fn system(&self, assigner: &str) -> String {
        let authority = self.authority.as_deref().unwrap_or(assigner);
        if self.rank().is_some_and(|rank| rank < LAST_RESORT) {
            authority.to_owned()
        } else {
            format!("{authority}#{}", self.kind)
        }
    }
}

fn nine_digits(text: &str) -> Option<String> {
    let plain = text
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '-' | ' '));
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    (plain && digits.len() == 9).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::super::wire::Wire;
    use super::*;

    fn read(pid: &str) -> Result<PersonNumbers, String> {
        let text = format!("MSH|^~\\&\rPID|1|{pid}");
        let wire = Wire::parse(&text).unwrap();
        let mut notes = Notes::new("test", 1);
        read_person(wire.first("PID").unwrap(), "CLINIC", &mut notes)
            .ok_or_else(|| notes.take().remove(0).reason)
    }

    fn key(system: &str, value: &str) -> ForeignKey {
        ForeignKey {
            system: system.to_owned(),
            value: value.to_owned(),
        }
    }

    fn systems(numbers: &PersonNumbers) -> Vec<(&str, &str)> {
        numbers
            .identifiers
            .iter()
            .map(|i| (i.system.as_str(), i.value.expose()))
            .collect()
    }

    #[test]
    fn the_record_number_stands_for_the_person_wherever_it_is_listed() {
        let found = read("|9^^^HMO^SN~7^^^EHR&1.2&ISO^MR~8^^^LAB^PI").unwrap();
        assert_eq!(found.key, key("EHR", "7"));
        assert_eq!(found.aliases, [key("LAB", "8")]);
        assert_eq!(
            systems(&found),
            [("HMO#SN", "9"), ("EHR", "7"), ("LAB", "8")]
        );
    }

    #[test]
    fn a_number_without_an_assigner_is_the_facilitys() {
        assert_eq!(read("|00042").unwrap().key, key("CLINIC", "00042"));
        assert_eq!(read("|42^^^&1.2.3&ISO").unwrap().key, key("1.2.3", "42"));
        assert_eq!(read("|42^5^M11^^MR^WEST").unwrap().key, key("WEST", "42"));
    }

    #[test]
    fn older_feeds_have_their_number_in_pid_2() {
        assert_eq!(read("42^^^R1^MR||").unwrap().key, key("R1", "42"));
        assert_eq!(read("42").unwrap().key, key("CLINIC", "42"));
        // Beside PID-3 a bare PID-2 is another system's number.
        let both = read("42|7|9").unwrap();
        assert_eq!(both.key, key("CLINIC", "7"));
        assert!(both.aliases.is_empty());
        assert_eq!(
            systems(&both),
            [
                ("CLINIC", "7"),
                ("CLINIC#PID-2", "42"),
                ("CLINIC#PID-4", "9")
            ]
        );
    }

    #[test]
    fn accounts_are_kept_apart_from_patients() {
        let found = read("|7|||||||||||||||7^^^CLINIC").unwrap();
        assert_eq!(systems(&found), [("CLINIC", "7"), ("CLINIC#AN", "7")]);
        assert_eq!(
            read("|7^^^CLINIC^VN").map(|_| ()),
            Err("holds no number of a person, only of accounts or members".to_owned())
        );
    }

    #[test]
    fn social_security_numbers_are_never_read() {
        let found = read(
            "|7^^^EHR^MR~123456789^^^USSSA^SS~123456789^^^^^SSA~123-45-6789|||||||||||||||123456789|123-45-6789",
        )
        .unwrap();
        assert_eq!(systems(&found), [("EHR", "7")]);
        assert_eq!(
            read("|123456789||||||||||||||||123-45-6789").map(|_| ()),
            Err("holds only a social security number, which is never read".to_owned())
        );
        assert_eq!(
            read("||").map(|_| ()),
            Err("is empty: the patient has no number".to_owned())
        );
    }

    #[test]
    fn a_retired_number_inherits_the_survivors_assigner() {
        let wire = Wire::parse("MSH|^~\\&\rMRG|5~6^^^LAB^PI~7^^^X^VN").unwrap();
        let mut notes = Notes::new("test", 1);
        let survivor = key("EHR", "1");
        let retired = read_retired(wire.first("MRG").unwrap(), &survivor, &mut notes);
        assert_eq!(retired, [key("EHR", "5"), key("LAB", "6")]);
        let wire = Wire::parse("MSH|^~\\&\rMRG||||4").unwrap();
        let retired = read_retired(wire.first("MRG").unwrap(), &survivor, &mut notes);
        assert_eq!(retired, [key("EHR", "4")]);
    }

    #[test]
    fn entities_may_repeat_their_number_as_namespace() {
        let read = |sch_2: &str| {
            let text = format!("MSH|^~\\&\rSCH||{sch_2}");
            read_entity(Wire::parse(&text).unwrap().field("SCH", 2), "APP")
        };
        assert_eq!(read("5^SCHED"), Some(key("SCHED", "5")));
        assert_eq!(read("5^5"), Some(key("APP", "5")));
        assert_eq!(read("5^^1.2^ISO"), Some(key("1.2", "5")));
        assert_eq!(read("^SCHED"), None);
        assert_eq!(read("\"\""), None);
    }
}
