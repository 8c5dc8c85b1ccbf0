//! One course of care, from referral to discharge and maintenance.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::id::{ClinicianId, EpisodeId, PatientId};

/// A course of care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// The id.
    pub id: EpisodeId,
    /// Who is cared for.
    pub patient: PatientId,
    /// Who leads it.
    pub clinician: Option<ClinicianId>,
    /// Where it stands.
    pub state: EpisodeState,
    /// The earlier episode that this one continues.
    pub reactivates: Option<EpisodeId>,
}

/// Why an episode rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HoldReason {
    /// An operation is due.
    Surgery,
    /// Away.
    Travel,
    /// Waiting for the payer.
    Authorisation,
    /// Any other medical reason.
    Medical,
}

impl HoldReason {
    /// Returns the code used in storage and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Surgery => "surgery",
            Self::Travel => "travel",
            Self::Authorisation => "authorisation",
            Self::Medical => "medical",
        }
    }

    /// Reads [`HoldReason::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        [
            Self::Surgery,
            Self::Travel,
            Self::Authorisation,
            Self::Medical,
        ]
        .into_iter()
        .find(|reason| reason.code() == text)
    }
}

/// How a course of care ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Discharge {
    /// Goals met.
    Met,
    /// No further gain.
    Plateau,
    /// Another planned end.
    Other,
    /// The patient stopped coming.
    Self_,
}

impl Discharge {
    /// Returns the code used in storage and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Plateau => "plateau",
            Self::Other => "other",
            Self::Self_ => "self",
        }
    }

    /// Reads [`Discharge::code`].
    pub fn from_code(text: &str) -> Option<Self> {
        [Self::Met, Self::Plateau, Self::Other, Self::Self_]
            .into_iter()
            .find(|how| how.code() == text)
    }
}

/// Where an episode stands.
///
/// | from \ event | contact | schedule | evaluate | treat | hold | resume | silent | lose | discharge | maintain |
/// |---|---|---|---|---|---|---|---|---|---|---|
/// | referred | contacted | eval scheduled | evaluated | – | – | – | – | lost | – | – |
/// | contacted | contacted | eval scheduled | evaluated | – | – | – | – | lost | – | – |
/// | eval scheduled | eval scheduled | eval scheduled | evaluated | – | – | – | – | lost | – | – |
/// | lost | contacted | eval scheduled | evaluated | – | – | – | – | lost | – | – |
/// | evaluated | – | – | evaluated | active | on hold | – | at risk | – | discharged | – |
/// | active | – | – | – | active | on hold | – | at risk | – | discharged | – |
/// | on hold | – | – | – | active | on hold | active | – | – | discharged | – |
/// | at risk | – | – | – | active | on hold | active | at risk | – | discharged | – |
/// | discharged | – | – | – | active | – | – | – | – | discharged | maintenance |
/// | maintenance | – | – | – | – | – | – | – | – | – | maintenance |
///
/// A discharged episode goes back to active only where the patient discharged
/// themselves and a visit follows within 60 days; a later return is a new
/// episode that names this one. *Source*: domain rules for outpatient PT;
/// statuses map to FHIR EpisodeOfCare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EpisodeState {
    /// A referral came in.
    Referred {
        /// When.
        at: Timestamp,
    },
    /// Somebody spoke with the patient.
    Contacted {
        /// When.
        at: Timestamp,
    },
    /// The evaluation is on the book.
    EvalScheduled {
        /// Since when.
        at: Timestamp,
    },
    /// Evaluated, no further visit yet.
    Evaluated {
        /// When.
        at: Timestamp,
    },
    /// Being treated.
    Active {
        /// Since when.
        at: Timestamp,
    },
    /// Resting, with a reason and a day to look again.
    OnHold {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: HoldReason,
        /// When to look again.
        review_on: Date,
    },
    /// No visit done for long and none on the book.
    AtRisk {
        /// Since when.
        at: Timestamp,
    },
    /// Never began: declined, unreachable or silent.
    Lost {
        /// When.
        at: Timestamp,
    },
    /// Ended.
    Discharged {
        /// When.
        at: Timestamp,
        /// How.
        how: Discharge,
    },
    /// Looked after from afar.
    Maintenance {
        /// Since when.
        at: Timestamp,
    },
}

/// What can happen to an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpisodeEvent {
    /// Somebody spoke with the patient.
    Contact,
    /// The evaluation was put on the book.
    Schedule,
    /// The evaluation took place.
    Evaluate,
    /// A further visit was booked or took place.
    Treat,
    /// Put to rest.
    Hold {
        /// Why.
        reason: HoldReason,
        /// When to look again.
        review_on: Date,
    },
    /// The rest is over.
    Resume,
    /// Silent for longer than the plan allows.
    FallSilent,
    /// Given up before the evaluation.
    Lose,
    /// Ended.
    Discharge {
        /// How.
        how: Discharge,
    },
    /// Handed over to maintenance.
    Maintain,
}

impl EpisodeEvent {
    /// Returns the verb for error messages.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Schedule => "schedule",
            Self::Evaluate => "evaluate",
            Self::Treat => "treat",
            Self::Hold { .. } => "hold",
            Self::Resume => "resume",
            Self::FallSilent => "mark as silent",
            Self::Lose => "lose",
            Self::Discharge { .. } => "discharge",
            Self::Maintain => "maintain",
        }
    }
}

/// A move that the table does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot {event} an episode that is {state}")]
pub struct EpisodeRefusal {
    /// The state it is in.
    pub state: &'static str,
    /// What was asked.
    pub event: &'static str,
}

impl EpisodeState {
    /// Returns the code used in storage, conditions and the API.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Referred { .. } => "referred",
            Self::Contacted { .. } => "contacted",
            Self::EvalScheduled { .. } => "eval_scheduled",
            Self::Evaluated { .. } => "evaluated",
            Self::Active { .. } => "active",
            Self::OnHold { .. } => "on_hold",
            Self::AtRisk { .. } => "at_risk",
            Self::Lost { .. } => "lost",
            Self::Discharged { .. } => "discharged",
            Self::Maintenance { .. } => "maintenance",
        }
    }

    /// Returns since when it stands so.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Referred { at }
            | Self::Contacted { at }
            | Self::EvalScheduled { at }
            | Self::Evaluated { at }
            | Self::Active { at }
            | Self::OnHold { at, .. }
            | Self::AtRisk { at }
            | Self::Lost { at }
            | Self::Discharged { at, .. }
            | Self::Maintenance { at } => *at,
        }
    }

    /// Returns FHIR's EpisodeOfCare.status.
    pub const fn fhir(&self) -> &'static str {
        match self {
            Self::Referred { .. } | Self::Contacted { .. } | Self::EvalScheduled { .. } => {
                "planned"
            }
            Self::Evaluated { .. } | Self::Active { .. } | Self::AtRisk { .. } => "active",
            Self::OnHold { .. } => "onhold",
            Self::Lost { .. } => "cancelled",
            Self::Discharged { .. } | Self::Maintenance { .. } => "finished",
        }
    }

    /// Moves to the next state, or refuses.
    pub fn on(self, event: EpisodeEvent, now: Timestamp) -> Result<Self, EpisodeRefusal> {
        use EpisodeEvent as E;
        use EpisodeState as S;
        let at = now;
        match (self, event) {
            (kept @ (S::Contacted { .. } | S::EvalScheduled { .. }), E::Contact)
            | (kept @ S::EvalScheduled { .. }, E::Schedule)
            | (kept @ S::Evaluated { .. }, E::Evaluate)
            | (kept @ S::Active { .. }, E::Treat)
            | (kept @ S::AtRisk { .. }, E::FallSilent)
            | (kept @ S::Lost { .. }, E::Lose)
            | (kept @ S::Discharged { .. }, E::Discharge { .. })
            | (kept @ S::Maintenance { .. }, E::Maintain) => Ok(kept),
            (S::Referred { .. } | S::Lost { .. }, E::Contact) => Ok(S::Contacted { at }),
            (S::Referred { .. } | S::Contacted { .. } | S::Lost { .. }, E::Schedule) => {
                Ok(S::EvalScheduled { at })
            }
            (
                S::Referred { .. } | S::Contacted { .. } | S::EvalScheduled { .. } | S::Lost { .. },
                E::Evaluate,
            ) => Ok(S::Evaluated { at }),
            (S::Referred { .. } | S::Contacted { .. } | S::EvalScheduled { .. }, E::Lose) => {
                Ok(S::Lost { at })
            }
            (
                S::Evaluated { .. }
                | S::OnHold { .. }
                | S::AtRisk { .. }
                | S::Discharged {
                    how: Discharge::Self_,
                    ..
                },
                E::Treat,
            )
            | (S::OnHold { .. } | S::AtRisk { .. }, E::Resume) => Ok(S::Active { at }),
            (
                S::Evaluated { .. } | S::Active { .. } | S::OnHold { .. } | S::AtRisk { .. },
                E::Hold { reason, review_on },
            ) => Ok(S::OnHold {
                at,
                reason,
                review_on,
            }),
            (S::Evaluated { .. } | S::Active { .. }, E::FallSilent) => Ok(S::AtRisk { at }),
            (
                S::Evaluated { .. } | S::Active { .. } | S::OnHold { .. } | S::AtRisk { .. },
                E::Discharge { how },
            ) => Ok(S::Discharged { at, how }),
            (S::Discharged { .. }, E::Maintain) => Ok(S::Maintenance { at }),
            (state, event) => Err(EpisodeRefusal {
                state: state.code(),
                event: event.verb(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    /// The table of [`EpisodeState`], read as data.
    const TABLE: &str = "
        referred       contacted      eval_scheduled evaluated -      -       -      -       lost -          -
        contacted      contacted      eval_scheduled evaluated -      -       -      -       lost -          -
        eval_scheduled eval_scheduled eval_scheduled evaluated -      -       -      -       lost -          -
        lost           contacted      eval_scheduled evaluated -      -       -      -       lost -          -
        evaluated      -              -              evaluated active on_hold -      at_risk -    discharged -
        active         -              -              -         active on_hold -      at_risk -    discharged -
        on_hold        -              -              -         active on_hold active -       -    discharged -
        at_risk        -              -              -         active on_hold active at_risk -    discharged -
        discharged     -              -              -         active -       -      -       -    discharged maintenance
        maintenance    -              -              -         -      -       -      -       -    -          maintenance";

    #[test]
    fn every_transition_of_the_table_holds() {
        let at = Timestamp::UNIX_EPOCH;
        let (reason, review_on) = (HoldReason::Travel, date(2028, 2, 29));
        let states = [
            EpisodeState::Referred { at },
            EpisodeState::Contacted { at },
            EpisodeState::EvalScheduled { at },
            EpisodeState::Lost { at },
            EpisodeState::Evaluated { at },
            EpisodeState::Active { at },
            EpisodeState::OnHold {
                at,
                reason,
                review_on,
            },
            EpisodeState::AtRisk { at },
            EpisodeState::Discharged {
                at,
                how: Discharge::Self_,
            },
            EpisodeState::Maintenance { at },
        ];
        let events = [
            EpisodeEvent::Contact,
            EpisodeEvent::Schedule,
            EpisodeEvent::Evaluate,
            EpisodeEvent::Treat,
            EpisodeEvent::Hold { reason, review_on },
            EpisodeEvent::Resume,
            EpisodeEvent::FallSilent,
            EpisodeEvent::Lose,
            EpisodeEvent::Discharge {
                how: Discharge::Met,
            },
            EpisodeEvent::Maintain,
        ];
        for (state, row) in states
            .iter()
            .zip(TABLE.lines().filter(|l| !l.trim().is_empty()))
        {
            let mut cells = row.split_whitespace();
            assert_eq!(cells.next(), Some(state.code()));
            for (event, expected) in events.iter().zip(cells) {
                let got = state.clone().on(*event, at);
                let code = got.as_ref().map_or("-", EpisodeState::code);
                assert_eq!(code, expected, "{} on {}", state.code(), event.verb());
            }
        }
    }

    #[test]
    fn a_planned_discharge_is_final() {
        let state = EpisodeState::Discharged {
            at: Timestamp::UNIX_EPOCH,
            how: Discharge::Met,
        };
        assert!(
            state
                .on(EpisodeEvent::Treat, Timestamp::UNIX_EPOCH)
                .is_err()
        );
    }
}
