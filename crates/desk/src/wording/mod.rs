//! What the practice says to people: the catalogue of messages.
//!
//! A folder per message under `messages/`, with its words in every language and a
//! `meta.toml` that says why it is sent and what may be merged into it. All are
//! compiled in; a practice may put its own words in the place of any part, and
//! they pass the same checks. A reminder never fails for want of a translation:
//! it falls back to English. Words about safety and consent go out in an
//! unreviewed translation only together with the English ones.

mod check;
mod engine;
mod error;
mod meta;
mod part;
mod sample;
mod time;
mod values;

use std::collections::BTreeMap;

use minijinja::Value;
use rust_embed::RustEmbed;
use tendon_care::contact::Channel;
use tendon_care::language::Language;
use tendon_care::lint::Finding;
use tendon_care::message::{Body, Content};
use tendon_care::segment::{MAX_PARTS, segments};

pub use check::Reason;
use engine::Engine;
pub use error::{WordingError, WordingProblem};
pub use meta::{Meta, Status, Variable};
pub use part::Part;
pub use sample::samples;
pub use time::{spoken_clock, spoken_date, spoken_time};
pub use values::Values;

#[derive(RustEmbed)]
#[folder = "messages"]
struct Files;

const FRAME: &str = "_frame/frame.html";

/// A practice's own words for one part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The message, such as `visit-moved`.
    pub name: String,
    /// The language.
    pub language: Language,
    /// The part.
    pub part: Part,
    /// The template.
    pub source: String,
    /// The version, counted by whoever stores it.
    pub version: u32,
    /// Who stands behind these words.
    pub status: Status,
}

/// The languages in which a message goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tongue {
    /// One language: the wanted one, or English for want of it.
    One(Language),
    /// The wanted language, not yet reviewed, and English below it.
    WithEnglish(Language),
}

/// All messages, with the practice's own words where it has some.
#[derive(Clone, Debug)]
pub struct Catalogue {
    messages: BTreeMap<String, Meta>,
    engine: Engine,
    /// Version and status of the practice's own words, by template.
    own: BTreeMap<String, (u32, Status)>,
}

impl Catalogue {
    /// Loads the shipped messages. Fails only if the program was built from
    /// folders that its tests refuse.
    pub fn built_in() -> Result<Self, Vec<WordingProblem>> {
        let mut catalogue = Self {
            messages: BTreeMap::new(),
            engine: Engine::new(),
            own: BTreeMap::new(),
        };
        let mut problems = Vec::new();
        for path in Files::iter() {
            let loaded = match path.split_once('/') {
                Some((name, "meta.toml")) => catalogue.load_meta(name, &path),
                _ => catalogue.load_template(&path),
            };
            problems.extend(loaded.err());
        }
        problems.extend(catalogue.missing_words());
        if problems.is_empty() {
            Ok(catalogue)
        } else {
            Err(problems)
        }
    }

    /// Puts a practice's own words in place. Words that do not pass the checks
    /// are left out and named; the others are used.
    #[must_use]
    pub fn with_overrides(mut self, overrides: Vec<Override>) -> (Self, Vec<WordingProblem>) {
        let mut problems = Vec::new();
        for own in overrides {
            let found = self.check(&own);
            if found.is_empty() {
                self.put(&own);
            }
            problems.extend(found);
        }
        (self, problems)
    }

    /// Checks words before they are saved: syntax, variables, lint with every
    /// sample, length. An empty list means: may be used.
    pub fn check(&self, own: &Override) -> Vec<WordingProblem> {
        let reasons = match self.messages.get(&own.name) {
            None => vec![Reason::UnknownMessage],
            Some(meta) if !parts_of(meta).contains(&own.part) => vec![Reason::UnknownPart],
            Some(meta) => check::check(meta, own.language, own.part, &own.source),
        };
        reasons
            .into_iter()
            .map(|reason| problem(&own.name, Some(own.language), own.part.code(), reason))
            .collect()
    }

    /// Words a message for one person and one channel.
    ///
    /// A text that would be longer than 160 characters loses its optional values
    /// in the order of its description. *Errors*: an unknown name, a channel the
    /// message is not made for, a missing visit, a template that fails.
    pub fn render(
        &self,
        name: &str,
        language: Language,
        values: &Values,
        channel: Channel,
    ) -> Result<Content, WordingError> {
        let meta = self
            .meta(name)
            .ok_or_else(|| WordingError::UnknownMessage {
                name: name.to_owned(),
            })?;
        if channel == Channel::Voice || !meta.channels.contains(&channel) {
            return Err(WordingError::NoWords {
                name: name.to_owned(),
                channel,
            });
        }
        if let Some(variable) = values.lacks(meta) {
            return Err(WordingError::MissingValue {
                name: name.to_owned(),
                variable,
            });
        }
        let words = Words {
            catalogue: self,
            name,
            meta,
            values,
            tongue: self.tongue(name, meta, language, channel),
        };
        match channel {
            Channel::Sms | Channel::Voice => words.text_message(),
            Channel::Email => words.mail(),
        }
    }

    /// Checks a message after the merge, because a value can smuggle in what the
    /// template does not say. An empty list means: may go. The HTML part says what
    /// the plain one says.
    pub fn lint(&self, name: &str, values: &Values, content: &Content) -> Vec<(Part, Finding)> {
        let Some(meta) = self.meta(name) else {
            return Vec::new();
        };
        let body = if content.html.is_some() {
            Part::Text
        } else {
            Part::Sms
        };
        let subject = content
            .subject
            .iter()
            .map(|subject| (Part::Subject, subject));
        subject
            .chain([(body, &content.text)])
            .flat_map(|(part, words)| {
                let found = check::lint_with(meta, part, values, words.expose());
                found.into_iter().map(move |finding| (part, finding))
            })
            .collect()
    }

    /// Returns what is known of a message.
    pub fn meta(&self, name: &str) -> Option<&Meta> {
        self.messages.get(name)
    }

    /// Returns the names of all messages, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.messages.keys().map(String::as_str)
    }

    /// Returns the template of a part and its version, for the editor; version 0
    /// is the shipped one.
    pub fn source(&self, name: &str, language: Language, part: Part) -> Option<(String, u32)> {
        let template = template(name, language, part);
        let source = self.engine.source(&template)?;
        Some((source, self.own.get(&template).map_or(0, |own| own.0)))
    }

    /// Tells in which language a message would go out to somebody.
    pub fn written_in(&self, name: &str, language: Language, channel: Channel) -> Option<Tongue> {
        let meta = self.meta(name)?;
        Some(self.tongue(name, meta, language, channel))
    }

    fn tongue(&self, name: &str, meta: &Meta, wanted: Language, channel: Channel) -> Tongue {
        let mut templates = parts_of_channel(channel)
            .iter()
            .map(|part| template(name, wanted, *part));
        if templates
            .clone()
            .any(|template| !self.engine.has(&template))
        {
            return Tongue::One(Language::English);
        }
        // One part that nobody reviewed makes a draft of the whole.
        let is_draft = |template: String| {
            let own = self.own.get(&template).map(|own| own.1);
            own.or_else(|| meta.status.get(&wanted).copied())
                .is_none_or(|status| status == Status::Draft)
        };
        if meta.critical && wanted != Language::English && templates.any(is_draft) {
            Tongue::WithEnglish(wanted)
        } else {
            Tongue::One(wanted)
        }
    }

    fn put(&mut self, own: &Override) {
        let template = template(&own.name, own.language, own.part);
        // The words have just been checked, so adding them does not fail.
        if self.engine.add(&template, &own.source).is_ok() {
            self.own.insert(template, (own.version, own.status));
        }
    }

    fn load_meta(&mut self, name: &str, path: &str) -> Result<(), WordingProblem> {
        let wrong = |reason| problem(name, None, "meta", reason);
        let source = embedded(path).ok_or_else(|| wrong(Reason::Missing))?;
        let meta = Meta::parse(&source).map_err(|reason| wrong(Reason::Meta(reason)))?;
        self.messages.insert(name.to_owned(), meta);
        Ok(())
    }

    fn load_template(&mut self, path: &str) -> Result<(), WordingProblem> {
        let wrong = |reason| problem(path, None, "file", reason);
        let source = embedded(path).ok_or_else(|| wrong(Reason::Missing))?;
        self.engine
            .add(path, &source)
            .map_err(|failure| wrong(failure.into()))
    }

    fn missing_words(&self) -> Vec<WordingProblem> {
        let mut problems = Vec::new();
        for (name, meta) in &self.messages {
            for language in Language::ALL {
                for part in parts_of(meta) {
                    if !self.engine.has(&template(name, language, part)) {
                        problems.push(problem(name, Some(language), part.code(), Reason::Missing));
                    }
                }
                if !meta.status.contains_key(&language) {
                    problems.push(problem(name, Some(language), "meta", Reason::Missing));
                }
            }
        }
        problems
    }
}

/// One message on its way into words.
struct Words<'a> {
    catalogue: &'a Catalogue,
    name: &'a str,
    meta: &'a Meta,
    values: &'a Values,
    tongue: Tongue,
}

impl Words<'_> {
    fn text_message(&self) -> Result<Content, WordingError> {
        let mut text = self.joined(Part::Sms, "\n")?;
        if segments(&text).parts > MAX_PARTS {
            // Only two languages with a clinic's name outside GSM-7 get here.
            let english = Words {
                tongue: Tongue::One(Language::English),
                ..*self
            };
            text = english.joined(Part::Sms, "\n")?;
        }
        Ok(Content {
            subject: None,
            text: Body::new(text),
            html: None,
        })
    }

    fn mail(&self) -> Result<Content, WordingError> {
        let subject = self.joined(Part::Subject, " / ")?;
        let html = self.framed(&subject, self.joined(Part::Html, "\n<hr>\n")?)?;
        Ok(Content {
            subject: Some(Body::new(subject)),
            text: Body::new(self.joined(Part::Text, "\n\n")?),
            html: Some(Body::new(html)),
        })
    }

    fn joined(&self, part: Part, between: &str) -> Result<String, WordingError> {
        let said: Result<Vec<String>, WordingError> = match self.tongue {
            Tongue::One(language) => vec![language],
            Tongue::WithEnglish(language) => vec![language, Language::English],
        }
        .into_iter()
        .map(|language| {
            let template = template(self.name, language, part);
            self.catalogue
                .engine
                .render_fitting(&template, self.meta, self.values, part, language)
                .map_err(|failure| WordingError::template(template, failure))
        })
        .collect();
        Ok(said?.join(between))
    }

    fn framed(&self, subject: &str, body: String) -> Result<String, WordingError> {
        let (Tongue::One(language) | Tongue::WithEnglish(language)) = self.tongue;
        let values = Value::from_pairs([
            ("lang", Value::from(language.tag())),
            ("subject", Value::from(subject)),
            // Its values were escaped when it was rendered.
            ("body", Value::from_safe_string(body)),
        ]);
        self.catalogue
            .engine
            .render(FRAME, values)
            .map_err(|failure| WordingError::template(FRAME.to_owned(), failure))
    }
}

fn problem(
    name: &str,
    language: Option<Language>,
    part: &'static str,
    reason: Reason,
) -> WordingProblem {
    WordingProblem {
        name: name.to_owned(),
        language,
        part,
        reason,
    }
}

fn template(name: &str, language: Language, part: Part) -> String {
    format!("{name}/{}.{}", language.tag(), part.code())
}

fn parts_of(meta: &Meta) -> Vec<Part> {
    meta.channels
        .iter()
        .flat_map(|channel| parts_of_channel(*channel).iter().copied())
        .collect()
}

const fn parts_of_channel(channel: Channel) -> &'static [Part] {
    match channel {
        Channel::Sms => &[Part::Sms],
        Channel::Email => &[Part::Subject, Part::Text, Part::Html],
        Channel::Voice => &[],
    }
}

fn embedded(path: &str) -> Option<String> {
    Files::get(path).and_then(|file| String::from_utf8(file.data.into_owned()).ok())
}

#[cfg(test)]
mod tests;
