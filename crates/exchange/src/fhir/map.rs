//! One resource in, records and problems out.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::Item;
use crate::field::Names;
use crate::problem::{Position, Severity};
use crate::record::{DocumentRecord, Record};

use super::care::{self, Request};
use super::context::{Context, Path};
use super::cursor::Place;
use super::reference::Target;
use super::shape::{Document, Head};
use super::visit::{self, Visit};
use super::{person, staff};

/// Types that are kept as they came: of clinical use later, not mapped yet.
const DOCUMENTS: [&str; 14] = [
    "AllergyIntolerance",
    "CareTeam",
    "Condition",
    "Consent",
    "Coverage",
    "DiagnosticReport",
    "DocumentReference",
    "Goal",
    "Immunization",
    "MedicationRequest",
    "Observation",
    "Organization",
    "Procedure",
    "QuestionnaireResponse",
];

/// Types with a mapping of their own.
const MAPPED: [&str; 10] = [
    "Appointment",
    "CarePlan",
    "Encounter",
    "EpisodeOfCare",
    "Location",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "RelatedPerson",
    "ServiceRequest",
];

/// Tells whether a type is read at all; every other one is counted and passed over.
pub(super) fn is_read(kind: &str) -> bool {
    MAPPED.contains(&kind) || DOCUMENTS.contains(&kind)
}

/// What became of a resource.
pub(super) enum Outcome {
    /// These items.
    Items(Vec<Item>),
    /// Nothing worth keeping, such as an inactive carer.
    Nothing,
    /// Ask again when the Bundle has been read to its end.
    Later,
}

/// Maps the resource that `ctx` holds. `place` is where its text begins.
pub(super) fn resource(mut ctx: Context<'_>, kind: &str, place: Place, last_try: bool) -> Outcome {
    match records(&mut ctx, kind, place, last_try) {
        Some(records) => outcome(ctx, records),
        None => Outcome::Later,
    }
}

fn records(ctx: &mut Context<'_>, kind: &str, place: Place, last_try: bool) -> Option<Vec<Record>> {
    let one = |record: Option<Record>| record.into_iter().collect();
    Some(match kind {
        "Patient" => parsed(ctx, place, person::patient).unwrap_or_default(),
        "RelatedPerson" => one(parsed(ctx, place, person::related_person).flatten()),
        "Practitioner" => one(parsed(ctx, place, staff::practitioner).flatten()),
        "PractitionerRole" => match parsed(ctx, place, staff::practitioner_role) {
            Some(Ok(record)) => one(record),
            Some(Err(())) => one(document(ctx, kind, place)),
            None => Vec::new(),
        },
        "Location" => one(parsed(ctx, place, staff::location).flatten()),
        "Appointment" => {
            let visit = parsed(ctx, place, |ctx, visit| {
                visit::appointment(ctx, visit, last_try)
            });
            return visit_records(ctx, kind, place, visit);
        }
        "Encounter" => {
            let visit = parsed(ctx, place, visit::encounter);
            return visit_records(ctx, kind, place, visit);
        }
        "EpisodeOfCare" => one(parsed(ctx, place, care::episode).flatten()),
        "CarePlan" => {
            let plan = parsed(ctx, place, care::plan);
            request_records(ctx, kind, place, plan)
        }
        "ServiceRequest" => {
            let request = parsed(ctx, place, care::request);
            request_records(ctx, kind, place, request)
        }
        _ => one(document(ctx, kind, place)),
    })
}

fn visit_records(
    ctx: &mut Context<'_>,
    kind: &str,
    place: Place,
    visit: Option<Visit>,
) -> Option<Vec<Record>> {
    match visit {
        None => Some(Vec::new()),
        Some(Visit::Records(records)) => Some(records),
        Some(Visit::Document) => Some(document(ctx, kind, place).into_iter().collect()),
        Some(Visit::Later) => None,
    }
}

fn request_records(
    ctx: &mut Context<'_>,
    kind: &str,
    place: Place,
    request: Option<Request>,
) -> Vec<Record> {
    let record = match request {
        None => None,
        Some(Request::Record(record)) => record,
        Some(Request::Document) => document(ctx, kind, place),
    };
    record.into_iter().collect()
}

/// Parses the text and maps it; `None` where it is not JSON.
fn parsed<T: DeserializeOwned, M>(
    ctx: &mut Context<'_>,
    place: Place,
    map: impl FnOnce(&mut Context<'_>, &T) -> M,
) -> Option<M> {
    match serde_json::from_str(ctx.text) {
        Ok(resource) => Some(map(ctx, &resource)),
        Err(error) => {
            not_json(ctx, place, &error);
            None
        }
    }
}

/// Notes that a resource is not JSON, or has an element twice. The words of
/// serde_json are used only where they cannot hold a value.
fn not_json(ctx: &mut Context<'_>, place: Place, error: &serde_json::Error) {
    let line = place.line + (error.line() as u64).saturating_sub(1);
    let column = match error.line() {
        0 | 1 => place.column + (error.column() as u64).saturating_sub(1),
        _ => error.column() as u64,
    };
    let text = error.to_string();
    let words = text.split(" at line ").next().unwrap_or_default();
    match error.classify() {
        Category::Data => {
            let name = words
                .strip_prefix("duplicate field `")
                .and_then(|rest| rest.strip_suffix('`'))
                .map_or_else(String::new, str::to_owned);
            ctx.reject(
                name,
                &format!("stands there twice (line {line} column {column})"),
            );
        }
        Category::Io | Category::Syntax | Category::Eof => ctx.reject(
            "",
            &format!("is not valid JSON at line {line} column {column}: {words}"),
        ),
    }
}

/// Reads the type of a resource that does not begin with it.
pub(super) fn head(ctx: &mut Context<'_>, place: Place) -> Option<Head> {
    parsed(ctx, place, |_, head: &Head| Head {
        resource_type: head.resource_type.clone(),
        id: head.id.clone(),
    })
}

/// Keeps a resource as it came.
fn document(ctx: &mut Context<'_>, kind: &str, place: Place) -> Option<Record> {
    let (key, patient) = parsed(ctx, place, |ctx, document: &Document| {
        let identity = ctx.identify(kind, &document.id, &document.identifier)?;
        let about = [
            ("subject", &document.subject),
            ("patient", &document.patient),
            ("beneficiary", &document.beneficiary),
        ];
        let patient = about.into_iter().find_map(|(name, field)| {
            let path = Path::new(name);
            let reference = ctx.one(field, path)?;
            match ctx.resolve(reference, path, Some("Patient"))? {
                Target::Key(kind, key) if kind == "Patient" => Some(key),
                _ => None,
            }
        });
        Some((identity.key, patient))
    })??;
    Some(Record::Document(DocumentRecord {
        resource_type: kind.to_owned(),
        key,
        patient,
        json: ctx.text.to_owned(),
    }))
}

/// Puts records and problems together: what was ignored goes with the first
/// record, what was rejected stands alone.
fn outcome(mut ctx: Context<'_>, records: Vec<Record>) -> Outcome {
    if !ctx.problems.is_empty() {
        name_problems(&mut ctx);
    }
    let mut problems = ctx.problems;
    let rejected = problems
        .iter()
        .any(|problem| problem.severity == Severity::Rejected);
    let (index, teller) = (ctx.index, ctx.teller);
    let mut items: Vec<Item> = ctx
        .inner
        .into_iter()
        .chain(records)
        .map(|record| Item {
            position: Position::Resource {
                index,
                reference: reference_of(&record, &ctx.reference),
            },
            record: Some(record),
            problems: if rejected {
                Vec::new()
            } else {
                std::mem::take(&mut problems)
            },
            names: Names::Fhir,
            teller: teller.clone(),
        })
        .collect();
    if rejected {
        items.push(Item {
            position: problems
                .first()
                .map_or(Position::Source, |problem| problem.position.clone()),
            problems,
            names: Names::Fhir,
            ..Item::default()
        });
    }
    if items.is_empty() {
        Outcome::Nothing
    } else {
        Outcome::Items(items)
    }
}

/// Names the resource that a record was read from, as far as that names no person.
fn reference_of(record: &Record, resource_type: &str) -> String {
    let key = match record {
        Record::Merge(_) => None,
        other => other.key(),
    };
    let own = key.filter(|key| key.system.starts_with("fhir:"));
    let own = own.filter(|key| key.value.starts_with(resource_type));
    own.map_or_else(|| resource_type.to_owned(), |key| key.value.clone())
}

/// Writes `Type/id` into the problems. It is looked up only here, since most
/// resources have none; ids outside FHIR's form are left out.
fn name_problems(ctx: &mut Context<'_>) {
    let head: Option<Head> = serde_json::from_str(ctx.text).ok();
    let id = head.as_ref().and_then(|head| head.id.get());
    let id = id.filter(|id| {
        (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
    });
    let Some(id) = id else { return };
    let name = format!("{}/{id}", ctx.reference);
    for problem in &mut ctx.problems {
        if let Position::Resource { reference, .. } = &mut problem.position {
            reference.clone_from(&name);
        }
    }
}
