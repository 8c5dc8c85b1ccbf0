//! Samples of the patient page.

use jiff::Zoned;

use super::super::frame::Section;
use super::super::icon::Icon;
use super::super::parts::{Act, Advice, Chip, Tone};
use super::super::sample::{HOSTILE, LONG, RTL, after, frame, id, name, now, on, token};
use super::super::urls::{Link, PlannedId, Url};
use super::{
    ConsentFacts, ContactFacts, Doubles, Draft, Event, Mark, Patient, PlanFacts, Planned,
    ProxyFacts, Show, VisitFacts, Why,
};
use crate::chart::Segment;

fn event(at: Zoned, mark: Mark, title: &str, detail: &str) -> Event {
    Event {
        at,
        mark,
        title: title.to_owned(),
        quote: None,
        detail: detail.to_owned(),
        chip: None,
        why: None,
    }
}

fn heard(at: Zoned, words: &str, detail: &str) -> Event {
    Event {
        quote: Some(words.to_owned()),
        ..event(at, Mark::Heard, "", detail)
    }
}

fn why(because: &str) -> Why {
    Why {
        because: because.to_owned(),
        message: Some(id(7)),
    }
}

impl Patient {
    /// Returns a patient of whom nothing but the name is known.
    fn empty() -> Self {
        Self {
            frame: frame(Section::Patients),
            now: now(),
            id: id(1),
            name: "Jordan Blake".to_owned(),
            about: vec!["MRN 004812".to_owned()],
            flags: vec![],
            paused: false,
            show: Show::Everything,
            planned: vec![],
            past: vec![],
            older: None,
            plan: None,
            visits: vec![],
            contacts: vec![],
            consents: vec![],
            proxies: vec![],
            reachable: vec![],
            doubles: Doubles::None,
            draft: Draft::default(),
        }
    }

    /// Returns a patient in the middle of a course of care.
    pub fn typical() -> Self {
        Self {
            name: "Ana Morales".to_owned(),
            about: ["58", "Spanish", "Dr. Chen", "MRN 004801"]
                .map(str::to_owned)
                .to_vec(),
            flags: vec![Chip::new(Tone::Good, "active")],
            planned: planned(),
            past: past(),
            older: Some(Url::Patient(id(1)).with("before", "tch_1")),
            plan: Some(plan()),
            visits: visits(),
            contacts: contacts(),
            consents: consents(),
            reachable: vec![(id(3), "•••0142".to_owned())],
            ..Self::empty()
        }
    }

    /// Returns a minor with a long history whose automation is paused.
    fn crowded() -> Self {
        let mut page = Self::typical();
        page.paused = true;
        page.doubles = Doubles::Doubted;
        page.flags = vec![
            Chip::new(Tone::Bad, "possible emergency, 8 min ago").icon(Icon::Warn),
            Chip::new(Tone::Info, "automation paused").icon(Icon::Pause),
            Chip::new(Tone::Info, "minor"),
        ];
        page.proxies = vec![ProxyFacts {
            name: "Carmen Morales".to_owned(),
            relation: "guardian".to_owned(),
            chip: Chip::new(Tone::Good, "verified"),
        }];
        page.plan = Some(PlanFacts {
            visits: [vec![Segment::Done; 26], vec![Segment::Left; 10]].concat(),
            ..plan()
        });
        for week in 1..=30 {
            page.past.push(event(
                on(-7 * week, 10, 20),
                Mark::Done,
                "Came to visit",
                "Dr. Chen",
            ));
        }
        page
    }

    /// Returns a patient after whose death nothing is ever sent.
    fn deceased() -> Self {
        let mut page = Self::empty();
        page.flags = vec![Chip::new(Tone::Plain, "deceased")];
        page.past = vec![event(
            on(-2, 9, 0),
            Mark::Noted,
            "Death recorded",
            "4 planned messages dropped, 1 task closed",
        )];
        page
    }

    /// Returns a patient whose values try to break the page.
    fn hostile() -> Self {
        let mut page = Self::typical();
        HOSTILE.clone_into(&mut page.name);
        page.about = [HOSTILE, RTL, LONG].map(str::to_owned).to_vec();
        page.flags = vec![Chip::new(Tone::Warn, HOSTILE)];
        for (event, words) in page.past.iter_mut().zip([HOSTILE, RTL, LONG]) {
            event.quote = Some(words.to_owned());
            words.clone_into(&mut event.detail);
            event.why = Some(why(words));
        }
        for planned in &mut page.planned {
            HOSTILE.clone_into(&mut planned.title);
            HOSTILE.clone_into(&mut planned.because);
        }
        page.draft = Draft {
            once: token().to_string(),
            words: format!("</textarea>{HOSTILE}"),
            by_mail: true,
            advice: Advice {
                problems: vec![HOSTILE.to_owned()],
                can_insist: true,
            },
        };
        for contact in &mut page.contacts {
            HOSTILE.clone_into(&mut contact.address);
        }
        page
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        vec![
            ("empty", Self::empty()),
            ("typical", Self::typical()),
            ("crowded", Self::crowded()),
            ("deceased", Self::deceased()),
            ("hostile", Self::hostile()),
        ]
    }
}

fn planned() -> Vec<Planned> {
    vec![
        Planned {
            id: PlannedId::Message(id(5)),
            at: on(0, 8, 0),
            title: "Home check by text".to_owned(),
            detail: "asks how the week went".to_owned(),
            because: "Written at 6:40 AM and held until 8:00 AM, when quiet hours end in her zone."
                .to_owned(),
            held: Some("quiet hours".to_owned()),
        },
        Planned {
            id: PlannedId::Step(id(6), name("day-before")),
            at: on(1, 8, 40),
            title: "Reminder by text".to_owned(),
            detail: "visit Wed 8:40 AM".to_owned(),
            because: "Visit reminders, version 3: a recurring visit is reminded 24 hours before. Stops by itself if she confirms, moves or cancels first.".to_owned(),
            held: None,
        },
        Planned {
            id: PlannedId::Step(id(8), name("propose")),
            at: on(9, 12, 0),
            title: "Proposal to book the rest".to_owned(),
            detail: "7 visits left".to_owned(),
            because: "Nothing booked, version 1: visits are left on the plan and none will be on the book after Wednesday.".to_owned(),
            held: None,
        },
    ]
}

fn past() -> Vec<Event> {
    vec![
        heard(after(-5), "Sí, gracias", "by text · understood as a yes"),
        Event {
            chip: Some(Chip::new(Tone::Plain, "held")),
            why: Some(why(
                "Two messages went out this week already; the budget for this purpose is 3 in 7 days and 1 in a day. It waits until tomorrow, 8:00 AM.",
            )),
            ..event(after(-70), Mark::Held, "Exercise tip held", "")
        },
        heard(
            on(-3, 16, 2),
            "1",
            "by text · booked Wed 8:40 AM, reminder planned anew",
        ),
        Event {
            chip: Some(Chip::new(Tone::Good, "delivered")),
            why: Some(why(
                "Missed-visit recovery, version 2, step “ask”: 30 minutes after a missed visit. She agreed to texts about visits on Sep 14, it was inside 8 AM to 8 PM in her zone, and it was the first text of the day.",
            )),
            ..event(
                on(-3, 15, 40),
                Mark::Wrote,
                "Text",
                "“We missed you today. Reply 1 for the same time on Wednesday, 2 for other times.”",
            )
        },
        event(
            on(-3, 15, 10),
            Mark::Bad,
            "Missed visit 4",
            "nobody came, no word before 3:25 PM",
        ),
        Event {
            chip: Some(Chip::new(Tone::Warn, "dropped")),
            why: Some(why(
                "The visit it reminded of was moved at 5:12 PM, so it would have named a time that is no longer true.",
            )),
            ..event(on(-6, 17, 12), Mark::Held, "Reminder dropped", "")
        },
        event(on(-6, 8, 40), Mark::Done, "Came to visit 3", "Dr. Chen"),
        event(
            on(-9, 11, 0),
            Mark::Noted,
            "Agreed to texts about visits",
            "on the intake form",
        ),
    ]
}

fn plan() -> PlanFacts {
    let mut visits = vec![Segment::Done; 3];
    visits.extend([Segment::Missed, Segment::Booked]);
    visits.extend([Segment::Left; 7]);
    PlanFacts {
        visits,
        planned: 11,
        per_week: 2,
        ends: on(52, 0, 0).date(),
        authorised_left: Some(8),
    }
}

fn visits() -> Vec<VisitFacts> {
    vec![VisitFacts {
        at: on(2, 8, 40),
        with: "Dr. Chen · Riverside".to_owned(),
        chip: Chip::new(Tone::Good, "confirmed"),
        acts: vec![Act::post("Cannot come", Url::VisitCancel(id(1))).quiet()],
    }]
}

fn contacts() -> Vec<ContactFacts> {
    vec![
        ContactFacts {
            icon: Icon::Phone,
            address: "+1 312 555 0142".to_owned(),
            link: Some(Link::call("+13125550142")),
            detail: "mobile · answered from it today".to_owned(),
            chip: Chip::new(Tone::Good, "verified"),
        },
        ContactFacts {
            icon: Icon::Mail,
            address: "ana.morales@example.org".to_owned(),
            link: None,
            detail: "from the EHR".to_owned(),
            chip: Chip::new(Tone::Plain, "not verified"),
        },
        ContactFacts {
            icon: Icon::Phone,
            address: "+1 312 555 0199".to_owned(),
            link: None,
            detail: "somebody else answered on Oct 2".to_owned(),
            chip: Chip::new(Tone::Bad, "wrong number"),
        },
    ]
}

fn consents() -> Vec<ConsentFacts> {
    let line = |purpose, chip, detail: &str| ConsentFacts {
        purpose,
        chip,
        detail: detail.to_owned(),
    };
    vec![
        line(
            "visits and care",
            Chip::new(Tone::Good, "yes"),
            "intake form, Sep 14, text and e-mail",
        ),
        line(
            "exercise, measures and offers",
            Chip::new(Tone::Good, "yes"),
            "patient page, Oct 1, text",
        ),
        line("feedback", Chip::new(Tone::Plain, "never asked"), ""),
        line(
            "news and promotion",
            Chip::new(Tone::Bad, "no"),
            "STOP by text, Nov 2",
        ),
    ]
}
