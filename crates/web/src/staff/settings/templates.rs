//! Templates: the words of every message, edited with what a patient would read
//! beside them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use tendon_care::contact::Channel;
use tendon_care::language::Language;
use tendon_desk::wording::{Catalogue, Meta, Override, Part, Status, Variable, samples};
use tendon_desk::{House, OwnWords, WordsSaved};

use crate::pages::frame::Section;
use crate::pages::settings::template::{TemplatePage, Version};
use crate::pages::settings::templates::{TemplateLine, Templates};
use crate::pages::urls::{Name, Url};
use crate::server::App;
use crate::server::forgery::Fields;
use crate::server::page::Page;
use crate::server::path::Of;
use crate::server::plain::Query;
use crate::server::refusal::Refusal;
use crate::server::said::{self, Said};
use crate::server::session::Staff;
use crate::staff::view::{View, spaced};
use crate::staff::words::measure;

/// What the address says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    part: String,
}

/// Shows every template.
pub(crate) async fn list(State(app): State<App>, staff: Staff) -> Result<Page<Templates>, Refusal> {
    let view = View::of(&app, &staff).await?;
    let words = &view.house.catalogue;
    let lines = words.names().filter_map(|name| line(words, name));
    Ok(Page(Templates {
        frame: staff.frame(&app, Section::Settings).await?,
        lines: lines.collect(),
    }))
}

fn line(words: &Catalogue, name: &str) -> Option<TemplateLine> {
    let meta = words.meta(name)?;
    let parts = parts(meta);
    let versions = || {
        Language::ALL
            .into_iter()
            .flat_map(|language| parts.iter().map(move |part| (language, *part)))
    };
    let missing = Language::ALL.into_iter().filter(|language| {
        parts
            .iter()
            .any(|part| words.source(name, *language, *part).is_none())
    });
    let longest = Language::ALL.into_iter().filter_map(|language| {
        let content = words
            .render(name, language, samples().first()?, Channel::Sms)
            .ok()?;
        Some(measure(content.text.expose()).segments)
    });
    Some(TemplateLine {
        name: Name::parse(name)?,
        title: title(name),
        purpose: meta.purpose,
        segments: longest.max().unwrap_or(0),
        missing: missing.map(Language::own_name).collect(),
        own: versions().any(|(language, part)| {
            words
                .source(name, language, part)
                .is_some_and(|(_, version)| version > 0)
        }),
    })
}

/// Shows one.
pub(crate) async fn page(
    State(app): State<App>,
    staff: Staff,
    Of(name): Of<Name>,
    Query(asked): Query<Asked>,
) -> Result<Page<TemplatePage>, Refusal> {
    let editor = Editor::open(&app, &staff, &name, &asked.part).await?;
    let saved = |language| {
        editor
            .house
            .catalogue
            .source(&editor.name, language, editor.part)
    };
    let page = editor.page(&app, &staff, |language| {
        saved(language)
            .map(|(source, _)| source)
            .unwrap_or_default()
    });
    Ok(Page(page.await?))
}

/// Shows what a patient would read while words are being written.
pub(crate) async fn preview(
    State(app): State<App>,
    staff: Staff,
    Of(name): Of<Name>,
    fields: Fields,
) -> Result<Page<TemplatePage>, Refusal> {
    let editor = Editor::open(&app, &staff, &name, fields.get("part").unwrap_or_default()).await?;
    Ok(Page(
        editor
            .page(&app, &staff, |language| written(&fields, language))
            .await?,
    ))
}

/// Puts words in use, if they pass every check.
pub(crate) async fn save(
    State(app): State<App>,
    staff: Staff,
    Of(name): Of<Name>,
    fields: Fields,
) -> Result<Response, Refusal> {
    let editor = Editor::open(&app, &staff, &name, fields.get("part").unwrap_or_default()).await?;
    let all_pass = Language::ALL.into_iter().all(|language| {
        editor
            .problems(language, &written(&fields, language))
            .is_empty()
    });
    if !all_pass {
        let page = editor
            .page(&app, &staff, |language| written(&fields, language))
            .await?;
        return Ok((StatusCode::BAD_REQUEST, Page(page)).into_response());
    }
    for language in Language::ALL {
        let source = written(&fields, language);
        let known = editor
            .house
            .catalogue
            .source(&editor.name, language, editor.part);
        if known.is_some_and(|(known, _)| known == source) {
            continue;
        }
        let seen = fields
            .get(seen_field(language))
            .and_then(|seen| seen.parse().ok())
            .unwrap_or(0);
        let own = OwnWords {
            name: editor.name.clone(),
            language,
            part: editor.part,
            source,
            seen,
        };
        if let WordsSaved::Refused(_) = app.desk().save_words(staff.access(), &own).await? {
            return Err(Refusal::Stale(
                "the rules for words have changed; look at the template again".to_owned(),
            ));
        }
    }
    let to = Url::Template(name)
        .with("part", editor.part.code())
        .to_string();
    Ok(Redirect::to(&said::add(&to, Said::Saved)).into_response())
}

/// Returns the words that were written, with the line ends of the templates.
fn written(fields: &Fields, language: Language) -> String {
    fields
        .get(language.tag())
        .unwrap_or_default()
        .replace("\r\n", "\n")
}

const fn seen_field(language: Language) -> &'static str {
    match language {
        Language::English => "seen-en",
        Language::Spanish => "seen-es",
    }
}

/// One part of a template.
struct Editor {
    house: Arc<House>,
    meta: Meta,
    name: String,
    shown: Name,
    part: Part,
}

impl Editor {
    async fn open(app: &App, staff: &Staff, name: &Name, part: &str) -> Result<Self, Refusal> {
        let house = View::of(app, staff).await?.house;
        let text = name.to_string();
        let meta = house
            .catalogue
            .meta(&text)
            .ok_or(Refusal::NotFound)?
            .clone();
        let has = parts(&meta);
        let asked = Part::from_code(part).filter(|part| has.contains(part));
        let part = asked
            .or_else(|| has.first().copied())
            .ok_or(Refusal::NotFound)?;
        Ok(Self {
            house,
            meta,
            name: text,
            shown: name.clone(),
            part,
        })
    }

    async fn page(
        &self,
        app: &App,
        staff: &Staff,
        source: impl Fn(Language) -> String,
    ) -> Result<TemplatePage, Refusal> {
        let versions = Language::ALL
            .into_iter()
            .map(|language| self.version(language, source(language)));
        let versions = versions.collect();
        Ok(TemplatePage {
            frame: staff.frame(app, Section::Settings).await?,
            name: self.shown.clone(),
            title: title(&self.name),
            purpose: self.meta.purpose,
            part: self.part.code(),
            parts: parts(&self.meta)
                .into_iter()
                .map(|part| (part.code(), part_words(part)))
                .collect(),
            versions,
            placeholders: self
                .meta
                .variables
                .iter()
                .map(|variable| placeholder(*variable))
                .collect(),
        })
    }

    fn version(&self, language: Language, source: String) -> Version {
        let known = self.house.catalogue.source(&self.name, language, self.part);
        let problems = self.problems(language, &source);
        // Words that do not pass cannot be filled in, so they stand as they are.
        let preview = if problems.is_empty() {
            self.filled(language, &source)
        } else {
            None
        };
        let preview = preview.unwrap_or_else(|| source.clone());
        Version {
            language,
            seen: known.map_or(0, |(_, version)| version),
            measure: measure(&preview),
            preview,
            source,
            problems,
        }
    }

    fn own(&self, language: Language, source: &str) -> Override {
        Override {
            name: self.name.clone(),
            language,
            part: self.part,
            source: source.to_owned(),
            version: 0,
            status: Status::HumanReviewed,
        }
    }

    fn problems(&self, language: Language, source: &str) -> Vec<String> {
        let found = self.house.catalogue.check(&self.own(language, source));
        found
            .into_iter()
            .map(|problem| problem.reason.to_string())
            .collect()
    }

    /// Fills words with a sample, as a patient would read them.
    fn filled(&self, language: Language, source: &str) -> Option<String> {
        let (catalogue, _) = self
            .house
            .catalogue
            .clone()
            .with_overrides(vec![self.own(language, source)]);
        let channel = if self.part == Part::Sms {
            Channel::Sms
        } else {
            Channel::Email
        };
        let content = catalogue
            .render(&self.name, language, samples().first()?, channel)
            .ok()?;
        let words = match self.part {
            Part::Subject => content.subject?,
            Part::Html => content.html?,
            Part::Sms | Part::Text => content.text,
        };
        Some(words.expose().to_owned())
    }
}

/// Lists the parts that a message has.
fn parts(meta: &Meta) -> Vec<Part> {
    let of = |part: &Part| {
        let channel = if *part == Part::Sms {
            Channel::Sms
        } else {
            Channel::Email
        };
        meta.channels.contains(&channel)
    };
    Part::ALL.into_iter().filter(of).collect()
}

const fn part_words(part: Part) -> &'static str {
    match part {
        Part::Sms => "text message",
        Part::Subject => "e-mail subject",
        Part::Text => "e-mail",
        Part::Html => "e-mail, formatted",
    }
}

/// Makes a title of a name: `visit-reminder-1-day` becomes `Visit reminder 1 day`.
fn title(name: &str) -> String {
    let words = spaced(name);
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn placeholder(variable: Variable) -> (String, String) {
    let meaning = match variable {
        Variable::Clinic => "the practice’s name",
        Variable::FirstName => "left out where several people read the phone",
        Variable::When => "day and time of the visit",
        Variable::Date => "day of the visit",
        Variable::Time => "time of the visit",
        Variable::Phone => "the number to call",
        Variable::Link => "the patient’s own page",
        Variable::Emergency => "the number for emergencies",
        Variable::CrisisLine => "the number for people in a crisis",
    };
    (format!("{{{{ {} }}}}", variable.name()), meaning.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_that_came_with_tendon_can_be_edited() {
        let words = Catalogue::built_in().unwrap();
        let lines: Vec<TemplateLine> = words
            .names()
            .filter_map(|name| line(&words, name))
            .collect();
        assert_eq!(lines.len(), words.names().count());
        for line in lines {
            assert!(line.missing.is_empty(), "{}", line.name);
            assert!(!line.own, "{}", line.name);
            assert!(line.segments <= 3, "{}", line.name);
        }
    }

    #[test]
    fn titles_and_placeholders_are_written_as_people_read_them() {
        assert_eq!(title("visit-reminder-1-day"), "Visit reminder 1 day");
        assert_eq!(placeholder(Variable::Clinic).0, "{{ clinic }}");
    }
}
