//! URLs and ids: their form, and the keys that they become.

use crate::record::ForeignKey;

/// Longer ids are nobody's (FHIR allows 64; real servers go beyond).
const MAX_ID_CHARS: usize = 128;

/// Longer URLs are not kept as keys.
pub(super) const MAX_URL_CHARS: usize = 512;

/// Returns the value of a `urn:uuid:` or `urn:oid:`, in lower case.
pub(super) fn urn_value(url: &str) -> Option<String> {
    let lower = url.trim().to_ascii_lowercase();
    let value = lower
        .strip_prefix("urn:uuid:")
        .or_else(|| lower.strip_prefix("urn:oid:"))?;
    is_id(value).then(|| value.to_owned())
}

pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= MAX_ID_CHARS
        && !text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '/' | '?' | '#' | '|'))
}

/// Tells whether a text has the form of a resource type.
pub(in crate::fhir) fn is_type(text: &str) -> bool {
    (2..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_alphabetic())
}

/// Splits `[base/]Type/id[/_history/v]` into base, type and id.
pub(super) fn split(url: &str) -> Option<(&str, &str, &str)> {
    let url = url.split_once("/_history/").map_or(url, |(url, _)| url);
    let (rest, id) = url.rsplit_once('/')?;
    let (base, kind) = rest.rsplit_once('/').unwrap_or(("", rest));
    (is_type(kind) && is_id(id)).then_some((base, kind, id))
}

pub(super) fn is_absolute(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

/// Returns the base of a RESTful full URL, to which its relative references belong.
pub(in crate::fhir) fn base_of(full_url: &str) -> Option<&str> {
    let url = full_url.trim();
    is_absolute(url)
        .then(|| split(url))
        .flatten()
        .map(|(base, ..)| base)
}

pub(super) fn key(base: &str, kind: &str, id: &str) -> ForeignKey {
    ForeignKey {
        system: format!("fhir:{base}"),
        value: format!("{kind}/{id}"),
    }
}

/// Keeps an absolute URL that does not end in `Type/id` as it is.
pub(super) fn opaque(url: &str) -> Option<ForeignKey> {
    let fits = (is_absolute(url) || url.starts_with("urn:"))
        && url.chars().count() <= MAX_URL_CHARS
        && !url.chars().any(|c| c.is_whitespace() || c.is_control());
    fits.then(|| ForeignKey {
        system: "fhir:".to_owned(),
        value: url.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_what_stands_before_type_and_id() {
        assert_eq!(
            base_of("https://a.example/fhir/Patient/1"),
            Some("https://a.example/fhir")
        );
        assert_eq!(base_of("urn:uuid:1"), None);
        assert_eq!(base_of("https://a.example/x"), None);
    }
}
