//! The stored shape of a record that waits for its patient: JSON, version 1.
//!
//! A record that names a patient nobody has told of is kept as it was read, so
//! that a later file with the patient alone brings it in. Records that describe
//! their patient never wait.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tendon_care::appointment::{CancelledBy, VisitKind};
use tendon_care::episode::Discharge;
use tendon_exchange::Position;
use tendon_exchange::field::Names;
use tendon_exchange::record::{
    AppointmentRecord, DocumentRecord, EpisodeRecord, ForeignKey, MergeRecord, Moment, PlanRecord,
    Record, ReferralRecord, VisitStatus,
};
use tendon_store::ParkedRow;

use super::entry::{Entry, Origin};
use super::work::parked_key;

#[derive(Serialize, Deserialize)]
struct ParkedV1 {
    v: u8,
    source: String,
    place: String,
    /// Who tells it, where that is not the thing's own record.
    #[serde(default)]
    teller: Option<String>,
    #[serde(flatten)]
    what: WhatV1,
}

type Key = (String, String);

#[derive(Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum WhatV1 {
    Visit(Box<VisitV1>),
    Episode {
        key: Key,
        patient: Key,
        started_at: Option<String>,
        ended: Option<(String, String)>,
        on_hold: bool,
    },
    Plan {
        key: Key,
        patient: Key,
        episode: Option<Key>,
        visits: Option<u16>,
        per_week: Option<u8>,
        authorised: Option<u16>,
        starts_on: Option<Date>,
        ends_on: Option<Date>,
    },
    Referral {
        key: Key,
        patient: Key,
        referrer: Option<String>,
        received_at: Option<String>,
        cancelled: bool,
    },
    Merge {
        survivor: Key,
        retired: Key,
        changed_at: Option<String>,
    },
    Document {
        key: Key,
        patient: Key,
        resource_type: String,
        json: String,
    },
}

#[derive(Serialize, Deserialize)]
struct VisitV1 {
    key: Key,
    patient: Key,
    location: Option<Key>,
    location_name: Option<String>,
    clinician: Option<Key>,
    clinician_name: Option<String>,
    episode: Option<Key>,
    kind: Option<String>,
    starts_at: Option<String>,
    minutes: Option<u16>,
    status: Option<String>,
    booked_at: Option<String>,
    status_at: Option<String>,
    changed_at: Option<String>,
    moved: bool,
}

/// Returns the row that keeps an entry; `None` for one that waits for nobody.
pub(super) fn write(entry: &Entry, now: Timestamp) -> Option<ParkedRow> {
    let awaited = entry.awaits()?;
    let stored = ParkedV1 {
        v: 1,
        source: entry.origin.source.to_string(),
        place: entry.origin.position.to_string(),
        teller: entry.teller.as_deref().map(str::to_owned),
        what: what(&entry.record)?,
    };
    Some(ParkedRow {
        key: parked_key(entry),
        awaits: pair(awaited),
        hash: entry.print.write(),
        parked_at: now,
        body: serde_json::to_string(&stored).ok()?,
    })
}

/// Reads what [`write()`] wrote; `None` where a newer program wrote it.
pub(super) fn read(row: &ParkedRow, number: u64, zone: &TimeZone) -> Option<Entry> {
    let stored: ParkedV1 = serde_json::from_str(&row.body).ok()?;
    let record = (stored.v == 1).then(|| record(stored.what))?;
    let origin = Origin {
        source: Arc::from(format!(
            "{} ({}), kept until now",
            stored.source, stored.place
        )),
        position: Position::Source,
        names: Names::Plain,
    };
    let teller = stored.teller.map(Arc::from);
    let mut entry = Entry::new(number, origin, record, zone).told_by(teller);
    entry.parked = true;
    Some(entry)
}

fn what(record: &Record) -> Option<WhatV1> {
    Some(match record {
        Record::Appointment(visit) => WhatV1::Visit(Box::new(visit_v1(visit))),
        Record::Episode(episode) => WhatV1::Episode {
            key: pair(&episode.key),
            patient: pair(&episode.patient),
            started_at: episode.started_at.map(moment_text),
            ended: episode
                .ended
                .map(|(at, how)| (moment_text(at), how.code().to_owned())),
            on_hold: episode.on_hold,
        },
        Record::Plan(plan) => WhatV1::Plan {
            key: pair(&plan.key),
            patient: pair(&plan.patient),
            episode: plan.episode.as_ref().map(pair),
            visits: plan.visits,
            per_week: plan.visits_per_week,
            authorised: plan.authorised_visits,
            starts_on: plan.starts_on,
            ends_on: plan.ends_on,
        },
        Record::Referral(referral) => WhatV1::Referral {
            key: pair(&referral.key),
            patient: pair(&referral.patient),
            referrer: referral.referrer.clone(),
            received_at: referral.received_at.map(moment_text),
            cancelled: referral.cancelled,
        },
        Record::Document(document) => WhatV1::Document {
            key: pair(&document.key),
            patient: pair(document.patient.as_ref()?),
            resource_type: document.resource_type.clone(),
            json: document.json.clone(),
        },
        // One that describes its survivor makes them, and never waits.
        Record::Merge(merge) => WhatV1::Merge {
            survivor: pair(&merge.survivor),
            retired: pair(&merge.retired),
            changed_at: merge.changed_at.map(moment_text),
        },
        Record::Patient(_) | Record::Clinician(_) | Record::Location(_) => return None,
    })
}

fn visit_v1(visit: &AppointmentRecord) -> VisitV1 {
    VisitV1 {
        key: pair(&visit.key),
        patient: pair(&visit.patient),
        location: visit.location.as_ref().map(pair),
        location_name: visit.location_name.clone(),
        clinician: visit.clinician.as_ref().map(pair),
        clinician_name: visit.clinician_name.clone(),
        episode: visit.episode.as_ref().map(pair),
        kind: visit.kind.map(|kind| kind.code().to_owned()),
        starts_at: visit.starts_at.map(moment_text),
        minutes: visit.minutes,
        status: visit.status.map(|status| status_text(status).to_owned()),
        booked_at: visit.booked_at.map(moment_text),
        status_at: visit.status_at.map(moment_text),
        changed_at: visit.changed_at.map(moment_text),
        moved: visit.moved,
    }
}

fn record(what: WhatV1) -> Record {
    match what {
        WhatV1::Visit(visit) => Record::Appointment(Box::new(visit_record(*visit))),
        WhatV1::Episode {
            key: own,
            patient,
            started_at,
            ended,
            on_hold,
        } => Record::Episode(EpisodeRecord {
            key: key(own),
            patient: key(patient),
            started_at: moment(started_at),
            ended: ended
                .and_then(|(at, how)| Some((moment(Some(at))?, Discharge::from_code(&how)?))),
            on_hold,
        }),
        WhatV1::Plan {
            key: own,
            patient,
            episode,
            visits,
            per_week,
            authorised,
            starts_on,
            ends_on,
        } => Record::Plan(PlanRecord {
            key: key(own),
            patient: key(patient),
            episode: episode.map(key),
            visits,
            visits_per_week: per_week,
            authorised_visits: authorised,
            starts_on,
            ends_on,
        }),
        WhatV1::Referral {
            key: own,
            patient,
            referrer,
            received_at,
            cancelled,
        } => Record::Referral(ReferralRecord {
            key: key(own),
            patient: key(patient),
            referrer,
            received_at: moment(received_at),
            cancelled,
        }),
        WhatV1::Merge {
            survivor,
            retired,
            changed_at,
        } => Record::Merge(MergeRecord {
            survivor: key(survivor),
            retired: key(retired),
            survivor_record: None,
            changed_at: moment(changed_at),
        }),
        WhatV1::Document {
            key: own,
            patient,
            resource_type,
            json,
        } => Record::Document(DocumentRecord {
            resource_type,
            key: key(own),
            patient: Some(key(patient)),
            json,
        }),
    }
}

fn visit_record(visit: VisitV1) -> AppointmentRecord {
    AppointmentRecord {
        key: key(visit.key),
        patient: key(visit.patient),
        patient_record: None,
        location: visit.location.map(key),
        location_name: visit.location_name,
        clinician: visit.clinician.map(key),
        clinician_name: visit.clinician_name,
        episode: visit.episode.map(key),
        kind: visit.kind.and_then(|code| VisitKind::from_code(&code)),
        starts_at: moment(visit.starts_at),
        minutes: visit.minutes,
        status: visit.status.and_then(|text| status(&text)),
        booked_at: moment(visit.booked_at),
        status_at: moment(visit.status_at),
        changed_at: moment(visit.changed_at),
        moved: visit.moved,
    }
}

fn pair(key: &ForeignKey) -> Key {
    (key.system.clone(), key.value.clone())
}

fn key((system, value): Key) -> ForeignKey {
    ForeignKey { system, value }
}

/// Writes a moment; a local one has no `Z` at its end.
fn moment_text(moment: Moment) -> String {
    match moment {
        Moment::Exact(at) => at.to_string(),
        Moment::Local(at) => at.to_string(),
    }
}

fn moment(text: Option<String>) -> Option<Moment> {
    let text = text?;
    if text.ends_with('Z') {
        text.parse::<Timestamp>().ok().map(Moment::Exact)
    } else {
        text.parse::<DateTime>().ok().map(Moment::Local)
    }
}

const STATUSES: [(VisitStatus, &str); 10] = [
    (VisitStatus::Booked, "booked"),
    (VisitStatus::Confirmed, "confirmed"),
    (VisitStatus::Arrived, "arrived"),
    (VisitStatus::InProgress, "in_progress"),
    (VisitStatus::Completed, "completed"),
    (
        VisitStatus::Cancelled(CancelledBy::Patient),
        "cancelled_by_patient",
    ),
    (
        VisitStatus::Cancelled(CancelledBy::Clinic),
        "cancelled_by_clinic",
    ),
    (VisitStatus::Cancelled(CancelledBy::Unknown), "cancelled"),
    (VisitStatus::NoShow, "noshow"),
    (VisitStatus::Void, "void"),
];

fn status_text(status: VisitStatus) -> &'static str {
    STATUSES
        .iter()
        .find(|(known, _)| *known == status)
        .map_or("booked", |(_, text)| text)
}

fn status(text: &str) -> Option<VisitStatus> {
    let mut known = STATUSES.iter().filter(|(_, code)| *code == text);
    known.next().map(|(status, _)| *status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn there_and_back(record: Record) {
        let zone = TimeZone::get("America/Chicago").unwrap();
        let origin = Origin {
            source: "book.json".into(),
            position: Position::Line(3),
            names: Names::Plain,
        };
        let entry = Entry::new(1, origin, record, &zone).told_by(Some("book".into()));
        let row = write(&entry, Timestamp::UNIX_EPOCH).unwrap();
        let back = read(&row, 2, &zone).unwrap();
        assert_eq!(back.record, entry.record);
        assert_eq!(back.slot(), entry.slot());
        assert_eq!(
            (back.print, back.changed_at),
            (entry.print, entry.changed_at)
        );
        assert!(back.parked && back.origin.source.contains("book.json (line 3)"));
        assert_eq!(row.awaits, ("ehr".to_owned(), "7".to_owned()));
    }

    #[test]
    fn every_kind_that_can_wait_round_trips() {
        let named = |value: &str| ForeignKey {
            system: "ehr".into(),
            value: value.into(),
        };
        let local = Moment::Local(date(2028, 2, 29).at(9, 0, 0, 0));
        let exact = Moment::Exact("2028-02-29T15:00:00Z".parse().unwrap());
        for (status, _) in STATUSES {
            there_and_back(Record::Appointment(Box::new(AppointmentRecord {
                key: named("9"),
                patient: named("7"),
                patient_record: None,
                location: Some(named("l")),
                location_name: Some("Riverside".into()),
                clinician: Some(named("c")),
                clinician_name: Some("Dr. Chen".into()),
                episode: Some(named("e")),
                kind: Some(VisitKind::Evaluation),
                starts_at: Some(local),
                minutes: Some(40),
                status: Some(status),
                booked_at: Some(exact),
                status_at: None,
                changed_at: Some(exact),
                moved: true,
            })));
        }
        there_and_back(Record::Episode(EpisodeRecord {
            key: named("e"),
            patient: named("7"),
            started_at: Some(local),
            ended: Some((exact, Discharge::Self_)),
            on_hold: true,
        }));
        there_and_back(Record::Plan(PlanRecord {
            key: named("p"),
            patient: named("7"),
            episode: Some(named("e")),
            visits: Some(12),
            visits_per_week: Some(2),
            authorised_visits: Some(10),
            starts_on: Some(date(2028, 2, 29)),
            ends_on: Some(date(2028, 4, 10)),
        }));
        there_and_back(Record::Merge(MergeRecord {
            survivor: named("7"),
            retired: named("5"),
            survivor_record: None,
            changed_at: Some(local),
        }));
        there_and_back(Record::Referral(ReferralRecord {
            key: named("r"),
            patient: named("7"),
            referrer: Some("Dr. Reed".into()),
            received_at: Some(exact),
            cancelled: false,
        }));
        there_and_back(Record::Document(DocumentRecord {
            resource_type: "Observation".into(),
            key: named("o"),
            patient: Some(named("7")),
            json: r#"{"valueQuantity":{"value":1.50}}"#.into(),
        }));
    }

    #[test]
    fn what_a_newer_program_wrote_is_left_alone() {
        let row = ParkedRow {
            key: tendon_store::ParkedKey {
                kind: "x".into(),
                system: "x".into(),
                value: "x".into(),
            },
            awaits: ("ehr".into(), "7".into()),
            hash: vec![],
            parked_at: Timestamp::UNIX_EPOCH,
            body: r#"{"v":2,"source":"","place":"","what":"goal"}"#.into(),
        };
        assert!(read(&row, 1, &TimeZone::UTC).is_none());
    }
}
