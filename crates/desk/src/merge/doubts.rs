//! Doubts whether two records are one person, and what a person says about them.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use tendon_care::access::{Access, Permission};
use tendon_care::id::{PatientId, TaskId};
use tendon_care::task::{Task, TaskKind, TaskState};
use tendon_store::{
    Action, AuditEntry, Commit, CommitError, MatchReviewRow, MatchVerdict, Reader, Write,
};

use crate::desk::{Desk, TRIES};
use crate::error::DeskError;

/// Another record that may be the same person.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// The other record.
    pub other: PatientId,
    /// How likely they are one, from 0 to 1.
    pub posterior: f64,
    /// Which fields speak for it and against it, without their values.
    pub evidence: String,
    /// When it was noticed.
    pub found_at: Timestamp,
}

impl Desk {
    /// Returns the records that may be the same person as this one, the likeliest
    /// first, those that were merged as whom they were merged into.
    pub async fn doubts_about(
        &self,
        access: &Access,
        patient: PatientId,
    ) -> Result<Vec<Doubt>, DeskError> {
        access.require(Permission::MergePatients)?;
        let reader = self.reader(access);
        let me = reader.root_of(patient).await?;
        let rows = reader.reviews_about(me).await?;
        let roots = Roots::of(reader, &rows).await?;
        let mut seen = HashSet::new();
        let mut doubts: Vec<Doubt> = Vec::new();
        for row in &rows {
            let other = match roots.of_pair(row) {
                [a, b] if a == me => b,
                [a, b] if b == me => a,
                // Merged between the two reads.
                _ => continue,
            };
            if other != me && seen.insert(other) {
                doubts.push(Doubt {
                    other,
                    posterior: row.posterior,
                    evidence: row.evidence.clone(),
                    found_at: row.found_at,
                });
            }
        }
        Ok(doubts)
    }

    /// Keeps two records apart: they are two people, and nobody is asked again.
    ///
    /// *Errors*: the actor may not merge; there is no doubt about the two.
    pub async fn keep_apart(
        &self,
        access: &Access,
        one: PatientId,
        other: PatientId,
    ) -> Result<(), DeskError> {
        access.require(Permission::MergePatients)?;
        for _ in 0..TRIES {
            let answer = Answer::about(self.reader(access), one, other).await?;
            if answer.reviews.is_empty() {
                return Err(DeskError::Stale("nobody asks about these two any more"));
            }
            let commit = self.apart(access, [one, other], answer);
            match self.db().commit(commit).await {
                // Somebody else has answered, or made the two one.
                Err(CommitError::Conflict { .. }) => {}
                done => return Ok(done?),
            }
        }
        Err(DeskError::Busy)
    }

    fn apart(&self, access: &Access, pair: [PatientId; 2], answer: Answer) -> Commit {
        let now = self.now();
        let mut commit = Commit::new(access);
        for review in answer.reviews {
            let both = (review.a, review.b);
            commit.push(Write::MatchReviewSettled(
                both,
                now,
                MatchVerdict::Different,
            ));
        }
        for task in answer.tasks {
            commit.push(Write::TaskSettled(task, now));
        }
        for patient in pair {
            let entry = AuditEntry::new(access, now, Action::Update, "patient");
            commit.audit(entry.about(patient).with("kept apart"));
        }
        commit
    }
}

/// Who the records that doubts name are by now.
struct Roots(HashMap<PatientId, PatientId>);

impl Roots {
    async fn of(reader: Reader<'_>, rows: &[MatchReviewRow]) -> Result<Self, DeskError> {
        let named: Vec<_> = rows.iter().flat_map(|row| [row.a, row.b]).collect();
        let roots = reader.roots_of_retired(&named).await?;
        Ok(Self(roots.into_iter().collect()))
    }

    fn of_pair(&self, row: &MatchReviewRow) -> [PatientId; 2] {
        [row.a, row.b].map(|patient| self.0.get(&patient).copied().unwrap_or(patient))
    }
}

/// What is settled once it is known whether two records are one person.
pub(super) struct Answer {
    /// The doubts about the two.
    pub(super) reviews: Vec<MatchReviewRow>,
    /// Tasks that asked this and ask nothing else.
    pub(super) tasks: Vec<TaskId>,
}

impl Answer {
    pub(super) async fn about(
        reader: Reader<'_>,
        one: PatientId,
        other: PatientId,
    ) -> Result<Self, DeskError> {
        let both = [reader.root_of(one).await?, reader.root_of(other).await?];
        let mut rows = reader.reviews_about(both[0]).await?;
        rows.extend(reader.reviews_about(both[1]).await?);
        let roots = Roots::of(reader, &rows).await?;
        let (mut reviews, mut left) = (Vec::new(), HashSet::new());
        for row in rows {
            let pair = roots.of_pair(&row);
            if !pair.iter().all(|patient| both.contains(patient)) {
                left.extend(pair);
            } else if !reviews.contains(&row) {
                reviews.push(row);
            }
        }
        let mut tasks = Vec::new();
        for patient in both.into_iter().filter(|patient| !left.contains(patient)) {
            let of_patient = reader.tasks_of(patient).await?.into_iter();
            let asks =
                |task: &Task| task.kind == TaskKind::ReviewMatch && task.state == TaskState::Open;
            tasks.extend(of_patient.filter(asks).map(|task| task.id));
        }
        Ok(Self { reviews, tasks })
    }
}
