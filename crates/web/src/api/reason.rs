//! Turns what serde says about foreign data into a field and a reason.
//!
//! Serde's own words repeat the value ("invalid type: string \"…\""), and that
//! value may be a person's. What is kept is where it was and what was wanted.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::problem::{FieldError, Kind, Problem};

/// Reads a value, or says which field is wrong and why.
pub(crate) fn read<T: DeserializeOwned>(value: Value, kind: Kind) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let said = error.inner().to_string();
        Problem::fields(kind, vec![explain(&path, &said)])
    })
}

/// Names the field and says what was wanted there.
fn explain(path: &str, said: &str) -> FieldError {
    let at = |path: &str| if path == "." { "" } else { path }.to_owned();
    let below = |name: &str| match at(path).as_str() {
        "" => name.to_owned(),
        parent if parent == name || parent.ends_with(&format!(".{name}")) => parent.to_owned(),
        parent => format!("{parent}.{name}"),
    };
    let (field, reason) = if let Some(name) = quoted(said, "missing field `") {
        (below(name), "is required".to_owned())
    } else if let Some(name) = quoted(said, "unknown field `") {
        (below(name), "is not a known field".to_owned())
    } else if let Some(name) = quoted(said, "duplicate field `") {
        (below(name), "is given twice".to_owned())
    } else if said.starts_with("must ") {
        (at(path), said.to_owned())
    } else if let Some((_, wanted)) = said.rsplit_once(", expected ") {
        (at(path), format!("must be {}", wanted_in_words(wanted)))
    } else {
        (at(path), "is not valid".to_owned())
    };
    FieldError {
        field: plain(&field),
        reason,
    }
}

/// Returns what stands in back-quotes after some words.
fn quoted<'a>(said: &'a str, before: &str) -> Option<&'a str> {
    let rest = said.strip_prefix(before)?;
    // The name may itself hold a back-quote; what follows it never does before
    // the comma that ends it.
    let end = rest
        .find("`, ")
        .or_else(|| rest.strip_suffix('`').map(str::len))?;
    rest.get(..end)
}

/// Keeps a name that a program would give and nothing that may be a person's:
/// the name of an unknown field comes from outside.
pub(super) fn plain(path: &str) -> String {
    let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.[]".contains(c);
    if path.is_empty() {
        return "body".to_owned();
    }
    if path.len() <= 80 && path.chars().all(named) {
        return path.to_owned();
    }
    let known: Vec<&str> = path
        .split('.')
        .take_while(|part| part.len() <= 40 && part.chars().all(named))
        .collect();
    if known.is_empty() {
        "an unknown field".to_owned()
    } else {
        format!("an unknown field of {}", known.join("."))
    }
}

/// Translates serde's and Rust's names of types.
fn wanted_in_words(wanted: &str) -> String {
    match wanted {
        "a string" | "a borrowed string" | "a character" => "a text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        "u8" | "u16" | "u32" | "u64" => "a whole number that fits and is not negative".to_owned(),
        "i8" | "i16" | "i32" | "i64" => "a whole number that fits".to_owned(),
        other if other.starts_with("struct ") => "an object".to_owned(),
        other => other.replace('`', ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Visit {
        #[expect(dead_code, reason = "only its type is of interest")]
        minutes: u16,
        #[serde(default)]
        #[expect(dead_code, reason = "only its type is of interest")]
        people: Vec<Person>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Person {
        #[expect(dead_code, reason = "only its type is of interest")]
        name: String,
    }

    fn said(value: Value) -> (String, String) {
        let problem = read::<Visit>(value, Kind::InvalidBody).err().unwrap();
        let text = format!("{problem:?}");
        assert!(!text.contains("Morales"), "{text}");
        let error = serde_json::to_value(FieldErrors::of(problem)).unwrap();
        let part = |name: &str| error[name].as_str().unwrap().to_owned();
        (part("field"), part("reason"))
    }

    /// The only error of a problem.
    struct FieldErrors;

    impl FieldErrors {
        fn of(problem: Problem) -> Value {
            let response = problem.into_response();
            let body = axum::body::to_bytes(response.into_body(), 10_000);
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            let bytes = runtime.block_on(body).unwrap();
            let body: Value = serde_json::from_slice(&bytes).unwrap();
            body["errors"][0].clone()
        }
    }

    #[test]
    fn a_wrong_field_is_named_by_its_path_and_never_by_its_value() {
        for (value, field, reason) in [
            (json!({}), "minutes", "is required"),
            (
                json!({"minutes": "Morales"}),
                "minutes",
                "must be a whole number that fits and is not negative",
            ),
            (
                json!({"minutes": -1}),
                "minutes",
                "must be a whole number that fits and is not negative",
            ),
            (
                json!({"minutes": 1, "people": "Morales"}),
                "people",
                "must be a list",
            ),
            (
                json!({"minutes": 1, "people": [{"name": "a"}, {"name": {"Morales": 1}}]}),
                "people[1].name",
                "must be a text",
            ),
            (
                json!({"minutes": 1, "people": [{}]}),
                "people[0].name",
                "is required",
            ),
            (
                json!({"minutes": 1, "pepole": 2}),
                "pepole",
                "is not a known field",
            ),
            (
                json!({"minutes": 1, "people": [{"name": "a", "nmae": 2}]}),
                "people[0].nmae",
                "is not a known field",
            ),
            (
                json!({"minutes": 1, "people": [{"name": "a", "Ana Morales": 2}]}),
                "an unknown field of people[0]",
                "is not a known field",
            ),
            (
                json!({"Morales`, expected x": 1}),
                "an unknown field",
                "is not a known field",
            ),
            (json!("Morales"), "body", "must be an object"),
            (json!(null), "body", "must be an object"),
        ] {
            assert_eq!(
                said(value.clone()),
                (field.into(), reason.into()),
                "{value}"
            );
        }
    }
}
