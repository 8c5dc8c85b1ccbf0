//! What a patient may do through a signed link: no account, no password.
//!
//! The link proves that somebody reads messages sent to the patient; the birthday
//! proves a little more, and is asked before anything about a visit is shown or
//! done. To stop messages the link alone is enough, at any age.

mod preferences;
mod renew;
mod unsubscribe;
mod visit;
mod wish;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq;
use tendon_care::access::{Access, Actor, PurposeOfUse, Scope};
use tendon_care::contact::{Phone, Standing};
use tendon_care::id::{PatientId, PracticeId};
use tendon_care::language::Language;
use tendon_care::patient::{Life, Patient};
use tendon_care::touchpoint::Fact;
use tendon_store::{
    Action, AuditEntry, Commit, CommitError, LINK_TRIES, LinkCheck, LinkRow, StoreError, Versioned,
    Write,
};

pub use self::preferences::{Preferences, Wanted, Way};
pub use self::unsubscribe::WayOut;
pub use self::visit::{PortalVisit, VisitStanding};
pub use self::wish::{DayPart, NOTE_LIMIT, Wish};
use crate::change::Origin;
use crate::desk::Desk;
use crate::error::DeskError;
use crate::link;

/// How long a birthday counts.
pub const VERIFIED_LIFE: SignedDuration = SignedDuration::from_mins(30);

/// Why a link does not open. A token is 128 random bits, so telling these apart
/// tells nothing to who does not hold one.
#[derive(Debug, thiserror::Error)]
pub enum PortalError {
    /// There is no such link.
    #[error("there is no such link")]
    Unknown,
    /// Its time is over; a fresh one can be sent.
    #[error("the link has expired")]
    Expired,
    /// Too many wrong birthdays; a fresh one can be sent.
    #[error("the link is dead after too many wrong birthdays")]
    Dead,
    /// The birthday comes first.
    #[error("the birthday is wanted first")]
    NotVerified,
    /// What was asked for did not happen.
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl From<StoreError> for PortalError {
    fn from(error: StoreError) -> Self {
        Self::Desk(error.into())
    }
}

impl From<CommitError> for PortalError {
    fn from(error: CommitError) -> Self {
        Self::Desk(error.into())
    }
}

/// What may be shown before the birthday: whose page it is, and nothing about whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// The tenant.
    pub practice: PracticeId,
    /// The clinic's name.
    pub clinic: String,
    /// The number to call.
    pub phone: Option<Phone>,
    /// The language of the page.
    pub language: Language,
    /// The birthday was given and still counts.
    pub verified: bool,
    /// Wrong birthdays that are left.
    pub tries_left: u16,
}

/// The answer to a birthday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Right: the page opens until then.
    Right {
        /// Until when.
        until: Timestamp,
    },
    /// Wrong.
    Wrong {
        /// Tries that are left.
        left: u16,
    },
    /// The practice has no birthday on file; the patient calls.
    CannotTell,
}

/// A link that is open, with what stands behind it.
pub(crate) struct Visitor {
    pub(crate) access: Access,
    pub(crate) link: LinkRow,
    pub(crate) patient: Versioned<Patient>,
    verified: bool,
}

impl Visitor {
    pub(crate) fn id(&self) -> PatientId {
        self.patient.id
    }
}

impl Desk {
    /// Opens a link, as far as it opens without a birthday.
    pub async fn open_link(&self, token: &str) -> Result<Greeting, PortalError> {
        let visitor = self.visitor(token).await?;
        let house = self.house(visitor.access.practice).await?;
        Ok(Greeting {
            practice: visitor.access.practice,
            clinic: house.practice.name.clone(),
            phone: house.practice.phone.clone(),
            language: visitor.patient.language,
            verified: visitor.verified,
            tries_left: LINK_TRIES.saturating_sub(visitor.link.failures),
        })
    }

    /// Takes a birthday. Five wrong ones kill the link, however fast they come.
    pub async fn check_birthday(
        &self,
        token: &str,
        birthday: Date,
    ) -> Result<Checked, PortalError> {
        let visitor = self.visitor(token).await?;
        let Some(known) = visitor.patient.birth_date else {
            return Ok(Checked::CannotTell);
        };
        let (given, known) = (birthday.to_string(), known.to_string());
        // Takes as long whichever digit is wrong.
        if bool::from(given.as_bytes().ct_eq(known.as_bytes())) {
            self.birthday_right(token, &visitor).await
        } else {
            self.birthday_wrong(token, &visitor).await
        }
    }

    async fn birthday_right(&self, token: &str, visitor: &Visitor) -> Result<Checked, PortalError> {
        let until = self.now() + VERIFIED_LIFE;
        let done = self
            .change(&visitor.access, visitor.id(), Origin::Live, |change| {
                let link = visitor.link.id;
                change.write(Write::LinkChecked(link, LinkCheck::Right { until }));
                change.happened(Fact::LinkOpened { link });
                change.audit(Action::Execute, "patient_link", "birthday right");
                // Who opens a link that was sent there has proved the address.
                let point = visitor.link.contact_point;
                let known = change.chart.patient.contact_points.iter();
                let proved = known
                    .filter(|known| Some(known.id) == point)
                    .any(|known| known.standing == Standing::Unverified);
                if let (true, Some(point)) = (proved, point) {
                    let at = change.now();
                    change.write_last(Write::ContactStanding(point, Standing::Verified { at }));
                }
                Ok(())
            })
            .await;
        match done {
            Ok(()) => Ok(Checked::Right { until }),
            Err(DeskError::Busy) => {
                // Guesses that came at the same time may have killed it.
                self.visitor(token).await?;
                Err(DeskError::Busy.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn birthday_wrong(&self, token: &str, visitor: &Visitor) -> Result<Checked, PortalError> {
        let mut commit = Commit::new(&visitor.access);
        commit.push(Write::LinkChecked(visitor.link.id, LinkCheck::Wrong));
        let entry = AuditEntry::new(&visitor.access, self.now(), Action::Execute, "patient_link");
        commit.audit(
            entry
                .of(visitor.link.id)
                .about(visitor.id())
                .with("birthday wrong"),
        );
        match self.db().commit(commit).await {
            Ok(()) | Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        // Counted anew: others may have guessed at the same time.
        let after = self.visitor(token).await?;
        let left = LINK_TRIES.saturating_sub(after.link.failures);
        Ok(Checked::Wrong { left })
    }

    /// Finds who a link is for.
    pub(crate) async fn visitor(&self, token: &str) -> Result<Visitor, PortalError> {
        let visitor = self.link_holder(token).await?;
        if visitor.link.failures >= LINK_TRIES {
            return Err(PortalError::Dead);
        }
        // A page about somebody who died is nobody's to open.
        let died = visitor.patient.life != Life::Living;
        if died || self.now() >= visitor.link.expires_at {
            return Err(PortalError::Expired);
        }
        Ok(visitor)
    }

    /// The same, once the birthday was given.
    pub(crate) async fn verified(&self, token: &str) -> Result<Visitor, PortalError> {
        let visitor = self.visitor(token).await?;
        if visitor.verified {
            Ok(visitor)
        } else {
            Err(PortalError::NotVerified)
        }
    }

    /// Finds whose link it was, also when it is over: for what needs no more proof.
    pub(crate) async fn link_holder(&self, token: &str) -> Result<Visitor, PortalError> {
        let found = self.db().link(&link::hash(token)).await?;
        let (practice, link) = found.ok_or(PortalError::Unknown)?;
        let system = Access::system(practice, "portal");
        let reader = self.reader(&system);
        let patient = reader.root_of(link.patient).await?;
        let patient = reader.patient(patient).await?.ok_or(PortalError::Unknown)?;
        Ok(Visitor {
            access: patient_access(practice, patient.id),
            verified: self.now() < link.verified_until,
            link,
            patient,
        })
    }
}

pub(crate) const fn patient_access(practice: PracticeId, patient: PatientId) -> Access {
    Access {
        practice,
        actor: Actor::Patient { id: patient },
        scope: Scope::Practice,
        purpose: PurposeOfUse::PatientRequest,
    }
}
