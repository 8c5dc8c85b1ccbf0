//! Resources inside a resource. They have no identity outside it, so their key
//! is the container's with `#` and their id behind it.

use crate::record::{ForeignKey, Record};

use super::codes::all;
use super::context::Context;
use super::person;
use super::reference::Target;
use super::shape::{Container, Head, Patient, Practitioner};
use super::staff::{display, fitting};

impl Context<'_> {
    fn contained(&self, id: &str) -> Option<(Head, String)> {
        let container: Container = serde_json::from_str(self.text).ok()?;
        container.contained.into_iter().find_map(|raw| {
            let head: Head = serde_json::from_str(raw.get()).ok()?;
            let found = head.id.get().is_some_and(|own| own == id);
            found.then(|| (head, raw.get().to_owned()))
        })
    }

    /// Returns the type of a contained resource; empty when there is none.
    pub(super) fn contained_kind(&self, id: &str) -> String {
        self.contained(id)
            .and_then(|(head, _)| head.resource_type.get().cloned())
            .unwrap_or_default()
    }

    /// Returns the display name of a contained professional.
    pub(super) fn contained_name(&self, target: &Target) -> Option<String> {
        let Target::Contained(id) = target else {
            return None;
        };
        let (_, text) = self.contained(id)?;
        let person: Practitioner = serde_json::from_str(&text).ok()?;
        let name = all(&person.name).next()?;
        fitting(&display(name))
    }

    /// Returns the key of a resource's patient. A contained one becomes a
    /// patient record of its own, which comes before the resource.
    pub(super) fn settle(&mut self, target: Target, own: &ForeignKey) -> Option<ForeignKey> {
        let id = match target {
            Target::Key(_, key) => return Some(key),
            Target::Unknown => return None,
            Target::Contained(id) => id,
        };
        let found = self.contained(&id).filter(|(head, _)| {
            head.resource_type
                .get()
                .is_some_and(|kind| kind == "Patient")
        });
        let patient = found.and_then(|(_, text)| serde_json::from_str::<Patient>(&text).ok());
        let Some(patient) = patient else {
            self.reject(
                "contained",
                "holds no patient with the id that is referred to",
            );
            return None;
        };
        let key = ForeignKey {
            system: own.system.clone(),
            value: format!("{}#{id}", own.value),
        };
        let full_url = self.full_url.take();
        let records = person::patient(self, &patient);
        self.full_url = full_url;
        for record in records {
            if let Record::Patient(mut inner) = record {
                inner.key.clone_from(&key);
                inner
                    .aliases
                    .retain(|alias| !alias.system.starts_with("fhir:"));
                self.inner.push(Record::Patient(inner));
            }
        }
        Some(key)
    }
}
