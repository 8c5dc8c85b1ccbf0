//! Identifiers: which of them are somebody's own, and the keys that they become.

use super::super::shape::{Identifier, Text};
use super::url::{MAX_URL_CHARS, is_type};
use crate::record::ForeignKey;

/// Tells whether an identifier is a social security number, which is never read.
/// *Source*: HL7 table 0203 `SS`; the SSN's OID and FHIR's name for it.
pub(in crate::fhir) fn is_ssn(identifier: &Identifier) -> bool {
    let system = identifier.system.get().map_or("", |system| system.trim());
    is_ssn_system(system) || type_codes(identifier).any(|code| code == "SS") || {
        let text = identifier.r#type.get().and_then(|kind| kind.text.get());
        text.is_some_and(|text| {
            let text = text.to_lowercase();
            text.contains("social security") || text.trim() == "ssn"
        })
    }
}

fn is_ssn_system(system: &str) -> bool {
    let system = system.to_ascii_lowercase();
    system.ends_with("us-ssn") || system == "urn:oid:2.16.840.1.113883.4.1"
}

fn type_codes(identifier: &Identifier) -> impl Iterator<Item = &str> {
    identifier
        .r#type
        .get()
        .and_then(|kind| kind.coding.get())
        .into_iter()
        .flatten()
        .filter_map(|coding| coding.get()?.code.get().map(String::as_str))
}

/// Tells whether an identifier is one person's or thing's own: untyped, or a
/// record number. Member and account numbers are shared by families.
pub(super) fn is_own(identifier: &Identifier) -> bool {
    const OWN: [&str; 8] = ["MR", "PI", "PT", "MRT", "NPI", "PRN", "EI", "RI"];
    let mut codes = type_codes(identifier).peekable();
    codes.peek().is_none() || codes.any(|code| OWN.contains(&code))
}

pub(super) fn identifier_key(identifier: &Identifier) -> Option<ForeignKey> {
    let part = |field: &Text| {
        let text = field.get()?.trim();
        (!text.is_empty() && text.chars().count() <= MAX_URL_CHARS).then(|| text.to_owned())
    };
    (!is_ssn(identifier)).then_some(())?;
    Some(ForeignKey {
        system: part(&identifier.system)?,
        value: part(&identifier.value)?,
    })
}

/// Undoes the percent signs that senders put before `|`, `:` and `/` in a search.
fn unescape(text: &str) -> String {
    let pairs = [
        ("%7C", "|"),
        ("%7c", "|"),
        ("%3A", ":"),
        ("%3a", ":"),
        ("%2F", "/"),
        ("%2f", "/"),
    ];
    pairs
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Splits `Type?identifier=system|value`.
pub(super) fn conditional(text: &str) -> Option<(&str, ForeignKey)> {
    let (kind, query) = text.split_once('?')?;
    let kind = kind.rsplit('/').next().unwrap_or(kind);
    let token = unescape(query.strip_prefix("identifier=")?);
    let (system, value) = token.split_once('|')?;
    let fits = is_type(kind)
        && !system.is_empty()
        && !value.is_empty()
        && !value.contains('&')
        && token.chars().count() <= MAX_URL_CHARS
        && !is_ssn_system(system);
    fits.then(|| {
        let key = ForeignKey {
            system: system.to_owned(),
            value: value.to_owned(),
        };
        (kind, key)
    })
}
