//! Words from an address that nobody here has.
//!
//! There is no chart to act on and nobody to answer, so nothing is sent. What came
//! is kept, sealed, and a person finds out whose it is. A STOP counts already: the
//! gate hears of it for whoever turns out to have the address.

use jiff::SignedDuration;
use tendon_assist::{Class, Context, Level, Understanding, understand};
use tendon_care::access::Access;
use tendon_care::consent::{Act, Entry, Evidence, Extent, Ledger, RevokedVia, ScopeMode};
use tendon_care::contact::ContactPoint;
use tendon_care::id::{ConsentId, Id, MessageId, PatientId};
use tendon_care::task::{About, Task, TaskKind, TaskState};
use tendon_store::{Action, AuditEntry, Commit, StrayRow, Write};

use super::{Heard, Inbound, Keyword};
use crate::desk::Desk;
use crate::error::DeskError;

impl Desk {
    /// Keeps a message from a stranger and opens work about it.
    pub(super) async fn keep_stray(
        &self,
        access: &Access,
        inbound: &Inbound,
        keyword: Option<Keyword>,
    ) -> Result<Heard, DeskError> {
        let now = self.now();
        let meaning = understand(inbound.body.expose(), &Context::default());
        let opts_out = keyword == Some(Keyword::Stop)
            || meaning.says(Class::OptOutAll)
            || meaning.says(Class::OptOutCategory);
        let id: MessageId = self.mint().id();
        let mut commit = Commit::new(access);
        commit.push(Write::Stray(Box::new(StrayRow {
            id,
            channel: inbound.channel,
            from: inbound.from.clone(),
            body: inbound.body.clone(),
            intent: meaning.class.code().to_owned(),
            opts_out,
            carrier: inbound.carrier.clone(),
            carrier_ref: inbound.carrier_ref.clone(),
            at: now,
        })));
        if let Some((kind, minutes)) = work(&meaning) {
            let task = Task {
                id: self.mint().id(),
                kind,
                about: About {
                    message: Some(id),
                    ..About::default()
                },
                due_at: now + SignedDuration::from_mins(minutes),
                owner: None,
                state: TaskState::Open,
            };
            commit.push(Write::TaskNew(task, now));
        }
        commit.audit(AuditEntry::new(access, now, Action::Create, "stray_message").of(id));
        self.db().commit(commit).await?;
        Ok(Heard::Stranger)
    }

    /// Returns everything that was said about a patient's addresses: on the patient's
    /// own record, and as [`Desk::with_all_about`] adds to it.
    pub async fn whole_ledger(
        &self,
        access: &Access,
        patient: PatientId,
        points: &[ContactPoint],
    ) -> Result<Ledger, DeskError> {
        let ledger = self.reader(access).ledger(patient).await?;
        self.with_all_about(access, patient, points, ledger).await
    }

    /// Adds to a patient's ledger everything else that was said about the patient's
    /// addresses: before anybody here had them, and on other records that have them.
    pub(crate) async fn with_all_about(
        &self,
        access: &Access,
        patient: PatientId,
        points: &[ContactPoint],
        ledger: Ledger,
    ) -> Result<Ledger, DeskError> {
        let mut ledger = self
            .with_stray_stops(access, patient, points, ledger)
            .await?;
        for said in self.reader(access).consents_elsewhere(patient).await? {
            let point = points.iter().find(|known| known.id == said.contact_point);
            if let Some(point) = point {
                ledger.heed(point.owner, &said.entries);
            }
        }
        Ok(ledger)
    }

    /// Adds to a ledger what was said from an address before anybody here had it.
    async fn with_stray_stops(
        &self,
        access: &Access,
        patient: PatientId,
        points: &[ContactPoint],
        mut ledger: Ledger,
    ) -> Result<Ledger, DeskError> {
        for (message, point, at) in self.reader(access).stray_stops(patient).await? {
            let Some(point) = points.iter().find(|known| known.id == point) else {
                continue;
            };
            ledger.push(Entry {
                id: ConsentId::from_uuid(message.uuid()),
                person: point.owner,
                address: point.address.clone(),
                captured_at: at,
                captured_by: access.actor,
                evidence: Evidence::Message(message),
                act: Act::Revoked {
                    extent: Extent::Unqualified {
                        topic: None,
                        mode: ScopeMode::Category,
                    },
                    via: RevokedVia::Text,
                },
            });
        }
        Ok(ledger)
    }
}

/// What a person has to do, and within how many minutes. Noise makes no work.
fn work(meaning: &Understanding) -> Option<(TaskKind, i64)> {
    if let Some(flag) = &meaning.red_flag {
        let minutes = match flag.level {
            Level::Emergency | Level::Crisis => 5,
            Level::Abuse | Level::Urgent => 120,
        };
        return Some((TaskKind::RedFlag, minutes));
    }
    match meaning.class {
        Class::Thanks
        | Class::TapbackPositive
        | Class::TapbackNegative
        | Class::AutoReply
        | Class::Spam
        | Class::OptOutAll => None,
        _ => Some((TaskKind::Reply, 4 * 60)),
    }
}
