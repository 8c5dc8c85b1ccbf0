//! What is decided on together, and what is left out or looked at by a person.

use jiff::{SignedDuration, Timestamp};
use tendon_care::id::PatientId;
use tendon_care::matching::Suspect;
use tendon_care::patient::Patient;
use tendon_care::task::{About, TaskKind};
use tendon_exchange::record::{PatientRecord, Record};
use tendon_store::{MatchReviewRow, Versioned, Write};

use crate::chart::Chart;
use crate::import::entry::Entry;
use crate::import::moment;
use crate::import::work::{Fresh, Work};

/// Visits still to come that one decision takes: each may set several journeys
/// in motion, and a decision hears a bounded number of facts.
const VISITS_AHEAD: usize = 24;

/// Records that one decision takes.
pub(super) const MOST_RECORDS: usize = 1_000;

/// How soon somebody should look at two records that may be one person, or at one
/// number that two people have.
pub(in crate::import) const REVIEW_WITHIN: SignedDuration = SignedDuration::from_hours(48);

/// Returns the description to add somebody by: one with a name before one
/// without, a patient's own before one that came along with a visit.
pub(super) fn best_description(fresh: &[Fresh]) -> Option<(&Entry, &PatientRecord)> {
    let described = fresh
        .iter()
        .filter_map(|fresh| Some((&fresh.entry, fresh.entry.person()?)));
    described.min_by_key(|(entry, said)| {
        let along = !matches!(entry.record, Record::Patient(_));
        (said.name.is_none(), along, entry.number)
    })
}

/// Parts the records of one patient into decisions: patients first, and so many
/// visits still to come in each.
pub(super) fn parts(fresh: Vec<Fresh>, now: Timestamp) -> Vec<Vec<Fresh>> {
    let mut fresh = fresh;
    fresh.sort_by_key(|fresh| !matches!(fresh.entry.record, Record::Patient(_)));
    let mut parts: Vec<Vec<Fresh>> = Vec::new();
    let mut ahead = 0;
    for one in fresh {
        let loud = is_ahead(&one, now);
        let full = parts
            .last()
            .is_none_or(|part| part.len() >= MOST_RECORDS || (loud && ahead >= VISITS_AHEAD));
        if full {
            parts.push(Vec::new());
            ahead = 0;
        }
        ahead += usize::from(loud);
        if let Some(part) = parts.last_mut() {
            part.push(one);
        }
    }
    parts
}

/// Tells whether a record may set journeys in motion or stop them.
fn is_ahead(fresh: &Fresh, now: Timestamp) -> bool {
    let Record::Appointment(visit) = &fresh.entry.record else {
        return false;
    };
    fresh.before.is_some()
        || visit
            .starts_at
            .and_then(|moment| moment::resolve(moment, &jiff::tz::TimeZone::UTC).ok())
            .is_none_or(|(at, _)| now.duration_since(at) < SignedDuration::from_hours(48))
}

/// Opens a review of each pair of records that may be one person.
pub(super) fn review(work: &mut Work<'_>, suspects: &[Suspect<PatientId>]) {
    let me = work.change.chart.patient.id;
    let now = work.scene.now;
    for suspect in suspects {
        let fields = suspect.comparison.evidence.iter();
        let guards = suspect
            .comparison
            .guards
            .iter()
            .map(|guard| guard.words().to_owned());
        let evidence: Vec<String> = fields
            .map(|e| format!("{}: {}", e.field.words(), e.relation.words()))
            .chain(guards)
            .collect();
        work.change.write(Write::MatchReview(MatchReviewRow {
            a: me.min(suspect.who),
            b: me.max(suspect.who),
            posterior: suspect.comparison.posterior,
            evidence: evidence.join("; "),
            found_at: now,
            settled: None,
        }));
    }
    if !suspects.is_empty() {
        let due_at = now + REVIEW_WITHIN;
        work.change
            .open_task(TaskKind::ReviewMatch, About::default(), due_at);
    }
}

/// Returns the empty chart of a patient who is about to be added.
pub(super) fn blank(patient: &Patient) -> Chart {
    Chart {
        patient: Versioned {
            value: patient.clone(),
            version: 1,
        },
        visits: Vec::new(),
        episodes: Vec::new(),
        plans: Vec::new(),
        referrals: Vec::new(),
        enrolments: Vec::new(),
        pending: Vec::new(),
        merged: false,
    }
}
