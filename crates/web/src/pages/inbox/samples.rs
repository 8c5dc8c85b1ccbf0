//! Samples of the inbox.

use jiff::Zoned;

use super::super::frame::Section;
use super::super::icon::Icon;
use super::super::parts::{Advice, Chip, Tone};
use super::super::sample::{HOSTILE, LONG, RTL, after, frame, id, now, on, token};
use super::{By, Folder, Inbox, Measure, Said, Thread, ThreadLine};

fn line(n: u8, name: &str, words: &str, intent: Option<Chip>) -> ThreadLine {
    ThreadLine {
        id: id(n),
        name: name.to_owned(),
        words: words.to_owned(),
        at: after(-i64::from(n) * 14),
        unread: n < 3,
        intent,
        owner: None,
    }
}

fn heard(at: Zoned, words: &str, chip: Chip, did: &str) -> Said {
    Said {
        at,
        by: By::Patient,
        words: words.to_owned(),
        chip: Some(chip),
        did: did.to_owned(),
    }
}

fn wrote(at: Zoned, by: By, words: &str, chip: Chip) -> Said {
    Said {
        at,
        by,
        words: words.to_owned(),
        chip: Some(chip),
        did: String::new(),
    }
}

fn journey(name: &str, unsent: bool) -> By {
    By::Journey {
        name: name.to_owned(),
        message: id(7),
        unsent,
    }
}

impl Inbox {
    fn empty() -> Self {
        Self {
            frame: frame(Section::Inbox),
            now: now(),
            folder: Folder::Waiting,
            threads: vec![],
            open: None,
        }
    }

    /// Returns a usual morning with one thread open.
    pub fn typical() -> Self {
        let ask = Chip::new(Tone::Info, "wants another time");
        Self {
            threads: vec![
                line(
                    1,
                    "Denise Okafor",
                    "Could I come a bit later on Wednesday, after work?",
                    Some(ask.clone()),
                ),
                line(
                    2,
                    "Sam Reed",
                    "do I need to bring my brace",
                    Some(Chip::new(Tone::Plain, "question")),
                ),
                ThreadLine {
                    owner: Some("Maria Lopez".to_owned()),
                    ..line(
                        3,
                        "Pilar Núñez",
                        "No puedo ir mañana, mi hija está enferma",
                        Some(Chip::new(Tone::Warn, "cannot come")),
                    )
                },
                line(
                    9,
                    "•••0187, unknown",
                    "who is this?",
                    Some(Chip::new(Tone::Warn, "wrong number")),
                ),
                line(12, "Hiro Sato", "thanks!", None),
            ],
            open: Some(thread(ask)),
            ..Self::empty()
        }
    }

    /// Returns a list without an open thread, as a phone shows it first.
    fn list() -> Self {
        Self {
            open: None,
            ..Self::typical()
        }
    }

    /// Returns a possible emergency in a long list.
    fn crowded() -> Self {
        let mut page = Self::typical();
        page.folder = Folder::All;
        page.frame.red_flag = true;
        for n in 13..60 {
            page.threads
                .push(line(n, "Alexandra Andersson", "Ok see you then", None));
        }
        let danger = Chip::new(Tone::Bad, "possible emergency").icon(Icon::Warn);
        page.threads.insert(
            0,
            line(
                0,
                "Harold Finch",
                "bad chest pain since the morning",
                Some(danger.clone()),
            ),
        );
        if let Some(open) = &mut page.open {
            "Harold Finch".clone_into(&mut open.name);
            open.id = id(0);
            open.alarm = Some("Possible emergency, 2 min ago. Call now. The 911 reply went out at once and all automation for this patient is paused.".to_owned());
            open.said.push(heard(
                after(-2),
                "bad chest pain since the morning",
                danger,
                "911 reply sent, automation paused, on-call paged",
            ));
        }
        page
    }

    /// Returns a thread that may not be written to.
    fn closed() -> Self {
        let mut page = Self::typical();
        if let Some(open) = &mut page.open {
            open.closed = Some(
                "Replied STOP on Nov 2. Only a fresh yes from this number lifts it.".to_owned(),
            );
            open.said.push(heard(
                after(-4),
                "STOP",
                Chip::new(Tone::Bad, "opt-out"),
                "all purposes stopped, confirmation sent",
            ));
        }
        page
    }

    fn hostile() -> Self {
        let mut page = Self::typical();
        for (line, words) in page.threads.iter_mut().zip([HOSTILE, RTL, LONG]) {
            words.clone_into(&mut line.name);
            words.clone_into(&mut line.words);
            line.owner = Some(words.to_owned());
        }
        if let Some(open) = &mut page.open {
            HOSTILE.clone_into(&mut open.name);
            HOSTILE.clone_into(&mut open.detail);
            "</textarea><script>alert(1)</script>".clone_into(&mut open.draft);
            for (said, words) in open.said.iter_mut().zip([HOSTILE, RTL, LONG]) {
                words.clone_into(&mut said.words);
                words.clone_into(&mut said.did);
            }
        }
        page
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        vec![
            ("empty", Self::empty()),
            ("list", Self::list()),
            ("typical", Self::typical()),
            ("crowded", Self::crowded()),
            ("closed", Self::closed()),
            ("hostile", Self::hostile()),
        ]
    }
}

fn thread(ask: Chip) -> Thread {
    Thread {
        id: id(1),
        patient: Some(id(1)),
        name: "Denise Okafor".to_owned(),
        detail: "•••0142 · text · English".to_owned(),
        alarm: None,
        said: vec![
            wrote(
                on(-3, 8, 40),
                journey("Visit reminders", false),
                "Riverside PT: Hi Denise, you have a visit on Wed Nov 25 at 2:20 PM. Reply 1 to confirm, 2 to change, 3 if you cannot come.",
                Chip::new(Tone::Good, "delivered"),
            ),
            wrote(
                on(-1, 9, 0),
                journey("Exercise check", true),
                "How did your exercises go this week?",
                Chip::new(Tone::Warn, "held: budget"),
            ),
            heard(
                after(-14),
                "2",
                ask.clone(),
                "visit stays on the book, task opened",
            ),
            heard(
                after(-13),
                "Could I come a bit later on Wednesday, after work?",
                ask,
                "added to the task",
            ),
        ],
        closed: None,
        draft: String::new(),
        once: token().to_string(),
        measure: Measure::default(),
        advice: Advice::default(),
    }
}
