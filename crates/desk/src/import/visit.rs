//! Visits as sources describe them.
//!
//! History is written as it ended, in whatever state that was; a visit still on
//! the book goes through its state machine where that permits. A feed repeats a
//! visit whenever anything of it changes, so only what the source has changed
//! *since its last word* may undo what happened here meanwhile.
//!
//! An open visit of the past that nobody closed counts as missed, marked as
//! inferred, unless somebody was checked in: then it took place. Left open, it
//! would be found a day later as missed *now*, and its patient would be written to.

mod pairs;
mod state;

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tendon_care::appointment::{Appointment, VisitKind, VisitState};
use tendon_care::id::{AppointmentId, EpisodeId, Id, LocationId};
use tendon_care::task::TaskKind;
use tendon_care::touchpoint::Fact;
use tendon_exchange::Severity;
use tendon_exchange::field::Field;
use tendon_exchange::hl7::VISIT_NUMBER;
use tendon_exchange::record::{AppointmentRecord, Record, VisitStatus};
use tendon_store::{TasksAboutVisit, Write};

use super::entry::Slot;
use super::report::Verdict;
use super::work::{Fresh, Work};
use crate::error::DeskError;
use pairs::MOVED_WITHIN;
use state::{Said, fact_of, next_state, state_at_source};

/// How long a visit lasts where nobody says.
const USUAL_MINUTES: u16 = 45;

/// Which visit a record is about.
enum Found {
    /// This one.
    Known(AppointmentId),
    /// This one, and only its state is the record's to say.
    Arrival(AppointmentId),
    /// One that was called off a moment ago and comes back at another time.
    CalledOff(AppointmentId),
    /// One of another patient.
    Elsewhere,
    /// None yet.
    New,
}

impl Work<'_> {
    /// Takes the visits in: in the order of their times, so that the first of a
    /// course of care is known as such, and each visit's own words in the order
    /// in which they came.
    pub(super) fn visits(&mut self, records: &[Fresh]) -> Result<(), DeskError> {
        let mut visits: Vec<(&Fresh, &AppointmentRecord)> = records
            .iter()
            .filter_map(|fresh| match &fresh.entry.record {
                Record::Appointment(visit) => Some((fresh, visit.as_ref())),
                _ => None,
            })
            .collect();
        let pairs = self.pairs(&visits);
        let mut first: HashMap<Slot, (Option<Timestamp>, u64)> = HashMap::new();
        for (fresh, visit) in &visits {
            let place = (self.roughly(visit.starts_at), fresh.entry.number);
            first.entry(fresh.entry.thing()).or_insert(place);
        }
        for pair in &pairs {
            let old = first.get(&pair.old).copied();
            if let (Some(new), Some(old)) = (first.get_mut(&pair.new), old) {
                *new = (*new).max((old.0, old.1 + 1));
            }
        }
        visits.sort_by_key(|(fresh, _)| {
            (first.get(&fresh.entry.thing()).copied(), fresh.entry.number)
        });
        for (fresh, visit) in visits {
            let verdict = if pairs.iter().any(|pair| pair.cancel == fresh.entry.number) {
                self.called_off_to_move(fresh, visit)?
            } else {
                let slot = fresh.entry.thing();
                let moved = pairs
                    .iter()
                    .find(|pair| pair.new == slot)
                    .map(|pair| &pair.old);
                self.visit(fresh, visit, moved)?
            };
            self.told.verdict(&fresh.entry, verdict);
        }
        Ok(())
    }

    /// Takes one visit in. `moved` names the visit that it is another time of.
    fn visit(
        &mut self,
        fresh: &Fresh,
        record: &AppointmentRecord,
        moved: Option<&Slot>,
    ) -> Result<Verdict, DeskError> {
        let place = self.places.location_of(record);
        let place = place.ok_or(DeskError::NotFound("location"))?;
        let (location, zone) = (place.id, place.time_zone.clone());
        let entry = &fresh.entry;
        let starts_at = record
            .starts_at
            .map(|moment| self.moment(entry, moment, &zone, Field::Start));
        let starts_at = match starts_at.transpose() {
            Ok(starts_at) => starts_at,
            Err(reason) => {
                self.told
                    .problem(entry, Field::Start, reason, Severity::Rejected);
                return Ok(Verdict::Rejected);
            }
        };
        let resolved = |moment| super::moment::resolve(moment, &zone).ok().map(|(at, _)| at);
        let said = Said {
            record,
            starts_at,
            status: record.status,
            status_at: record.status_at.and_then(resolved),
            told_at: entry.changed_at,
        };
        match self.find(fresh, &said, moved, &zone) {
            Found::Known(id) => Ok(self.change_visit(fresh, &said, id, Scope::All)),
            Found::Arrival(id) => Ok(self.change_visit(fresh, &said, id, Scope::State)),
            Found::CalledOff(id) => Ok(self.change_visit(fresh, &said, id, Scope::Move)),
            Found::Elsewhere => {
                let reason = "names a visit that belongs to another patient here";
                self.told
                    .problem(entry, Field::Patient, reason, Severity::Rejected);
                Ok(Verdict::Rejected)
            }
            Found::New => Ok(self.add_visit(fresh, &said, location)),
        }
    }

    fn find(&self, fresh: &Fresh, said: &Said<'_>, moved: Option<&Slot>, zone: &TimeZone) -> Found {
        let slot = fresh.entry.thing();
        let entity = |slot: &Slot| self.known(slot).and_then(|known| known.entity);
        if let Some(id) = entity(&slot).map(AppointmentId::from_uuid) {
            return match self.change.chart.visit(id) {
                Some(_) => Found::Known(id),
                None => Found::Elsewhere,
            };
        }
        let old = moved.and_then(entity).map(AppointmentId::from_uuid);
        if let Some(id) = old.filter(|id| self.change.chart.visit(*id).is_some()) {
            return Found::CalledOff(id);
        }
        let Some(starts_at) = said.starts_at else {
            return Found::New;
        };
        let visits = &self.change.chart.visits;
        let distance = |visit: &Appointment| visit.starts_at.duration_since(starts_at).abs();
        if slot.key.system.ends_with(VISIT_NUMBER) {
            // Arrivals have numbers of their own: they are of the visit of that day.
            let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
            let same_day = visits.iter().filter(|visit| {
                day(visit.starts_at) == day(starts_at)
                    && !matches!(
                        visit.state,
                        VisitState::Cancelled { .. } | VisitState::Void { .. }
                    )
            });
            let nearest = same_day.min_by_key(|visit| (!visit.is_open(), distance(visit)));
            return nearest.map_or(Found::New, |visit| Found::Arrival(visit.id));
        }
        if !is_on_the_book(said.record) {
            return Found::New;
        }
        let just_now = visits.iter().filter(|visit| match visit.state {
            VisitState::Cancelled { at, .. } => said
                .told_at
                .is_some_and(|told_at| told_at.duration_since(at).abs() <= MOVED_WITHIN),
            _ => false,
        });
        let nearest = just_now.min_by_key(|visit| distance(visit));
        nearest.map_or(Found::New, |visit| Found::CalledOff(visit.id))
    }

    /// Adds a visit as it stands at the source.
    fn add_visit(&mut self, fresh: &Fresh, said: &Said<'_>, location: LocationId) -> Verdict {
        let Some(starts_at) = said.starts_at else {
            return self.without_start(fresh, said);
        };
        if said.status == Some(VisitStatus::Void) {
            self.remember(fresh, None, None);
            return Verdict::Unchanged;
        }
        let now = self.scene.now;
        let booked_at = self
            .roughly(said.record.booked_at)
            .unwrap_or_else(|| starts_at.min(said.told_at.unwrap_or(now)).min(now));
        let minutes = said.record.minutes.filter(|minutes| *minutes > 0);
        let minutes = minutes.unwrap_or(USUAL_MINUTES);
        let state = state_at_source(said, starts_at, minutes, now);
        let episode = self.course_of(said.record.episode.as_ref(), starts_at, booked_at);
        let episode = Some(episode);
        let visit = Appointment {
            id: self.scene.desk.mint().id(),
            patient: self.change.chart.patient.id,
            episode,
            location,
            clinician: self.places.clinician_of(said.record),
            kind: said
                .record
                .kind
                .unwrap_or_else(|| self.kind(episode, starts_at)),
            starts_at,
            minutes,
            booked_at,
            state,
        };
        let (id, ahead) = (visit.id, visit.is_open() && starts_at > now);
        let state = visit.state.clone();
        self.change.add_visit(visit);
        let booked = Fact::VisitBooked {
            appointment: id,
            starts_at,
        };
        if ahead {
            self.announce(booked, booked_at);
        } else {
            self.note(booked, booked_at);
        }
        if let Some((fact, at)) = fact_of(id, &state) {
            self.note(fact, at);
        }
        self.touched.extend(episode);
        self.remember(fresh, Some(id.uuid()), None);
        match &fresh.before {
            Some(_) => Verdict::Updated,
            None => Verdict::Created,
        }
    }

    /// A visit that nobody knows and that says no time: a cancellation is
    /// remembered, so that a late booking of the same number does not revive it.
    fn without_start(&mut self, fresh: &Fresh, said: &Said<'_>) -> Verdict {
        let entry = &fresh.entry;
        if matches!(
            said.status,
            Some(VisitStatus::Cancelled(_) | VisitStatus::Void)
        ) {
            let reason = "is missing: a visit that is not known was called off";
            self.told
                .problem(entry, Field::Start, reason, Severity::Ignored);
            self.remember(fresh, None, None);
            return Verdict::Unchanged;
        }
        let reason = "is missing, and the visit is not known";
        self.told
            .problem(entry, Field::Start, reason, Severity::Rejected);
        Verdict::Rejected
    }

    /// Tells an evaluation from a follow-up: the first visit of a course of care
    /// that takes place, or is to, is the evaluation.
    fn kind(&self, episode: Option<EpisodeId>, starts_at: Timestamp) -> VisitKind {
        let earlier = self.change.chart.visits.iter().any(|visit| {
            visit.episode == episode
                && visit.starts_at < starts_at
                && !matches!(
                    visit.state,
                    VisitState::Cancelled { .. }
                        | VisitState::Void { .. }
                        | VisitState::NoShow { .. }
                )
        });
        if earlier {
            VisitKind::Recurring
        } else {
            VisitKind::Evaluation
        }
    }

    /// Brings a known visit to what the source says of it now.
    fn change_visit(
        &mut self,
        fresh: &Fresh,
        said: &Said<'_>,
        id: AppointmentId,
        scope: Scope,
    ) -> Verdict {
        let Some(before) = self.change.chart.visit(id).map(|visit| visit.value.clone()) else {
            return Verdict::Unchanged;
        };
        let last = fresh.last();
        let print = fresh.entry.print;
        let mut after = before.clone();
        if scope == Scope::All {
            self.details(said, &mut after);
        }
        let retimed = scope == Scope::Move || (scope == Scope::All && print.says_other_time(last));
        let new_start = said
            .starts_at
            .filter(|at| retimed && *at != before.starts_at);
        if let Some(starts_at) = new_start {
            after.starts_at = starts_at;
        }
        let at = said
            .status_at
            .or(said.told_at)
            .unwrap_or(self.scene.now)
            .min(self.scene.now);
        if scope == Scope::Move || (new_start.is_some() && before.is_open()) {
            // Whoever moved it, the patient has not said yes to the new time.
            after.state = VisitState::Booked;
        }
        if scope != Scope::Move && print.says_other_status(last) {
            after.state = next_state(&after, said, at, self.scene.now);
        }
        if after != before {
            self.change.set_visit(after.clone());
            self.tell(&before, &after, at);
        }
        self.touched
            .extend([before.episode, after.episode].into_iter().flatten());
        self.remember(fresh, Some(id.uuid()), None);
        Verdict::Updated
    }

    /// Takes over what the source says besides time and state.
    fn details(&mut self, said: &Said<'_>, after: &mut Appointment) {
        let record = said.record;
        if (record.location.is_some() || record.location_name.is_some())
            && let Some(place) = self.places.location_of(record)
        {
            after.location = place.id;
        }
        if let Some(clinician) = self.places.clinician_of(record) {
            after.clinician = Some(clinician);
        }
        if let Some(minutes) = record.minutes.filter(|minutes| *minutes > 0) {
            after.minutes = minutes;
        }
        if let Some(kind) = record.kind {
            after.kind = kind;
        }
        let named = record
            .episode
            .as_ref()
            .and_then(|key| self.named_course(key));
        after.episode = named.or(after.episode);
    }

    /// Says what happened between two standings of a visit.
    fn tell(&mut self, before: &Appointment, after: &Appointment, at: Timestamp) {
        let appointment = after.id;
        let ahead = after.is_open() && after.starts_at > self.scene.now;
        let mut facts = Vec::new();
        if !before.is_open() && after.is_open() {
            facts.push((Fact::VisitReinstated { appointment }, at));
        }
        if before.starts_at != after.starts_at && after.is_open() {
            let (from, to) = (before.starts_at, after.starts_at);
            facts.push((
                Fact::VisitMoved {
                    appointment,
                    from,
                    to,
                },
                at,
            ));
        }
        if before.state.code() != after.state.code() {
            facts.extend(fact_of(appointment, &after.state));
        }
        for (fact, at) in facts {
            if ahead {
                self.announce(fact, at);
            } else {
                self.note(fact, at);
            }
        }
        if before.starts_at != after.starts_at || !after.is_open() {
            self.change
                .write(Write::TasksAboutVisitDone(TasksAboutVisit {
                    visit: appointment,
                    kind: TaskKind::MoveVisit,
                    at: self.scene.now,
                }));
        }
    }
}

/// How much of a visit a record may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Everything.
    All,
    /// Its state only.
    State,
    /// It is the visit's other time.
    Move,
}

fn is_on_the_book(visit: &AppointmentRecord) -> bool {
    matches!(
        visit.status,
        None | Some(VisitStatus::Booked | VisitStatus::Confirmed)
    )
}
