//! Places and clinicians: found by key, else by name, else added at first sight.
//!
//! A practice has few of them and every visit names one, so all are kept in
//! memory for the length of a run.

use std::collections::{BTreeMap, HashMap};

use tendon_care::id::{ClinicianId, Id, LocationId};
use tendon_care::patient::Region;
use tendon_care::person::search_words;
use tendon_care::practice::{Clinician, Location};
use tendon_care::zone::{Hint, Zone};
use tendon_exchange::record::{
    AppointmentRecord, ClinicianRecord, ForeignKey, LocationRecord, Record,
};
use tendon_store::{Action, AuditEntry, Commit, SourceRow, Write};
use uuid::Uuid;

use super::entry::{Entry, Slot};
use super::report::Verdict;
use super::scene::Scene;
use super::shelf::{KeyState, Known};
use super::work::Fresh;
use crate::error::DeskError;

/// The places and clinicians of a practice, by every name that sources have for them.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    locations: BTreeMap<LocationId, Location>,
    clinicians: BTreeMap<ClinicianId, Clinician>,
    keys: HashMap<Slot, Uuid>,
    location_names: HashMap<String, LocationId>,
    clinician_names: HashMap<String, ClinicianId>,
}

/// What is to be written for a batch, and what became of its places.
#[derive(Default)]
struct Draft {
    writes: Vec<Write>,
    verdicts: Vec<(&'static str, Verdict)>,
}

impl Places {
    /// Reads what the practice has.
    pub(super) async fn load(scene: &Scene) -> Result<Self, DeskError> {
        let reader = scene.reader();
        let mut places = Self::default();
        for place in reader.locations().await? {
            places.know_location(place);
        }
        for clinician in reader.clinicians().await? {
            places.know_clinician(clinician);
        }
        Ok(places)
    }

    /// Takes the places and clinicians of a batch in, and adds those that its
    /// visits name and nobody knows, in one commit.
    pub(super) async fn settle(
        &mut self,
        scene: &Scene,
        entries: &[Fresh],
    ) -> Result<Vec<(&'static str, Verdict)>, DeskError> {
        self.look_up(scene, entries).await?;
        let mut draft = Draft::default();
        for fresh in entries {
            match &fresh.entry.record {
                Record::Location(place) => self.location_said(scene, fresh, place, &mut draft),
                Record::Clinician(clinician) => {
                    self.clinician_said(scene, fresh, clinician, &mut draft);
                }
                _ => {}
            }
        }
        for fresh in entries {
            if let Record::Appointment(visit) = &fresh.entry.record {
                self.visit_seen(scene, visit, &mut draft);
            }
        }
        if !draft.writes.is_empty() {
            let mut commit = Commit::new(&scene.access);
            commit.extend(draft.writes);
            let entry = AuditEntry::new(&scene.access, scene.now, Action::Update, "practice");
            commit.audit(
                entry
                    .of(scene.access.practice)
                    .with("places and clinicians imported"),
            );
            scene.desk.db().commit(commit).await?;
        }
        Ok(draft.verdicts)
    }

    /// Returns where a visit takes place; the practice's first place where the
    /// source does not say.
    pub(super) fn location_of(&self, visit: &AppointmentRecord) -> Option<&Location> {
        let by_key = visit
            .location
            .as_ref()
            .and_then(|key| self.location_by_key(key));
        let by_name = || {
            let name = visit.location_name.as_deref()?;
            self.location_names.get(&folded(name)).copied()
        };
        let id = by_key.or_else(by_name);
        match id {
            Some(id) => self.locations.get(&id),
            None => self.locations.values().next(),
        }
    }

    /// Returns who sees the patient.
    pub(super) fn clinician_of(&self, visit: &AppointmentRecord) -> Option<ClinicianId> {
        let by_key = visit
            .clinician
            .as_ref()
            .and_then(|key| self.clinician_by_key(key));
        by_key.or_else(|| {
            let name = visit.clinician_name.as_deref()?;
            self.clinician_names.get(&folded(name)).copied()
        })
    }

    /// Counts the places.
    pub(super) fn count(&self) -> usize {
        self.locations.len()
    }

    fn know_location(&mut self, place: Location) {
        self.location_names.insert(folded(&place.name), place.id);
        self.locations.insert(place.id, place);
    }

    fn know_clinician(&mut self, clinician: Clinician) {
        let name = folded(&clinician.display_name);
        self.clinician_names.insert(name, clinician.id);
        self.clinicians.insert(clinician.id, clinician);
    }

    fn location_by_key(&self, key: &ForeignKey) -> Option<LocationId> {
        let id = self.keys.get(&Slot::new("location", key))?;
        Some(LocationId::from_uuid(*id))
    }

    fn clinician_by_key(&self, key: &ForeignKey) -> Option<ClinicianId> {
        let id = self.keys.get(&Slot::new("clinician", key))?;
        Some(ClinicianId::from_uuid(*id))
    }

    async fn look_up(&mut self, scene: &Scene, entries: &[Fresh]) -> Result<(), DeskError> {
        let mut wanted: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
        for fresh in entries {
            for (kind, key) in keys_in(&fresh.entry) {
                if !self.keys.contains_key(&Slot::new(kind, key)) {
                    let values = wanted.entry((kind, key.system.clone())).or_default();
                    values.push(key.value.clone());
                }
            }
        }
        for ((kind, system), mut values) in wanted {
            values.sort();
            values.dedup();
            for row in scene.reader().sources(kind, &system, &values).await? {
                let key = ForeignKey {
                    system: row.system,
                    value: row.value,
                };
                if let Some(entity) = row.entity {
                    self.keys.insert(Slot::new(kind, &key), entity);
                }
            }
        }
        Ok(())
    }

    fn location_said(
        &mut self,
        scene: &Scene,
        fresh: &Fresh,
        said: &LocationRecord,
        draft: &mut Draft,
    ) {
        let known = self.keys.get(&fresh.entry.thing()).copied();
        let by_name = self.location_names.get(&folded(&said.name)).copied();
        let id = known.map(LocationId::from_uuid).or(by_name);
        let place = match id.and_then(|id| self.locations.get(&id)) {
            // Zone, hours and phone may have been set by staff: only the name is the source's.
            Some(place) => Location {
                name: said.name.clone(),
                ..place.clone()
            },
            None => new_location(scene, said.name.clone(), &said.region),
        };
        let verdict = if id.is_some() {
            Verdict::Updated
        } else {
            Verdict::Created
        };
        draft.verdicts.push((fresh.entry.kind(), verdict));
        draft.writes.push(Write::Location(place.clone()));
        self.said(fresh, place.id.uuid(), draft);
        for alias in &said.aliases {
            self.note(Slot::new("location", alias), place.id.uuid(), draft);
        }
        self.know_location(place);
    }

    fn clinician_said(
        &mut self,
        scene: &Scene,
        fresh: &Fresh,
        said: &ClinicianRecord,
        draft: &mut Draft,
    ) {
        let known = self.keys.get(&fresh.entry.thing()).copied();
        let id = known.map(ClinicianId::from_uuid);
        let verdict = if id.is_some() {
            Verdict::Updated
        } else {
            Verdict::Created
        };
        draft.verdicts.push((fresh.entry.kind(), verdict));
        let clinician = Clinician {
            id: id.unwrap_or_else(|| scene.desk.mint().id()),
            display_name: said.display_name.clone(),
        };
        draft.writes.push(Write::Clinician(clinician.clone()));
        self.said(fresh, clinician.id.uuid(), draft);
        for alias in &said.aliases {
            self.note(Slot::new("clinician", alias), clinician.id.uuid(), draft);
        }
        self.know_clinician(clinician);
    }

    /// Adds what a visit names and nobody knows. A key without a name is shown
    /// as it is until its record comes.
    fn visit_seen(&mut self, scene: &Scene, visit: &AppointmentRecord, draft: &mut Draft) {
        let (key, name) = (visit.location.as_ref(), visit.location_name.as_deref());
        let has_place = key.is_some_and(|key| self.location_by_key(key).is_some());
        if !has_place && let Some(name) = name.or(key.map(|key| key.value.as_str())) {
            let id = match self.location_names.get(&folded(name)) {
                Some(id) => *id,
                None => self.add_location(scene, name, draft),
            };
            if let Some(key) = key {
                self.note(Slot::new("location", key), id.uuid(), draft);
            }
        } else if self.locations.is_empty() {
            self.add_location(scene, &scene.house.practice.name, draft);
        }
        let (key, name) = (visit.clinician.as_ref(), visit.clinician_name.as_deref());
        let has_clinician = key.is_some_and(|key| self.clinician_by_key(key).is_some());
        if !has_clinician && let Some(name) = name.or(key.map(|key| key.value.as_str())) {
            // Two clinicians may share a name; a key of its own is a person of its own.
            let by_name = self.clinician_names.get(&folded(name)).copied();
            let id = by_name.filter(|_| key.is_none()).unwrap_or_else(|| {
                let clinician = Clinician {
                    id: scene.desk.mint().id(),
                    display_name: name.to_owned(),
                };
                let id = clinician.id;
                draft.writes.push(Write::Clinician(clinician.clone()));
                self.know_clinician(clinician);
                id
            });
            if let Some(key) = key {
                self.note(Slot::new("clinician", key), id.uuid(), draft);
            }
        }
    }

    fn add_location(&mut self, scene: &Scene, name: &str, draft: &mut Draft) -> LocationId {
        let place = new_location(scene, name.to_owned(), &Region::default());
        let id = place.id;
        draft.writes.push(Write::Location(place.clone()));
        self.know_location(place);
        id
    }

    /// Notes what was said of a place or a clinician.
    fn said(&mut self, fresh: &Fresh, entity: Uuid, draft: &mut Draft) {
        let known = Known {
            entity: Some(entity),
            ..Known::after(fresh.before.as_ref(), &fresh.entry)
        };
        draft.writes.push(row(fresh.entry.slot(), &known));
        let thing = fresh.entry.thing();
        if fresh.entry.teller.is_some() {
            self.note(thing, entity, draft);
        } else {
            self.keys.insert(thing, entity);
        }
    }

    /// Notes a key, unless it is noted already.
    fn note(&mut self, slot: Slot, entity: Uuid, draft: &mut Draft) {
        if self.keys.contains_key(&slot) {
            return;
        }
        let known = Known::key_of(entity, KeyState::Own);
        draft.writes.push(row(slot.clone(), &known));
        self.keys.insert(slot, entity);
    }
}

fn row(slot: Slot, known: &Known) -> Write {
    Write::Source(Box::new(SourceRow {
        kind: slot.kind,
        system: slot.key.system,
        value: slot.key.value,
        entity: known.entity,
        patient: None,
        hash: known.hash(),
        changed_at: known.changed_at,
        body: None,
    }))
}

/// Returns the keys of places and clinicians that an entry has or names.
fn keys_in(entry: &Entry) -> Vec<(&'static str, &ForeignKey)> {
    match &entry.record {
        Record::Location(place) => std::iter::once(&place.key)
            .chain(&place.aliases)
            .map(|key| ("location", key))
            .collect(),
        Record::Clinician(clinician) => std::iter::once(&clinician.key)
            .chain(&clinician.aliases)
            .map(|key| ("clinician", key))
            .collect(),
        Record::Appointment(visit) => {
            let place = visit.location.as_ref().map(|key| ("location", key));
            let clinician = visit.clinician.as_ref().map(|key| ("clinician", key));
            place.into_iter().chain(clinician).collect()
        }
        _ => Vec::new(),
    }
}

fn new_location(scene: &Scene, name: String, region: &Region) -> Location {
    let practice = &scene.house.practice.time_zone;
    let own = region
        .zip
        .as_deref()
        .and_then(only_zone)
        .and_then(Zone::time_zone);
    Location {
        id: scene.desk.mint().id(),
        name,
        time_zone: own.unwrap_or(practice).clone(),
        phone: None,
        street: None,
        hours: [None; 7],
    }
}

/// Returns the zone of a ZIP that lies in one zone only.
pub(super) fn only_zone(zip: &str) -> Option<Zone> {
    let mut zones = Hint::of_zip(zip)?.zones();
    match (zones.next(), zones.next()) {
        (Some(zone), None) => Some(zone),
        _ => None,
    }
}

/// Returns the form under which two spellings are one name.
fn folded(name: &str) -> String {
    search_words(name).join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zip_on_a_border_of_zones_says_nothing() {
        assert_eq!(only_zone("60601").map(Zone::iana), Some("America/Chicago"));
        assert_eq!(only_zone("85001").map(Zone::iana), Some("America/Phoenix"));
        assert_eq!(only_zone("42701"), None, "Kentucky's border of zones");
        assert_eq!(only_zone(""), None);
    }

    #[test]
    fn names_are_compared_without_case_and_accents() {
        assert_eq!(folded("Clínica  SUR"), folded("clinica sur"));
        assert_ne!(folded("Clinic 1"), folded("Clinic 2"));
    }
}
