//! Samples of the list of messages.

use tendon_care::contact::Channel;

use super::super::frame::Section;
use super::super::parts::Pager;
use super::super::sample::{HOSTILE, LONG, RTL, after, frame, id, now, on};
use super::super::urls::Url;
use super::{Filter, MessageLine, Messages, Outcome};

impl Messages {
    fn empty() -> Self {
        Self {
            frame: frame(Section::Messages),
            now: now(),
            filter: Filter::default(),
            journeys: vec![
                ("visit-reminder".to_owned(), "Visit reminders".to_owned()),
                (
                    "missed-visit".to_owned(),
                    "Missed-visit recovery".to_owned(),
                ),
            ],
            tally: vec![],
            lines: vec![],
            pager: Pager::default(),
        }
    }

    /// Returns a usual week.
    pub fn typical() -> Self {
        let counts = [1_204, 17, 9, 31, 46, 6, 1];
        Self {
            tally: Outcome::ALL.into_iter().zip(counts).collect(),
            lines: lines(),
            pager: Pager {
                newer: None,
                older: Some(Url::Messages.with("before", "msg_1")),
            },
            ..Self::empty()
        }
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let mut held = Self::typical();
        held.filter.outcome = Some(Outcome::Held);
        held.filter.channel = Some(Channel::Sms);
        held.lines.retain(|line| line.outcome == Outcome::Held);
        let mut crowded = Self::typical();
        crowded.lines = lines()
            .into_iter()
            .cycle()
            .take(100)
            .enumerate()
            .map(|(i, line)| MessageLine {
                id: id(u8::try_from(i).unwrap_or(0).saturating_add(50)),
                ..line
            })
            .collect();
        let mut hostile = Self::typical();
        for (line, words) in hostile.lines.iter_mut().zip([HOSTILE, RTL, LONG]) {
            words.clone_into(&mut line.patient.1);
            words.clone_into(&mut line.what);
            words.clone_into(&mut line.reason);
        }
        HOSTILE.clone_into(&mut hostile.filter.from);
        HOSTILE.clone_into(&mut hostile.filter.journey);
        vec![
            ("empty", Self::empty()),
            ("typical", Self::typical()),
            ("held", held),
            ("crowded", crowded),
            ("hostile", hostile),
        ]
    }
}

/// Who was written to, what for, what became of it and why; newest first.
const TOLD: [(&str, &str, Outcome, &str); 8] = [
    (
        "Ana Morales",
        "Exercise check · first nudge",
        Outcome::Held,
        "two texts this week; budget frees tomorrow, 8:00 AM",
    ),
    (
        "Luis Ortega",
        "Visit reminders · three days before",
        Outcome::Delivered,
        "9 seconds after it was due",
    ),
    (
        "Grace Kim",
        "Visit reminders · three weeks before",
        Outcome::Sent,
        "carrier has it; no receipt yet",
    ),
    (
        "Walter Novak",
        "Visit reminders · same morning",
        Outcome::Dropped,
        "the visit was called off at 7:12 AM",
    ),
    (
        "Imani Brooks",
        "Visit reminders · day before",
        Outcome::Moved,
        "with its visit, from Tue 1:00 PM to Thu 9:20 AM",
    ),
    (
        "Robert Whitfield",
        "Nothing booked · first proposal",
        Outcome::Failed,
        "the number takes no texts; e-mail is tried next",
    ),
    (
        "Yuki Tanaka",
        "Thank-you after visit 3",
        Outcome::Parked,
        "the carrier’s answer was lost; a task is open",
    ),
    (
        "Denise Okafor",
        "Missed-visit recovery · ask",
        Outcome::Held,
        "quiet hours in her zone until 8:00 AM",
    ),
];

fn lines() -> Vec<MessageLine> {
    let times = [
        after(-2),
        after(-11),
        after(-30),
        after(-75),
        on(-1, 18, 2),
        on(-1, 9, 30),
        on(-1, 9, 0),
        on(-2, 21, 4),
    ];
    let told = (1..).zip(times).zip(TOLD);
    told.map(|((n, at), (name, what, outcome, reason))| MessageLine {
        id: id(n),
        at,
        patient: (id(n), name.to_owned()),
        channel: if n % 4 == 3 {
            Channel::Email
        } else {
            Channel::Sms
        },
        what: what.to_owned(),
        outcome,
        reason: reason.to_owned(),
    })
    .collect()
}
