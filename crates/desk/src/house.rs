//! What a practice has set up: places, journeys, words and rules, read once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tendon_care::id::{ClinicianId, LocationId};
use tendon_care::language::Language;
use tendon_care::practice::{Clinician, Location, Practice};
use tendon_care::rules::Rules;
use tendon_journey::{Definition, library};
use tendon_store::{JourneyRow, Reader, WordingRow};

use crate::error::DeskError;
use crate::wording::{Catalogue, Override, Part, Status};

/// A practice as the use cases see it. Read-only; settings make a new one.
#[derive(Debug)]
pub struct House {
    /// The practice.
    pub practice: Practice,
    /// Its places.
    pub locations: BTreeMap<LocationId, Location>,
    /// Its clinicians.
    pub clinicians: BTreeMap<ClinicianId, Clinician>,
    /// Its words for patients.
    pub catalogue: Catalogue,
    /// The law and the practice's own limits, as dated data.
    pub rules: Arc<Rules>,
    journeys: Journeys,
}

/// The journeys of a practice: every version that an enrolment may be on, and
/// which of them take new subjects.
#[derive(Debug, Default)]
pub struct Journeys {
    versions: HashMap<(String, u32), Arc<Definition>>,
    current: Vec<Arc<Definition>>,
}

impl House {
    /// Reads everything that a practice has set up.
    ///
    /// *Errors*: the practice is not there, or a stored definition of it cannot
    /// be read, which a running enrolment would need.
    pub(crate) async fn load(reader: Reader<'_>, rules: Arc<Rules>) -> Result<Self, DeskError> {
        let practice = reader
            .practice()
            .await?
            .ok_or(DeskError::NotFound("practice"))?;
        let locations = reader
            .locations()
            .await?
            .into_iter()
            .map(|place| (place.id, place))
            .collect();
        let clinicians = reader
            .clinicians()
            .await?
            .into_iter()
            .map(|who| (who.id, who))
            .collect();
        let rows = reader.journey_definitions().await?;
        let switches: HashMap<String, bool> =
            reader.journey_switches().await?.into_iter().collect();
        let words = reader.wordings().await?;
        Ok(Self {
            practice,
            locations,
            clinicians,
            catalogue: catalogue(&words)?,
            rules,
            journeys: Journeys::read(&rows, &switches)?,
        })
    }

    /// Returns the journeys.
    pub const fn journeys(&self) -> &Journeys {
        &self.journeys
    }

    /// Returns a place, or the practice itself as one where it is not known.
    pub fn zone_of(&self, location: LocationId) -> &jiff::tz::TimeZone {
        self.locations
            .get(&location)
            .map_or(&self.practice.time_zone, |place| &place.time_zone)
    }
}

impl Journeys {
    fn read(rows: &[JourneyRow], switches: &HashMap<String, bool>) -> Result<Self, DeskError> {
        let mut journeys = Self::default();
        let mut newest: BTreeMap<String, Arc<Definition>> = BTreeMap::new();
        for row in rows {
            let definition = Definition::parse(&row.name, &row.source)
                .map_err(|_| DeskError::Corrupt("a journey definition"))?;
            journeys.keep(Arc::new(definition), &mut newest);
        }
        for shipped in library::SHIPPED {
            let definition = shipped
                .parse()
                .map_err(|_| DeskError::Corrupt("a shipped journey"))?;
            let known = journeys
                .versions
                .contains_key(&(shipped.name.to_owned(), definition.version()));
            if !known {
                journeys.keep(Arc::new(definition), &mut newest);
            }
        }
        journeys.current = newest
            .into_values()
            .filter(|definition| switches.get(definition.name()).copied().unwrap_or(true))
            .collect();
        Ok(journeys)
    }

    fn keep(
        &mut self,
        definition: Arc<Definition>,
        newest: &mut BTreeMap<String, Arc<Definition>>,
    ) {
        let name = definition.name().to_owned();
        if newest
            .get(&name)
            .is_none_or(|other| other.version() < definition.version())
        {
            newest.insert(name.clone(), Arc::clone(&definition));
        }
        self.versions
            .insert((name, definition.version()), definition);
    }

    /// Returns the version that an enrolment is on.
    pub fn version(&self, name: &str, version: u32) -> Option<&Arc<Definition>> {
        // The key is owned by the map; looking up by parts would need a second map.
        self.versions.get(&(name.to_owned(), version))
    }

    /// Returns the newest version of each journey that is switched on.
    pub fn current(&self) -> &[Arc<Definition>] {
        &self.current
    }

    /// Says what a journey does, a sentence at a time: the whole, then each step.
    pub fn explained(definition: &Definition) -> Vec<String> {
        let sentences = tendon_journey::explain::explain(definition);
        sentences.into_iter().map(|said| said.text).collect()
    }

    /// Names the steps that somebody notices, in order: messages, tasks and waits.
    pub fn noticed(definition: &Definition) -> Vec<&str> {
        use tendon_journey::definition::Act;
        let noticed = |act: &Act| matches!(act, Act::Send(_) | Act::Task { .. } | Act::Wait(_));
        let steps = definition.steps().iter().filter(|step| noticed(&step.act));
        steps.map(|step| step.id.as_str()).collect()
    }

    /// Returns every version of every journey, by name and version.
    pub fn all(&self) -> Vec<&Arc<Definition>> {
        let mut all: Vec<_> = self.versions.values().collect();
        all.sort_by(|a, b| (a.name(), a.version()).cmp(&(b.name(), b.version())));
        all
    }
}

fn catalogue(rows: &[WordingRow]) -> Result<Catalogue, DeskError> {
    let built_in = Catalogue::built_in().map_err(|_| DeskError::Corrupt("the built-in words"))?;
    let overrides = rows
        .iter()
        .map(|row| {
            Some(Override {
                name: row.name.clone(),
                language: row.language.parse::<Language>().ok()?,
                part: Part::from_code(&row.part)?,
                source: row.source.clone(),
                version: row.version,
                // Somebody of the practice wrote these words and stands behind them.
                status: Status::HumanReviewed,
            })
        })
        .collect::<Option<Vec<_>>>()
        .ok_or(DeskError::Corrupt("the practice's words"))?;
    let (catalogue, problems) = built_in.with_overrides(overrides);
    for problem in problems {
        // Checked when they were saved; a newer program may be stricter, and the
        // built-in words are then used.
        tracing::warn!(message = problem.name, "own words are no longer accepted");
    }
    Ok(catalogue)
}
