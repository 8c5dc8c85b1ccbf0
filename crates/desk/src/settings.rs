//! What a practice sets for itself: its name and number, its journeys, its words.

use tendon_care::access::{Access, Actor, Permission};
use tendon_care::language::Language;
use tendon_care::practice::Practice;
use tendon_store::{Action, AuditEntry, Commit, CommitError, WordingRow, Write};

use crate::desk::Desk;
use crate::error::DeskError;
use crate::wording::{Override, Part, Status, WordingProblem};

/// A practice's own words for one part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnWords {
    /// The message, such as `visit-reminder-1-day`.
    pub name: String,
    /// The language.
    pub language: Language,
    /// Which part.
    pub part: Part,
    /// The template.
    pub source: String,
    /// The version that the editor saw; 0 for the shipped words.
    pub seen: u32,
}

/// What became of own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WordsSaved {
    /// In use from now on, as this version.
    Saved {
        /// The version.
        version: u32,
    },
    /// Not saved, and why.
    Refused(Vec<WordingProblem>),
}

impl Desk {
    /// Changes the practice's name, zone, state or number.
    pub async fn put_practice(
        &self,
        access: &Access,
        practice: &Practice,
    ) -> Result<(), DeskError> {
        access.require(Permission::EditSettings)?;
        if practice.id != access.practice {
            return Err(DeskError::NotFound("practice"));
        }
        if practice.name.trim().is_empty() {
            return Err(DeskError::invalid("name", "must not be empty"));
        }
        // It stands on every lock screen.
        if !tendon_care::lint::lint_sender(&practice.name).is_empty() {
            let reason = "tells which service a patient uses; choose a neutral one";
            return Err(DeskError::invalid("name", reason));
        }
        let mut commit = Commit::new(access);
        commit.push(Write::Practice(practice.clone()));
        commit
            .audit(AuditEntry::new(access, self.now(), Action::Update, "practice").of(practice.id));
        self.db().commit(commit).await?;
        self.refresh();
        Ok(())
    }

    /// Lets a journey take new subjects, or no longer. Who is in it goes on to the
    /// end.
    pub async fn switch_journey(
        &self,
        access: &Access,
        name: &str,
        on: bool,
    ) -> Result<(), DeskError> {
        access.require(Permission::EditSettings)?;
        let house = self.house(access.practice).await?;
        let known = house.journeys().all();
        if known.iter().all(|journey| journey.name() != name) {
            return Err(DeskError::NotFound("journey"));
        }
        let mut commit = Commit::new(access);
        commit.push(Write::JourneySwitch(name.to_owned(), on));
        let words = format!("{name} {}", if on { "on" } else { "off" });
        let entry = AuditEntry::new(access, self.now(), Action::Update, "journey");
        commit.audit(entry.with(words));
        self.db().commit(commit).await?;
        self.refresh();
        Ok(())
    }

    /// Puts a practice's own words in use, if they pass every check.
    pub async fn save_words(
        &self,
        access: &Access,
        own: &OwnWords,
    ) -> Result<WordsSaved, DeskError> {
        access.require(Permission::EditSettings)?;
        let version = own.seen + 1;
        let checked = Override {
            name: own.name.clone(),
            language: own.language,
            part: own.part,
            source: own.source.clone(),
            version,
            status: Status::HumanReviewed,
        };
        let house = self.house(access.practice).await?;
        let problems = house.catalogue.check(&checked);
        if !problems.is_empty() {
            return Ok(WordsSaved::Refused(problems));
        }
        let mut commit = Commit::new(access);
        commit.push(Write::Wording(WordingRow {
            name: own.name.clone(),
            language: own.language.tag().to_owned(),
            part: own.part.code().to_owned(),
            source: own.source.clone(),
            version,
            changed_at: self.now(),
            changed_by: match access.actor {
                Actor::User { id, .. } => Some(id),
                _ => None,
            },
        }));
        let words = format!("{} {} {}", own.name, own.language.tag(), own.part.code());
        let entry = AuditEntry::new(access, self.now(), Action::Update, "wording");
        commit.audit(entry.with(words));
        match self.db().commit(commit).await {
            Ok(()) => {}
            Err(CommitError::Conflict { .. }) => {
                return Err(DeskError::Stale("the words were changed meanwhile"));
            }
            Err(error) => return Err(error.into()),
        }
        self.refresh();
        Ok(WordsSaved::Saved { version })
    }
}
