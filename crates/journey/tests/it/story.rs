//! Plays a journey against a list of events and writes down what happens.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use tendon_care::id::{AppointmentId, EpisodeId, Id, PatientId};
use tendon_journey::definition::StepId;
use tendon_journey::enrolment::Refs;
use tendon_journey::enrolment::v1;
use tendon_journey::event::WithdrawReason;
use tendon_journey::variable::{self, FactValue, Key};
use tendon_journey::{
    Admission, Definition, Effect, Enrolment, Event, Facts, admit, library, step,
};

pub const ZONE: &str = "America/Chicago";

/// The definition of a shipped journey.
pub fn shipped(name: &str) -> Definition {
    library::find(name).unwrap().parse().unwrap()
}

/// A local time in Chicago, written `2026-11-24 08:40`.
pub fn local(text: &str) -> Timestamp {
    let civil: DateTime = text.replace(' ', "T").parse().unwrap();
    civil
        .to_zoned(TimeZone::get(ZONE).unwrap())
        .unwrap()
        .timestamp()
}

/// A visit of one patient's one episode, told apart by a number.
pub fn visit(number: u8) -> Refs {
    let at = Timestamp::UNIX_EPOCH;
    Refs {
        patient: PatientId::from_parts(at, [1; 10]),
        episode: Some(EpisodeId::from_parts(at, [1; 10])),
        appointment: Some(AppointmentId::from_parts(at, [number; 10])),
        referral: None,
    }
}

/// One subject in one journey, with its clock, and the record of what happened.
pub struct Story {
    definition: Definition,
    enrolment: Option<Enrolment>,
    pub facts: Facts,
    now: Timestamp,
    told: String,
}

impl Story {
    pub fn new(definition: Definition) -> Self {
        Self {
            definition,
            enrolment: None,
            facts: Facts::new(TimeZone::get(ZONE).unwrap()),
            now: Timestamp::MIN,
            told: String::new(),
        }
    }

    /// Begins the story of a visit on the book.
    pub fn of_visit(kind: &'static str, starts: &str) -> Self {
        let mut story = Self::new(shipped("visit-reminder"));
        story.know(variable::VISIT_KIND, kind);
        story.know(variable::VISIT_STATE, "booked");
        story.know(variable::VISIT_CONFIRMED, false);
        story.know(variable::PATIENT_MISSED_BEFORE, false);
        story.know(variable::VISIT_START, local(starts));
        story
    }

    /// The same, booked at a local time.
    pub fn booked(at: &str, kind: &'static str, starts: &str) -> Self {
        let mut story = Self::of_visit(kind, starts);
        story.fact(at, "visit.booked");
        story
    }

    /// Sets a fact without telling the journey.
    pub fn know<T: FactValue>(&mut self, key: Key<T>, value: T) {
        self.facts.set(key, Some(value));
    }

    /// Lets time pass up to a local time, with every wake-up on the way.
    pub fn until(&mut self, time: &str) -> &mut Self {
        let to = local(time);
        while let Some((step, at)) = self.wake().filter(|(_, at)| *at <= to) {
            self.now = at;
            self.hear(&Event::Due { step });
        }
        self.now = to;
        self
    }

    /// Adds a fact about visit 1 at a local time.
    pub fn fact(&mut self, time: &str, fact: &'static str) -> &mut Self {
        self.fact_about(time, fact, visit(1))
    }

    /// Adds a fact about some visit at a local time.
    pub fn fact_about(&mut self, time: &str, fact: &'static str, about: Refs) -> &mut Self {
        self.until(time);
        self.line(&format!("* {fact}"));
        if self.enrolment.is_some() {
            self.hear(&Event::Happened { fact, about });
        }
        let admission = admit(
            &self.definition,
            fact,
            &self.facts,
            self.enrolment.as_ref(),
            self.now,
        );
        if admission == Admission::Enter {
            self.line("enter");
            self.enrolment = Some(Enrolment::begin(&self.definition, about, self.now));
            self.hear(&Event::Entered);
        }
        self
    }

    /// Moves the visit to another local time and tells the journey.
    pub fn move_visit(&mut self, time: &str, to: &str) -> &mut Self {
        self.until(time);
        self.know(variable::VISIT_START, local(to));
        self.know(variable::VISIT_STATE, "booked");
        self.know(variable::VISIT_CONFIRMED, false);
        self.fact(time, "visit.moved")
    }

    /// Tells the journey something other than a fact.
    pub fn tell(&mut self, time: &str, event: &Event) -> &mut Self {
        self.until(time);
        self.hear(event);
        self
    }

    /// Tells the journey something after a time without any wake-up, as after
    /// an outage.
    pub fn late(&mut self, time: &str, event: &Event) -> &mut Self {
        self.now = local(time);
        self.hear(event);
        self
    }

    pub fn enrolment(&self) -> &Enrolment {
        self.enrolment.as_ref().unwrap()
    }

    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Compares the record with the expected one, line by line.
    #[track_caller]
    pub fn assert_told(&self, expected: &str) {
        let lines = |text: &str| -> Vec<String> {
            text.lines()
                .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
                .filter(|line| !line.is_empty())
                .collect()
        };
        assert_eq!(lines(&self.told), lines(expected), "\n{}", self.told);
    }

    fn wake(&self) -> Option<(StepId, Timestamp)> {
        let (step, at) = self.enrolment.as_ref()?.wake()?;
        Some((step.clone(), at))
    }

    fn hear(&mut self, event: &Event) {
        let Some(before) = &self.enrolment else {
            return;
        };
        // Everything is kept as text between two events, as in a database.
        let before = v1::read(&v1::write(before)).unwrap();
        let (after, effects) =
            step(&self.definition, &before, event, &self.facts, self.now).unwrap();
        self.enrolment = Some(after);
        for effect in effects {
            if let Some(line) = words(&effect) {
                self.line(&line);
            }
        }
    }

    fn line(&mut self, text: &str) {
        let time = clock(self.now);
        writeln!(self.told, "{time} {text}").unwrap();
    }
}

/// A local time as the record writes it.
fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::get(ZONE).unwrap())
        .strftime("%b %d %H:%M")
        .to_string()
}

/// What a reader needs to follow an effect; wake-ups show in what follows.
fn words(effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::Send {
            step,
            template,
            expires_at,
            ..
        } => format!("{step}: send {template}, good until {}", clock(*expires_at)),
        Effect::Task {
            step, kind, due_at, ..
        } => format!("{step}: task {} by {}", kind.code(), clock(*due_at)),
        Effect::LeftOut { step, why } => format!("{step}: left out, {}", why.code()),
        Effect::Withdraw { reason, .. } => match reason {
            WithdrawReason::Moved => "withdraw what is pending: moved".to_owned(),
            WithdrawReason::Ended(code) => format!("withdraw what is pending: {code}"),
            WithdrawReason::Fact(code) => format!("withdraw what asks: {code}"),
        },
        Effect::End { reason } => format!("end: {}", reason.code()),
        Effect::Wake { .. } | Effect::Unwake => return None,
    })
}
