//! Reads a journey definition from TOML.
//!
//! All problems are reported with line and column, not only the first, because
//! whoever edits a journey wants to mend it in one go. The format is described
//! in `journeys/README.md`.

mod graph;
mod reader;
mod steps;

use std::str::FromStr;

use tendon_care::purpose::Purpose;
use tendon_care::touchpoint::Fact;
use toml::de::{DeTable, DeValue};

pub use reader::DefinitionProblem;
use reader::{At, Problems, Section};

use crate::definition::{
    Definition, Exit, Pending, Reach, Reentry, Step, StepId, SubjectKind, Trigger, Withdrawal,
};
use crate::length::Length;

impl Definition {
    /// Reads and checks a definition. `name` is its file's name without the ending.
    ///
    /// *Errors*: every problem in the order of the text; an unknown template
    /// is only found by [`Definition::parse_with_templates`].
    pub fn parse(name: &str, text: &str) -> Result<Self, Vec<DefinitionProblem>> {
        parse(name, text, None)
    }

    /// Reads and checks a definition that may only send the named templates.
    pub fn parse_with_templates(
        name: &str,
        text: &str,
        templates: &[&str],
    ) -> Result<Self, Vec<DefinitionProblem>> {
        parse(name, text, Some(templates))
    }
}

fn parse(
    name: &str,
    text: &str,
    templates: Option<&[&str]>,
) -> Result<Definition, Vec<DefinitionProblem>> {
    let mut problems = Problems::new(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let offset = error.span().map_or(0, |span| span.start);
        problems.at(offset, format!("not TOML: {}", error.message()));
    }
    if !problems.is_empty() {
        // What follows a broken line would only confuse.
        return Err(problems.into_vec());
    }
    if !is_name(name) {
        problems.at(0, name_rule("the journey's name"));
    }
    let mut top = Section::new(document.get_ref(), 0);
    let definition = read(name, &mut top, templates, &mut problems);
    top.finish(&mut problems);
    match definition {
        Some(definition) if problems.is_empty() => Ok(definition),
        _ => Err(problems.into_vec()),
    }
}

/// Reads the whole document. Every part is read before the first missing one
/// gives up, so that no problem hides another.
fn read(
    name: &str,
    top: &mut Section<'_, '_>,
    templates: Option<&[&str]>,
    problems: &mut Problems<'_>,
) -> Option<Definition> {
    let version = required_number(top, "version", 1..1_000_000, problems);
    let priority = required_number(top, "priority", 0..101, problems);
    let title = top.required("title", problems);
    let description = top.required("description", problems);
    let subject = choice(
        top,
        "subject",
        problems,
        SubjectKind::from_code,
        "patient, episode, appointment or referral",
    );
    let purpose = choice(
        top,
        "purpose",
        problems,
        |text| Purpose::from_str(text).ok(),
        "P0 to P5",
    );
    let holdout = holdout(top, purpose, problems);
    let reentry = top.parsed("reentry", problems, parse_reentry);
    let enter = enter(top, problems);
    let steps = steps::read(top, templates, problems);
    let exits = exits(top, problems);
    let withdrawals = withdrawals(top, &steps, problems);
    Some(Definition {
        name: name.to_owned(),
        version: u32::try_from(version?).ok()?,
        title: title?.value.to_owned(),
        description: description?.value.trim().to_owned(),
        subject: subject?,
        purpose: purpose?,
        priority: u8::try_from(priority?).ok()?,
        holdout_per_mille: holdout,
        enter: enter?,
        reentry: reentry.map_or(Reentry::AfterEnd, |reentry| reentry.value),
        exits,
        withdrawals,
        steps,
    })
}

fn required_number(
    top: &mut Section<'_, '_>,
    key: &'static str,
    bounds: std::ops::Range<i64>,
    problems: &mut Problems<'_>,
) -> Option<i64> {
    if !top.has(key) {
        problems.at(top.offset, format!("{key} is missing"));
    }
    top.number(key, bounds, problems)
}

fn choice<T>(
    section: &mut Section<'_, '_>,
    key: &'static str,
    problems: &mut Problems<'_>,
    read: impl Fn(&str) -> Option<T>,
    known: &str,
) -> Option<T> {
    let text = section.required(key, problems)?;
    let value = read(text.value);
    if value.is_none() {
        problems.at(text.offset, format!("{key} must be {known}"));
    }
    value
}

/// Reads the share that is left alone. A half is the most: beyond it the
/// journey is the exception.
fn holdout(
    top: &mut Section<'_, '_>,
    purpose: Option<Purpose>,
    problems: &mut Problems<'_>,
) -> u16 {
    let Some(value) = top.get("holdout") else {
        return 0;
    };
    let share = match value.get_ref() {
        DeValue::Float(share) => share.as_str().parse::<f64>().ok(),
        DeValue::Integer(share) => share.as_str().parse::<f64>().ok(),
        _ => None,
    };
    let offset = value.span().start;
    match share.filter(|share| (0.0..=0.5).contains(share)) {
        Some(share) if share > 0.0 && purpose == Some(Purpose::Safety) => {
            problems.at(offset, "safety messages (P0) keep no hold-out");
            0
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the share was just bounded by 0 and 0.5"
        )]
        Some(share) => (share * 1000.0).round() as u16,
        None => {
            problems.at(
                offset,
                "holdout must be a share from 0 to 0.5, such as 0.05",
            );
            0
        }
    }
}

fn parse_reentry(text: &str) -> Result<Reentry, String> {
    let length = |text: &str| text.parse::<Length>().ok();
    match text.split_once(" after end").map(|(length, _)| length) {
        _ if text == "never" => Ok(Reentry::Never),
        _ if text == "after end" => Ok(Reentry::AfterEnd),
        Some(text) if length(text).is_some() => {
            Ok(Reentry::LaterThan(length(text).unwrap_or_default()))
        }
        _ => Err("reentry must be never, after end, or like 30d after end".to_owned()),
    }
}

fn enter(top: &mut Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Trigger> {
    let mut sections = top.sections("enter", problems).into_iter();
    let (Some(mut section), None) = (sections.next(), sections.next()) else {
        problems.at(top.offset, "there must be one [enter]");
        return None;
    };
    let trigger = trigger(&mut section, "on", problems);
    section.finish(problems);
    trigger
}

fn exits(top: &mut Section<'_, '_>, problems: &mut Problems<'_>) -> Vec<Exit> {
    let mut exits = Vec::new();
    for mut section in top.sections("exit", problems) {
        let trigger = trigger(&mut section, "on", problems);
        let reason = section.parsed("as", problems, |text| {
            if is_name(text) {
                Ok(text.to_owned())
            } else {
                Err(name_rule("the reason"))
            }
        });
        if reason.is_none() && !section.has("as") {
            problems.at(
                section.offset,
                "as is missing: the reason under which the end is recorded",
            );
        }
        section.finish(problems);
        if let (Some(trigger), Some(reason)) = (trigger, reason) {
            exits.push(Exit {
                trigger,
                reason: reason.value,
            });
        }
    }
    exits
}

fn withdrawals(
    top: &mut Section<'_, '_>,
    steps: &[Step],
    problems: &mut Problems<'_>,
) -> Vec<Withdrawal> {
    let mut withdrawals = Vec::new();
    for mut section in top.sections("withdraw", problems) {
        let trigger = trigger(&mut section, "on", problems);
        let named = section.texts("steps", problems);
        section.finish(problems);
        for id in named.iter().flatten() {
            if !steps.iter().any(|step| step.id.as_str() == id.value) {
                problems.at(id.offset, format!("there is no step {}", id.value));
            }
        }
        let pending = named.map_or(Pending::All, |ids| {
            Pending::Of(ids.iter().map(|id| StepId::new(id.value)).collect())
        });
        withdrawals.extend(trigger.map(|trigger| Withdrawal { trigger, pending }));
    }
    withdrawals
}

/// Reads facts with their reach and condition.
fn trigger(
    section: &mut Section<'_, '_>,
    key: &'static str,
    problems: &mut Problems<'_>,
) -> Option<Trigger> {
    let codes = section.texts(key, problems);
    if codes.as_ref().is_none_or(Vec::is_empty) {
        problems.at(section.offset, format!("{key} must name at least one fact"));
    }
    let on: Vec<_> = codes
        .iter()
        .flatten()
        .filter_map(|code| fact_code(code, problems))
        .collect();
    let of = section.parsed("of", problems, |text| match text {
        "subject" => Ok(Reach::Subject),
        "patient" => Ok(Reach::Patient),
        _ => Err("of must be subject or patient".to_owned()),
    });
    let when = section.condition("when", problems);
    (!on.is_empty()).then_some(Trigger {
        on,
        of: of.map_or(Reach::Subject, |of| of.value),
        when,
    })
}

fn fact_code(code: &At<&str>, problems: &mut Problems<'_>) -> Option<&'static str> {
    let known = Fact::CODES.iter().find(|known| **known == code.value);
    if known.is_none() {
        let group = code.value.split('.').next().unwrap_or_default();
        let near: Vec<_> = Fact::CODES
            .iter()
            .copied()
            .filter(|known| known.split('.').next() == Some(group))
            .collect();
        let hint = if near.is_empty() {
            String::new()
        } else {
            format!("; there is {}", near.join(", "))
        };
        problems.at(code.offset, format!("unknown fact {}{hint}", code.value));
    }
    known.copied()
}

/// Tells whether a text can name a journey, a step or a reason.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn name_rule(what: &str) -> String {
    format!("{what} must be 1 to 64 lower-case letters, digits and hyphens")
}

#[cfg(test)]
mod tests;
