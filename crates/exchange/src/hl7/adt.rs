//! Registration messages (ADT): people, merges, links, deletions.
//!
//! | triggers | become |
//! |---|---|
//! | A01–A16, A21–A22, A25–A28, A31–A33, A38, A60–A62 and local ones | the patient |
//! | A04, A03 of an outpatient | the patient, and the visit as arrived or done |
//! | A17 (two patients swap beds) | both patients |
//! | A23, A29 | the patient, taken out of use |
//! | A18, A30, A34, A36, A39, A40, A46, A47 | merges: MRG-1 is retired, PID-3 survives |
//! | A24, A37 | both patients, and a link for review, made or taken back |
//! | A35, A41–A45, A48–A51 | the patient; accounts and visits are not persons |
//! | A20 | skipped: a bed |
//!
//! A43, A44 and A45 *move* an account or a visit from the wrong person to the
//! right one, and A35 and A41 join two accounts. They carry an MRG-1 as A40
//! does, but the two persons stay two: reading them as a merge would send one
//! patient's messages to the other. The same holds for a link (A24), which the
//! standard also uses for mother and child.
//!
//! *Source*: HL7 v2.5.1 chapter 3, §3.3 (triggers) and §3.6 (merging).

use super::Skip;
use super::control::Control;
use super::document;
use super::ids;
use super::notes::Notes;
use super::patient::{self, Group};
use super::visit;
use super::wire::Wire;
use crate::Item;
use crate::record::{ForeignKey, MergeRecord, Moment, PatientRecord, Record};

/// Reads a registration message.
pub fn read(wire: &Wire<'_>, control: &Control, notes: &mut Notes<'_>) -> Result<Vec<Item>, Skip> {
    let trigger = control.trigger.as_str();
    if trigger == "A20" {
        return Err(Skip::Unused);
    }
    let groups = Group::all(wire);
    if groups.is_empty() {
        notes.reject("PID-3", "is missing: the message names no patient");
        return Ok(vec![notes.item(None)]);
    }
    let changed_at = patient::changed_at(wire, control);
    Ok(match trigger {
        "A18" | "A30" | "A34" | "A36" | "A39" | "A40" | "A46" | "A47" => groups
            .iter()
            .flat_map(|group| merge(group, control, changed_at, notes))
            .collect(),
        "A24" | "A37" => link(&groups, control, changed_at, notes),
        _ => groups
            .iter()
            .flat_map(|group| person(group, control, changed_at, notes))
            .collect(),
    })
}

/// Reads one person and, of an outpatient, the arrival.
fn person(
    group: &Group<'_, '_>,
    control: &Control,
    changed_at: Option<Moment>,
    notes: &mut Notes<'_>,
) -> Vec<Item> {
    let Some(mut record) = patient::read(group, control, changed_at, notes) else {
        return vec![notes.item(None)];
    };
    record.inactive |= matches!(control.trigger.as_str(), "A23" | "A29");
    let moves_between_persons = group.named("MRG").any(|mrg| {
        ids::read_retired(mrg, &record.key, notes)
            .iter()
            .any(|other| *other != record.key && !record.aliases.contains(other))
    });
    if moves_between_persons {
        notes.ignore(
            "MRG-1",
            "names another person: an account or visit event does not merge persons",
        );
    }
    let arrival = visit::read_arrival(group, control, &record.key, changed_at);
    let mut items = vec![notes.item(Some(Record::Patient(Box::new(record))))];
    items.extend(arrival.map(|visit| Item {
        record: Some(Record::Appointment(Box::new(visit))),
        ..Item::default()
    }));
    items
}

/// Reads one `PID` with its `MRG`s: each retired number is one merge.
fn merge(
    group: &Group<'_, '_>,
    control: &Control,
    changed_at: Option<Moment>,
    notes: &mut Notes<'_>,
) -> Vec<Item> {
    let Some(survivor) = patient::read(group, control, changed_at, notes) else {
        return vec![notes.item(None)];
    };
    let mut retired: Vec<ForeignKey> = Vec::new();
    for mrg in group.named("MRG") {
        for key in ids::read_retired(mrg, &survivor.key, notes) {
            let is_survivor = key == survivor.key || survivor.aliases.contains(&key);
            if !is_survivor && !retired.contains(&key) {
                retired.push(key);
            }
        }
    }
    if retired.is_empty() {
        notes.reject("MRG-1", "names no number other than the survivor's");
    }
    let mut problems = notes.take();
    let mut items: Vec<Item> = retired
        .into_iter()
        .map(|retired| Item {
            record: Some(Record::Merge(MergeRecord {
                survivor: counterpart(&survivor, &retired),
                retired,
                survivor_record: Some(Box::new(survivor.clone())),
                changed_at,
            })),
            problems: std::mem::take(&mut problems),
            ..Item::default()
        })
        .collect();
    if items.is_empty() {
        items.push(Item {
            problems,
            ..Item::default()
        });
    }
    items
}

/// Returns the survivor's number of the same assigner, so that lists of numbers
/// (A40 with several in PID-3 and MRG-1) pair up; else the survivor's key.
fn counterpart(survivor: &PatientRecord, retired: &ForeignKey) -> ForeignKey {
    std::iter::once(&survivor.key)
        .chain(&survivor.aliases)
        .find(|key| key.system == retired.system)
        .unwrap_or(&survivor.key)
        .clone()
}

/// Reads both persons of a link, and the link as a document for review.
fn link(
    groups: &[Group<'_, '_>],
    control: &Control,
    changed_at: Option<Moment>,
    notes: &mut Notes<'_>,
) -> Vec<Item> {
    let mut keys = Vec::new();
    let mut items = Vec::new();
    for group in groups {
        let record = patient::read(group, control, changed_at, notes);
        keys.extend(record.as_ref().map(|record| record.key.clone()));
        items.push(notes.item(record.map(|record| Record::Patient(Box::new(record)))));
    }
    if let [first, second, ..] = keys.as_slice() {
        let is_linked = control.trigger == "A24";
        items.push(Item {
            record: Some(Record::Document(document::linkage(
                first, second, is_linked,
            ))),
            ..Item::default()
        });
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(trigger: &str, segments: &str) -> Vec<Item> {
        let text = format!("MSH|^~\\&|ADT|CLINIC|||20260301||ADT^{trigger}|1|P|2.5.1\r{segments}");
        let wire = Wire::parse(&text).unwrap();
        let control = Control::read(&wire);
        read(&wire, &control, &mut Notes::new("test", 1)).unwrap()
    }

    fn summary(items: &[Item]) -> Vec<String> {
        items
            .iter()
            .map(|item| match &item.record {
                Some(Record::Patient(p)) if p.inactive => format!("out {}", p.key.value),
                Some(Record::Patient(p)) => format!("patient {}", p.key.value),
                Some(Record::Merge(m)) => format!(
                    "merge {}:{} <- {}:{}",
                    m.survivor.system, m.survivor.value, m.retired.system, m.retired.value
                ),
                Some(Record::Document(d)) => d.resource_type.clone(),
                Some(other) => other.kind().to_owned(),
                None => format!("rejected {}", item.problems[0].field),
            })
            .collect()
    }

    fn of(trigger: &str, segments: &str) -> Vec<String> {
        summary(&read_all(trigger, segments))
    }

    const TWO: &str = "PID|1||7^^^EHR^MR||Reed^Sam\rMRG|5^^^EHR^MR";

    #[test]
    fn merges_and_changes_of_number_retire_mrg_1() {
        for trigger in ["A18", "A30", "A34", "A36", "A39", "A40", "A46", "A47"] {
            assert_eq!(of(trigger, TWO), ["merge EHR:7 <- EHR:5"], "{trigger}");
        }
        assert_eq!(
            of(
                "A40",
                "PID|1||7^^^EHR^MR~70^^^LAB^PI\rMRG|5^^^EHR^MR~50^^^LAB^PI\rPID|2||8\rMRG|6"
            ),
            [
                "merge EHR:7 <- EHR:5",
                "merge LAB:70 <- LAB:50",
                "merge CLINIC:8 <- CLINIC:6"
            ]
        );
    }

    #[test]
    fn a_merge_without_a_loser_is_refused() {
        assert_eq!(of("A40", "PID|1||7\rMRG||"), ["rejected MRG-1"]);
        assert_eq!(of("A40", "PID|1||7"), ["rejected MRG-1"]);
        assert_eq!(of("A40", "PID|1||7\rMRG|7"), ["rejected MRG-1"]);
        assert_eq!(of("A40", "PID|1||\rMRG|7"), ["rejected PID-3"]);
        assert_eq!(of("A40", "MRG|7"), ["rejected PID-3"]);
    }

    #[test]
    fn moving_a_visit_or_an_account_merges_nobody() {
        for trigger in [
            "A35", "A41", "A42", "A43", "A44", "A45", "A48", "A49", "A50", "A51",
        ] {
            let items = read_all(trigger, TWO);
            assert_eq!(summary(&items), ["patient 7"], "{trigger}");
            assert_eq!(items[0].problems[0].field, "MRG-1");
        }
        let same = read_all("A41", "PID|1||7^^^EHR^MR\rMRG|7^^^EHR^MR||90");
        assert_eq!(same[0].problems, []);
    }

    #[test]
    fn links_keep_two_patients_and_say_so() {
        let two = "PID|1||7^^^EHR^MR||Reed^Sam\rPID|2||8^^^EHR^MR||Reed^Ann";
        for trigger in ["A24", "A37"] {
            assert_eq!(of(trigger, two), ["patient 7", "patient 8", "Linkage"]);
        }
        assert_eq!(of("A17", two), ["patient 7", "patient 8"]);
    }

    #[test]
    fn deletion_takes_out_of_use() {
        for trigger in ["A23", "A29"] {
            assert_eq!(of(trigger, "PID|1||7"), ["out 7"]);
        }
        for trigger in ["A01", "A08", "A11", "A28", "A31", "A60", "Z99"] {
            assert_eq!(of(trigger, "PID|1||7"), ["patient 7"]);
        }
    }

    #[test]
    fn an_outpatient_arrival_comes_with_its_patient() {
        let gap = "|".repeat(25);
        let segments = format!("PID|1||7\rPV1|1|O|||||||||||||||||V1{gap}202603091002");
        assert_eq!(of("A04", &segments), ["patient 7", "appointment"]);
    }

    #[test]
    fn a_bed_is_nobody() {
        let wire = Wire::parse("MSH|^~\\&|||||||ADT^A20\rNPU|1").unwrap();
        let control = Control::read(&wire);
        let skipped = read(&wire, &control, &mut Notes::new("test", 1));
        assert_eq!(skipped, Err(Skip::Unused));
    }
}
