//! Where a visit stands, from the trigger and from the words of SCH-25.
//!
//! | trigger | says |
//! |---|---|
//! | S12 new, S13 moved | the visit is on the book: a status that says otherwise is overruled |
//! | S14 changed, S18–S22, S25, S27 | what SCH-25 says; nothing where that is empty |
//! | S15 cancelled, S16 discontinued | cancelled, whatever SCH-25 says |
//! | S17 deleted | never a visit |
//! | S26 no-show | nobody came |
//! | S23, S24 blocked, opened | a slot, no visit |
//!
//! *Source*: HL7 v2.5.1 chapter 10, §10.4 (triggers); table 0278; the words that
//! schedulers really write come from the test corpus.

use tendon_care::appointment::CancelledBy;

use super::notes::Notes;
use super::wire::Value;
use crate::record::VisitStatus;

/// What a scheduling message says about a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Where the visit stands; `None` leaves what is stored.
    Visit(Option<VisitStatus>),
    /// A closed slot or a wish for one: nothing that anybody comes to.
    NoVisit,
}

/// Decides between trigger and status; see the table above.
pub fn decide(trigger: &str, status: Value<'_>, by: CancelledBy, notes: &mut Notes<'_>) -> Said {
    let word = if status.is_present() {
        let word = word(status);
        if word.is_none() {
            notes.ignore("SCH-25", "is no status that schedulers use");
        }
        word
    } else {
        None
    };
    if matches!(trigger, "S23" | "S24") || matches!(word, Some(Word::Blocked | Word::Wish)) {
        return Said::NoVisit;
    }
    let stated = word.and_then(|word| word.status(by));
    Said::Visit(match trigger {
        "S15" | "S16" => Some(VisitStatus::Cancelled(by)),
        "S17" => Some(VisitStatus::Void),
        "S26" => Some(VisitStatus::NoShow),
        "S12" | "S13" => match stated {
            Some(VisitStatus::Cancelled(_) | VisitStatus::NoShow | VisitStatus::Void) => {
                notes.ignore("SCH-25", "contradicts the trigger, which is believed");
                Some(VisitStatus::Booked)
            }
            None => Some(VisitStatus::Booked),
            stated => stated,
        },
        _ => stated,
    })
}

/// Tells who called a visit off, from the reason in SCH-6 and SCH-7. Where both
/// sides are named, only "requested" decides.
pub fn cancelled_by(reasons: [Value<'_>; 2]) -> CancelledBy {
    for reason in reasons {
        let text = format!(
            "{} {}",
            reason.component(1).text(),
            reason.component(2).text()
        )
        .to_lowercase();
        let says = |word: &str| {
            text.split(|c: char| !c.is_alphanumeric())
                .any(|part| part == word)
        };
        let patient = ["patient", "pt", "pat", "parent", "client", "family"]
            .into_iter()
            .any(says);
        let clinic = [
            "provider",
            "clinic",
            "physician",
            "doctor",
            "therapist",
            "clinician",
            "office",
            "practice",
            "facility",
            "equipment",
            "staff",
            "resource",
        ]
        .into_iter()
        .any(says);
        match (patient, clinic) {
            (true, false) => return CancelledBy::Patient,
            (false, true) => return CancelledBy::Clinic,
            (true, true) if text.contains("patient req") => return CancelledBy::Patient,
            _ => {}
        }
    }
    CancelledBy::Unknown
}

#[derive(Clone, Copy)]
enum Word {
    Booked,
    Confirmed,
    Arrived,
    InProgress,
    Completed,
    Cancelled,
    NoShow,
    Deleted,
    Blocked,
    /// On a waiting list.
    Wish,
}

impl Word {
    fn status(self, by: CancelledBy) -> Option<VisitStatus> {
        Some(match self {
            Self::Booked => VisitStatus::Booked,
            Self::Confirmed => VisitStatus::Confirmed,
            Self::Arrived => VisitStatus::Arrived,
            Self::InProgress => VisitStatus::InProgress,
            Self::Completed => VisitStatus::Completed,
            Self::Cancelled => VisitStatus::Cancelled(by),
            Self::NoShow => VisitStatus::NoShow,
            Self::Deleted => VisitStatus::Void,
            Self::Blocked | Self::Wish => return None,
        })
    }
}

/// Reads table 0278 and what schedulers write instead, by code or by text.
fn word(status: Value<'_>) -> Option<Word> {
    [1, 2].into_iter().find_map(|n| {
        let text = status.component(n).text().to_lowercase();
        let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
        Some(match letters.as_str() {
            // "Pending" waits for somebody's yes, which is our unconfirmed visit;
            // "overbook" is a visit like any other for the patient.
            "pending" | "booked" | "book" | "scheduled" | "sch" | "sched" | "new" | "open"
            | "active" | "overbook" | "rescheduled" | "resched" | "unconfirmed" | "tentative" => {
                Word::Booked
            }
            "confirmed" | "confirm" | "conf" => Word::Confirmed,
            "started" | "arrived" | "arrive" | "checkedin" | "checkin" | "waiting" => Word::Arrived,
            "inprogress" | "roomed" | "inroom" | "withprovider" | "intreatment" => Word::InProgress,
            "complete" | "completed" | "comp" | "checkedout" | "checkout" | "seen" | "closed"
            | "kept" | "fulfilled" | "attended" => Word::Completed,
            "cancelled" | "canceled" | "cancel" | "canc" | "can" | "discontinued" | "dc" => {
                Word::Cancelled
            }
            "noshow" | "ns" | "missed" | "dna" | "didnotattend" => Word::NoShow,
            "deleted" | "delete" | "enteredinerror" | "error" => Word::Deleted,
            "blocked" | "block" => Word::Blocked,
            "waitlist" | "waitlisted" | "wait" => Word::Wish,
            _ => return None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::wire::Wire;
    use super::*;
    use VisitStatus::{Arrived, Booked, Cancelled, Completed, Confirmed, InProgress, NoShow, Void};

    fn decided(trigger: &str, sch_25: &str) -> (Said, usize) {
        let text = format!("MSH|^~\\&\rSCH|{sch_25}");
        let wire = Wire::parse(&text).unwrap();
        let mut notes = Notes::new("test", 1);
        let said = decide(
            trigger,
            wire.field("SCH", 1),
            CancelledBy::Patient,
            &mut notes,
        );
        (said, notes.take().len())
    }

    #[test]
    fn the_table_of_triggers_and_words_is_walked() {
        let cancelled = Cancelled(CancelledBy::Patient);
        let words = [
            ("Booked", Booked),
            ("Pending", Booked),
            ("Overbook", Booked),
            ("Confirmed", Confirmed),
            ("Started", Arrived),
            ("Checked In", Arrived),
            ("In Progress", InProgress),
            ("Complete", Completed),
            ("Cancelled", cancelled),
            ("DC^Discontinued", cancelled),
            ("No-Show", NoShow),
            ("Deleted", Void),
        ];
        for (word, status) in words {
            let contradiction = matches!(status, Cancelled(_) | NoShow | Void);
            let on_book = if contradiction { Booked } else { status };
            let notes = usize::from(contradiction);
            for (trigger, expected, notes) in [
                ("S12", on_book, notes),
                ("S13", on_book, notes),
                ("S14", status, 0),
                ("S15", cancelled, 0),
                ("S16", cancelled, 0),
                ("S17", Void, 0),
                ("S26", NoShow, 0),
            ] {
                let expected = (Said::Visit(Some(expected)), notes);
                assert_eq!(decided(trigger, word), expected, "{trigger} {word}");
            }
        }
    }

    #[test]
    fn silence_and_nonsense_leave_the_trigger() {
        assert_eq!(decided("S12", ""), (Said::Visit(Some(Booked)), 0));
        assert_eq!(decided("S14", ""), (Said::Visit(None), 0));
        assert_eq!(decided("S14", "Routine"), (Said::Visit(None), 1));
        assert_eq!(decided("S26", "\"\""), (Said::Visit(Some(NoShow)), 0));
        assert_eq!(
            decided("S14", "X9^Arrived"),
            (Said::Visit(Some(Arrived)), 0)
        );
    }

    #[test]
    fn slots_and_wishes_are_no_visits() {
        for (trigger, word) in [
            ("S23", ""),
            ("S24", "Booked"),
            ("S12", "Blocked"),
            ("S14", "Waitlist"),
        ] {
            assert_eq!(
                decided(trigger, word),
                (Said::NoVisit, 0),
                "{trigger} {word}"
            );
        }
    }

    #[test]
    fn reasons_tell_patient_from_clinic() {
        let by = |sch_6: &str, sch_7: &str| {
            let text = format!("MSH|^~\\&\rSCH||||||{sch_6}|{sch_7}");
            let wire = Wire::parse(&text).unwrap();
            cancelled_by([wire.field("SCH", 6), wire.field("SCH", 7)])
        };
        assert_eq!(by("PT^Patient cancelled", ""), CancelledBy::Patient);
        assert_eq!(by("", "Provider out sick"), CancelledBy::Clinic);
        assert_eq!(
            by("77^Equipment failure", "Patient visit"),
            CancelledBy::Clinic
        );
        assert_eq!(
            by("Provider change, patient request", ""),
            CancelledBy::Patient
        );
        assert_eq!(by("Provider moved patient", ""), CancelledBy::Unknown);
        assert_eq!(by("Weather", "CHECKUP"), CancelledBy::Unknown);
        // A word inside another one says nothing.
        assert_eq!(by("Inpatient", "Officer"), CancelledBy::Unknown);
    }
}
