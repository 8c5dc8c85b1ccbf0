//! Acts on a patient: write, pause, propose, change what lies ahead, record a consent.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::DateTime;
use tendon_care::consent::Basis;
use tendon_care::contact::Channel;
use tendon_care::id::{ContactPointId, PatientId};
use tendon_care::purpose::{Purpose, Purposes};
use tendon_desk::{
    Desk, DeskError, Draft, Given, PlannedAct, PlannedKey, PlannedLine, PlannedWhat, Posted, Proof,
    TakenBack,
};

use super::Asked;
use crate::pages::patient::Draft as Begun;
use crate::pages::urls::Url;
use crate::server::App;
use crate::server::back::Back;
use crate::server::forgery::Fields;
use crate::server::once;
use crate::server::page::Page;
use crate::server::path::{Both, Of};
use crate::server::refusal::Refusal;
use crate::server::said::Said;
use crate::server::session::Staff;
use crate::staff::view::View;
use crate::staff::words::advice;

/// The journey that proposes to book the rest of a plan, and how far its next
/// proposal may be ahead.
const PROPOSALS: &str = "plan-unbooked";
const PROPOSALS_DAYS: u16 = 90;

/// The version of the words that staff read out when somebody agrees at the desk.
const SPOKEN_WORDING: &str = "desk-1";

/// Writes to a patient; words that the rules advise against come back with the advice.
pub(crate) async fn write(
    State(app): State<App>,
    staff: Staff,
    Of(patient): Of<PatientId>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let by_mail = fields.get("channel") == Some("email");
    let draft = Draft {
        channel: if by_mail {
            Channel::Email
        } else {
            Channel::Sms
        },
        subject: None,
        words: fields.get("words").unwrap_or_default().to_owned(),
        purpose: Purpose::Care,
        send_at: None,
        despite_advice: fields.get("despite").is_some(),
    };
    let at = Url::PatientWrite(patient);
    let write = async |desk: &Desk| desk.write_to(staff.access(), patient, &draft).await;
    match once::once(&app, &staff, &at, &fields, write).await? {
        None | Some(Posted::Queued { .. }) => Ok(back_to(patient, Said::Written).into_response()),
        Some(Posted::Refused(measured)) => {
            let begun = Begun {
                once: once::name(&app),
                words: draft.words,
                by_mail,
                advice: advice(&measured),
            };
            let mut page = super::chart(&app, &staff, patient, &Asked::default()).await?;
            page.draft = begun;
            Ok(Page(page).into_response())
        }
    }
}

/// Pauses all automation for a patient, or lets it go on.
pub(crate) async fn pause(
    State(app): State<App>,
    staff: Staff,
    Of(patient): Of<PatientId>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    let paused = fields.get("paused") == Some("yes");
    app.desk().pause(staff.access(), patient, paused).await?;
    Ok(back_to(
        patient,
        if paused { Said::Paused } else { Said::GoesOn },
    ))
}

/// Does what lies ahead of the journey that proposes to book the rest.
pub(crate) async fn propose(
    State(app): State<App>,
    staff: Staff,
    Of(patient): Of<PatientId>,
    back: Back,
) -> Result<Redirect, Refusal> {
    let ahead = app
        .desk()
        .planned(staff.access(), patient, PROPOSALS_DAYS)
        .await?;
    let is_proposal = |line: &&PlannedLine| {
        let ours = line
            .journey
            .as_ref()
            .is_some_and(|(journey, _)| journey == PROPOSALS);
        ours && matches!(line.what, PlannedWhat::Message { .. })
    };
    let none = || {
        Refusal::Stale("no proposal is ahead for this patient; write a message instead".to_owned())
    };
    let key = &ahead.iter().find(is_proposal).ok_or_else(none)?.key;
    app.desk()
        .on_planned(staff.access(), patient, key, PlannedAct::Now)
        .await?;
    Ok(back.after(Said::Proposed))
}

/// Skips what lies ahead.
pub(crate) async fn planned_skip(
    State(app): State<App>,
    staff: Staff,
    Both(patient, key): Both<PatientId, PlannedKey>,
) -> Result<Redirect, Refusal> {
    app.desk()
        .on_planned(staff.access(), patient, &key, PlannedAct::Skip)
        .await?;
    Ok(back_to(patient, Said::Skipped))
}

/// Sends now what lies ahead.
pub(crate) async fn planned_send(
    State(app): State<App>,
    staff: Staff,
    Both(patient, key): Both<PatientId, PlannedKey>,
) -> Result<Redirect, Refusal> {
    app.desk()
        .on_planned(staff.access(), patient, &key, PlannedAct::Now)
        .await?;
    Ok(back_to(patient, Said::SentNow))
}

/// Gives what lies ahead another time, read on the practice's clock.
pub(crate) async fn planned_move(
    State(app): State<App>,
    staff: Staff,
    Both(patient, key): Both<PatientId, PlannedKey>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    let view = View::of(&app, &staff).await?;
    let wanted = fields
        .get("to")
        .and_then(|text| text.parse::<DateTime>().ok());
    let at = wanted.and_then(|at| at.to_zoned(view.zone()).ok());
    let to = at
        .ok_or_else(|| DeskError::invalid("to", "is no date and time"))?
        .timestamp();
    app.desk()
        .on_planned(staff.access(), patient, &key, PlannedAct::Move { to })
        .await?;
    Ok(back_to(patient, Said::Moved))
}

/// Writes what a patient said at the desk into the consent ledger.
pub(crate) async fn consent(
    State(app): State<App>,
    staff: Staff,
    Of(patient): Of<PatientId>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    let purpose = fields
        .get("purpose")
        .and_then(|code| code.parse::<Purpose>().ok());
    let purpose = purpose.ok_or_else(|| DeskError::invalid("purpose", "must be chosen"))?;
    let point = fields
        .get("address")
        .and_then(|id| id.parse::<ContactPointId>().ok());
    let point = point.ok_or_else(|| DeskError::invalid("address", "must be chosen"))?;
    let proof = Proof::Note(fields.get("evidence").unwrap_or_default().trim().to_owned());
    if fields.get("change") == Some("grant") {
        let given = Given {
            purpose,
            channel: None,
            basis: Basis::Spoken,
            wording_version: SPOKEN_WORDING.to_owned(),
            warning_version: None,
            proof,
        };
        app.desk()
            .grant_consent(staff.access(), patient, point, &given)
            .await?;
    } else {
        let purposes: Purposes = [purpose].into_iter().collect();
        let taken = TakenBack {
            purposes: Some(purposes),
            channel: None,
            proof,
        };
        app.desk()
            .revoke_consent(staff.access(), patient, point, &taken)
            .await?;
    }
    Ok(back_to(patient, Said::ConsentKept))
}

fn back_to(patient: PatientId, said: Said) -> Redirect {
    Redirect::to(&crate::server::said::add(
        &Url::Patient(patient).to_string(),
        said,
    ))
}
