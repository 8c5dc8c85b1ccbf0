//! References and keys: how a resource says who it is and whom it means.
//!
//! The one idea: a key is `(fhir:<base>, Type/id)`, and every way to point at a
//! resource is turned into the key or one of the aliases that the resource
//! itself gets. A Bundle is read in one pass, so nothing is looked up; the type
//! in front of a `urn:uuid:` comes from the field that holds the reference.
//!
//! | written | becomes |
//! |---|---|
//! | `Patient/1`, `Patient/1/_history/2` | `(fhir:<base of the entry>, Patient/1)` |
//! | `https://ehr.example/r4/Patient/1` | `(fhir:https://ehr.example/r4, Patient/1)` |
//! | `urn:uuid:X` in `subject` | `(fhir:, Patient/X)`; an alias of the resource with that full URL |
//! | `Practitioner?identifier=S\|V`, or an identifier alone | `(S, V)`; an alias of the resource with that identifier |
//! | `#x` | the contained resource |
//!
//! *Source*: R4 §2.3.0 (references), §2.36.4 (references in Bundles).

mod identifier;
mod url;

use std::collections::HashMap;

use crate::record::ForeignKey;

use super::context::{Context, MOST_ELEMENTS, Path, missing};
use super::element::{Field, Many};
use super::shape::{Identifier, Reference, Text};
use identifier::{conditional, identifier_key, is_own};
use url::{is_absolute, is_id, key, opaque, split, urn_value};

pub(super) use identifier::is_ssn;
pub(super) use url::{base_of, is_type};

/// So many people and places of one Bundle are remembered by their full URL.
const MAX_DIRECTORY: usize = 1_000_000;

/// The kinds that an Appointment may name, for telling its actors apart.
const ACTORS: [&str; 8] = [
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Location",
    "RelatedPerson",
    "HealthcareService",
    "Device",
    "Group",
];

/// Which kind of actor a `urn:uuid:` full URL of this source turned out to be.
#[derive(Debug, Default)]
pub(super) struct Directory(HashMap<String, &'static str>);

impl Directory {
    /// Remembers an entry, if an Appointment could mean it.
    pub(super) fn note(&mut self, full_url: &str, resource_type: &str) {
        let actor = ACTORS.iter().find(|actor| **actor == resource_type);
        if let (Some(urn), Some(actor)) = (urn_value(full_url), actor)
            && self.0.len() < MAX_DIRECTORY
        {
            self.0.insert(urn, actor);
        }
    }

    fn kind(&self, urn: &str) -> Option<&'static str> {
        self.0.get(urn).copied()
    }
}

/// What a reference points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A resource of a known kind.
    Key(String, ForeignKey),
    /// A resource inside this one, by its id without `#`.
    Contained(String),
    /// A `urn:uuid:` whose kind nobody has said yet.
    Unknown,
}

/// The key of a resource and what else its neighbours may call it.
pub(super) struct Identity {
    pub(super) key: ForeignKey,
    pub(super) aliases: Vec<ForeignKey>,
}

impl Context<'_> {
    /// Says which resource this is, or notes the rejection.
    ///
    /// The id is the key; without one the full URL is, and without that the
    /// first identifier that is the resource's own.
    pub(super) fn identify(
        &mut self,
        kind: &str,
        id: &Text,
        identifiers: &Many<Identifier>,
    ) -> Option<Identity> {
        let mut keys = Vec::new();
        if let Some(text) = self.text(id, Path::new("id")) {
            if is_id(text) {
                keys.push(key(&self.base, kind, text));
            } else {
                self.ignore(Path::new("id"), "has characters or a length that no id has");
            }
        }
        keys.extend(self.full_url.and_then(|url| self.located(kind, url)));
        let own = identifiers
            .get()
            .into_iter()
            .flatten()
            .take(MOST_ELEMENTS)
            .filter_map(Field::get);
        keys.extend(own.filter(|one| is_own(one)).filter_map(identifier_key));
        let mut keys = keys.into_iter();
        let Some(key) = keys.next() else {
            self.reject("id", missing(id));
            return None;
        };
        let mut aliases: Vec<ForeignKey> = Vec::new();
        for alias in keys {
            if alias != key && !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
        Some(Identity { key, aliases })
    }

    /// Turns a full URL into the key that neighbours make of it.
    fn located(&self, kind: &str, full_url: &str) -> Option<ForeignKey> {
        let url = full_url.trim();
        if let Some(urn) = urn_value(url) {
            return Some(key(self.home, kind, &urn));
        }
        match split(url).filter(|_| is_absolute(url)) {
            Some((base, kind, id)) => Some(key(base, kind, id)),
            None => opaque(url),
        }
    }

    /// Resolves a reference. `default` is the kind that the field holds, where
    /// it holds only one. Notes what cannot be resolved and returns `None`.
    pub(super) fn resolve(
        &mut self,
        reference: &Reference,
        path: Path<'_>,
        default: Option<&str>,
    ) -> Option<Target> {
        let said = self.text(&reference.r#type, path.then("type"));
        let said = said.filter(|kind| is_type(kind)).or(default);
        let Some(text) = self.text(&reference.reference, path.then("reference")) else {
            return self.logical(reference, path, said);
        };
        if let Some(inner) = text.strip_prefix('#') {
            return Some(Target::Contained(inner.to_owned()));
        }
        if let Some(urn) = urn_value(text) {
            let kind = self.directory.kind(&urn).or(said);
            return Some(kind.map_or(Target::Unknown, |kind| {
                Target::Key(kind.to_owned(), key(self.home, kind, &urn))
            }));
        }
        if text.contains('?') {
            let found = conditional(text);
            if found.is_none() {
                self.ignore(path, "is a search that only its server can answer");
            }
            return found.map(|(kind, key)| Target::Key(kind.to_owned(), key));
        }
        if let Some((base, kind, id)) = split(text) {
            let base = if is_absolute(text) { base } else { &self.base };
            return Some(Target::Key(kind.to_owned(), key(base, kind, id)));
        }
        let target = opaque(text)
            .zip(said)
            .map(|(key, kind)| Target::Key(kind.to_owned(), key));
        if target.is_none() {
            self.ignore(path, "is not a reference that can be followed");
        }
        target
    }

    fn logical(
        &mut self,
        reference: &Reference,
        path: Path<'_>,
        said: Option<&str>,
    ) -> Option<Target> {
        let inner = path.then("identifier");
        let identifier = self.one(&reference.identifier, inner)?;
        let Some(key) = identifier_key(identifier) else {
            self.ignore(inner, "has no system and value that may be kept");
            return None;
        };
        Some(said.map_or(Target::Unknown, |kind| Target::Key(kind.to_owned(), key)))
    }

    /// Resolves a required reference to a patient, or notes the rejection.
    pub(super) fn patient(
        &mut self,
        field: &Field<Reference>,
        name: &'static str,
    ) -> Option<Target> {
        let Some(reference) = field.get() else {
            self.reject(name, missing(field));
            return None;
        };
        let before = self.problems.len();
        match self.resolve(reference, Path::new(name), Some("Patient")) {
            Some(target @ Target::Contained(_)) => Some(target),
            Some(Target::Key(kind, key)) if kind == "Patient" => Some(Target::Key(kind, key)),
            Some(_) => {
                self.reject(name, "is not about a patient");
                None
            }
            None if self.problems.len() > before => {
                self.reject(name, "cannot be followed to a patient");
                None
            }
            None => {
                self.reject(name, "names nobody who could be found");
                None
            }
        }
    }

    /// Resolves an optional reference; `None` where it leads nowhere outside.
    pub(super) fn outside(
        &mut self,
        field: &Field<Reference>,
        path: Path<'_>,
        default: &str,
    ) -> Option<ForeignKey> {
        let reference = self.one(field, path)?;
        match self.resolve(reference, path, Some(default))? {
            Target::Key(_, key) => Some(key),
            Target::Contained(_) | Target::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::context::tests::context;
    use super::*;

    fn resolved(json: &str, default: Option<&str>) -> (Option<Target>, usize) {
        let mut directory = Directory::default();
        directory.note("urn:uuid:AAAA", "Location");
        directory.note("urn:uuid:bbbb", "Observation");
        let mut ctx = context(&directory);
        ctx.base = "https://ehr.example/r4".to_owned();
        let reference: Reference = serde_json::from_str(json).unwrap();
        let target = ctx.resolve(&reference, Path::new("subject"), default);
        (target, ctx.problems.len())
    }

    #[test]
    fn every_way_to_point_becomes_a_key() {
        let base = "fhir:https://ehr.example/r4";
        let cases = [
            ("Patient/1", "Patient", base, "Patient/1"),
            ("Patient/1/_history/7", "Patient", base, "Patient/1"),
            (
                "http://other.example/a/b/Patient/1",
                "Patient",
                "fhir:http://other.example/a/b",
                "Patient/1",
            ),
            ("urn:uuid:0C3D", "Patient", "fhir:", "Patient/0c3d"),
            ("urn:uuid:aaaa", "Location", "fhir:", "Location/aaaa"),
            (
                "Location?identifier=https://x.example|9",
                "Location",
                "https://x.example",
                "9",
            ),
            (
                "Location?identifier=urn%3Aoid%3A1.2%7C9",
                "Location",
                "urn:oid:1.2",
                "9",
            ),
            (
                "https://x.example/opaque",
                "Patient",
                "fhir:",
                "https://x.example/opaque",
            ),
        ];
        for (written, kind, system, value) in cases {
            let json = serde_json::json!({ "reference": written }).to_string();
            let (target, problems) = resolved(&json, Some("Patient"));
            let key = ForeignKey {
                system: system.to_owned(),
                value: value.to_owned(),
            };
            assert_eq!(target, Some(Target::Key(kind.to_owned(), key)), "{written}");
            assert_eq!(problems, 0, "{written}");
        }
    }

    #[test]
    fn what_cannot_be_followed_is_a_problem() {
        for json in [
            r#"{"reference":"Patient?name=x"}"#,
            r#"{"reference":"Patient?identifier=http://hl7.org/fhir/sid/us-ssn|1"}"#,
            r#"{"reference":"patient 1"}"#,
            r#"{"reference":7}"#,
            r#"{"identifier":{"value":"1"}}"#,
            r#"{"identifier":{"system":"http://hl7.org/fhir/sid/us-ssn","value":"1"}}"#,
        ] {
            let (target, problems) = resolved(json, Some("Patient"));
            assert_eq!((target, problems), (None, 1), "{json}");
        }
        assert_eq!(resolved(r#"{"display":"Ann"}"#, None), (None, 0));
        let urn = r#"{"reference":"urn:uuid:bbbb"}"#;
        assert_eq!(resolved(urn, None), (Some(Target::Unknown), 0));
        let inner = r##"{"reference":"#p"}"##;
        assert_eq!(
            resolved(inner, None),
            (Some(Target::Contained("p".to_owned())), 0)
        );
    }

    fn identity(
        full_url: Option<&str>,
        id: &str,
        identifiers: &str,
    ) -> Option<(String, Vec<String>)> {
        let directory = Directory::default();
        let mut ctx = context(&directory);
        ctx.full_url = full_url;
        let id: Text = serde_json::from_str(id).unwrap();
        let identifiers = serde_json::from_str(identifiers).unwrap();
        let text = |key: ForeignKey| format!("{} {}", key.system, key.value);
        let found = ctx.identify("Patient", &id, &identifiers);
        assert_eq!(
            found.is_none(),
            ctx.problems.iter().any(|p| p.field == "id")
        );
        found.map(|found| {
            (
                text(found.key),
                found.aliases.into_iter().map(text).collect(),
            )
        })
    }

    #[test]
    fn a_resource_answers_to_every_name_its_neighbours_use() {
        let mr = r#"[{"type":{"coding":[{"code":"MR"}]},"system":"urn:oid:1.2","value":"7"},
                     {"type":{"coding":[{"code":"MB"}]},"system":"urn:oid:1.3","value":"8"},
                     {"type":{"coding":[{"code":"SS"}]},"system":"urn:oid:1.4","value":"9"}]"#;
        assert_eq!(
            identity(Some("urn:uuid:X-1"), "\"1\"", mr),
            Some((
                "fhir: Patient/1".to_owned(),
                vec!["fhir: Patient/x-1".to_owned(), "urn:oid:1.2 7".to_owned()]
            ))
        );
        assert_eq!(
            identity(Some("urn:uuid:1"), "\"1\"", "null"),
            Some(("fhir: Patient/1".to_owned(), vec![]))
        );
        assert_eq!(
            identity(None, "null", mr),
            Some(("urn:oid:1.2 7".to_owned(), vec![]))
        );
        assert_eq!(identity(None, "null", "null"), None);
    }
}
