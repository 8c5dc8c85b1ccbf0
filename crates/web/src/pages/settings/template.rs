//! Template: its words in every language, with what a patient would read and
//! what must not stand there, while it is being written.

use askama::Template;
use tendon_care::language::Language;
use tendon_care::purpose::Purpose;

use super::super::frame::{Frame, Section};
use super::super::icon::Icon;
use super::super::inbox::Measure;
use super::super::parts::Tab;
use super::super::sample::{HOSTILE, frame, name};
use super::super::urls::{Name, Url};
use super::Topic;

/// The page.
#[derive(Debug, Template)]
#[template(path = "settings/template.html")]
pub struct TemplatePage {
    /// What surrounds it.
    pub frame: Frame,
    /// Its name.
    pub name: Name,
    /// What it is for, in words.
    pub title: String,
    /// Why it is sent.
    pub purpose: Purpose,
    /// The part that is shown: the text, or a part of the e-mail.
    pub part: &'static str,
    /// The parts that it has: (code, words).
    pub parts: Vec<(&'static str, &'static str)>,
    /// Its words by language.
    pub versions: Vec<Version>,
    /// What can stand in it: (placeholder, meaning).
    pub placeholders: Vec<(String, String)>,
}

/// The words of one language.
#[derive(Clone, Debug)]
pub struct Version {
    /// The language.
    pub language: Language,
    /// The version that the editor sees; 0 for the words that came with Tendon.
    pub seen: u32,
    /// The words as written, with placeholders.
    pub source: String,
    /// What a patient would read.
    pub preview: String,
    /// How it would travel.
    pub measure: Measure,
    /// What must not stand there, each with its reason.
    pub problems: Vec<String>,
}

impl Version {
    /// Returns the field's name.
    pub const fn tag(&self) -> &'static str {
        self.language.tag()
    }

    /// Returns the language in itself.
    pub const fn language_name(&self) -> &'static str {
        self.language.own_name()
    }
}

impl TemplatePage {
    /// Returns the topics.
    pub fn menu(&self) -> Vec<Tab> {
        Topic::Templates.menu(&self.frame)
    }

    /// Returns the parts that can be shown.
    pub fn part_tabs(&self) -> Vec<Tab> {
        let tab = |(code, words): &(&'static str, &'static str)| Tab {
            label: (*words).to_owned(),
            url: Url::Template(self.name.clone()).with("part", code),
            here: *code == self.part,
        };
        self.parts.iter().map(tab).collect()
    }

    /// Tells whether the words are a text message, whose length counts.
    pub fn is_text(&self) -> bool {
        self.part == "sms"
    }

    /// Returns where the form is sent.
    pub fn url(&self) -> Url {
        Url::Template(self.name.clone())
    }

    /// Returns where the preview is made.
    pub fn preview_url(&self) -> Url {
        Url::TemplatePreview(self.name.clone())
    }

    /// Tells whether the words can be saved as they are.
    pub fn can_be_saved(&self) -> bool {
        self.versions.iter().all(|v| v.problems.is_empty())
    }

    /// Returns the sign of a problem.
    pub const fn warn(&self) -> Icon {
        Icon::Warn
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let page = |versions| Self {
            frame: frame(Section::Settings),
            name: name("visit-reminder"),
            title: "Reminder of a visit".to_owned(),
            purpose: Purpose::Care,
            part: "sms",
            parts: vec![("sms", "text"), ("subject", "subject"), ("text", "e-mail")],
            versions,
            placeholders: [
                ("{{ clinic }}", "the practice’s name"),
                ("{{ first_name }}", "left out on a shared phone"),
                ("{{ visit.when }}", "weekday, day and time"),
                ("{{ link }}", "the patient’s page"),
            ]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .to_vec(),
        };
        let mut refused = versions();
        if let Some(first) = refused.first_mut() {
            first
                .source
                .push_str(" Bring your brace for the left knee; copay $40.");
            first.problems = vec![
                "“knee” names a body part. Texts may hold name, day, time, phone and link only."
                    .to_owned(),
                "“$40” is an amount.".to_owned(),
            ];
            first
                .preview
                .push_str(" Bring your brace for the left knee; copay $40.");
            first.measure = measure(181, 2, false);
        }
        let mut hostile = versions();
        for version in &mut hostile {
            version.source = format!("</textarea>{HOSTILE}");
            HOSTILE.clone_into(&mut version.preview);
            version.problems = vec![HOSTILE.to_owned()];
        }
        vec![
            ("typical", page(versions())),
            ("refused", page(refused)),
            ("hostile", page(hostile)),
        ]
    }
}

const fn measure(characters: u32, segments: u32, wide: bool) -> Measure {
    Measure {
        characters,
        segments,
        wide,
    }
}

fn versions() -> Vec<Version> {
    vec![
        Version {
            language: Language::English,
            seen: 0,
            source: "{{ clinic }}: Hi {{ first_name }}, you have a visit on {{ visit.when }}. Reply 1 to confirm, 2 to change, 3 if you cannot come. STOP to end.".to_owned(),
            preview: "Riverside PT: Hi Ana, you have a visit on Wed Nov 25 at 8:40 AM. Reply 1 to confirm, 2 to change, 3 if you cannot come. STOP to end.".to_owned(),
            measure: measure(134, 1, false),
            problems: vec![],
        },
        Version {
            language: Language::Spanish,
            seen: 2,
            source: "{{ clinic }}: Hola {{ first_name }}, tiene una visita el {{ visit.when }}. Responda 1 para confirmar, 2 para cambiar, 3 si no puede venir.".to_owned(),
            preview: "Riverside PT: Hola Ana, tiene una visita el mié 25 nov a las 8:40. Responda 1 para confirmar, 2 para cambiar, 3 si no puede venir.".to_owned(),
            measure: measure(130, 1, false),
            problems: vec![],
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_be_sent_cannot_be_saved() {
        for (name, page) in TemplatePage::samples() {
            assert_eq!(page.can_be_saved(), name == "typical");
            let html = page.render().unwrap();
            let warned = html.contains("Not to be saved");
            assert_eq!(warned, name != "typical", "{name}");
            // Without scripts a disabled button could never be enabled again:
            // it is the server that refuses.
            assert!(!html.contains("disabled"), "{name}");
        }
    }
}
