//! Everything about one patient that a decision may need, in memory.

use jiff::Timestamp;
use tendon_care::appointment::{Appointment, VisitKind, VisitState};
use tendon_care::episode::{Episode, EpisodeState};
use tendon_care::id::{AppointmentId, EpisodeId, PatientId};
use tendon_care::patient::Patient;
use tendon_care::plan::{Plan, Progress};
use tendon_care::referral::Referral;
use tendon_journey::enrolment::Refs;
use tendon_journey::{Enrolment, Facts, variable};
use tendon_store::{EnrolmentRow, MessageRow, Reader, Versioned, WorkingSet};

use crate::error::DeskError;
use crate::house::House;

/// A patient's working set.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The patient.
    pub patient: Versioned<Patient>,
    /// Every visit, earliest first.
    pub visits: Vec<Versioned<Appointment>>,
    /// Every episode, oldest first.
    pub episodes: Vec<Versioned<Episode>>,
    /// Every plan of care, oldest first.
    pub plans: Vec<Plan>,
    /// Every referral, oldest first.
    pub referrals: Vec<Referral>,
    /// Every enrolment, ended ones included, oldest first.
    pub enrolments: Vec<Running>,
    /// Messages that wait in the outbox.
    pub pending: Vec<Versioned<MessageRow>>,
    /// Another record was merged into this one.
    pub merged: bool,
}

/// An enrolment with the engine's own view of it.
#[derive(Clone, Debug)]
pub struct Running {
    /// The row.
    pub row: EnrolmentRow,
    /// The version that was read; `None` for one that begins now.
    pub version: Option<i64>,
    /// The engine's state.
    pub state: Enrolment,
    /// It must be written.
    pub touched: bool,
}

impl Chart {
    /// Reads everything about a patient; follows a merge to the survivor.
    pub async fn load(reader: Reader<'_>, patient: PatientId) -> Result<Option<Self>, DeskError> {
        let set = reader.working_set(patient).await?;
        set.map(Self::read).transpose()
    }

    /// Reads everything about each of some patients, in their order, in a few
    /// questions for all of them together.
    pub async fn load_all(
        reader: Reader<'_>,
        patients: &[PatientId],
    ) -> Result<Vec<Option<Self>>, DeskError> {
        let sets = reader.working_sets(patients).await?;
        let read = |set: Option<WorkingSet>| set.map(Self::read).transpose();
        sets.into_iter().map(read).collect()
    }

    fn read(set: WorkingSet) -> Result<Self, DeskError> {
        Ok(Self {
            patient: set.patient,
            visits: set.visits,
            episodes: set.episodes,
            plans: set.plans,
            referrals: set.referrals,
            enrolments: set
                .enrolments
                .into_iter()
                .map(Running::read)
                .collect::<Result<_, _>>()?,
            pending: set.pending,
            merged: set.merged,
        })
    }

    /// Returns a visit.
    pub fn visit(&self, visit: AppointmentId) -> Option<&Versioned<Appointment>> {
        self.visits.iter().find(|known| known.id == visit)
    }

    /// Returns an episode.
    pub fn episode(&self, episode: EpisodeId) -> Option<&Versioned<Episode>> {
        self.episodes.iter().find(|known| known.id == episode)
    }

    /// Returns the episode that is under way, the latest where there are several.
    pub fn current_episode(&self) -> Option<&Versioned<Episode>> {
        let over = |episode: &Episode| {
            matches!(
                episode.state,
                EpisodeState::Discharged { .. }
                    | EpisodeState::Maintenance { .. }
                    | EpisodeState::Lost { .. }
            )
        };
        self.episodes.iter().rev().find(|episode| !over(episode))
    }

    /// Returns the plan of an episode, the latest where there are several.
    pub fn plan(&self, episode: EpisodeId) -> Option<&Plan> {
        self.plans.iter().rev().find(|plan| plan.episode == episode)
    }

    /// Counts an episode's visits as of now.
    pub fn progress(&self, episode: EpisodeId, now: Timestamp) -> Progress {
        let mut progress = Progress::default();
        for visit in self
            .visits
            .iter()
            .filter(|visit| visit.episode == Some(episode))
        {
            match visit.state {
                VisitState::Completed { .. } => progress.completed += 1,
                VisitState::NoShow { .. } => progress.missed += 1,
                VisitState::Cancelled { late: true, by, .. }
                    if by != tendon_care::appointment::CancelledBy::Clinic =>
                {
                    progress.missed += 1;
                }
                _ if visit.is_open() && visit.starts_at >= now => progress.booked += 1,
                _ => {}
            }
        }
        progress
    }

    /// Returns open visits from now on, earliest first.
    pub fn upcoming(&self, now: Timestamp) -> impl Iterator<Item = &Versioned<Appointment>> {
        self.visits
            .iter()
            .filter(move |visit| visit.is_open() && visit.starts_at > now)
    }

    /// Builds what the conditions and anchors of a journey see of a subject.
    pub fn facts(&self, about: &Refs, house: &House, now: Timestamp) -> Facts {
        let visit = about.appointment.and_then(|id| self.visit(id));
        let zone = visit.map_or(&house.practice.time_zone, |visit| {
            house.zone_of(visit.location)
        });
        let mut facts = Facts::new(zone.clone())
            .with(variable::PATIENT_LANGUAGE, self.patient.language.tag())
            .with(
                variable::PATIENT_UPCOMING,
                count(self.upcoming(now).count()),
            )
            .with(
                variable::PATIENT_MISSED_BEFORE,
                self.missed_before(visit.map(|v| v.starts_at)),
            );
        if let Some(visit) = visit {
            facts.set(variable::VISIT_KIND, Some(visit.kind.code()));
            facts.set(variable::VISIT_STATE, Some(visit.state.code()));
            facts.set(variable::VISIT_START, Some(visit.starts_at));
            facts.set(variable::VISIT_BOOKED_AT, Some(visit.booked_at));
            let confirmed = matches!(visit.state, VisitState::Confirmed { .. });
            facts.set(variable::VISIT_CONFIRMED, Some(confirmed));
            facts.set(variable::VISIT_NUMBER, Some(self.number_of(visit)));
        }
        let episode = about
            .episode
            .or_else(|| visit.and_then(|visit| visit.episode));
        if let Some(episode) = episode.and_then(|id| self.episode(id)) {
            self.episode_facts(&mut facts, episode, zone, now);
        }
        if let Some(referral) = about
            .referral
            .and_then(|id| self.referrals.iter().find(|r| r.id == id))
        {
            facts.set(variable::REFERRAL_RECEIVED_AT, Some(referral.received_at));
            facts.set(
                variable::REFERRAL_CALLED,
                Some(referral.called_at.is_some()),
            );
        }
        facts
    }

    fn episode_facts(
        &self,
        facts: &mut Facts,
        episode: &Episode,
        zone: &jiff::tz::TimeZone,
        now: Timestamp,
    ) {
        let progress = self.progress(episode.id, now);
        let mine = || {
            self.visits
                .iter()
                .filter(|visit| visit.episode == Some(episode.id))
        };
        let done =
            |visit: &&Versioned<Appointment>| matches!(visit.state, VisitState::Completed { .. });
        facts.set(variable::EPISODE_STATE, Some(episode.state.code()));
        facts.set(
            variable::EPISODE_VISITS_COMPLETED,
            Some(i64::from(progress.completed)),
        );
        facts.set(
            variable::EPISODE_LAST_VISIT_AT,
            mine().filter(done).map(|visit| visit.starts_at).max(),
        );
        let next = mine().filter(|visit| visit.is_open() && visit.starts_at > now);
        facts.set(
            variable::EPISODE_NEXT_VISIT_AT,
            next.map(|visit| visit.starts_at).min(),
        );
        if let Some(plan) = self.plan(episode.id) {
            let instant =
                |day: jiff::civil::Date| day.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
            facts.set(variable::PLAN_VISITS, Some(i64::from(plan.visits)));
            facts.set(
                variable::PLAN_UNBOOKED,
                Some(i64::from(plan.unbooked(progress))),
            );
            facts.set(
                variable::PLAN_COMPLETED,
                Some(i64::from(progress.completed)),
            );
            facts.set(variable::PLAN_START, instant(plan.starts_on));
            facts.set(variable::PLAN_END, instant(plan.ends_on));
        }
    }

    /// Tells whether a visit before a moment was missed; any at all where none is given.
    fn missed_before(&self, before: Option<Timestamp>) -> bool {
        self.visits.iter().any(|visit| {
            matches!(visit.state, VisitState::NoShow { .. })
                && before.is_none_or(|before| visit.starts_at < before)
        })
    }

    /// Returns which visit of its episode it is, the evaluation being 1; visits
    /// that did not take place are not counted.
    pub fn number_of(&self, visit: &Appointment) -> i64 {
        if visit.kind == VisitKind::Evaluation {
            return 1;
        }
        let before = self.visits.iter().filter(|other| {
            other.episode == visit.episode
                && other.starts_at < visit.starts_at
                && matches!(other.state, VisitState::Completed { .. })
        });
        count(before.count()) + 1
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Running {
    fn read(row: Versioned<EnrolmentRow>) -> Result<Self, DeskError> {
        let state = tendon_journey::enrolment::v1::read(&row.state)
            .map_err(|_| DeskError::Corrupt("an enrolment"))?;
        let Versioned { value, version } = row;
        Ok(Self {
            row: value,
            version: Some(version),
            state,
            touched: false,
        })
    }

    /// Tells whether it still runs.
    pub const fn is_running(&self) -> bool {
        self.row.ended.is_none()
    }
}
