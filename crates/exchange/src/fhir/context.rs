//! What the mapping of one resource carries with it: where it is, what was
//! wrong so far, and how to ask an element for its value.

use std::fmt;
use std::sync::Arc;

use crate::problem::{Position, Problem, Severity};
use crate::record::Record;

use super::element::{Element, Field, Many};
use super::reference::Directory;
use super::shape::Text;

/// So many elements of a list are read: nobody has more numbers or addresses,
/// and each of them is compared with every other.
pub(super) const MOST_ELEMENTS: usize = 256;

/// The way to an element, written like FHIRPath: `name[0].given[1]`. It lives
/// on the stack and becomes text only when there is a problem to tell.
#[derive(Clone, Copy)]
pub(super) struct Path<'p> {
    parent: Option<&'p Self>,
    name: &'static str,
    index: Option<usize>,
}

impl<'p> Path<'p> {
    /// Begins at a member of the resource.
    pub(super) const fn new(name: &'static str) -> Self {
        Self {
            parent: None,
            name,
            index: None,
        }
    }

    /// Goes on to a member of this element.
    pub(super) const fn then(&'p self, name: &'static str) -> Path<'p> {
        Path {
            parent: Some(self),
            name,
            index: None,
        }
    }

    /// Names the n-th of a list, from 0 as FHIRPath counts.
    pub(super) const fn at(self, index: usize) -> Self {
        Self {
            index: Some(index),
            ..self
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}.")?;
        }
        f.write_str(self.name)?;
        self.index.map_or(Ok(()), |index| write!(f, "[{index}]"))
    }
}

/// One resource in the making.
pub(super) struct Context<'c> {
    /// The source's name, for problems.
    pub(super) source: &'c str,
    /// The n-th resource of the source.
    pub(super) index: u64,
    /// The resource's type; its id is added once there is a problem to name.
    pub(super) reference: String,
    /// The server that this resource's relative references belong to; empty when unknown.
    pub(super) base: String,
    /// The server that the source as a whole came from; empty when unknown.
    pub(super) home: &'c str,
    /// Where the Bundle says this resource lives.
    pub(super) full_url: Option<&'c str>,
    /// Which kind of thing a `urn:uuid:` of this source is.
    pub(super) directory: &'c Directory,
    /// The resource as it came, for what it contains.
    pub(super) text: &'c str,
    /// Patients that lie inside this resource and come before it.
    pub(super) inner: Vec<Record>,
    /// Who tells what this resource says, where it tells of another.
    pub(super) teller: Option<Arc<str>>,
    /// What was wrong so far.
    pub(super) problems: Vec<Problem>,
}

impl Context<'_> {
    fn tell(&mut self, field: &dyn fmt::Display, reason: &str, severity: Severity) {
        self.problems.push(Problem {
            source: self.source.to_owned(),
            position: Position::Resource {
                index: self.index,
                reference: self.reference.clone(),
            },
            field: field.to_string(),
            reason: reason.to_owned(),
            severity,
        });
    }

    /// Notes that a field was left out.
    pub(super) fn ignore(&mut self, field: Path<'_>, reason: &str) {
        self.tell(&field, reason, Severity::Ignored);
    }

    /// Notes that the resource cannot be used.
    pub(super) fn reject(&mut self, field: impl fmt::Display, reason: &str) {
        self.tell(&field, reason, Severity::Rejected);
    }

    /// Returns the value, noting a wrong type.
    pub(super) fn one<'f, T: Element>(
        &mut self,
        field: &'f Field<T>,
        path: Path<'_>,
    ) -> Option<&'f T> {
        if matches!(field, Field::Wrong) {
            self.ignore(path, &format!("is not {}", T::NOUN));
        }
        field.get()
    }

    /// Returns a text without the space around it; `None` when nothing is left.
    pub(super) fn text<'f>(&mut self, field: &'f Text, path: Path<'_>) -> Option<&'f str> {
        self.one(field, path)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
    }

    /// Returns the usable elements of a list with their places in it.
    pub(super) fn many<'f, T: Element>(
        &mut self,
        list: &'f Many<T>,
        path: Path<'_>,
    ) -> Vec<(usize, &'f T)> {
        let Some(list) = self.one(list, path) else {
            return Vec::new();
        };
        if list.len() > MOST_ELEMENTS {
            let reason = format!("has more than {MOST_ELEMENTS} elements; the rest was left out");
            self.ignore(path, &reason);
        }
        list.iter()
            .take(MOST_ELEMENTS)
            .enumerate()
            .filter_map(|(index, field)| Some((index, self.one(field, path.at(index))?)))
            .collect()
    }

    /// Returns a required text, or notes the rejection.
    pub(super) fn required<'f>(&mut self, field: &'f Text, name: &'static str) -> Option<&'f str> {
        let text = field.get().map(|text| text.trim());
        let text = text.filter(|text| !text.is_empty());
        if text.is_none() {
            self.reject(name, missing(field));
        }
        text
    }
}

/// Says why a required element has no value.
pub(super) fn missing<T: Element>(field: &Field<T>) -> &'static str {
    match field {
        Field::Absent => "is missing",
        Field::Wrong => "has the wrong type",
        Field::Is(_) => "is empty",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A context for unit tests of the mapping.
    pub(in crate::fhir) fn context(directory: &Directory) -> Context<'_> {
        Context {
            source: "test",
            index: 1,
            reference: String::new(),
            base: String::new(),
            home: "",
            full_url: None,
            directory,
            text: "",
            inner: Vec::new(),
            teller: None,
            problems: Vec::new(),
        }
    }

    #[test]
    fn a_problem_names_the_way_and_never_the_value() {
        let directory = Directory::default();
        let mut ctx = context(&directory);
        let list: Many<String> = serde_json::from_str(r#"["Ann", 7, null, " "]"#).unwrap();
        let name = Path::new("name").at(2);
        let found = ctx.many(&list, name.then("given"));
        assert_eq!(found.len(), 2);
        assert_eq!(ctx.problems.len(), 1);
        assert_eq!(ctx.problems[0].field, "name[2].given[1]");
        assert_eq!(ctx.problems[0].reason, "is not a text");
        assert_eq!(ctx.problems[0].severity, Severity::Ignored);
    }

    #[test]
    fn a_required_text_says_how_it_is_missing() {
        let directory = Directory::default();
        let mut ctx = context(&directory);
        for (json, reason) in [
            ("null", "is missing"),
            ("3", "has the wrong type"),
            ("\" \"", "is empty"),
        ] {
            let field: Text = serde_json::from_str(json).unwrap();
            assert_eq!(ctx.required(&field, "status"), None);
            assert_eq!(ctx.problems.last().unwrap().reason, reason);
        }
    }
}
