//! The person in `PID`, with the next of kin in `NK1`.
//!
//! *Source*: HL7 v2.5.1 chapter 3, §3.4.2 (PID), §3.4.5 (NK1).

use tendon_care::patient::{Region, Relation};
use tendon_care::person::Sex;

use super::control::Control;
use super::notes::Notes;
use super::telecom::Field;
use super::wire::{Segment, Value, Wire};
use super::{ids, names, stamp, telecom};
use crate::record::{Moment, PatientRecord, ProxyRecord, Said};

/// A `PID` and the segments that follow it up to the next one.
#[derive(Clone)]
pub struct Group<'a, 'w> {
    /// Who.
    pub pid: Segment<'a, 'w>,
    /// The rest, in order.
    pub rest: Vec<Segment<'a, 'w>>,
}

impl<'a, 'w> Group<'a, 'w> {
    /// Parts a message by its persons; merges and links have several.
    pub fn all(wire: &'w Wire<'a>) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::with_capacity(1);
        for segment in wire.segments() {
            match (segment.name, groups.last_mut()) {
                ("PID", _) => groups.push(Group {
                    pid: segment,
                    rest: Vec::new(),
                }),
                ("NK1" | "MRG" | "PV1" | "PV2", Some(group)) => group.rest.push(segment),
                _ => {}
            }
        }
        groups
    }

    /// Walks the segments of that name.
    pub fn named(&self, name: &'static str) -> impl Iterator<Item = Segment<'a, 'w>> {
        self.rest.iter().copied().filter(move |s| s.name == name)
    }
}

/// Reads the person of a group; `None`, with the reason noted, when no number
/// says who it is. Everything else that cannot be read is left out and noted.
pub fn read(
    group: &Group<'_, '_>,
    control: &Control,
    changed_at: Option<Moment>,
    notes: &mut Notes<'_>,
) -> Option<PatientRecord> {
    let pid = group.pid;
    let numbers = ids::read_person(pid, control.assigner(), notes)?;
    let name = names::read_person(pid.field(5), "PID-5", notes);
    Some(PatientRecord {
        key: numbers.key,
        aliases: numbers.aliases,
        identifiers: numbers.identifiers,
        inactive: name.as_ref().is_some_and(names::is_test),
        name,
        birth_date: birth_date(pid.field(7), notes),
        sex: sex(pid.field(8), notes),
        language: language(pid.field(15)),
        region: region(pid.field(11), notes),
        contact_points: telecom::read(pid, &PID_CONTACTS, notes),
        deceased: deceased(pid, notes),
        proxies: group
            .named("NK1")
            .filter_map(|nk1| proxy(nk1, notes))
            .collect(),
        changed_at,
    })
}

/// Returns when the source changed its record: EVN-2, else MSH-7.
pub fn changed_at(wire: &Wire<'_>, control: &Control) -> Option<Moment> {
    stamp::read_moment(wire.field("EVN", 2))
        .ok()
        .or(control.sent_at)
}

const PID_CONTACTS: [Field; 3] = [
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
    // Since v2.7 both are one list.
    Field {
        number: 40,
        label: "PID-40",
        at_work: false,
    },
];

const NK1_CONTACTS: [Field; 3] = [
    Field {
        number: 5,
        label: "NK1-5",
        at_work: false,
    },
    Field {
        number: 6,
        label: "NK1-6",
        at_work: true,
    },
    Field {
        number: 40,
        label: "NK1-40",
        at_work: false,
    },
];

/// Reads a field that can be empty, cleared or given.
fn said<T>(value: Value<'_>, read: impl FnOnce(Value<'_>) -> Option<T>) -> Said<T> {
    if value.is_null() {
        Said::Clear
    } else if value.is_empty() {
        Said::Nothing
    } else {
        read(value).into()
    }
}

fn birth_date(value: Value<'_>, notes: &mut Notes<'_>) -> Said<jiff::civil::Date> {
    said(value, |value| {
        stamp::read_birthday(value)
            .map_err(|error| notes.ignore("PID-7", error.to_string()))
            .ok()
    })
}

fn sex(value: Value<'_>, notes: &mut Notes<'_>) -> Said<Sex> {
    said(value, |value| {
        let code = value.component(1);
        if code.is_one_of(&["U", "N", "UNK", "UNKNOWN"]) {
            return Some(Sex::Unknown);
        }
        match Sex::from_foreign(&code.text()) {
            Sex::Unknown => {
                notes.ignore("PID-8", "is not a code of table 0001");
                None
            }
            sex => Some(sex),
        }
    })
}

fn language(value: Value<'_>) -> Said<String> {
    said(value, |value| {
        [1, 2, 4, 5]
            .into_iter()
            .find_map(|n| value.component(n).some())
    })
}

/// Reads state and ZIP of the address where the person lives.
fn region(field: Value<'_>, notes: &mut Notes<'_>) -> Said<Region> {
    said(field, |field| {
        let lives_there = |address: &Value<'_>| {
            let kind = address.component(7);
            let is_other = kind.is_one_of(&["BA", "N", "BDL", "F", "BI", "B", "O", "RH"]);
            let says_where = address.component(4).is_present() || address.component(5).is_present();
            says_where && !is_other
        };
        let mut homes: Vec<_> = field.repetitions().filter(lives_there).collect();
        homes.sort_by_key(|address| !address.component(7).is_one_of(&["H", "P"]));
        let home = homes.first()?;
        // Only American states and ZIP codes decide law and zone: a province
        // of two letters must not be taken for a state.
        if home.component(6).is_present()
            && !home.component(6).is_one_of(&["US", "USA", "UNITED STATES"])
        {
            return None;
        }
        let (state, zip) = (home.component(4), home.component(5));
        let region = Region {
            state: Some(state.text().to_ascii_uppercase())
                .filter(|s| s.len() == 2 && s.bytes().all(|b| b.is_ascii_uppercase())),
            zip: zip_five(&zip.text()),
        };
        if state.is_present() && region.state.is_none() {
            notes.ignore("PID-11", "state is not a code of two letters");
        }
        if zip.is_present() && region.zip.is_none() {
            notes.ignore("PID-11", "postal code is not a ZIP code");
        }
        Some(region).filter(|region| *region != Region::default())
    })
}

/// Takes five digits of `60601`, `60601-1234` or `606011234`.
fn zip_five(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let plain = text
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '-' | ' '));
    let five = digits.get(..5).filter(|_| matches!(digits.len(), 5 | 9));
    five.filter(|_| plain).map(str::to_owned)
}

/// Reads PID-29 and PID-30. A date of death beats a forgotten `N` beside it:
/// writing to the dead is worse than asking the practice to correct a record.
fn deceased(pid: Segment<'_, '_>, notes: &mut Notes<'_>) -> Said<bool> {
    let (died_at, indicator) = (pid.field(29), pid.field(30));
    let has_date = died_at.is_present() && stamp::read_moment(died_at).is_ok();
    if died_at.is_present() && !has_date {
        notes.ignore("PID-29", "is not a date or time");
    }
    if has_date && indicator.is_one_of(&["N", "NO"]) {
        notes.ignore("PID-30", "contradicts the date of death in PID-29");
    }
    if has_date || indicator.is_one_of(&["Y", "YES"]) {
        return Said::Value(true);
    }
    if indicator.is_null() || died_at.is_null() {
        return Said::Clear;
    }
    if indicator.is_one_of(&["N", "NO"]) {
        return Said::Value(false);
    }
    if indicator.is_present() {
        notes.ignore("PID-30", "is neither Y nor N");
    }
    Said::Nothing
}

/// Reads one next of kin; employers and organisations speak for nobody.
fn proxy(nk1: Segment<'_, '_>, notes: &mut Notes<'_>) -> Option<ProxyRecord> {
    let (relation, role) = (nk1.field(3), nk1.field(7));
    if relation.component(1).is_one_of(&["EMR"]) || role.component(1).is_one_of(&["E", "F", "I"]) {
        return None;
    }
    let name = names::read_person(nk1.field(2), "NK1-2", notes)?;
    let contact_points = match telecom::read(nk1, &NK1_CONTACTS, notes) {
        Said::Value(list) => list,
        Said::Nothing | Said::Clear => Vec::new(),
    };
    Some(ProxyRecord {
        name,
        relation: relation_of(relation),
        contact_points,
    })
}

/// Maps table 0063. Who is not a parent, guardian or partner is a carer: that
/// gives no right by itself, and staff verify every proxy.
fn relation_of(value: Value<'_>) -> Relation {
    let says = |words: &[&str]| {
        [1, 2]
            .into_iter()
            .any(|n| value.component(n).is_one_of(words))
    };
    if says(&[
        "MTH",
        "FTH",
        "PAR",
        "GRD",
        "MOTHER",
        "FATHER",
        "PARENT",
        "GUARDIAN",
        "LEGAL GUARDIAN",
    ]) {
        Relation::Guardian
    } else if says(&[
        "SPO",
        "DOM",
        "LIF",
        "SPOUSE",
        "HUSBAND",
        "WIFE",
        "PARTNER",
        "LIFE PARTNER",
        "DOMESTIC PARTNER",
    ]) {
        Relation::Partner
    } else if says(&[
        "POA",
        "DPOA",
        "HPOWATT",
        "POWER OF ATTORNEY",
        "HEALTH CARE PROXY",
    ]) {
        Relation::HealthAgent
    } else {
        Relation::Carer
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn read_message(segments: &str) -> (Option<PatientRecord>, Vec<String>) {
        let text = format!("MSH|^~\\&|EHR|CLINIC|||20260301101500||ADT^A08\r{segments}");
        let wire = Wire::parse(&text).unwrap();
        let control = Control::read(&wire);
        let mut notes = Notes::new("test", 1);
        let groups = Group::all(&wire);
        let at = changed_at(&wire, &control);
        let record = read(&groups[0], &control, at, &mut notes);
        let problems = notes.take();
        let problems = problems
            .into_iter()
            .map(|p| format!("{} {}", p.field, p.reason));
        (record, problems.collect())
    }

    /// A PID with one field beside the number.
    fn with(n: usize, value: &str) -> (PatientRecord, Vec<String>) {
        let gap = "|".repeat(n - 3);
        let (record, problems) = read_message(&format!("PID|||7{gap}{value}"));
        (record.unwrap(), problems)
    }

    #[test]
    fn a_whole_person_is_read() {
        let (record, problems) = read_message(
            "EVN|A08|20260301100000-0600\r\
             PID|1||7^^^EHR^MR||Muñoz^Ana^M||19800229|F||2106-3|1 Elm^^Chicago^il^60601-1234^USA^H||(312)555-0142||es^Spanish|||||||||||||||N\r\
             NK1|1|Muñoz^Luis|SPO^Spouse||312-555-0143\r\
             NK1|2|Acme Inc|EMR\r\
             ZPI|ignored",
        );
        let record = record.unwrap();
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(record.key.value, "7");
        assert_eq!(record.name.as_ref().unwrap().full(), "Ana M Muñoz");
        assert_eq!(record.birth_date, Said::Value(date(1980, 2, 29)));
        assert_eq!(record.sex, Said::Value(Sex::Female));
        assert_eq!(record.language, Said::Value("es".to_owned()));
        assert_eq!(
            record.region,
            Said::Value(Region {
                state: Some("IL".to_owned()),
                zip: Some("60601".to_owned())
            })
        );
        assert_eq!(record.deceased, Said::Value(false));
        assert_eq!(record.proxies.len(), 1);
        assert_eq!(record.proxies[0].relation, Relation::Partner);
        assert_eq!(record.proxies[0].contact_points.len(), 1);
        let at = "2026-03-01T16:00:00Z".parse().unwrap();
        assert_eq!(record.changed_at, Some(Moment::Exact(at)));
        assert!(!record.inactive);
    }

    #[test]
    fn empty_leaves_and_null_clears() {
        let (record, _) = read_message("PID|||7");
        let record = record.unwrap();
        assert_eq!(record.birth_date, Said::Nothing);
        assert_eq!(record.sex, Said::Nothing);
        assert_eq!(record.language, Said::Nothing);
        assert_eq!(record.region, Said::Nothing);
        assert_eq!(record.contact_points, Said::Nothing);
        assert_eq!(record.deceased, Said::Nothing);
        assert_eq!(record.name, None);
        assert_eq!(with(7, "\"\"").0.birth_date, Said::Clear);
        assert_eq!(with(8, "\"\"").0.sex, Said::Clear);
        assert_eq!(with(11, "\"\"").0.region, Said::Clear);
        assert_eq!(with(13, "\"\"").0.contact_points, Said::Clear);
        assert_eq!(with(15, "\"\"").0.language, Said::Clear);
        assert_eq!(with(30, "\"\"").0.deceased, Said::Clear);
    }

    #[test]
    fn what_cannot_be_read_is_left_out_and_named() {
        for (n, value, problem) in [
            (7, "198002", "PID-7 names no day"),
            (
                7,
                "Aug 15, 1942",
                "PID-7 is not a date or time of the form YYYYMMDD[HHMM[SS]][+ZZZZ]",
            ),
            (8, "Q", "PID-8 is not a code of table 0001"),
            (
                11,
                "^^^Illinois^60601",
                "PID-11 state is not a code of two letters",
            ),
            (11, "^^^IL^6060", "PID-11 postal code is not a ZIP code"),
            (13, "12", "PID-13 phone is not a valid number"),
            (29, "yesterday", "PID-29 is not a date or time"),
            (30, "maybe", "PID-30 is neither Y nor N"),
        ] {
            let (record, problems) = with(n, value);
            assert_eq!(problems, [problem], "{value}");
            assert_eq!(record.key.value, "7");
        }
        assert_eq!(with(7, "18000101").0.birth_date, Said::Nothing);
    }

    #[test]
    fn the_home_address_decides_the_region() {
        let region = |value: &str| with(11, value).0.region;
        let il = |zip: Option<&str>| {
            Said::Value(Region {
                state: Some("IL".to_owned()),
                zip: zip.map(str::to_owned),
            })
        };
        assert_eq!(region("^^^NY^10001^^B~^^^IL^60601^^H"), il(Some("60601")));
        assert_eq!(
            region("^^^WI^53703^^M~^^^IL^606011234^^H"),
            il(Some("60601"))
        );
        assert_eq!(region("^^^IL"), il(None));
        assert_eq!(region("^^Toronto^ON^M5G2C2^CAN^H"), Said::Nothing);
        assert_eq!(region("1 Elm^^Chicago"), Said::Nothing);
    }

    #[test]
    fn death_is_believed_from_either_field() {
        assert_eq!(with(29, "20260101").0.deceased, Said::Value(true));
        assert_eq!(with(30, "Y").0.deceased, Said::Value(true));
        let (record, problems) = with(29, "20260101|N");
        assert_eq!(record.deceased, Said::Value(true));
        assert_eq!(problems, ["PID-30 contradicts the date of death in PID-29"]);
    }

    #[test]
    fn a_test_patient_is_out_of_use() {
        assert!(with(5, "ZZTEST^ANNA").0.inactive);
    }

    #[test]
    fn relations_are_read_by_code_and_by_word() {
        let relation = |nk1_3: &str| {
            let (record, _) = read_message(&format!("PID|||7\rNK1|1|Reed^Ann|{nk1_3}"));
            record.unwrap().proxies[0].relation
        };
        assert_eq!(relation("MTH^Mother^HL70063"), Relation::Guardian);
        assert_eq!(relation("^Wife"), Relation::Partner);
        assert_eq!(relation("POA"), Relation::HealthAgent);
        assert_eq!(relation("SIB"), Relation::Carer);
        assert_eq!(relation(""), Relation::Carer);
    }
}
