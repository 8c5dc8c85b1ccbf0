//! Messages: the list of all of them with what became of each.

use axum::extract::State;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use tendon_care::contact::Channel;
use tendon_care::decision::Reason;
use tendon_care::id::MessageId;
use tendon_store::{LedgerFilter, LedgerLine};

use super::view::{View, spaced};
use crate::pages::frame::Section;
use crate::pages::messages::{Filter, MessageLine, Messages, Outcome};
use crate::pages::moment;
use crate::pages::parts::{Pager, dotted};
use crate::pages::urls::{Link, Url};
use crate::server::App;
use crate::server::page::Page;
use crate::server::plain::Query;
use crate::server::refusal::Refusal;
use crate::server::session::Staff;

/// Messages on one page.
const SHOWN: u16 = 50;

/// Days that are shown where none are named.
const DAYS: i64 = 7;

/// What the address says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    state: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    journey: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    before: String,
}

/// Shows what became of every message.
pub(crate) async fn page(
    State(app): State<App>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Page<Messages>, Refusal> {
    let view = View::of(&app, &staff).await?;
    let reader = staff.reader(&app);
    let filter = filter(&asked, &view);
    let stored = stored(&filter, &view);
    let tally = reader.message_tally(&stored).await?;
    let lines = reader
        .message_ledger(&stored, cursor(&asked.before), SHOWN)
        .await?;
    staff.looked_at(&app, "message_list", None).await?;
    let full = lines.len() == usize::from(SHOWN);
    let older = lines.last().filter(|_| full).map(|last| {
        let before = format!("{}.{}", last.created_at.as_millisecond(), last.id);
        link(&filter).with("before", &before)
    });
    let counted = |outcome: Outcome| {
        let known = tally.iter().find(|(word, _)| word == outcome.word());
        (outcome, known.map_or(0, |(_, count)| *count))
    };
    let all = view.house.journeys().all();
    Ok(Page(Messages {
        frame: staff.frame(&app, Section::Messages).await?,
        journeys: all
            .iter()
            .map(|journey| (journey.name().to_owned(), journey.title().to_owned()))
            .collect(),
        tally: Outcome::ALL.into_iter().map(counted).collect(),
        lines: lines.iter().map(|line| row(line, &view)).collect(),
        pager: Pager {
            newer: (!asked.before.is_empty()).then(|| link(&filter)),
            older,
        },
        filter,
        now: view.now,
    }))
}

fn filter(asked: &Asked, view: &View) -> Filter {
    let today = view.now.date();
    let from = asked
        .from
        .parse()
        .unwrap_or_else(|_| today.saturating_sub((DAYS - 1).days()));
    let to = asked.to.parse::<Date>().ok();
    Filter {
        outcome: Outcome::from_word(&asked.state),
        channel: Channel::from_code(&asked.channel),
        purpose: asked.purpose.parse().ok(),
        journey: asked.journey.chars().take(64).collect(),
        from: from.to_string(),
        to: to.map(|day| day.to_string()).unwrap_or_default(),
    }
}

fn stored(filter: &Filter, view: &View) -> LedgerFilter {
    let day = |text: &str| text.parse::<Date>().ok();
    LedgerFilter {
        from: day(&filter.from).map_or(Timestamp::UNIX_EPOCH, |day| view.start_of(day)),
        until: day(&filter.to).map_or(Timestamp::MAX, |day| {
            view.start_of(day.saturating_add(1.day()))
        }),
        channel: filter.channel,
        purpose: filter.purpose,
        journey: filter.journey.clone(),
        fate: filter.outcome.map_or("", Outcome::word).to_owned(),
    }
}

fn link(filter: &Filter) -> Link {
    Url::Messages
        .with("state", filter.outcome.map_or("", Outcome::word))
        .with("channel", filter.channel.map_or("", Channel::code))
        .with(
            "purpose",
            filter.purpose.map_or("", |purpose| purpose.code()),
        )
        .with("journey", &filter.journey)
        .with("from", &filter.from)
        .with("to", &filter.to)
}

/// Reads where a page of the list begins.
fn cursor(text: &str) -> Option<(Timestamp, MessageId)> {
    let (at, id) = text.split_once('.')?;
    Some((
        Timestamp::from_millisecond(at.parse().ok()?).ok()?,
        id.parse().ok()?,
    ))
}

fn row(line: &LedgerLine, view: &View) -> MessageLine {
    let what = match (&line.journey, line.cause.as_str()) {
        (Some((journey, step)), _) => dotted([view.journey_title(journey), spaced(step)]),
        (None, "reply") => "Answer to what was written".to_owned(),
        (None, _) => "Written by staff".to_owned(),
    };
    MessageLine {
        id: line.id,
        at: view.at(line.state_at),
        patient: (line.patient, line.name.clone()),
        channel: line.channel,
        what,
        outcome: Outcome::from_word(&line.fate).unwrap_or(Outcome::Held),
        reason: reason(line, view),
    }
}

fn reason(line: &LedgerLine, view: &View) -> String {
    if let Some(failure) = line.failure.as_ref().filter(|_| line.fate == "failed") {
        return format!("carrier code {failure}");
    }
    let waits = matches!(line.fate.as_str(), "held" | "moved");
    let words = line
        .reason
        .as_deref()
        .filter(|code| !code.is_empty())
        .map(reason_words);
    let until = line.until.filter(|_| waits).map(|until| {
        let at = view.at(until);
        format!(
            "until {}, {}",
            moment::short(at.date(), view.now.date()),
            moment::clock(&at)
        )
    });
    match (words, line.fate.as_str()) {
        (Some(words), "held" | "moved" | "dropped") => dotted([words, until.unwrap_or_default()]),
        (None, "held") => "Waits for its turn".to_owned(),
        _ => String::new(),
    }
}

/// Returns a reason in words: the rules' own, or what staff did.
pub(crate) fn reason_words(code: &str) -> String {
    let known = Reason::from_code(code).map(|reason| reason.words().to_owned());
    known.unwrap_or_else(|| {
        let spaced = spaced(code);
        let mut letters = spaced.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(letters).collect()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_words_whoever_decided() {
        assert_eq!(reason_words("quiet_hours"), Reason::QuietHours.words());
        assert_eq!(reason_words("skipped_by_staff"), "Skipped by staff");
        assert_eq!(reason_words(""), "");
    }

    #[test]
    fn a_cursor_that_makes_no_sense_begins_at_the_top() {
        for bad in ["", "x", "12.", "12.pat_1"] {
            assert_eq!(cursor(bad), None);
        }
    }
}
