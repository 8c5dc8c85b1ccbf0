//! What a practice sets for itself: its name and number, its journeys, its words.

use tendon_care::access::{Access, Actor, Permission};
use tendon_care::language::Language;
use tendon_care::practice::Practice;
use tendon_care::zone::State;
use tendon_channel::twilio::Source;
use tendon_store::{Action, AuditEntry, Commit, CommitError, JourneyRow, WordingRow, Write};

use crate::desk::Desk;
use crate::error::DeskError;
use crate::wording::{Override, Part, Status, WordingProblem};

/// The setting that names the numbers at which a practice gets texts.
pub const TEXT_NUMBERS: &str = "sms.numbers";

/// The longest name of a practice or a place.
const MAX_NAME_CHARS: usize = 60;

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
    /// Adds a practice and keeps the shipped journeys as its first versions, so
    /// that an enrolment finds its version after Tendon ships a newer one.
    pub async fn open_practice(&self, practice: &Practice) -> Result<(), DeskError> {
        let practice = checked(practice)?;
        let (access, now) = (Access::system(practice.id, "command"), self.now());
        let mut commit = Commit::new(&access);
        for shipped in tendon_journey::library::SHIPPED {
            let definition = shipped
                .parse()
                .map_err(|_| DeskError::Corrupt("a shipped journey"))?;
            commit.push(Write::JourneyDefinition(JourneyRow {
                name: shipped.name.to_owned(),
                version: definition.version(),
                source: shipped.text.to_owned(),
                created_at: now,
            }));
        }
        commit.audit(AuditEntry::new(&access, now, Action::Create, "practice").of(practice.id));
        self.db().add_practice(&practice, now, commit).await?;
        Ok(())
    }

    /// Returns the numbers and short codes at which a practice gets texts, separated
    /// by commas; empty where none are set.
    pub async fn text_numbers(&self, access: &Access) -> Result<String, DeskError> {
        access.require(Permission::Administer)?;
        let numbers = self.reader(access).setting(TEXT_NUMBERS).await?;
        Ok(numbers.unwrap_or_default())
    }

    /// Sets the numbers and short codes at which a practice gets texts. Needed where
    /// a server has several practices; empty text sets none.
    pub async fn put_text_numbers(&self, access: &Access, text: &str) -> Result<(), DeskError> {
        access.require(Permission::Administer)?;
        let numbers = numbers(text)?;
        let mut commit = Commit::new(access);
        let entry = AuditEntry::new(access, self.now(), Action::Update, "setting");
        commit.audit(entry.with(TEXT_NUMBERS));
        commit.push(Write::Setting(TEXT_NUMBERS.to_owned(), numbers));
        self.db().commit(commit).await?;
        Ok(())
    }

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
        let practice = checked(practice)?;
        let mut commit = Commit::new(access);
        commit
            .audit(AuditEntry::new(access, self.now(), Action::Update, "practice").of(practice.id));
        commit.push(Write::Practice(practice));
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

/// Takes a practice whose name may stand on a lock screen, and whose state's law is
/// known.
fn checked(practice: &Practice) -> Result<Practice, DeskError> {
    let state = practice.state.as_deref().map(state).transpose()?;
    Ok(Practice {
        name: shown_name(&practice.name)?,
        state,
        ..practice.clone()
    })
}

/// Takes a name that patients read: it stands on every lock screen.
pub(crate) fn shown_name(text: &str) -> Result<String, DeskError> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
        let reason = format!("must have 1 to {MAX_NAME_CHARS} characters");
        return Err(DeskError::invalid("name", reason));
    }
    if !tendon_care::lint::lint_sender(&name).is_empty() {
        let reason = "tells which service a patient uses; choose a neutral one";
        return Err(DeskError::invalid("name", reason));
    }
    Ok(name)
}

/// Takes a state's code in either case. A state that does not exist has no hours and
/// no caps, so that its law would silently not hold.
pub(crate) fn state(text: &str) -> Result<String, DeskError> {
    State::from_code(text)
        .map(|state| state.code().to_owned())
        .ok_or_else(|| DeskError::invalid("state", "must be two letters of a state, such as IL"))
}

/// Takes numbers and short codes separated by commas.
fn numbers(text: &str) -> Result<String, DeskError> {
    let wrong = || DeskError::invalid("numbers", "must be phone numbers or short codes");
    let given = text
        .split([',', ';', '\n'])
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let read = given.map(|part| match Source::parse(part) {
        Ok(Source::Number(number)) => Ok(number),
        _ => Err(wrong()),
    });
    Ok(read.collect::<Result<Vec<_>, _>>()?.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_kept_in_one_form() {
        let kept = numbers("312-555-0100; 55123,,+1 (773) 555-0199 ").unwrap();
        assert_eq!(kept, "+13125550100, 55123, +17735550199");
        assert_eq!(numbers(" , ").unwrap(), "");
        for bad in ["312", "desk", "312-555-0100, desk"] {
            assert!(numbers(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_state_exists_or_is_refused() {
        assert_eq!(state(" il ").unwrap(), "IL");
        assert_eq!(state("PR").unwrap(), "PR");
        for bad in ["Florida", "ZZ", "F", ""] {
            assert!(state(bad).is_err(), "{bad}");
        }
    }
}
