//! Where a visit stands, in the columns and words of reports.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use tendon_care::appointment::{CancelledBy, VisitKind};

use super::fields::{Column, Field};
use super::layout::fold;
use crate::record::VisitStatus;

/// A state that a rule can give to a visit; written so in layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// On the book.
    Booked,
    /// On the book and confirmed.
    Confirmed,
    /// Checked in.
    Arrived,
    /// Being treated.
    InProgress,
    /// Done.
    Completed,
    /// Called off; a reason may tell by whom.
    Cancelled,
    /// Called off by the patient.
    CancelledByPatient,
    /// Called off by the clinic.
    CancelledByClinic,
    /// Nobody came.
    NoShow,
    /// Deleted, or entered in error.
    Void,
    /// A closed slot, or a wish for one: nothing that anybody comes to.
    NoVisit,
}

impl Word {
    /// Returns the status; `None` for what is no visit.
    pub fn status(self, by: CancelledBy) -> Option<VisitStatus> {
        Some(match self {
            Self::Booked => VisitStatus::Booked,
            Self::Confirmed => VisitStatus::Confirmed,
            Self::Arrived => VisitStatus::Arrived,
            Self::InProgress => VisitStatus::InProgress,
            Self::Completed => VisitStatus::Completed,
            Self::Cancelled => VisitStatus::Cancelled(by),
            Self::CancelledByPatient => VisitStatus::Cancelled(CancelledBy::Patient),
            Self::CancelledByClinic => VisitStatus::Cancelled(CancelledBy::Clinic),
            Self::NoShow => VisitStatus::NoShow,
            Self::Void => VisitStatus::Void,
            Self::NoVisit => return None,
        })
    }
}

/// A column that decides the status, if it does; the first rule that does wins.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusRule {
    pub(super) column: Column,
    /// What any text in it says, such as the time of a cancellation.
    filled: Option<Word>,
    /// What a yes in it says.
    yes: Option<Word>,
    /// What single words in it say; folded.
    #[serde(default, deserialize_with = "folded_words")]
    values: BTreeMap<String, Word>,
    /// Whether the words that everybody uses count, too, and others are a problem.
    #[serde(default)]
    common: bool,
}

/// What a rule says about a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing; the next rule is asked.
    Silent,
    /// This, and the cell is the time of it.
    Since(Word),
    /// This.
    Is(Word),
    /// A word that is not known: no rule is to guess.
    Unknown,
}

impl StatusRule {
    pub(super) fn field(&self) -> Field {
        if self.filled.is_some() {
            Field::Date
        } else {
            Field::Word
        }
    }

    /// Judges a filled cell.
    pub(super) fn judge(&self, cell: &str) -> Verdict {
        if let Some(word) = self.filled {
            return Verdict::Since(word);
        }
        if let (Some(word), Some(true)) = (self.yes, super::value::yes(cell)) {
            return Verdict::Is(word);
        }
        let folded = fold(cell);
        let given = self.values.get(&folded).copied();
        match given.or_else(|| self.common.then(|| common(&folded)).flatten()) {
            Some(word) => Verdict::Is(word),
            None if self.common && !folded.is_empty() => Verdict::Unknown,
            None => Verdict::Silent,
        }
    }
}

/// A column that says yes or no.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    pub(super) column: Column,
    /// Holds if the cell has any text (true) or none (false).
    filled: Option<bool>,
    /// Holds for these words; folded.
    #[serde(default, deserialize_with = "folded_list")]
    values: Vec<String>,
}

impl Condition {
    /// Tells whether it holds for a cell, which may be empty.
    pub(super) fn holds(&self, cell: &str) -> bool {
        if let Some(filled) = self.filled {
            return cell.is_empty() != filled;
        }
        !cell.is_empty() && self.values.contains(&fold(cell))
    }
}

fn folded_words<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Word>, D::Error> {
    let words = BTreeMap::<String, Word>::deserialize(from)?;
    let folded = words.into_iter().map(|(text, word)| (fold(&text), word));
    Ok(folded.collect())
}

fn folded_list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let words = Vec::<String>::deserialize(from)?;
    Ok(words.iter().map(|text| fold(text)).collect())
}

/// Knows the words that schedulers and front desks write.
fn common(folded: &str) -> Option<Word> {
    Some(match folded {
        "booked"
        | "scheduled"
        | "sched"
        | "active"
        | "open"
        | "new"
        | "pending"
        | "tentative"
        | "unconfirmed"
        | "notconfirmed"
        | "rescheduled"
        | "future"
        | "upcoming"
        | "planned"
        | "reserved"
        | "agendada"
        | "programada"
        | "waitingconfirmation" => Word::Booked,
        "confirmed" | "confirm" | "conf" | "reconfirmed" | "confirmada" => Word::Confirmed,
        "arrived" | "checkedin" | "checkin" | "waiting" | "inlobby" | "here" => Word::Arrived,
        "inprogress" | "started" | "roomed" | "inroom" | "withprovider" | "intreatment"
        | "inservice" => Word::InProgress,
        "completed" | "complete" | "checkedout" | "checkout" | "seen" | "kept" | "show"
        | "showed" | "attended" | "fulfilled" | "closed" | "done" | "visited" | "billed"
        | "signed" | "finalized" | "finished" | "realizada" | "completada" => Word::Completed,
        "cancelled" | "canceled" | "cancel" | "canc" | "cx" | "cancellation" | "latecancelled"
        | "latecanceled" | "latecancel" | "latecancellation" | "inactive" | "cancelada"
        | "cancelado" => Word::Cancelled,
        "patientcancelled" | "patientcanceled" | "cancelledbypatient" | "canceledbypatient"
        | "clientcancelled" | "clientcanceled" | "ptcancelled" | "ptcanceled" => {
            Word::CancelledByPatient
        }
        "cliniccancelled"
        | "cliniccanceled"
        | "cliniciancancelled"
        | "cliniciancanceled"
        | "providercancelled"
        | "providercanceled"
        | "officecancelled"
        | "officecanceled"
        | "cancelledbyclinic"
        | "canceledbyclinic"
        | "cancelledbyprovider"
        | "canceledbyprovider" => Word::CancelledByClinic,
        "noshow" | "ns" | "missed" | "dna" | "didnotattend" | "didnotarrive" | "didnotshow"
        | "absent" | "noasistio" | "ausente" => Word::NoShow,
        "deleted" | "void" | "voided" | "error" | "enteredinerror" | "removed" => Word::Void,
        "blocked" | "block" | "break" | "waitlist" | "waitlisted" | "hold" | "unavailable" => {
            Word::NoVisit
        }
        _ => return None,
    })
}

/// Tells who called a visit off from a reason in words. Who is named decides;
/// where nobody is, a private matter does, as a clinic's note names its staff.
pub fn cancelled_by(reason: &str) -> CancelledBy {
    const PATIENT: [&str; 9] = [
        "patient", "pt", "client", "parent", "mother", "father", "family", "paciente", "guardian",
    ];
    const CLINIC: [&str; 16] = [
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
        "practitioner",
        "closed",
        "closure",
        "holiday",
        "clinica",
    ];
    const PRIVATE: [&str; 16] = [
        "sick",
        "ill",
        "illness",
        "work",
        "vacation",
        "travel",
        "transportation",
        "childcare",
        "school",
        "car",
        "forgot",
        "personal",
        "feeling",
        "unwell",
        "enfermo",
        "enferma",
    ];
    let reason = reason.to_lowercase();
    let says = |words: &[&str]| {
        reason
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| words.contains(&word))
    };
    match (says(&PATIENT), says(&CLINIC)) {
        (true, false) => CancelledBy::Patient,
        (false, true) => CancelledBy::Clinic,
        (true, true) if reason.contains("patient req") => CancelledBy::Patient,
        (false, false) if says(&PRIVATE) => CancelledBy::Patient,
        _ => CancelledBy::Unknown,
    }
}

/// Tells first visits from later ones by the name of a visit or note type.
pub fn kind(text: &str) -> Option<VisitKind> {
    const FIRST: [&str; 12] = [
        "ie",
        "eval",
        "evaluation",
        "initial",
        "new",
        "intake",
        "first",
        "consult",
        "consultation",
        "np",
        "evaluacion",
        "evaluación",
    ];
    const LATER: [&str; 20] = [
        "dn",
        "pn",
        "rc",
        "ds",
        "daily",
        "progress",
        "follow",
        "followup",
        "treatment",
        "return",
        "routine",
        "visit",
        "recurring",
        "session",
        "established",
        "re",
        "reeval",
        "reevaluation",
        "discharge",
        "recheck",
    ];
    let text = text.to_lowercase();
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let says = |list: &[&str]| words.iter().any(|word| list.contains(word));
    // "Re-evaluation" is no first visit, and neither is a "discharge evaluation".
    let again = says(&[
        "re",
        "reeval",
        "reevaluation",
        "discharge",
        "progress",
        "follow",
    ]);
    if says(&FIRST) && !again {
        Some(VisitKind::Evaluation)
    } else if says(&LATER) {
        Some(VisitKind::Recurring)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(toml: &str) -> StatusRule {
        toml::from_str(&format!("column = \"x\"\n{toml}")).unwrap()
    }

    #[test]
    fn a_rule_speaks_only_of_what_it_knows() {
        let own =
            rule("values = { gone = \"cancelled\", \"Late Cancel\" = \"cancelled_by_patient\" }");
        assert_eq!(own.judge("GONE"), Verdict::Is(Word::Cancelled));
        assert_eq!(
            own.judge("late-cancel"),
            Verdict::Is(Word::CancelledByPatient)
        );
        assert_eq!(own.judge("completed"), Verdict::Silent);
        let common = rule("common = true\nvalues = { Active = \"confirmed\" }");
        assert_eq!(common.judge("Active"), Verdict::Is(Word::Confirmed));
        assert_eq!(common.judge("No Show"), Verdict::Is(Word::NoShow));
        assert_eq!(common.judge("perhaps"), Verdict::Unknown);
        let flag = rule("yes = \"no_show\"");
        assert_eq!(flag.judge("true"), Verdict::Is(Word::NoShow));
        assert_eq!(flag.judge("false"), Verdict::Silent);
        let time = rule("filled = \"cancelled\"");
        assert_eq!(time.judge("2026-03-02"), Verdict::Since(Word::Cancelled));
    }

    #[test]
    fn every_state_has_common_words_or_is_one() {
        for (text, word) in [
            ("scheduled", Word::Booked),
            ("confirmed", Word::Confirmed),
            ("checkedin", Word::Arrived),
            ("inprogress", Word::InProgress),
            ("kept", Word::Completed),
            ("canceled", Word::Cancelled),
            ("ptcanceled", Word::CancelledByPatient),
            ("providercancelled", Word::CancelledByClinic),
            ("didnotshow", Word::NoShow),
            ("voided", Word::Void),
            ("blocked", Word::NoVisit),
        ] {
            assert_eq!(common(text), Some(word), "{text}");
            let status = word.status(CancelledBy::Unknown);
            assert_eq!(status.is_none(), word == Word::NoVisit);
        }
        assert_eq!(common(""), None);
    }

    #[test]
    fn conditions_hold_for_words_and_for_filling() {
        let read = |toml: &str| -> Condition {
            toml::from_str(&format!("column = \"x\"\n{toml}")).unwrap()
        };
        let words = read("values = [\"true\", \"1\"]");
        assert!(words.holds("TRUE") && !words.holds("false") && !words.holds(""));
        assert!(read("filled = true").holds("x") && !read("filled = true").holds(""));
        assert!(read("filled = false").holds("") && !read("filled = false").holds("x"));
    }

    #[test]
    fn reasons_tell_patient_from_clinic() {
        assert_eq!(cancelled_by("Sick"), CancelledBy::Patient);
        assert_eq!(cancelled_by("Therapist sick"), CancelledBy::Clinic);
        assert_eq!(cancelled_by("Pt. moved away"), CancelledBy::Patient);
        assert_eq!(
            cancelled_by("Therapist change, patient request"),
            CancelledBy::Patient
        );
        assert_eq!(
            cancelled_by("Therapist moved patient"),
            CancelledBy::Unknown
        );
        assert_eq!(cancelled_by("Weather"), CancelledBy::Unknown);
        assert_eq!(cancelled_by(""), CancelledBy::Unknown);
    }

    #[test]
    fn visit_types_tell_first_from_later() {
        for first in [
            "IE",
            "Initial Examination",
            "Physiotherapy Initial",
            "PT Eval",
            "New Patient",
        ] {
            assert_eq!(kind(first), Some(VisitKind::Evaluation), "{first}");
        }
        for later in [
            "DN",
            "Daily Note",
            "Physiotherapy Follow-up",
            "Re-evaluation",
            "Office Visit",
            "Discharge Evaluation",
        ] {
            assert_eq!(kind(later), Some(VisitKind::Recurring), "{later}");
        }
        assert_eq!(kind("Aquatics"), None);
    }
}
