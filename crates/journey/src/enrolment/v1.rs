//! The stored shape of an enrolment: JSON, format `tendon.enrolment`, version 1.
//!
//! Facts are named by their variable's name and steps by their id, so that a
//! stored enrolment can be read by eye and outlives any change to the table of
//! variables other than removing one that it hangs on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tendon_care::id::InvalidId;

use super::{Basis, EndReason, Enrolment, Order, Passed, Refs, State};
use crate::definition::StepId;
use crate::variable;

const FORMAT: &str = "tendon.enrolment";
const VERSION: u32 = 1;

/// Why a stored enrolment cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEnrolment {
    /// It is not JSON of this shape.
    #[error("reading a stored enrolment")]
    Shape(#[source] serde_json::Error),
    /// It is of another format or version.
    #[error("the stored enrolment is {format} version {version}, not {FORMAT} version {VERSION}")]
    Version {
        /// The format that it names.
        format: String,
        /// The version that it names.
        version: u32,
    },
    /// It names a thing by an id that is none.
    #[error("reading an id of a stored enrolment")]
    Id(#[from] InvalidId),
    /// It hangs on a fact that there is no longer.
    #[error("the stored enrolment hangs on {0}, which is no point in time")]
    Fact(String),
}

/// Writes an enrolment as one line of JSON.
pub fn write(enrolment: &Enrolment) -> String {
    // A struct of texts and numbers always has a JSON form.
    serde_json::to_string(&Stored::from(enrolment)).unwrap_or_default()
}

/// Reads what [`write()`] wrote.
pub fn read(text: &str) -> Result<Enrolment, UnreadableEnrolment> {
    let head: Head = serde_json::from_str(text).map_err(UnreadableEnrolment::Shape)?;
    if head.format != FORMAT || head.format_version != VERSION {
        return Err(UnreadableEnrolment::Version {
            format: head.format,
            version: head.format_version,
        });
    }
    let stored: Stored = serde_json::from_str(text).map_err(UnreadableEnrolment::Shape)?;
    stored.try_into()
}

#[derive(Deserialize)]
struct Head {
    format: String,
    format_version: u32,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: String,
    format_version: u32,
    journey: String,
    version: u32,
    about: StoredRefs,
    entered_at: Timestamp,
    state: StoredState,
    previous: Timestamp,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    trail: Vec<StoredPassed>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    done: Vec<(String, Timestamp)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    orders: Vec<(String, StoredOrder)>,
}

#[derive(Serialize, Deserialize)]
struct StoredRefs {
    patient: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    episode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    appointment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    referral: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredState {
    Fresh,
    Waiting {
        step: String,
        due_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        basis: Option<StoredBasis>,
    },
    Unanchored {
        step: String,
    },
    Awaiting {
        step: String,
        until: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        basis: Option<StoredBasis>,
    },
    Following {
        step: String,
        until: Timestamp,
    },
    Ended {
        reason: StoredReason,
        at: Timestamp,
    },
}

#[derive(Serialize, Deserialize)]
struct StoredBasis {
    fact: String,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct StoredPassed {
    step: String,
    basis: StoredBasis,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredOrder {
    Skip,
    At(Timestamp),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredReason {
    Completed,
    Stopped(String),
    Exited(String),
    ByStaff,
}

impl From<&Enrolment> for Stored {
    fn from(enrolment: &Enrolment) -> Self {
        Self {
            format: FORMAT.to_owned(),
            format_version: VERSION,
            journey: enrolment.journey.to_string(),
            version: enrolment.version,
            about: StoredRefs {
                patient: enrolment.about.patient.to_string(),
                episode: enrolment.about.episode.map(|id| id.to_string()),
                appointment: enrolment.about.appointment.map(|id| id.to_string()),
                referral: enrolment.about.referral.map(|id| id.to_string()),
            },
            entered_at: enrolment.entered_at,
            state: (&enrolment.state).into(),
            previous: enrolment.previous,
            trail: enrolment
                .trail
                .iter()
                .map(|passed| StoredPassed {
                    step: passed.step.to_string(),
                    basis: passed.basis.into(),
                })
                .collect(),
            done: enrolment
                .done
                .iter()
                .map(|(step, at)| (step.to_string(), *at))
                .collect(),
            orders: enrolment
                .orders
                .iter()
                .map(|(step, order)| {
                    let order = match order {
                        Order::Skip => StoredOrder::Skip,
                        Order::At(at) => StoredOrder::At(*at),
                    };
                    (step.to_string(), order)
                })
                .collect(),
        }
    }
}

impl TryFrom<Stored> for Enrolment {
    type Error = UnreadableEnrolment;

    fn try_from(stored: Stored) -> Result<Self, UnreadableEnrolment> {
        Ok(Self {
            journey: stored.journey.into(),
            version: stored.version,
            about: Refs {
                patient: stored.about.patient.parse()?,
                episode: stored.about.episode.map(|id| id.parse()).transpose()?,
                appointment: stored.about.appointment.map(|id| id.parse()).transpose()?,
                referral: stored.about.referral.map(|id| id.parse()).transpose()?,
            },
            entered_at: stored.entered_at,
            state: stored.state.try_into()?,
            previous: stored.previous,
            trail: stored
                .trail
                .into_iter()
                .map(|passed| {
                    Ok(Passed {
                        step: StepId::new(&passed.step),
                        basis: passed.basis.try_into()?,
                    })
                })
                .collect::<Result<_, UnreadableEnrolment>>()?,
            done: stored
                .done
                .into_iter()
                .map(|(step, at)| (StepId::new(&step), at))
                .collect(),
            orders: stored
                .orders
                .into_iter()
                .map(|(step, order)| {
                    let order = match order {
                        StoredOrder::Skip => Order::Skip,
                        StoredOrder::At(at) => Order::At(at),
                    };
                    (StepId::new(&step), order)
                })
                .collect(),
        })
    }
}

impl From<&State> for StoredState {
    fn from(state: &State) -> Self {
        match state {
            State::Fresh => Self::Fresh,
            State::Waiting {
                step,
                due_at,
                basis,
            } => Self::Waiting {
                step: step.to_string(),
                due_at: *due_at,
                basis: basis.map(Into::into),
            },
            State::Unanchored { step } => Self::Unanchored {
                step: step.to_string(),
            },
            State::Awaiting { step, until, basis } => Self::Awaiting {
                step: step.to_string(),
                until: *until,
                basis: basis.map(Into::into),
            },
            State::Following { step, until } => Self::Following {
                step: step.to_string(),
                until: *until,
            },
            State::Ended { reason, at } => Self::Ended {
                reason: match reason {
                    EndReason::Completed => StoredReason::Completed,
                    EndReason::Stopped(code) => StoredReason::Stopped(code.clone()),
                    EndReason::Exited(code) => StoredReason::Exited(code.clone()),
                    EndReason::ByStaff => StoredReason::ByStaff,
                },
                at: *at,
            },
        }
    }
}

impl TryFrom<StoredState> for State {
    type Error = UnreadableEnrolment;

    fn try_from(state: StoredState) -> Result<Self, UnreadableEnrolment> {
        Ok(match state {
            StoredState::Fresh => Self::Fresh,
            StoredState::Waiting {
                step,
                due_at,
                basis,
            } => Self::Waiting {
                step: StepId::new(&step),
                due_at,
                basis: basis.map(TryInto::try_into).transpose()?,
            },
            StoredState::Unanchored { step } => Self::Unanchored {
                step: StepId::new(&step),
            },
            StoredState::Awaiting { step, until, basis } => Self::Awaiting {
                step: StepId::new(&step),
                until,
                basis: basis.map(TryInto::try_into).transpose()?,
            },
            StoredState::Following { step, until } => Self::Following {
                step: StepId::new(&step),
                until,
            },
            StoredState::Ended { reason, at } => Self::Ended {
                reason: match reason {
                    StoredReason::Completed => EndReason::Completed,
                    StoredReason::Stopped(code) => EndReason::Stopped(code),
                    StoredReason::Exited(code) => EndReason::Exited(code),
                    StoredReason::ByStaff => EndReason::ByStaff,
                },
                at,
            },
        })
    }
}

impl From<Basis> for StoredBasis {
    fn from(basis: Basis) -> Self {
        Self {
            fact: format!("{:?}", basis.fact),
            at: basis.at,
        }
    }
}

impl TryFrom<StoredBasis> for Basis {
    type Error = UnreadableEnrolment;

    fn try_from(stored: StoredBasis) -> Result<Self, UnreadableEnrolment> {
        let fact = variable::find_anchor(&stored.fact);
        Ok(Self {
            fact: fact.ok_or(UnreadableEnrolment::Fact(stored.fact))?,
            at: stored.at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tendon_care::id::{AppointmentId, Id, PatientId};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn basis() -> Basis {
        Basis {
            fact: variable::VISIT_START,
            at: at(9_000),
        }
    }

    fn enrolment(state: State) -> Enrolment {
        let step = StepId::new("three-days");
        Enrolment {
            journey: "visit-reminder".into(),
            version: 7,
            about: Refs {
                appointment: Some(AppointmentId::from_parts(at(1), [2; 10])),
                ..Refs::patient(PatientId::from_parts(at(1), [1; 10]))
            },
            entered_at: at(10),
            state,
            previous: at(20),
            trail: vec![Passed {
                step: step.clone(),
                basis: basis(),
            }],
            done: vec![(step.clone(), at(9_000))],
            orders: vec![(step.clone(), Order::Skip), (step, Order::At(at(30)))],
        }
    }

    #[test]
    fn every_state_comes_back_as_it_was() {
        let step = StepId::new("one-day");
        let ended = |reason| State::Ended { reason, at: at(50) };
        for state in [
            State::Fresh,
            State::Waiting {
                step: step.clone(),
                due_at: at(40),
                basis: Some(basis()),
            },
            State::Unanchored { step: step.clone() },
            State::Awaiting {
                step: step.clone(),
                until: at(41),
                basis: None,
            },
            State::Following {
                step,
                until: at(42),
            },
            ended(EndReason::Completed),
            ended(EndReason::Stopped("done".to_owned())),
            ended(EndReason::Exited("cancelled".to_owned())),
            ended(EndReason::ByStaff),
        ] {
            let enrolment = enrolment(state);
            assert_eq!(read(&write(&enrolment)).unwrap(), enrolment);
        }
    }

    #[test]
    fn the_shape_of_version_1_stays_as_it_is() {
        let mut enrolment = enrolment(State::Waiting {
            step: StepId::new("one-day"),
            due_at: at(40),
            basis: Some(basis()),
        });
        enrolment.trail.clear();
        enrolment.orders.clear();
        let expected = concat!(
            r#"{"format":"tendon.enrolment","format_version":1,"journey":"visit-reminder","#,
            r#""version":7,"about":{"patient":"PATIENT","appointment":"APPOINTMENT"},"#,
            r#""entered_at":"1970-01-01T00:00:10Z","state":{"waiting":{"step":"one-day","#,
            r#""due_at":"1970-01-01T00:00:40Z","basis":{"fact":"visit.start","#,
            r#""at":"1970-01-01T02:30:00Z"}}},"previous":"1970-01-01T00:00:20Z","#,
            r#""done":[["three-days","1970-01-01T02:30:00Z"]]}"#
        )
        .replace("PATIENT", "pat_00000000|03e8")
        .replace("APPOINTMENT", "apt_00000000|03e8");
        // Only the time part of the ids is compared with a literal; the rest
        // of a version 7 id repeats the bytes that it was made of.
        let written = write(&enrolment);
        let ids = [
            enrolment.about.patient.to_string(),
            enrolment.about.appointment.unwrap().to_string(),
        ];
        assert_eq!(
            ids.iter().fold(written, |text, id| {
                text.replace(id, &format!("{}|{}", &id[..12], &id[12..16]))
            }),
            expected
        );
    }

    #[test]
    fn other_formats_and_nonsense_are_refused() {
        let text = write(&enrolment(State::Fresh));
        let refused = |text: &str| read(text).unwrap_err();
        assert!(matches!(refused("{}"), UnreadableEnrolment::Shape(_)));
        assert!(matches!(
            refused(&text.replace("\"format_version\":1", "\"format_version\":2")),
            UnreadableEnrolment::Version { version: 2, .. }
        ));
        assert!(matches!(
            refused(&text.replace("pat_", "apt_")),
            UnreadableEnrolment::Id(_)
        ));
        assert!(matches!(
            refused(&text.replace("visit.start", "visit.kind")),
            UnreadableEnrolment::Fact(fact) if fact == "visit.kind"
        ));
    }
}
