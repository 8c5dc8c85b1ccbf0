//! Samples of Today.

use tendon_care::language::Language;

use super::super::frame::{Banner, Section};
use super::super::parts::{Chip, Flash, Tone};
use super::super::sample::{HOSTILE, LONG, RTL, after, frame, id, now, on};
use super::{Opening, Shown, Today, Unbooked, Unconfirmed, Waiting, Work};

fn shown<T>(first: Vec<T>, more: u32) -> Shown<T> {
    Shown {
        total: u32::try_from(first.len()).unwrap_or(u32::MAX) + more,
        first,
    }
}

fn visit(n: u8, name: &str, minutes: i64) -> Unconfirmed {
    Unconfirmed {
        visit: id(n),
        patient: id(n),
        name: name.to_owned(),
        at: after(minutes),
        clinician: "Dr. Chen".to_owned(),
        number: Some((u16::from(n), 12)),
        language: Language::English,
        unanswered: 1,
        next_message: None,
        missed: (0, 4),
        phone: Some("+13125550142".to_owned()),
    }
}

fn waiting(n: u8, name: &str, words: &str, intent: Chip) -> Waiting {
    Waiting {
        thread: id(n),
        name: name.to_owned(),
        words: words.to_owned(),
        since: after(-i64::from(n) * 17),
        intent,
    }
}

impl Today {
    /// Returns a day before the practice has any data.
    pub fn empty() -> Self {
        let mut frame = frame(Section::Today);
        frame.today = 0;
        frame.inbox = 0;
        Self {
            frame,
            now: now(),
            place: "Riverside · all clinicians".to_owned(),
            visits: 0,
            confirmed: 0,
            arrival: vec![],
            unconfirmed: Shown::default(),
            openings: Shown::default(),
            unbooked: Shown::default(),
            replies: Shown::default(),
            tasks: Shown::default(),
        }
    }

    /// Returns a usual Monday.
    pub fn typical() -> Self {
        let mut page = Self::empty();
        page.frame.today = 14;
        page.frame.inbox = 3;
        page.visits = 48;
        page.confirmed = 41;
        page.arrival = vec![86.2, 87.9, 85.8, 88.4, 87.6, 89.9, 89.2, 90.8, 90.1, 91.6];
        page.unconfirmed = shown(unconfirmed(), 3);
        page.replies = shown(replies(), 0);
        page.openings = shown(openings(), 0);
        page.unbooked = shown(unbooked(), 2);
        page.tasks = shown(tasks(), 0);
        page.frame.flash = Some(Flash::new(Tone::Good, "Visit confirmed"));
        page
    }

    /// Returns a bad Monday: everything waits, and one may be an emergency.
    fn crowded() -> Self {
        let mut page = Self::typical();
        page.unconfirmed = shown(
            (1..=24)
                .map(|n| visit(n, "Theodora Papadopoulou", i64::from(n) * 20))
                .collect(),
            61,
        );
        page.frame.red_flag = true;
        page.frame.flash = None;
        page.frame.look.compact = true;
        page.frame.banners = vec![Banner {
            tone: Tone::Warn,
            text: "The text carrier has refused 14 messages since 7:20 AM. They wait and go out by themselves.".to_owned(),
        }];
        page.tasks.first.insert(
            0,
            Work {
                task: id(90),
                what: "Call now: words that may mean an emergency",
                patient: Some((id(90), "Harold Finch".to_owned())),
                words: None,
                due: after(5),
                owner: None,
                phone: Some("+13125550142".to_owned()),
                urgent: true,
            },
        );
        page.tasks.total += 1;
        page
    }

    /// Returns names that try to break the page.
    fn hostile() -> Self {
        let mut page = Self::typical();
        HOSTILE.clone_into(&mut page.place);
        for (visit, name) in page.unconfirmed.first.iter_mut().zip([HOSTILE, RTL, LONG]) {
            name.clone_into(&mut visit.name);
            name.clone_into(&mut visit.clinician);
        }
        for (waiting, name) in page.replies.first.iter_mut().zip([HOSTILE, RTL, LONG]) {
            name.clone_into(&mut waiting.name);
            name.clone_into(&mut waiting.words);
        }
        HOSTILE.clone_into(&mut page.frame.user);
        HOSTILE.clone_into(&mut page.frame.practice);
        page
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        vec![
            ("empty", Self::empty()),
            ("typical", Self::typical()),
            ("crowded", Self::crowded()),
            ("hostile", Self::hostile()),
        ]
    }
}

fn unconfirmed() -> Vec<Unconfirmed> {
    vec![
        Unconfirmed {
            number: Some((5, 12)),
            language: Language::Spanish,
            unanswered: 2,
            missed: (2, 4),
            ..visit(1, "Ana Morales", 50)
        },
        Unconfirmed {
            number: None,
            clinician: "J. Patel".to_owned(),
            ..visit(2, "Luis Ortega", 90)
        },
        Unconfirmed {
            number: Some((9, 10)),
            unanswered: 0,
            next_message: Some(after(10)),
            phone: None,
            ..visit(3, "Grace Kim", 130)
        },
        visit(4, "Robert Whitfield", 190),
    ]
}

fn replies() -> Vec<Waiting> {
    vec![
        waiting(
            9,
            "Denise Okafor",
            "Could I come a bit later on Wednesday, after work?",
            Chip::new(Tone::Info, "wants another time"),
        ),
        waiting(
            4,
            "Sam Reed",
            "do I need to bring my brace",
            Chip::new(Tone::Plain, "question"),
        ),
        waiting(
            2,
            "Pilar Núñez",
            "No puedo ir mañana, mi hija está enferma",
            Chip::new(Tone::Warn, "cannot come"),
        ),
    ]
}

fn openings() -> Vec<Opening> {
    vec![
        Opening {
            visit: id(31),
            at: on(0, 11, 20),
            clinician: "Dr. Chen".to_owned(),
            minutes: 40,
            freed: "called off by text at 7:12 AM".to_owned(),
            patient: id(31),
            name: "Walter Novak".to_owned(),
        },
        Opening {
            visit: id(32),
            at: on(0, 14, 0),
            clinician: "J. Patel".to_owned(),
            minutes: 40,
            freed: "moved to Thursday".to_owned(),
            patient: id(32),
            name: "Imani Brooks".to_owned(),
        },
    ]
}

fn unbooked() -> Vec<Unbooked> {
    vec![
        Unbooked {
            patient: id(41),
            name: "Noah Brandt".to_owned(),
            done: 5,
            planned: 12,
            left: 7,
            last_visit: Some(on(-9, 10, 0)),
            proposals: 2,
            phone: Some("+13125550177".to_owned()),
        },
        Unbooked {
            patient: id(42),
            name: "Yuki Tanaka".to_owned(),
            done: 1,
            planned: 8,
            left: 7,
            last_visit: Some(on(-4, 15, 0)),
            proposals: 0,
            phone: Some("+13125550178".to_owned()),
        },
    ]
}

fn tasks() -> Vec<Work> {
    vec![
        Work {
            task: id(51),
            what: "Find another time: the patient cannot come",
            patient: Some((id(51), "Walter Novak".to_owned())),
            words: Some("Would rather come in the morning. I work until five".to_owned()),
            due: after(-40),
            owner: None,
            phone: Some("+13125550142".to_owned()),
            urgent: false,
        },
        Work {
            task: id(52),
            what: "Two records may be one person",
            patient: Some((id(52), "Katherine Bell".to_owned())),
            words: None,
            due: after(600),
            owner: Some("Maria Lopez".to_owned()),
            phone: Some("+13125550142".to_owned()),
            urgent: false,
        },
    ]
}
