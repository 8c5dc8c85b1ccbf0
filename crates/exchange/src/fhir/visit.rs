//! Appointment and Encounter: what was on the book, and what took place.
//!
//! | Appointment.status | becomes |
//! |---|---|
//! | `booked`, `pending` | booked, or confirmed with our own extension |
//! | `arrived` / `checked-in` / `fulfilled` | arrived / in progress / completed |
//! | `cancelled` | cancelled by patient, clinic or unknown, from the reason |
//! | `noshow`, `entered-in-error` | no-show, void |
//! | `proposed`, `waitlist` | not on the book: kept as a document |
//!
//! A participant who `accepted` has not confirmed: most systems say so of
//! everyone they book. An Encounter of the emergency department or of a
//! hospital stay is kept as a document, because it was never on an outpatient
//! practice's book, and so is one without a beginning. An Encounter that names its Appointment is that visit's
//! ending and keeps the visit's planned time.

use tendon_care::appointment::{CancelledBy, VisitKind};

use crate::record::{AppointmentRecord, ForeignKey, Moment, Record, VisitStatus};

use super::care::whole;
use super::codes::{all, codes, extension, url, words};
use super::context::{Context, Path};
use super::element::{Field, Many};
use super::reference::Target;
use super::shape::{
    Appointment, CodeableConcept, Encounter, EncounterParticipant, Participant, Reference,
};
use super::staff::fitting;
use super::time::minutes_between;

/// What a visit turned out to be.
pub(super) enum Visit {
    /// These records, or none where it was rejected.
    Records(Vec<Record>),
    /// No visit of an outpatient practice: keep it as it came.
    Document,
    /// Its actors are `urn:uuid:`s that may still follow in the Bundle.
    Later,
}

/// Who takes part, by kind.
#[derive(Default)]
struct Cast {
    patients: Vec<Target>,
    clinician: Option<ForeignKey>,
    clinician_name: Option<String>,
    location: Option<ForeignKey>,
    location_name: Option<String>,
    patient_declined: bool,
    clinician_declined: bool,
    unknown: bool,
}

/// Maps an Appointment. A group visit becomes one visit a patient, whose key
/// ends in `#` and the patient's.
pub(super) fn appointment(ctx: &mut Context<'_>, visit: &Appointment, last_try: bool) -> Visit {
    let nothing = || Visit::Records(Vec::new());
    let Some(status) = ctx.required(&visit.status, "status") else {
        return nothing();
    };
    if matches!(status, "proposed" | "waitlist") {
        return Visit::Document;
    }
    let cast = cast(ctx, visit);
    if cast.unknown && !last_try {
        return Visit::Later;
    }
    let Some(status) = appointment_status(status, visit, &cast) else {
        ctx.reject("status", "is not a status of FHIR R4");
        return nothing();
    };
    let Some(identity) = ctx.identify("Appointment", &visit.id, &visit.identifier) else {
        return nothing();
    };
    if cast.patients.is_empty() {
        ctx.reject(
            "participant",
            if cast.unknown {
                "has actors whose kind cannot be told"
            } else {
                "names no patient"
            },
        );
        return nothing();
    }
    let starts_at = ctx.moment(&visit.start, Path::new("start"));
    let over = matches!(status, VisitStatus::Cancelled(_) | VisitStatus::Void);
    if starts_at.is_none() && !over {
        ctx.reject("start", "is missing or unreadable in a visit that stands");
        return nothing();
    }
    let patients = cast.patients.into_iter();
    let patients: Vec<_> = patients
        .filter_map(|patient| ctx.settle(patient, &identity.key))
        .collect();
    let mut patients = patients.into_iter();
    let Some(patient) = patients.next() else {
        return nothing();
    };
    let record = AppointmentRecord {
        key: identity.key,
        patient,
        patient_record: None,
        location: cast.location,
        location_name: cast.location_name,
        clinician: cast.clinician,
        clinician_name: cast.clinician_name,
        episode: episode(ctx, visit),
        kind: appointment_kind(visit),
        starts_at,
        minutes: minutes(ctx, visit, starts_at),
        status: Some(status),
        booked_at: ctx.moment(&visit.created, Path::new("created")),
        status_at: status_at(ctx, visit),
        changed_at: ctx.changed_at(&visit.meta),
        moved: extension(&visit.extension, url::MOVED).is_some(),
    };
    Visit::Records(for_each_patient(record, patients.collect()))
}

/// Returns one visit for each patient. In a group every key names its patient,
/// so that none changes hands when another joins.
fn for_each_patient(visit: AppointmentRecord, others: Vec<ForeignKey>) -> Vec<Record> {
    if others.is_empty() {
        return vec![Record::Appointment(Box::new(visit))];
    }
    let patients = std::iter::once(visit.patient.clone()).chain(others);
    patients
        .map(|patient| {
            let mut visit = visit.clone();
            visit.key.value = format!("{}#{}", visit.key.value, patient.value);
            visit.patient = patient;
            Record::Appointment(Box::new(visit))
        })
        .collect()
}

fn cast(ctx: &mut Context<'_>, visit: &Appointment) -> Cast {
    let mut cast = Cast::default();
    for (index, participant) in ctx.many(&visit.participant, Path::new("participant")) {
        let path = Path::new("participant").at(index);
        enrol(ctx, &mut cast, participant, path);
    }
    // R5 names the patient in `subject` as well.
    if cast.patients.is_empty()
        && let Some(subject) = visit.subject.get()
        && let Some(target) = ctx.resolve(subject, Path::new("subject"), Some("Patient"))
    {
        place(ctx, &mut cast, target, None, false);
    }
    cast
}

fn enrol(ctx: &mut Context<'_>, cast: &mut Cast, participant: &Participant, path: Path<'_>) {
    let actor = path.then("actor");
    let Some(reference) = ctx.one(&participant.actor, actor) else {
        return;
    };
    let declined = participant.status.get().is_some_and(|s| s == "declined");
    let name = reference.display.get().and_then(|text| fitting(text));
    match ctx.resolve(reference, actor, None) {
        Some(target) => place(ctx, cast, target, name, declined),
        // Named in words only: the kind must be said beside them.
        None => match reference.r#type.get().map(String::as_str) {
            Some("Practitioner") if cast.clinician.is_none() => {
                cast.clinician_name = cast.clinician_name.take().or(name);
            }
            Some("Location") if cast.location.is_none() => {
                cast.location_name = cast.location_name.take().or(name);
            }
            _ => {}
        },
    }
}

fn place(
    ctx: &mut Context<'_>,
    cast: &mut Cast,
    target: Target,
    name: Option<String>,
    declined: bool,
) {
    let (kind, key) = match &target {
        Target::Unknown => {
            cast.unknown = true;
            return;
        }
        Target::Key(kind, key) => (kind.clone(), Some(key.clone())),
        Target::Contained(id) => (ctx.contained_kind(id), None),
    };
    match kind.as_str() {
        "Patient" => {
            cast.patient_declined |= declined;
            if !cast.patients.contains(&target) {
                cast.patients.push(target);
            }
        }
        "Practitioner" | "PractitionerRole" => {
            cast.clinician_declined |= declined;
            if cast.clinician.is_none() && cast.clinician_name.is_none() {
                let name = name.or_else(|| ctx.contained_name(&target));
                (cast.clinician, cast.clinician_name) = (key, name);
            }
        }
        "Location" if cast.location.is_none() && cast.location_name.is_none() => {
            (cast.location, cast.location_name) = (key, name);
        }
        // Carers, services and devices take part without being the visit's own.
        _ => {}
    }
}

fn appointment_status(status: &str, visit: &Appointment, cast: &Cast) -> Option<VisitStatus> {
    let confirmed = extension(&visit.extension, url::CONFIRMED)
        .is_some_and(|extension| extension.value_boolean.get() == Some(&true));
    Some(match status {
        "booked" | "pending" if confirmed => VisitStatus::Confirmed,
        "booked" | "pending" => VisitStatus::Booked,
        "arrived" => VisitStatus::Arrived,
        "checked-in" => VisitStatus::InProgress,
        "fulfilled" => VisitStatus::Completed,
        "cancelled" => VisitStatus::Cancelled(cancelled_by(visit, cast)),
        "noshow" => VisitStatus::NoShow,
        "entered-in-error" => VisitStatus::Void,
        _ => return None,
    })
}

/// Tells who cancelled from the reason's code, then its words, then from who
/// declined. *Source*: HL7 appointment-cancellation-reason, where every code of
/// the patient begins with `pat` and every one of the practice with `prov`.
fn cancelled_by(visit: &Appointment, cast: &Cast) -> CancelledBy {
    const CLINIC: [&str; 8] = [
        "maint", "oth-cms", "oth-err", "oth-mu", "oth-room", "oth-oerr", "oth-swie", "oth-int",
    ];
    let reason = visit
        .cancelation_reason
        .get()
        .or(visit.cancellation_reason.get());
    let by_code = |code: &str| match code {
        "pat" => Some(CancelledBy::Patient),
        "prov" => Some(CancelledBy::Clinic),
        _ if code.starts_with("pat-") => Some(CancelledBy::Patient),
        _ if code.starts_with("prov-") || CLINIC.contains(&code) => Some(CancelledBy::Clinic),
        _ => None,
    };
    let by_words = |text: String| {
        let says = |wanted: &[&str]| wanted.iter().any(|word| text.contains(word));
        if says(&["patient", "no transportation", "feeling better"]) {
            Some(CancelledBy::Patient)
        } else if says(&[
            "provider",
            "clinic",
            "therapist",
            "staff",
            "practice",
            "office",
        ]) {
            Some(CancelledBy::Clinic)
        } else {
            None
        }
    };
    let declined = match (cast.patient_declined, cast.clinician_declined) {
        (true, false) => Some(CancelledBy::Patient),
        (false, true) => Some(CancelledBy::Clinic),
        _ => None,
    };
    reason
        .and_then(|reason| {
            let coded = codes(&reason.coding).find_map(by_code);
            coded.or_else(|| words(reason).find_map(by_words))
        })
        .or(declined)
        .unwrap_or(CancelledBy::Unknown)
}

fn appointment_kind(visit: &Appointment) -> Option<VisitKind> {
    let services = all(&visit.service_type);
    let services = services.flat_map(|service| {
        let concept = service.concept.get().map(|concept| &concept.coding);
        codes(&service.coding).chain(concept.into_iter().flat_map(codes))
    });
    let kinds = visit.appointment_type.get();
    let kinds = kinds.into_iter().flat_map(|kind| codes(&kind.coding));
    services.chain(kinds).find_map(kind_of)
}

/// Tells an evaluation from a visit of a running plan by its code.
/// *Source*: CPT 97161–97163 (evaluation, low to high complexity), 97164
/// (re-evaluation); HL7 table 0276 `FOLLOWUP`; Tendon's own codes.
fn kind_of(code: &str) -> Option<VisitKind> {
    match code {
        "97161" | "97162" | "97163" => Some(VisitKind::Evaluation),
        "97164" | "FOLLOWUP" => Some(VisitKind::Recurring),
        _ => VisitKind::from_code(code),
    }
}

fn episode(ctx: &mut Context<'_>, visit: &Appointment) -> Option<ForeignKey> {
    let own = extension(&visit.extension, url::EPISODE)?;
    ctx.outside(
        &own.value_reference,
        Path::new("extension"),
        "EpisodeOfCare",
    )
}

fn minutes(ctx: &mut Context<'_>, visit: &Appointment, starts_at: Option<Moment>) -> Option<u16> {
    let path = Path::new("minutesDuration");
    if let Some(minutes) = ctx.one(&visit.minutes_duration, path) {
        let minutes = whole(*minutes).filter(|minutes| *minutes <= 24 * 60);
        match minutes.and_then(|minutes| u16::try_from(minutes).ok()) {
            Some(minutes) => return Some(minutes),
            None => ctx.ignore(path, "is not between a minute and a day"),
        }
    }
    let end = ctx.moment(&visit.end, Path::new("end"))?;
    let minutes = minutes_between(starts_at?, end);
    if minutes.is_none() {
        ctx.ignore(Path::new("end"), "is not within a day after the start");
    }
    minutes
}

fn status_at(ctx: &mut Context<'_>, visit: &Appointment) -> Option<Moment> {
    let path = Path::new("cancellationDate");
    if let Some(at) = ctx.moment(&visit.cancellation_date, path) {
        return Some(at);
    }
    let own = extension(&visit.extension, url::STATUS_AT)?;
    ctx.moment(&own.value_date_time, Path::new("extension"))
}

/// Classes of encounters that are no visits of an outpatient practice.
/// *Source*: HL7 v3 ActEncounterCode.
const HOSPITAL: [&str; 8] = [
    "EMER", "IMP", "ACUTE", "NONAC", "OBSENC", "PRENC", "SS", "FLD",
];

/// Maps an Encounter.
pub(super) fn encounter(ctx: &mut Context<'_>, encounter: &Encounter) -> Visit {
    let nothing = || Visit::Records(Vec::new());
    let mut classes = all(&encounter.class).flat_map(|class| {
        class
            .code
            .get()
            .map(String::as_str)
            .into_iter()
            .chain(codes(&class.coding))
    });
    if classes.any(|code| HOSPITAL.contains(&code)) {
        return Visit::Document;
    }
    let Some(status) = ctx.required(&encounter.status, "status") else {
        return nothing();
    };
    let Ok(status) = encounter_status(status) else {
        ctx.reject("status", "is not a status of FHIR");
        return nothing();
    };
    let Some(identity) = ctx.identify("Encounter", &encounter.id, &encounter.identifier) else {
        return nothing();
    };
    let Some(patient) = ctx.patient(&encounter.subject, "subject") else {
        return nothing();
    };
    let Some(patient) = ctx.settle(patient, &identity.key) else {
        return nothing();
    };
    let (starts_at, ends_at) = period(ctx, encounter);
    let booked = all(&encounter.appointment).next();
    let booked = booked.and_then(|reference| appointment_key(ctx, reference));
    let over = matches!(status, Some(VisitStatus::Cancelled(_) | VisitStatus::Void));
    if booked.is_none() && starts_at.is_none() && !over {
        return Visit::Document;
    }
    let (clinician, clinician_name) = attending(ctx, &encounter.participant);
    let (location, location_name) = whereabouts(ctx, encounter);
    let planned = booked.is_none();
    let completed = status == Some(VisitStatus::Completed);
    let record = AppointmentRecord {
        key: booked.unwrap_or(identity.key),
        patient,
        patient_record: None,
        location,
        location_name,
        clinician,
        clinician_name,
        episode: all(&encounter.episode_of_care)
            .next()
            .and_then(|reference| {
                match ctx.resolve(reference, Path::new("episodeOfCare"), Some("EpisodeOfCare"))? {
                    Target::Key(_, key) => Some(key),
                    Target::Contained(_) | Target::Unknown => None,
                }
            }),
        kind: all(&encounter.r#type)
            .flat_map(|kind| codes(&kind.coding))
            .find_map(kind_of),
        starts_at: starts_at.filter(|_| planned),
        minutes: starts_at
            .zip(ends_at)
            .filter(|_| planned)
            .and_then(|(start, end)| minutes_between(start, end)),
        status,
        booked_at: None,
        status_at: ends_at.filter(|_| completed),
        changed_at: ctx.changed_at(&encounter.meta),
        moved: false,
    };
    Visit::Records(vec![Record::Appointment(Box::new(record))])
}

/// Reads R4's, R4B's and R5's statuses; `unknown` leaves what is stored. `Err`
/// for a word that is none of them.
fn encounter_status(status: &str) -> Result<Option<VisitStatus>, ()> {
    Ok(match status {
        "planned" => Some(VisitStatus::Booked),
        "arrived" | "triaged" => Some(VisitStatus::Arrived),
        "in-progress" | "onleave" | "on-hold" => Some(VisitStatus::InProgress),
        "finished" | "discharged" | "completed" => Some(VisitStatus::Completed),
        "cancelled" | "discontinued" => Some(VisitStatus::Cancelled(CancelledBy::Unknown)),
        "entered-in-error" => Some(VisitStatus::Void),
        "unknown" => None,
        _ => return Err(()),
    })
}

fn period(ctx: &mut Context<'_>, encounter: &Encounter) -> (Option<Moment>, Option<Moment>) {
    let (field, path) = if encounter.period.is_present() {
        (&encounter.period, Path::new("period"))
    } else {
        (&encounter.actual_period, Path::new("actualPeriod"))
    };
    let Some(period) = ctx.one(field, path) else {
        return (None, None);
    };
    let start = ctx.moment(&period.start, path.then("start"));
    (start, ctx.moment(&period.end, path.then("end")))
}

fn appointment_key(ctx: &mut Context<'_>, reference: &Reference) -> Option<ForeignKey> {
    match ctx.resolve(reference, Path::new("appointment"), Some("Appointment"))? {
        Target::Key(kind, key) if kind == "Appointment" => Some(key),
        _ => None,
    }
}

/// Returns the attender or performer, else the first professional.
fn attending(
    ctx: &mut Context<'_>,
    list: &Many<EncounterParticipant>,
) -> (Option<ForeignKey>, Option<String>) {
    let lead = |one: &EncounterParticipant| {
        all(&one.r#type)
            .flat_map(|kind: &CodeableConcept| codes(&kind.coding))
            .any(|code| matches!(code, "ATND" | "PPRF"))
    };
    let mut list = ctx.many(list, Path::new("participant"));
    list.sort_by_key(|(_, one)| !lead(one));
    for (index, one) in list {
        let path = Path::new("participant").at(index);
        let (field, name) = match &one.individual {
            Field::Absent => (&one.actor, "actor"),
            present => (present, "individual"),
        };
        let inner = path.then(name);
        let Some(reference) = ctx.one(field, inner) else {
            continue;
        };
        let name = reference.display.get().and_then(|text| fitting(text));
        match ctx.resolve(reference, inner, Some("Practitioner")) {
            Some(Target::Key(kind, key)) if kind.starts_with("Practitioner") => {
                return (Some(key), name);
            }
            Some(Target::Contained(_)) | None if name.is_some() => return (None, name),
            _ => {}
        }
    }
    (None, None)
}

fn whereabouts(
    ctx: &mut Context<'_>,
    encounter: &Encounter,
) -> (Option<ForeignKey>, Option<String>) {
    let path = Path::new("location");
    let Some((index, place)) = ctx.many(&encounter.location, path).into_iter().next() else {
        return (None, None);
    };
    let at = path.at(index);
    let name = place.location.get().and_then(|r| r.display.get());
    let name = name.and_then(|text| fitting(text));
    (
        ctx.outside(&place.location, at.then("location"), "Location"),
        name,
    )
}
