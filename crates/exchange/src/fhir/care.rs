//! EpisodeOfCare, CarePlan and ServiceRequest.
//!
//! A CarePlan coded as something else than therapy (diabetes self-management,
//! wound care) is no plan of care of this practice, and a ServiceRequest that
//! asks for a laboratory test is no referral: both are kept as documents.

use tendon_care::episode::Discharge;

use crate::record::{EpisodeRecord, ForeignKey, Moment, PlanRecord, Record, ReferralRecord};

use super::codes::{all, codes, extension, url, words};
use super::context::{Context, Path};
use super::element::Many;
use super::shape::{CarePlan, CodeableConcept, EpisodeOfCare, Extension, Repeat, ServiceRequest};
use super::staff::fitting;

/// Reads a positive whole number of at most `u32`.
pub(super) fn whole(number: f64) -> Option<u32> {
    let fits = number.fract() == 0.0 && number >= 1.0 && number <= f64::from(u32::MAX);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the line above holds it within the target's range"
    )]
    fits.then_some(number as u32)
}

/// Maps an EpisodeOfCare; `None` where it is no episode (entered in error).
pub(super) fn episode(ctx: &mut Context<'_>, episode: &EpisodeOfCare) -> Option<Record> {
    let status = ctx.required(&episode.status, "status")?;
    let (over, on_hold) = match status {
        "planned" | "waitlist" | "active" => (false, false),
        "onhold" => (false, true),
        "finished" | "cancelled" => (true, false),
        "entered-in-error" => return None,
        _ => {
            ctx.reject("status", "is not a status of FHIR R4");
            return None;
        }
    };
    let identity = ctx.identify("EpisodeOfCare", &episode.id, &episode.identifier)?;
    let patient = ctx.patient(&episode.patient, "patient")?;
    let patient = ctx.settle(patient, &identity.key)?;
    let path = Path::new("period");
    let period = ctx.one(&episode.period, path);
    let started_at = period.and_then(|p| ctx.moment(&p.start, path.then("start")));
    let ended_at = period.and_then(|p| ctx.moment(&p.end, path.then("end")));
    let ended_at = ended_at.filter(|_| over);
    let ended = if over {
        let at = ended_at
            .or_else(|| last_change(ctx, episode, status))
            .or(started_at);
        let Some(at) = at else {
            ctx.reject("period.end", "is missing in an episode that is over");
            return None;
        };
        Some((at, discharge(&episode.extension)))
    } else {
        None
    };
    Some(Record::Episode(EpisodeRecord {
        key: identity.key,
        patient,
        started_at,
        ended,
        on_hold,
    }))
}

/// Returns when the episode entered its status, or when it last changed at all.
fn last_change(ctx: &mut Context<'_>, episode: &EpisodeOfCare, status: &str) -> Option<Moment> {
    let path = Path::new("statusHistory");
    let entered = ctx
        .many(&episode.status_history, path)
        .into_iter()
        .rfind(|(_, entry)| entry.status.get().is_some_and(|own| own == status));
    let entered = entered.and_then(|(index, entry)| {
        let at = path.at(index);
        let period = entry.period.get()?;
        ctx.moment(&period.start, at.then("period"))
    });
    entered.or_else(|| ctx.changed_at(&episode.meta))
}

/// R4 does not say how an episode ended; ours does where we wrote it.
fn discharge(list: &Many<Extension>) -> Discharge {
    extension(list, url::DISCHARGE)
        .and_then(|own| Discharge::from_code(own.value_code.get()?))
        .unwrap_or(Discharge::Other)
}

fn episode_of(ctx: &mut Context<'_>, list: &Many<Extension>) -> Option<ForeignKey> {
    let own = extension(list, url::EPISODE)?;
    let path = Path::new("extension");
    ctx.outside(&own.value_reference, path, "EpisodeOfCare")
}

/// What a request or plan turned out to be.
pub(super) enum Request {
    /// This record, or none where it was rejected.
    Record(Option<Record>),
    /// Not one of therapy: keep it as it came.
    Document,
}

/// Words by which therapy is told from other care, in lower case.
const THERAPY: [&str; 8] = [
    "physical therap",
    "physiotherap",
    "occupational therap",
    "rehabilitation",
    "therapeutic exercise",
    "plan of care",
    "fisioterapia",
    "terapia física",
];

/// What the word rehabilitation also means.
const NOT_THERAPY: [&str; 5] = ["alcohol", "substance", "drug", "tobacco", "cardiac"];

fn is_therapy(texts: impl Iterator<Item = String>) -> bool {
    texts.into_iter().any(|text| {
        THERAPY.iter().any(|word| text.contains(word))
            && !NOT_THERAPY.iter().any(|word| text.contains(word))
    })
}

/// SNOMED CT: physical therapy procedure, rehabilitation therapy.
const THERAPY_CODES: [&str; 2] = ["91251008", "52052004"];

/// Maps a CarePlan.
pub(super) fn plan(ctx: &mut Context<'_>, plan: &CarePlan) -> Request {
    let status = plan.status.get().map_or("", String::as_str);
    let intent = plan.intent.get().map_or("", String::as_str);
    let in_force = !matches!(status, "draft" | "entered-in-error" | "revoked")
        && !matches!(intent, "proposal" | "option");
    if !in_force || !concerns_therapy(plan) {
        return Request::Document;
    }
    Request::Record(plan_record(ctx, plan))
}

fn concerns_therapy(plan: &CarePlan) -> bool {
    let categories = || all(&plan.category).flat_map(|one| codes(&one.coding));
    let details = || all(&plan.activity).filter_map(|one| one.detail.get());
    // US Core's own category says only that this is a plan.
    let uncoded = categories().all(|code| code == "assess-plan");
    let titled = plan.title.get().map(|title| title.to_lowercase());
    let spoken = all(&plan.category)
        .chain(details().filter_map(|detail| detail.code.get()))
        .flat_map(words)
        .chain(titled);
    let unnamed = uncoded && all(&plan.category).flat_map(words).next().is_none();
    unnamed
        || categories().any(|code| THERAPY_CODES.contains(&code))
        || details().any(|detail| detail.scheduled_timing.is_present())
        || is_therapy(spoken)
}

fn plan_record(ctx: &mut Context<'_>, plan: &CarePlan) -> Option<Record> {
    let identity = ctx.identify("CarePlan", &plan.id, &plan.identifier)?;
    let patient = ctx.patient(&plan.subject, "subject")?;
    let patient = ctx.settle(patient, &identity.key)?;
    let path = Path::new("period");
    let period = ctx.one(&plan.period, path);
    let repeat =
        all(&plan.activity).find_map(|one| one.detail.get()?.scheduled_timing.get()?.repeat.get());
    let authorised = extension(&plan.extension, url::AUTHORISED)
        .and_then(|own| whole(*own.value_unsigned_int.get()?));
    Some(Record::Plan(PlanRecord {
        key: identity.key,
        patient,
        episode: episode_of(ctx, &plan.extension),
        visits: repeat
            .and_then(|repeat| whole(*repeat.count.get()?))
            .and_then(|visits| u16::try_from(visits).ok()),
        visits_per_week: repeat.and_then(per_week),
        authorised_visits: authorised.and_then(|visits| u16::try_from(visits).ok()),
        starts_on: period.and_then(|p| ctx.date(&p.start, path.then("start"))),
        ends_on: period.and_then(|p| ctx.date(&p.end, path.then("end"))),
    }))
}

/// Turns "3 times in 2 weeks" into visits a week, rounded up: a plan must not
/// look easier to fulfil than it is.
fn per_week(repeat: &Repeat) -> Option<u8> {
    let frequency = repeat.frequency.get().copied().unwrap_or(1.0);
    let period = *repeat.period.get()?;
    let weeks = match repeat.period_unit.get()?.as_str() {
        "d" => period / 7.0,
        "wk" => period,
        "mo" => period * (365.25 / 12.0 / 7.0),
        _ => return None,
    };
    let visits = whole((frequency / weeks).ceil())?;
    u8::try_from(visits).ok().filter(|visits| *visits <= 21)
}

/// SNOMED CT: patient referral, to a service, to a specialist, to physiotherapy.
const REFERRAL_CODES: [&str; 4] = ["3457005", "306206005", "103696004", "308447003"];

/// Maps a ServiceRequest.
pub(super) fn request(ctx: &mut Context<'_>, request: &ServiceRequest) -> Request {
    let status = request.status.get().map_or("", String::as_str);
    let intent = request.intent.get().map_or("", String::as_str);
    let asked = status != "draft"
        && !matches!(intent, "proposal" | "plan" | "option")
        && request.do_not_perform.get() != Some(&true);
    if !asked || !is_referral(request) {
        return Request::Document;
    }
    Request::Record(referral(ctx, request, status))
}

fn is_referral(request: &ServiceRequest) -> bool {
    let code = request.code.get();
    let concept = code.and_then(|code| code.concept.get());
    let coded = all(&request.category)
        .map(|one: &CodeableConcept| &one.coding)
        .chain(code.map(|code| &code.coding))
        .chain(concept.map(|concept| &concept.coding));
    let coded: Vec<_> = coded.collect();
    let known = coded
        .iter()
        .flat_map(|codings| codes(codings))
        .any(|code| REFERRAL_CODES.contains(&code) || THERAPY_CODES.contains(&code));
    let displays = coded
        .iter()
        .flat_map(|codings| all(codings))
        .filter_map(|coding| coding.display.get());
    let texts = all(&request.category)
        .filter_map(|one| one.text.get())
        .chain(code.and_then(|code| code.text.get()))
        .chain(concept.and_then(|concept| concept.text.get()));
    let texts: Vec<_> = displays
        .chain(texts)
        .map(|text| text.to_lowercase())
        .collect();
    known || texts.iter().any(|text| text.contains("referral")) || is_therapy(texts.into_iter())
}

fn referral(ctx: &mut Context<'_>, request: &ServiceRequest, status: &str) -> Option<Record> {
    let identity = ctx.identify("ServiceRequest", &request.id, &request.identifier)?;
    let patient = ctx.patient(&request.subject, "subject")?;
    let patient = ctx.settle(patient, &identity.key)?;
    let path = Path::new("requester");
    let requester = ctx.one(&request.requester, path);
    let referrer = requester.and_then(|requester| {
        let said = requester.display.get().and_then(|text| fitting(text));
        said.or_else(|| {
            let target = ctx.resolve(requester, path, Some("Practitioner"))?;
            ctx.contained_name(&target)
        })
    });
    Some(Record::Referral(ReferralRecord {
        key: identity.key,
        patient,
        referrer,
        received_at: ctx.moment(&request.authored_on, Path::new("authoredOn")),
        cancelled: matches!(status, "revoked" | "entered-in-error"),
    }))
}
