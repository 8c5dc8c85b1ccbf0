//! What was written down of a patient and of each visit, as the product would have
//! written it: state, facts, messages with their decisions, enrolments, audit.

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use tendon_care::access::{Access, Actor};
use tendon_care::appointment::{Appointment, CancelledBy, VisitKind, VisitState};
use tendon_care::consent::{Act, Basis, Entry, Evidence, EvidenceRef};
use tendon_care::contact::{Channel, Owner};
use tendon_care::episode::{Discharge, Episode, EpisodeState};
use tendon_care::id::{AppointmentId, EpisodeId, PatientId};
use tendon_care::patient::Patient;
use tendon_care::plan::Plan;
use tendon_care::practice::{Clinician, Location};
use tendon_care::purpose::Purpose;
use tendon_care::referral::Referral;
use tendon_care::task::{About, Task, TaskKind, TaskState};
use tendon_care::touchpoint::{Fact, Touchpoint, Via};
use tendon_store::{Action, AddressKey, AuditEntry, Commit, ConsentRow, ConversationRow, Write};

use super::super::dice::{Dice, For};
use super::super::town::{CLINICIANS, Course, Kind, Town};
use super::letters;

pub(super) const MINUTE: SignedDuration = SignedDuration::from_mins(1);
pub(super) const HOUR: SignedDuration = SignedDuration::from_hours(1);
pub(super) const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Facts that a registration leaves.
pub(super) const FACTS_OF_REGISTRATION: u64 = 5;

/// Writes history.
#[derive(Debug)]
pub(super) struct Historian<'a> {
    pub(super) town: &'a Town,
    /// Who is written down as having done what staff do.
    pub(super) staff: Access,
    pub(super) locations: &'a [Location],
    pub(super) clinicians: &'a [Clinician],
    /// Facts of a visit, on average.
    pub(super) facts_per_visit: f64,
    /// Facts that are owed to the average.
    pub(super) owed: f64,
    /// Facts written.
    pub(super) facts: u64,
}

/// A visit with everything that is drawn for it.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) course: Course,
    pub(super) index: u16,
    pub(super) id: AppointmentId,
    pub(super) patient: PatientId,
    pub(super) episode: EpisodeId,
    pub(super) starts_at: Timestamp,
    pub(super) booked_at: Timestamp,
    pub(super) state: VisitState,
    /// When a reminder went out, where one did.
    pub(super) reminded: Option<Timestamp>,
    /// When it was answered by text.
    pub(super) answered: Option<Timestamp>,
}

impl Historian<'_> {
    /// Writes down that somebody became a patient, and how the course of care stands.
    pub(super) fn registration(
        &mut self,
        course: &Course,
        commit: &mut Commit,
    ) -> anyhow::Result<()> {
        let at = course.registered;
        let person = self.town.person(course)?;
        let patient = person.id;
        let entry = self.consent(course, &person)?;
        let referral = self.referral(course, patient);
        let episode = self.episode(course, patient);
        let plan = self.plan(course, episode.id);
        let facts = [
            Fact::PatientRegistered {},
            Fact::ReferralReceived {
                referral: referral.id,
            },
            Fact::ConsentGranted {
                consent: entry.id,
                purpose: Purpose::Care,
            },
            Fact::EpisodeOpened {
                episode: episode.id,
            },
            Fact::PlanSet {
                plan: plan.id,
                visits: plan.visits,
            },
        ];
        for (index, fact) in (0..).zip(facts) {
            self.fact(course, index, at + MINUTE * i32::from(index), fact, commit);
        }
        commit.push(Write::Conversation(self.thread(course, &person)?));
        commit.push(Write::Consent(Box::new(ConsentRow {
            patient,
            strand: Some(patient),
            entry,
        })));
        commit.push(Write::PatientNew(Box::new(person), at));
        commit.push(Write::Referral(referral));
        commit.push(Write::EpisodeNew(episode));
        commit.push(Write::Plan(plan, patient));
        let entry = AuditEntry::new(&self.staff, at, Action::Create, "patient");
        commit.audit(entry.of(patient).about(patient));
        if course.number.is_multiple_of(2_500) {
            commit.push(self.call(course, patient));
        }
        Ok(())
    }

    fn consent(&self, course: &Course, person: &Patient) -> anyhow::Result<Entry> {
        let phone = person.contact_points.first().context("a phone")?;
        Ok(Entry {
            id: self
                .town
                .id(course.number, Kind::Consent, 0, course.registered),
            person: Owner::Patient,
            address: phone.address.clone(),
            captured_at: course.registered,
            captured_by: self.staff.actor,
            evidence: Evidence::Form(EvidenceRef::new("bench")),
            act: Act::Granted {
                purpose: Purpose::Care,
                channel: None,
                basis: Basis::Form,
                wording_version: "1".to_owned(),
                language: person.language,
                unencrypted_warning_version: Some("1".to_owned()),
            },
        })
    }

    /// The newest referrals have not been called about yet.
    fn referral(&self, course: &Course, patient: PatientId) -> Referral {
        let at = course.registered;
        let called_at = Some(at + DAY).filter(|called| *called < self.town.present);
        Referral {
            id: self.town.id(course.number, Kind::Referral, 0, at),
            patient,
            referrer: Some("Dr. Bench".to_owned()),
            received_at: at,
            called_at,
        }
    }

    fn episode(&self, course: &Course, patient: PatientId) -> Episode {
        let visits = self.town.visits_of(course);
        let last = visits.last().copied().unwrap_or(course.registered);
        let silent = self.town.present.duration_since(last);
        let state = match visits.first() {
            None => EpisodeState::Referred {
                at: course.registered,
            },
            Some(first) if *first > self.town.present => EpisodeState::EvalScheduled {
                at: course.registered,
            },
            Some(_) if course.count >= course.planned && silent > DAY * 7 => {
                EpisodeState::Discharged {
                    at: last + DAY * 7,
                    how: Discharge::Met,
                }
            }
            Some(_) if silent > DAY * 60 => EpisodeState::Discharged {
                at: last + DAY * 60,
                how: Discharge::Self_,
            },
            Some(_) if silent > DAY * 21 => EpisodeState::AtRisk {
                at: last + DAY * 21,
            },
            Some(first) => EpisodeState::Active { at: *first },
        };
        Episode {
            id: self
                .town
                .id(course.number, Kind::Episode, 0, course.registered),
            patient,
            clinician: self.clinician(course),
            state,
            reactivates: None,
        }
    }

    fn plan(&self, course: &Course, episode: EpisodeId) -> Plan {
        let starts_on = course.registered.to_zoned(self.town.zone.clone()).date();
        let weeks = i64::from(course.planned / 2 + 2);
        Plan {
            id: self
                .town
                .id(course.number, Kind::Plan, 0, course.registered),
            episode,
            visits: course.planned,
            visits_per_week: 2,
            starts_on,
            ends_on: starts_on.saturating_add(jiff::Span::new().weeks(weeks)),
            authorised_visits: None,
        }
    }

    /// A thread as its last message left it. In some of the newest somebody waits
    /// for an answer.
    fn thread(&self, course: &Course, person: &Patient) -> anyhow::Result<ConversationRow> {
        let phone = person.contact_points.first().context("a phone")?;
        let past = |starts: &&Timestamp| **starts - DAY < self.town.present;
        let last = self.town.visits_of(course).iter().rev().find(past);
        let last_at = last.map_or(course.registered, |starts| *starts - DAY + HOUR);
        let wrote = self
            .town
            .visit(course, 0)
            .is_some_and(|visit| visit.answered.is_some())
            || course.number.is_multiple_of(3);
        let recent = self.town.present.duration_since(last_at) < DAY * 3;
        let waits = recent && course.number.is_multiple_of(97);
        Ok(ConversationRow {
            id: self
                .town
                .id(course.number, Kind::Thread, 0, course.registered),
            patient: person.id,
            channel: Channel::Sms,
            address: Some(AddressKey::new(&phone.address)),
            prompt: None,
            last_at,
            last_inbound_at: (wrote || waits).then_some(last_at),
            waiting_since: waits.then_some(last_at),
        })
    }

    /// Open work about a patient.
    fn call(&self, course: &Course, patient: PatientId) -> Write {
        let task = Task {
            id: self
                .town
                .id(course.number, Kind::Task, 0, course.registered),
            kind: if course.number == 0 {
                TaskKind::RedFlag
            } else {
                TaskKind::Call
            },
            about: About {
                patient: Some(patient),
                appointment: None,
                message: None,
            },
            due_at: self.town.present + HOUR,
            owner: None,
            state: TaskState::Open,
        };
        Write::TaskNew(task, self.town.present - DAY)
    }

    /// Writes a visit down with all that came of it.
    pub(super) fn happened(&mut self, visit: &Visit, commit: &mut Commit) {
        let location = self.locations.get(usize::from(visit.course.clinic));
        let Some(location) = location.map(|location| location.id) else {
            return;
        };
        commit.push(Write::AppointmentNew(Appointment {
            id: visit.id,
            patient: visit.patient,
            episode: Some(visit.episode),
            location,
            clinician: self.clinician(&visit.course),
            kind: if visit.index == 0 {
                VisitKind::Evaluation
            } else {
                VisitKind::Recurring
            },
            starts_at: visit.starts_at,
            minutes: 40,
            booked_at: visit.booked_at,
            state: visit.state.clone(),
        }));
        commit.push(letters::enrolment(self.town, visit));
        letters::reminder(self.town, visit, commit);
        self.owed += self.facts_per_visit;
        let facts = letters::facts(self.town, visit);
        let first = 16 + visit.index * 16;
        for (place, (at, fact)) in (first..).zip(facts) {
            if self.owed < 1.0 && visit.course.number > 0 {
                break;
            }
            self.owed -= 1.0;
            self.fact(&visit.course, place, at, fact, commit);
        }
        let entry = AuditEntry::new(&self.staff, visit.booked_at, Action::Create, "visit");
        commit.audit(entry.of(visit.id).about(visit.patient));
    }

    fn clinician(&self, course: &Course) -> Option<tendon_care::id::ClinicianId> {
        let place = usize::from(course.clinic * CLINICIANS + course.clinician);
        self.clinicians.get(place).map(|clinician| clinician.id)
    }

    fn fact(
        &mut self,
        course: &Course,
        place: u16,
        at: Timestamp,
        fact: Fact,
        commit: &mut Commit,
    ) {
        self.facts += 1;
        commit.push(Write::Touchpoint(Touchpoint {
            id: self.town.id(course.number, Kind::Fact, place, at),
            patient: self.town.patient_id(course),
            happened_at: at,
            fact,
            backfilled: false,
        }));
    }
}

impl Town {
    /// Draws a visit; `None` for one that is not there.
    pub(super) fn visit(&self, course: &Course, index: u16) -> Option<Visit> {
        let visits = self.visits_of(course);
        let starts_at = *visits.get(usize::from(index))?;
        let number = u64::from(course.number) << 16 | u64::from(index);
        let mut dice = Dice::new(self.seed, For::Visit, number);
        let before = DAY * i32::try_from(4 + dice.below(20)).unwrap_or(4);
        let booked_at = (starts_at - before)
            .max(course.registered + HOUR)
            .min(self.present);
        let reminded = (course.number == 0 || dice.happens(0.55))
            .then_some(starts_at - DAY)
            .filter(|at| *at < self.present && *at > booked_at);
        let answered = reminded
            .filter(|_| course.number == 0 || dice.happens(0.45))
            .map(|at| at + HOUR);
        let state = self.state(starts_at, booked_at, answered, &mut dice);
        Some(Visit {
            course: *course,
            index,
            id: self.id(course.number, Kind::Visit, index, booked_at),
            patient: self.patient_id(course),
            episode: self.id(course.number, Kind::Episode, 0, course.registered),
            starts_at,
            booked_at,
            state,
            reminded,
            answered,
        })
    }

    fn state(
        &self,
        starts_at: Timestamp,
        booked_at: Timestamp,
        answered: Option<Timestamp>,
        dice: &mut Dice,
    ) -> VisitState {
        let fate = dice.unit();
        let off_at = (starts_at - DAY * 2).max(booked_at);
        match answered {
            _ if fate < 0.08 => VisitState::Cancelled {
                at: off_at.min(self.present),
                by: if fate < 0.02 {
                    CancelledBy::Clinic
                } else {
                    CancelledBy::Patient
                },
                late: fate > 0.05,
            },
            Some(at) if starts_at >= self.present => VisitState::Confirmed { at },
            None if starts_at >= self.present => VisitState::Booked,
            _ if fate < 0.15 => VisitState::NoShow {
                at: starts_at + HOUR * 2,
                inferred: fate < 0.1,
            },
            _ => VisitState::Completed {
                at: starts_at + MINUTE * 45,
            },
        }
    }
}

/// Returns who a visit's yes came from.
pub(super) const fn via(visit: &Visit) -> Via {
    if visit.answered.is_some() {
        Via::Text
    } else {
        Via::Staff
    }
}

/// Names a member of staff as the one who did what staff do.
pub(super) fn acting(access: &Access, actor: Actor) -> Access {
    Access {
        actor,
        ..access.clone()
    }
}
