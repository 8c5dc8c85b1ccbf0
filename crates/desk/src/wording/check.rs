//! May these words be used? Asked of the shipped messages by a test, and of a
//! clinic's own words whenever they are saved or loaded.

use tendon_care::language::Language;
use tendon_care::lint::{Code, Finding, Rendered, lint};
use tendon_care::segment::segments;

use super::engine::{Engine, Failure};
use super::meta::Meta;
use super::part::Part;
use super::sample::samples;
use super::values::Values;

/// Why words cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// There is no message of this name.
    #[error("no message has this name")]
    UnknownMessage,
    /// The message is not sent where these words would go.
    #[error("the message has no such part")]
    UnknownPart,
    /// A language of a message has no words.
    #[error("the words are missing")]
    Missing,
    /// `meta.toml` does not say what it must.
    #[error("its description is wrong: {0}")]
    Meta(String),
    /// The template does not parse or does not end.
    #[error("{what} in line {line}")]
    Template {
        /// What the engine says.
        what: String,
        /// Where, from 1.
        line: usize,
    },
    /// It uses a variable that this message does not have.
    #[error("there is no variable {0} in this message")]
    UnknownVariable(String),
    /// A mail would fetch something, and so tell a third party who reads it.
    #[error("mail must not load scripts, images, frames or styles from elsewhere")]
    Remote,
    /// Rendered with sample values it says what must not be said.
    #[error("{}", .0.words())]
    Lint(Code),
    /// Longer than one part even after everything optional was left out.
    #[error("a text must fit into 160 characters")]
    TooLong,
}

impl From<Failure> for Reason {
    fn from(failure: Failure) -> Self {
        Self::Template {
            what: failure.what,
            line: failure.line,
        }
    }
}

/// Tries words on their own, with every sample. An empty list means: may be used.
pub(super) fn check(meta: &Meta, language: Language, part: Part, source: &str) -> Vec<Reason> {
    let mut engine = Engine::new();
    let name = format!("candidate.{}", part.code());
    if let Err(failure) = engine.add(&name, source) {
        return vec![failure.into()];
    }
    let mut reasons: Vec<Reason> = engine
        .variables(&name)
        .into_iter()
        .filter(|used| meta.variables.iter().all(|allowed| allowed.name() != used))
        .map(Reason::UnknownVariable)
        .collect();
    if part == Part::Html && loads_something(source) {
        reasons.push(Reason::Remote);
    }
    if reasons.is_empty() {
        for values in samples().iter().filter(|v| v.lacks(meta).is_none()) {
            match engine.render_fitting(&name, meta, values, part, language) {
                Ok(text) => reasons.extend(judge(meta, part, values, &text)),
                Err(failure) => reasons.push(failure.into()),
            }
        }
    }
    reasons.sort_by_key(ToString::to_string);
    reasons.dedup();
    reasons
}

fn judge(meta: &Meta, part: Part, values: &Values, text: &str) -> Vec<Reason> {
    let words = if part == Part::Html {
        plain(text)
    } else {
        text.to_owned()
    };
    let findings = lint_with(meta, part, values, &words);
    let plain_values = values.clinic.is_ascii();
    let one_part = segments(&words).parts <= 1;
    findings
        .into_iter()
        .map(|finding| Reason::Lint(finding.code))
        .chain((part == Part::Sms && plain_values && !one_part).then_some(Reason::TooLong))
        .collect()
}

/// Checks merged words; see [`tendon_care::lint`].
pub(super) fn lint_with(meta: &Meta, part: Part, values: &Values, words: &str) -> Vec<Finding> {
    lint(&Rendered {
        text: words,
        place: part.place(),
        purpose: meta.purpose,
        clinic: &values.clinic,
        first_name: values.first_name.as_deref(),
    })
}

fn loads_something(html: &str) -> bool {
    const LOADERS: [&str; 9] = [
        "<script",
        "<img",
        "<iframe",
        "<link",
        "<object",
        "<embed",
        "<form",
        "url(",
        "javascript:",
    ];
    let lower = html.to_lowercase();
    LOADERS.iter().any(|loader| lower.contains(loader)) || lower.contains("| safe")
}

/// Takes the words out of HTML that our own engine has escaped.
fn plain(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut in_tag = false;
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                out.push(' ');
            }
            _ if !in_tag => out.push(c),
            _ => {}
        }
    }
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ]
    .into_iter()
    .fold(out, |text, (escaped, c)| text.replace(escaped, c))
}
