//! The visit behind a link.

use jiff::{SignedDuration, Timestamp, Zoned};
use tendon_assist::Class;
use tendon_care::appointment::{Appointment, VisitState};
use tendon_care::contact::{ContactPoint, Phone};
use tendon_care::id::AppointmentId;
use tendon_care::language::Language;
use tendon_care::task::{TaskKind, TaskState};
use tendon_care::touchpoint::{Fact, Via};
use tendon_exchange::ics::{self, IcsStatus, IcsVisit};
use tendon_store::{Action, Versioned};

use super::{Pass, PortalError, Visitor, Wish};
use crate::change::Origin;
use crate::desk::Desk;
use crate::error::DeskError;
use crate::inbound::{FormMessage, FormWords};
use crate::visits::{self, VisitAct};

/// Facts of a timeline that are looked through for a visit's last move.
const RECENT_FACTS: u16 = 200;

/// A visit as the patient sees it, after the birthday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalVisit {
    /// The patient's first name; none where several people read the phone.
    pub first_name: Option<String>,
    /// Which visit.
    pub appointment: AppointmentId,
    /// When, in the place's zone.
    pub at: Zoned,
    /// How long it lasts.
    pub minutes: u16,
    /// With whom.
    pub clinician: Option<String>,
    /// Where.
    pub place: String,
    /// The street address.
    pub street: Option<String>,
    /// The number to call about it.
    pub phone: Option<Phone>,
    /// Where it stands.
    pub standing: VisitStanding,
}

/// Where a visit stands, as far as the patient can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitStanding {
    /// On the book, not confirmed.
    Booked,
    /// Given another time since the link was sent.
    Moved,
    /// The patient said yes.
    Confirmed,
    /// The patient asked for another time.
    MoveAsked,
    /// Called off.
    Cancelled,
    /// Over.
    Past,
}

impl Desk {
    /// Returns the visit that a link is about, else the next one; `None` where
    /// nothing is on the book. The look is audited.
    pub async fn portal_visit(&self, pass: Pass<'_>) -> Result<Option<PortalVisit>, PortalError> {
        let visitor = self.verified(pass).await?;
        let Some(visit) = self.visit_of(&visitor).await? else {
            return Ok(None);
        };
        let reader = self.reader(&visitor.access);
        reader
            .looked_at(self.now(), "appointment", Some(visitor.id()), "portal")
            .await?;
        let house = self.house(visitor.access.practice).await?;
        let place = house.locations.get(&visit.location);
        let points = &visitor.patient.contact_points;
        let shared = points
            .iter()
            .any(|point| Some(point.id) == visitor.link.contact_point && point.shared);
        let clinician = visit.clinician.and_then(|id| house.clinicians.get(&id));
        Ok(Some(PortalVisit {
            first_name: (!shared).then(|| visitor.patient.name.first().to_owned()),
            appointment: visit.id,
            at: visit
                .starts_at
                .to_zoned(house.zone_of(visit.location).clone()),
            minutes: visit.minutes,
            clinician: clinician.map(|who| who.display_name.clone()),
            place: place.map_or_else(|| house.practice.name.clone(), |place| place.name.clone()),
            street: place.and_then(|place| place.street.clone()),
            phone: place
                .and_then(|place| place.phone.clone())
                .or_else(|| house.practice.phone.clone()),
            standing: self.standing(&visitor, &visit).await?,
        }))
    }

    /// Confirms, asks to move or says that the patient cannot come. Anything else
    /// is not a patient's to do.
    pub async fn portal_act(&self, pass: Pass<'_>, act: VisitAct) -> Result<(), PortalError> {
        self.portal_ask(pass, act, &Wish::default()).await
    }

    /// The same, with what the patient would rather have: staff read it in the
    /// thread and with the work that the act makes.
    pub async fn portal_ask(
        &self,
        pass: Pass<'_>,
        act: VisitAct,
        wish: &Wish,
    ) -> Result<(), PortalError> {
        let visitor = self.verified(pass).await?;
        let visit = self.visit_of(&visitor).await?;
        let visit = visit.ok_or(DeskError::NotFound("visit"))?;
        let house = self.house(visitor.access.practice).await?;
        wish.check(&self.now().to_zoned(house.zone_of(visit.location).clone()))?;
        // Tapped twice: staff are looking for a time already.
        let asked_before = act == VisitAct::AskToMove
            && self.standing(&visitor, &visit).await? == VisitStanding::MoveAsked;
        let theirs = matches!(
            act,
            VisitAct::Confirm | VisitAct::AskToMove | VisitAct::CannotCome
        );
        if !theirs {
            return Err(DeskError::NotFound("visit").into());
        }
        let message = self.wished(&visitor, &visit, act, wish).await?;
        self.change(&visitor.access, visitor.id(), Origin::Live, |change| {
            if let Some(message) = &message {
                message.keep(change)?;
            }
            if asked_before {
                return Ok(());
            }
            visits::apply(change, visit.id, act, Via::Page)
        })
        .await?;
        Ok(())
    }

    /// Makes a message of a wish, where there is one.
    async fn wished(
        &self,
        visitor: &Visitor,
        visit: &Appointment,
        act: VisitAct,
        wish: &Wish,
    ) -> Result<Option<FormMessage>, DeskError> {
        if wish.is_empty() {
            return Ok(None);
        }
        let points = &visitor.patient.contact_points;
        let sent_to = |point: &&ContactPoint| Some(point.id) == visitor.link.contact_point;
        // An address that was taken off the file since leaves the next best one.
        let point = points.iter().find(sent_to).or_else(|| points.first());
        let point = point.ok_or(DeskError::NotFound("contact"))?;
        let words = FormWords {
            asks: match act {
                VisitAct::CannotCome => Class::CancelVisit,
                _ => Class::Reschedule,
            },
            visit: visit.id,
            shown: wish.words(),
            typed: wish.note.clone(),
            language: visitor.patient.language,
        };
        let message = self.form_message(&visitor.access, visitor.id(), point, words);
        message.await.map(Some)
    }

    /// Writes the visit as a calendar file. The look is audited.
    pub async fn portal_calendar(&self, pass: Pass<'_>) -> Result<String, PortalError> {
        let visitor = self.verified(pass).await?;
        let visit = self.visit_of(&visitor).await?;
        let visit = visit.ok_or(DeskError::NotFound("visit"))?;
        self.reader(&visitor.access)
            .looked_at(self.now(), "appointment", Some(visitor.id()), "calendar")
            .await?;
        let house = self.house(visitor.access.practice).await?;
        let place = house.locations.get(&visit.location);
        Ok(ics::visit(&IcsVisit {
            appointment: visit.id,
            sequence: u32::try_from(visit.version - 1).unwrap_or(0),
            changed_at: self.now(),
            starts_at: visit.starts_at,
            minutes: visit.minutes,
            clinic: &house.practice.name,
            address: place.and_then(|place| place.street.as_deref()),
            organizer: None,
            status: match visit.state {
                VisitState::Cancelled { .. } | VisitState::Void { .. } => IcsStatus::Cancelled,
                VisitState::Booked => IcsStatus::Tentative,
                _ => IcsStatus::Confirmed,
            },
        }))
    }

    /// Switches the language in which the practice writes to the patient.
    pub async fn portal_language(
        &self,
        pass: Pass<'_>,
        language: Language,
    ) -> Result<(), PortalError> {
        let visitor = self.verified(pass).await?;
        let (access, patient) = (&visitor.access, visitor.id());
        self.change(access, patient, Origin::Live, |change| {
            let mut after = change.chart.patient.value.clone();
            if after.language != language {
                after.language = language;
                change.set_patient(after);
                change.happened(Fact::PatientChanged {});
                change.audit(Action::Update, "patient", "language");
            }
            Ok(())
        })
        .await?;
        Ok(())
    }

    async fn visit_of(
        &self,
        visitor: &Visitor,
    ) -> Result<Option<Versioned<Appointment>>, PortalError> {
        let reader = self.reader(&visitor.access);
        if let Some(visit) = visitor.link.appointment {
            // A link goes with its person when two records are parted again; the
            // visit may stay with the other one.
            let visit = reader.appointment(visit).await?;
            return Ok(visit.filter(|visit| visit.patient == visitor.id()));
        }
        let visits = reader.appointments_of(visitor.id()).await?;
        let now = self.now();
        let next = visits
            .into_iter()
            .find(|visit| visit.is_open() && visit.starts_at > now);
        Ok(next)
    }

    async fn standing(
        &self,
        visitor: &Visitor,
        visit: &Appointment,
    ) -> Result<VisitStanding, PortalError> {
        let now = self.now();
        Ok(match visit.state {
            VisitState::Cancelled { .. } | VisitState::Void { .. } => VisitStanding::Cancelled,
            VisitState::Booked | VisitState::Confirmed { .. } if !is_over(visit, now) => {
                if self.move_asked(visitor, visit).await? {
                    VisitStanding::MoveAsked
                } else if matches!(visit.state, VisitState::Confirmed { .. }) {
                    VisitStanding::Confirmed
                } else if self.moved_since(visitor, visit).await? {
                    VisitStanding::Moved
                } else {
                    VisitStanding::Booked
                }
            }
            _ => VisitStanding::Past,
        })
    }

    async fn move_asked(
        &self,
        visitor: &Visitor,
        visit: &Appointment,
    ) -> Result<bool, PortalError> {
        let tasks = self.reader(&visitor.access).tasks_of(visitor.id()).await?;
        Ok(tasks.iter().any(|task| {
            task.kind == TaskKind::MoveVisit
                && task.state == TaskState::Open
                && task.about.appointment == Some(visit.id)
        }))
    }

    async fn moved_since(
        &self,
        visitor: &Visitor,
        visit: &Appointment,
    ) -> Result<bool, PortalError> {
        let reader = self.reader(&visitor.access);
        let facts = reader.timeline(visitor.id(), None, RECENT_FACTS).await?;
        Ok(facts
            .iter()
            .take_while(|fact| fact.happened_at > visitor.link.created_at)
            .any(|fact| {
                matches!(fact.fact, Fact::VisitMoved { appointment, .. } if appointment == visit.id)
            }))
    }
}

fn is_over(visit: &Appointment, now: Timestamp) -> bool {
    now >= visit.starts_at + SignedDuration::from_mins(i64::from(visit.minutes))
}
