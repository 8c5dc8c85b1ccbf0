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
    Action, AuditEntry, Commit, CommitError, LINK_TRIES, LinkCheck, LinkChecked, LinkRow,
    PATIENT_TRIES, StoreError, Versioned, Write,
};

pub use self::preferences::{Preferences, Wanted, Way};
pub use self::unsubscribe::WayOut;
pub use self::visit::{PortalVisit, VisitStanding};
pub use self::wish::{DayPart, NOTE_LIMIT, Wish};
use crate::change::Origin;
use crate::desk::Desk;
use crate::error::DeskError;
use crate::link;
use crate::staff::Secret;

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
    /// Wrong birthdays that are left; none where others used them up today.
    pub tries_left: u16,
}

/// The answer to a birthday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Right: the page opens until then, in the browser that shows the proof.
    Right {
        /// Until when.
        until: Timestamp,
        /// What that browser shows.
        proof: Secret,
    },
    /// Wrong.
    Wrong {
        /// Tries that are left.
        left: u16,
    },
    /// The patient's tries of the day are used up, behind whatever link.
    Rests,
    /// The practice has no birthday on file; the patient calls.
    CannotTell,
}

/// What a browser brings: the token of the link, and the proof that it was given
/// for a birthday. A link that is passed on, or a history that is read by somebody
/// else, opens nothing without the second.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pass<'a> {
    /// The token in the address.
    pub token: &'a str,
    /// The proof in the cookie.
    pub proof: Option<&'a str>,
}

impl<'a> Pass<'a> {
    /// Makes a pass of a link alone.
    const fn link(token: &'a str) -> Self {
        Self { token, proof: None }
    }

    /// Tells whether the proof is the one that was given for a birthday.
    fn proves(self, link: &LinkRow) -> bool {
        let (Some(proof), Some(known)) = (self.proof, &link.proof_hash) else {
            return false;
        };
        link::hash(proof).ct_eq(known).into()
    }
}

impl std::fmt::Debug for Pass<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pass(…)")
    }
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
    pub async fn open_link(&self, pass: Pass<'_>) -> Result<Greeting, PortalError> {
        let visitor = self.visitor(pass).await?;
        self.greeting(&visitor).await
    }

    /// Greets whoever holds a link, however old it is: for what needs no more proof.
    pub async fn greet_holder(&self, token: &str) -> Result<Greeting, PortalError> {
        let visitor = self.link_holder(Pass::link(token)).await?;
        self.greeting(&visitor).await
    }

    async fn greeting(&self, visitor: &Visitor) -> Result<Greeting, PortalError> {
        let house = self.house(visitor.access.practice).await?;
        Ok(Greeting {
            practice: visitor.access.practice,
            clinic: house.practice.name.clone(),
            phone: house.practice.phone.clone(),
            language: visitor.patient.language,
            verified: visitor.verified,
            tries_left: self.tries_left(visitor).await?,
        })
    }

    /// Takes a birthday. Five wrong ones kill the link, however fast they come, and
    /// ten in a day behind any of the patient's links are the last of that day.
    pub async fn check_birthday(
        &self,
        token: &str,
        birthday: Date,
    ) -> Result<Checked, PortalError> {
        let visitor = self.visitor(Pass::link(token)).await?;
        let Some(known) = visitor.patient.birth_date else {
            return Ok(Checked::CannotTell);
        };
        if self.tries_left(&visitor).await? == 0 {
            return Ok(Checked::Rests);
        }
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
        let (proof, proof_hash) = Secret::new(&self.mint(), "");
        let right = LinkCheck::Right { until, proof_hash };
        let done = self
            .change(&visitor.access, visitor.id(), Origin::Live, |change| {
                let link = visitor.link.id;
                change.write(self.checked(visitor, right.clone()));
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
            Ok(()) => Ok(Checked::Right { until, proof }),
            Err(DeskError::Busy) => {
                // Guesses that came at the same time may have used up the tries.
                let after = self.visitor(Pass::link(token)).await?;
                match self.tries_left(&after).await? {
                    0 => Ok(Checked::Rests),
                    _ => Err(DeskError::Busy.into()),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn birthday_wrong(&self, token: &str, visitor: &Visitor) -> Result<Checked, PortalError> {
        let mut commit = Commit::new(&visitor.access);
        commit.push(self.checked(visitor, LinkCheck::Wrong));
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
        let after = self.visitor(Pass::link(token)).await?;
        Ok(match self.tries_left(&after).await? {
            0 => Checked::Rests,
            left => Checked::Wrong { left },
        })
    }

    fn checked(&self, visitor: &Visitor, answer: LinkCheck) -> Write {
        Write::LinkChecked(Box::new(LinkChecked {
            link: visitor.link.id,
            patient: visitor.id(),
            at: self.now(),
            answer,
        }))
    }

    /// Returns how many wrong birthdays are left: of this link, and of the patient's
    /// day.
    async fn tries_left(&self, visitor: &Visitor) -> Result<u16, PortalError> {
        let reader = self.reader(&visitor.access);
        let today = reader.wrong_birthdays(visitor.id(), self.now()).await?;
        let of_link = LINK_TRIES.saturating_sub(visitor.link.failures);
        Ok(of_link.min(PATIENT_TRIES.saturating_sub(today)))
    }

    /// Finds who a link is for.
    pub(crate) async fn visitor(&self, pass: Pass<'_>) -> Result<Visitor, PortalError> {
        let visitor = self.link_holder(pass).await?;
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

    /// The same, once this browser was given the birthday.
    pub(crate) async fn verified(&self, pass: Pass<'_>) -> Result<Visitor, PortalError> {
        let visitor = self.visitor(pass).await?;
        if visitor.verified {
            Ok(visitor)
        } else {
            Err(PortalError::NotVerified)
        }
    }

    /// Finds whose link it was, also when it is over: for what needs no more proof.
    pub(crate) async fn link_holder(&self, pass: Pass<'_>) -> Result<Visitor, PortalError> {
        let found = self.db().link(&link::hash(pass.token)).await?;
        let (practice, link) = found.ok_or(PortalError::Unknown)?;
        let system = Access::system(practice, "portal");
        let reader = self.reader(&system);
        let patient = reader.root_of(link.patient).await?;
        let patient = reader.patient(patient).await?.ok_or(PortalError::Unknown)?;
        Ok(Visitor {
            access: patient_access(practice, patient.id),
            verified: self.now() < link.verified_until && pass.proves(&link),
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
