//! Reads the steps of a definition.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tendon_care::contact::Channel;
use tendon_care::task::TaskKind;

use super::reader::{At, Problems, Section};
use super::{graph, is_name, name_rule, trigger};
use crate::condition::parse_clock;
use crate::definition::{Act, Next, Prompt, Send, Step, StepId, Wait};
use crate::length::Length;
use crate::moment::{Anchor, Moment, Side};
use crate::schedule::{Due, Past, Roll, Window};

/// The target that stands for the end of the journey.
const END: &str = "end";

/// The keys of which each step has exactly one.
const ACTS: [&str; 5] = ["send", "task", "wait", "branch", "stop"];

/// Reads all steps and checks the graph that they make.
pub(super) fn read(
    top: &mut Section<'_, '_>,
    templates: Option<&[&str]>,
    problems: &mut Problems<'_>,
) -> Vec<Step> {
    let mut sections = top.sections("step", problems);
    if sections.is_empty() {
        problems.at(top.offset, "there must be at least one [[step]]");
    }
    // All ids first, because a step may go on with a later one.
    let ids = read_ids(&mut sections, problems);
    let mut steps = Vec::new();
    let mut complete = true;
    for (index, section) in sections.into_iter().enumerate() {
        let mut reader = StepReader {
            ids: &ids,
            index,
            templates,
        };
        match reader.step(section, problems) {
            Some(step) => steps.push(step),
            None => complete = false,
        }
    }
    // A graph with holes would only report what the holes cause.
    if complete {
        let offsets: Vec<_> = ids.iter().map(|id| id.offset).collect();
        graph::check(&steps, &offsets, problems);
    }
    steps
}

fn read_ids<'t>(sections: &mut [Section<'t, '_>], problems: &mut Problems<'_>) -> Vec<At<&'t str>> {
    let mut ids: Vec<At<&str>> = Vec::new();
    for section in sections {
        let id = section.required("id", problems).unwrap_or(At {
            offset: section.offset,
            value: "",
        });
        if !id.value.is_empty() && (!is_name(id.value) || id.value == END) {
            problems.at(id.offset, name_rule("a step's id (other than end)"));
        }
        if !id.value.is_empty() && ids.iter().any(|known| known.value == id.value) {
            problems.at(id.offset, format!("there are two steps {}", id.value));
        }
        ids.push(id);
    }
    ids
}

struct StepReader<'a> {
    ids: &'a [At<&'a str>],
    index: usize,
    templates: Option<&'a [&'a str]>,
}

impl StepReader<'_> {
    fn step(&mut self, mut section: Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Step> {
        let id = self.ids.get(self.index)?;
        let due = due(&mut section, problems);
        let when = section.condition("when", problems);
        let next = self.target(&mut section, "next", problems);
        let present: Vec<_> = ACTS.iter().filter(|act| section.has(act)).collect();
        if present.len() != 1 {
            problems.at(
                section.offset,
                format!("a step has exactly one of {}", ACTS.join(", ")),
            );
        }
        let act = match present.first() {
            Some(&&"send") => self
                .send(&mut section, due.as_ref(), problems)
                .map(Act::Send),
            Some(&&"task") => task(&mut section, problems),
            Some(&&"wait") => self.wait(&mut section, problems).map(Act::Wait),
            Some(&&"branch") => self.branch(&mut section, problems),
            Some(&&"stop") => section
                .parsed("stop", problems, |text| {
                    is_name(text)
                        .then(|| text.to_owned())
                        .ok_or_else(|| name_rule("the reason"))
                })
                .map(|reason| Act::Stop {
                    reason: reason.value,
                }),
            _ => None,
        };
        // Known to the reader even where another act was chosen.
        for act in ACTS {
            section.get(act);
        }
        section.finish(problems);
        Some(Step {
            id: StepId::new(id.value),
            due: due?,
            when,
            act: act?,
            next: next?,
        })
    }

    fn send(
        &self,
        step: &mut Section<'_, '_>,
        due: Option<&Due>,
        problems: &mut Problems<'_>,
    ) -> Option<Send> {
        let mut section = step.section("send", problems)?;
        let template = section.required("template", problems);
        if let (Some(template), Some(known)) = (template, self.templates)
            && !known.contains(&template.value)
        {
            problems.at(
                template.offset,
                format!("there is no template {}", template.value),
            );
        }
        let channels = channels(&mut section, problems);
        let prompt = section.parsed("prompt", problems, |text| {
            Prompt::from_code(text).ok_or_else(|| "prompt must be visit".to_owned())
        });
        let expires = section.parsed("expires", problems, Moment::parse);
        if let Some(due) = due {
            check_expiry(&section, due, expires.as_ref(), problems);
        }
        section.finish(problems);
        Some(Send {
            template: template?.value.to_owned(),
            channels,
            // A day is how long news stays news where nothing else limits it.
            expires: expires.map_or(
                Moment {
                    by: Length::days(1),
                    side: Side::After,
                    anchor: Anchor::Due,
                },
                |expires| expires.value,
            ),
            prompt: prompt.map(|prompt| prompt.value),
        })
    }

    fn wait(&self, step: &mut Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Wait> {
        let mut section = step.section("wait", problems)?;
        let until = trigger(&mut section, "for", problems);
        let within = length(&mut section, "within", problems);
        let then = self.target(&mut section, "then", problems);
        let otherwise = self.target(&mut section, "otherwise", problems);
        section.finish(problems);
        Some(Wait {
            until: until?,
            within: within?,
            then: then?,
            otherwise: otherwise?,
        })
    }

    fn branch(&self, step: &mut Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Act> {
        let mut section = step.section("branch", problems)?;
        let mut cases = Vec::new();
        let offset = section.offset;
        let sections = section.sections("cases", problems);
        if sections.is_empty() {
            problems.at(offset, "cases must hold at least one { when, to }");
        }
        for mut case in sections {
            for key in ["when", "to"] {
                if !case.has(key) {
                    problems.at(case.offset, format!("{key} is missing"));
                }
            }
            let when = case.condition("when", problems);
            let to = self.target(&mut case, "to", problems);
            case.finish(problems);
            cases.push((when, to));
        }
        let otherwise = self.target(&mut section, "otherwise", problems);
        section.finish(problems);
        let cases = cases
            .into_iter()
            .map(|(when, to)| Some((when?, to?)))
            .collect::<Option<Vec<_>>>()?;
        Some(Act::Branch {
            cases,
            otherwise: otherwise?,
        })
    }

    /// Reads where to go on; the following step where nothing is said.
    fn target(
        &self,
        section: &mut Section<'_, '_>,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Next> {
        let following = if self.index + 1 < self.ids.len() {
            Next::Step(self.index + 1)
        } else {
            Next::End
        };
        let known = section.has(key);
        let target = section.parsed(key, problems, |text| {
            if text == END {
                return Ok(Next::End);
            }
            self.ids
                .iter()
                .position(|id| id.value == text)
                .map(Next::Step)
                .ok_or_else(|| format!("there is no step {text}"))
        });
        if known {
            target.map(|target| target.value)
        } else {
            Some(following)
        }
    }
}

fn task(step: &mut Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Act> {
    let mut section = step.section("task", problems)?;
    let kind = section.required("kind", problems).and_then(|text| {
        let kind = TaskKind::from_code(text.value);
        if kind.is_none() {
            let known: Vec<_> = TaskKind::ALL.into_iter().map(TaskKind::code).collect();
            problems.at(
                text.offset,
                format!("kind must be one of {}", known.join(", ")),
            );
        }
        kind
    });
    let within = length(&mut section, "within", problems);
    section.finish(problems);
    Some(Act::Task {
        kind: kind?,
        within: within?,
    })
}

/// Reads a length of time that must be there and longer than nothing.
fn length(
    section: &mut Section<'_, '_>,
    key: &'static str,
    problems: &mut Problems<'_>,
) -> Option<Length> {
    if !section.has(key) {
        problems.at(section.offset, format!("{key} is missing"));
    }
    let length = section.parsed(key, problems, |text| {
        text.parse::<Length>().map_err(|error| error.to_string())
    })?;
    if length.value.is_zero() {
        problems.at(length.offset, format!("{key} must be longer than nothing"));
        return None;
    }
    Some(length.value)
}

fn channels(section: &mut Section<'_, '_>, problems: &mut Problems<'_>) -> Vec<Channel> {
    let Some(codes) = section.texts("channels", problems) else {
        // Texts are read; e-mail reaches those who have no mobile.
        return vec![Channel::Sms, Channel::Email];
    };
    if codes.is_empty() {
        problems.at(section.offset, "channels must name at least one channel");
    }
    let mut channels = Vec::new();
    for code in codes {
        match Channel::from_code(code.value) {
            Some(channel) if channels.contains(&channel) => {
                problems.at(code.offset, format!("{} is named twice", code.value));
            }
            Some(channel) => channels.push(channel),
            None => problems.at(code.offset, "a channel must be sms, email or voice"),
        }
    }
    channels
}

fn due(section: &mut Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Due> {
    let stated = section.has("due");
    let moment = section.parsed("due", problems, |text| {
        let moment = Moment::parse(text)?;
        let from_fact = moment.fact().is_some();
        match (moment.anchor, moment.side) {
            (Anchor::Due, _) => Err("a step cannot be due after itself".to_owned()),
            (_, Side::Before) if !from_fact => {
                Err("before this there is nothing: only facts can be reckoned back from".to_owned())
            }
            _ => Ok(moment),
        }
    });
    let at = section.parsed("at", problems, |text| {
        parse_clock(text).ok_or_else(|| "at must be a time of day such as 09:00".to_owned())
    });
    let not_before = section.parsed("not_before", problems, |text| {
        let moment = Moment::parse(text)?;
        if moment.anchor == Anchor::Due {
            return Err("not_before cannot be reckoned from due".to_owned());
        }
        Ok(moment)
    });
    let window = window(section, problems);
    let roll = section.parsed("business_day", problems, |text| match text {
        "next" => Ok(Roll::Later),
        "previous" => Ok(Roll::Earlier),
        _ => Err("business_day must be next or previous".to_owned()),
    });
    let past = section.parsed("past", problems, parse_past);
    let moment = if stated { moment?.value } else { Moment::NOW };
    let earlier = roll.as_ref().filter(|roll| roll.value == Roll::Earlier);
    if moment.side == Side::After
        && let Some(roll) = earlier
    {
        problems.at(
            roll.offset,
            "previous would move the step before its anchor; only steps before one can take it",
        );
    }
    Some(Due {
        moment,
        at: at.map(|at| at.value),
        not_before: not_before.map(|floor| floor.value),
        window,
        business_day: roll.map(|roll| roll.value),
        past: past.map_or(default_past(moment), |past| past.value),
    })
}

/// A reminder whose time has passed is left out; what follows upon something
/// is done late rather than not at all.
const fn default_past(moment: Moment) -> Past {
    match (moment.side, moment.fact()) {
        (Side::After, None) => Past::Run,
        _ => Past::Skip,
    }
}

fn parse_past(text: &str) -> Result<Past, String> {
    match text {
        "skip" => Ok(Past::Skip),
        "run" => Ok(Past::Run),
        other => other
            .strip_prefix("run within ")
            .and_then(|length| length.parse().ok())
            .map(Past::RunWithin)
            .ok_or_else(|| "past must be skip, run, or like run within 6h".to_owned()),
    }
}

fn window(section: &mut Section<'_, '_>, problems: &mut Problems<'_>) -> Option<Window> {
    let hours = section.parsed("window", problems, |text| {
        text.split_once('-')
            .and_then(|(from, until)| Some((parse_clock(from)?, parse_clock(until)?)))
            .filter(|(from, until)| from < until)
            .ok_or_else(|| "window must be hours of one day such as 08:00-20:00".to_owned())
    });
    let outside = section.parsed("outside", problems, |text| match text {
        "later" => Ok(Roll::Later),
        "earlier" => Ok(Roll::Earlier),
        _ => Err("outside must be later or earlier".to_owned()),
    });
    if let (None, Some(outside)) = (&hours, &outside) {
        problems.at(outside.offset, "outside needs a window");
    }
    let (from, until) = hours?.value;
    Some(Window {
        from,
        until,
        outside: outside.map_or(Roll::Later, |outside| outside.value),
    })
}

/// Refuses a message that nothing keeps from going out after its event, and
/// one that is stale before it is due.
fn check_expiry(
    section: &Section<'_, '_>,
    due: &Due,
    expires: Option<&At<Moment>>,
    problems: &mut Problems<'_>,
) {
    let passes =
        due.moment.fact().is_some() && (due.moment.side == Side::Before || due.moment.by.is_zero());
    match expires {
        None if passes && !section.has("expires") => problems.at(
            section.offset,
            "expires is missing: the message would go out after its time has passed",
        ),
        Some(expires) if expires.value.anchor == due.moment.anchor => {
            let plain = due.at.is_none()
                && due.not_before.is_none()
                && due.window.is_none()
                && due.business_day.is_none();
            let from = |moment: Moment| moment.from(Timestamp::UNIX_EPOCH, &TimeZone::UTC);
            if plain && from(expires.value) <= from(due.moment) {
                problems.at(expires.offset, "the message expires before it is due");
            }
        }
        _ => {}
    }
}
