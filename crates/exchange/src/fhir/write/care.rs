//! Courses of care, their plans, and the referrals before them.

use serde_json::{Map, json};

use super::{Resource, WriteError, begin, date_time, episode_extension, put, reference};
use crate::fhir::codes::url;
use crate::record::{EpisodeRecord, PlanRecord, ReferralRecord};

pub(super) fn episode(course: &EpisodeRecord) -> Result<Resource, WriteError> {
    let mut out = begin("EpisodeOfCare", &course.key, None)?;
    let status = match (&course.ended, course.on_hold) {
        (Some(_), _) => "finished",
        (None, true) => "onhold",
        (None, false) => "active",
    };
    let mut period = Map::new();
    let start = date_time("EpisodeOfCare.period.start", course.started_at)?;
    put(&mut period, "start", start);
    if let Some((at, how)) = course.ended {
        let end = date_time("EpisodeOfCare.period.end", Some(at))?;
        put(&mut period, "end", end);
        let own = json!([{ "url": url::DISCHARGE, "valueCode": how.code() }]);
        put(&mut out, "extension", own);
    }
    put(&mut out, "status", status);
    put(
        &mut out,
        "patient",
        reference(&course.key, &course.patient, "Patient"),
    );
    put(&mut out, "period", period);
    Ok(out)
}

pub(super) fn care_plan(plan: &PlanRecord) -> Result<Resource, WriteError> {
    let mut out = begin("CarePlan", &plan.key, None)?;
    let mut list = Vec::new();
    if let Some(episode) = &plan.episode {
        list.push(episode_extension(&plan.key, episode));
    }
    if let Some(visits) = plan.authorised_visits {
        list.push(json!({ "url": url::AUTHORISED, "valueUnsignedInt": visits }));
    }
    put(&mut out, "extension", list);
    put(&mut out, "status", "active");
    put(&mut out, "intent", "plan");
    let coding = json!([{ "system": "http://snomed.info/sct", "code": "91251008" }]);
    put(&mut out, "category", json!([{ "coding": coding }]));
    put(
        &mut out,
        "subject",
        reference(&plan.key, &plan.patient, "Patient"),
    );
    let mut period = Map::new();
    put(
        &mut period,
        "start",
        plan.starts_on.map(|day| day.to_string()),
    );
    put(&mut period, "end", plan.ends_on.map(|day| day.to_string()));
    put(&mut out, "period", period);
    let mut repeat = Map::new();
    put(&mut repeat, "count", plan.visits);
    if let Some(visits) = plan.visits_per_week {
        put(&mut repeat, "frequency", visits);
        put(&mut repeat, "period", 1);
        put(&mut repeat, "periodUnit", "wk");
    }
    if !repeat.is_empty() {
        let detail = json!({ "status": "scheduled", "scheduledTiming": { "repeat": repeat } });
        put(&mut out, "activity", json!([{ "detail": detail }]));
    }
    Ok(out)
}

pub(super) fn service_request(referral: &ReferralRecord) -> Result<Resource, WriteError> {
    let mut out = begin("ServiceRequest", &referral.key, None)?;
    put(
        &mut out,
        "status",
        if referral.cancelled {
            "revoked"
        } else {
            "active"
        },
    );
    put(&mut out, "intent", "order");
    let coding = json!([{ "system": "http://snomed.info/sct", "code": "3457005" }]);
    put(&mut out, "category", json!([{ "coding": coding }]));
    put(
        &mut out,
        "subject",
        reference(&referral.key, &referral.patient, "Patient"),
    );
    let received_at = date_time("ServiceRequest.authoredOn", referral.received_at)?;
    put(&mut out, "authoredOn", received_at);
    if let Some(referrer) = &referral.referrer {
        put(&mut out, "requester", json!({ "display": referrer }));
    }
    Ok(out)
}
