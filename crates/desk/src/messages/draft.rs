//! Words of staff before they are sent: how long, and what is wrong with them.

use jiff::{SignedDuration, Timestamp};
use tendon_care::access::{Access, Permission};
use tendon_care::contact::Channel;
use tendon_care::id::PatientId;
use tendon_care::lint::{self, Code, Finding, Place, Rendered};
use tendon_care::message::Body;
use tendon_care::purpose::Purpose;
use tendon_care::segment::{MAX_PARTS, segments};

use crate::desk::Desk;
use crate::error::DeskError;

/// The furthest ahead that staff may write.
const FURTHEST: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Words of staff before they are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// How they travel.
    pub channel: Channel,
    /// The subject, for e-mail; the clinic's name where none is given.
    pub subject: Option<String>,
    /// The words.
    pub words: String,
    /// Why they are sent; safety is not for staff to claim.
    pub purpose: Purpose,
    /// Not before; at once where `None`.
    pub send_at: Option<Timestamp>,
    /// Staff have seen the advice and send it as it is.
    pub despite_advice: bool,
}

/// What the editor shows of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The words as they would leave, for texts with the clinic's name before them.
    pub text: Body,
    /// SMS parts; 0 for e-mail.
    pub parts: usize,
    /// What is wrong, in the order of the text.
    pub findings: Vec<Finding>,
    /// Something is wrong that no insistence helps.
    pub must_change: bool,
}

impl Desk {
    /// Measures a draft for the editor.
    pub async fn measure(
        &self,
        access: &Access,
        patient: PatientId,
        draft: &Draft,
        is_reply: bool,
    ) -> Result<Measured, DeskError> {
        access.require(Permission::WriteMessages)?;
        let stored = self.reader(access).patient(patient).await?;
        let stored = stored.ok_or(DeskError::NotFound("patient"))?;
        let house = self.house(access.practice).await?;
        Ok(measured(
            &house.practice.name,
            stored.name.first(),
            draft,
            is_reply,
        ))
    }
}

/// Refuses what no editor should have offered.
pub(super) fn check(draft: &Draft, now: Timestamp) -> Result<(), DeskError> {
    if draft.words.trim().is_empty() {
        return Err(DeskError::invalid("words", "must not be empty"));
    }
    if draft.channel == Channel::Voice {
        return Err(DeskError::invalid("channel", "must be sms or email"));
    }
    if draft.purpose == Purpose::Safety {
        return Err(DeskError::invalid(
            "purpose",
            "is for automatic answers only",
        ));
    }
    let in_reach = |at: Timestamp| at >= now && at <= now + FURTHEST;
    if !draft.send_at.is_none_or(in_reach) {
        return Err(DeskError::invalid(
            "send_at",
            "must be within the next 90 days",
        ));
    }
    Ok(())
}

/// Words a draft as it would leave, and finds what is wrong with it.
pub(super) fn measured(clinic: &str, first_name: &str, draft: &Draft, is_reply: bool) -> Measured {
    let words = draft.words.trim();
    let text = match draft.channel {
        // Who writes stands at the front, as everybody who gets a text from a
        // number must be told; within a conversation they know.
        Channel::Sms if !is_reply && !words.contains(clinic) => format!("{clinic}: {words}"),
        _ => words.to_owned(),
    };
    let place = match draft.channel {
        Channel::Email => Place::MailBody,
        Channel::Sms | Channel::Voice => Place::Text,
    };
    let rendered = |text, place| Rendered {
        text,
        place,
        purpose: draft.purpose,
        clinic,
        first_name: Some(first_name),
    };
    let mut findings = lint::lint(&rendered(&text, place));
    findings.retain(|finding| !(is_reply && finding.code == Code::NoClinic));
    if let (Channel::Email, Some(subject)) = (draft.channel, &draft.subject) {
        findings.extend(lint::lint(&rendered(subject, Place::Subject)));
    }
    let parts = match draft.channel {
        Channel::Sms => segments(&text).parts,
        Channel::Email | Channel::Voice => 0,
    };
    let must_change = parts > MAX_PARTS || findings.iter().any(|finding| is_firm(finding.code));
    Measured {
        text: Body::new(text),
        parts,
        findings,
        must_change,
    }
}

/// What nobody may send: it would be blocked, or taken for an opt-out, or give away
/// what proves who somebody is. All else is advice; a patient who asks about a knee
/// may be told about the knee (45 CFR 164.522(b)).
const fn is_firm(code: Code) -> bool {
    matches!(
        code,
        Code::Shortener
            | Code::CarrierWord
            | Code::TooManyParts
            | Code::BirthDate
            | Code::RecordNumber
    )
}
