//! Courses of care: as sources name them, or inferred from visits.
//!
//! Most exports know visits and no episodes, but plans and journeys need them.
//! So visits without one share a course of care as long as no gap between two
//! of them is longer than 90 days. A course that ended that way ends with its
//! last visit, to the millisecond, which is how one that Tendon closed is told
//! from one that somebody closed, should earlier visits still come in.

use jiff::{SignedDuration, Timestamp};
use tendon_care::appointment::{Appointment, VisitState};
use tendon_care::episode::{Discharge, Episode, EpisodeState, HoldReason};
use tendon_care::id::{EpisodeId, Id};
use tendon_care::touchpoint::Fact;
use tendon_exchange::record::{EpisodeRecord, ForeignKey};
use tendon_store::{Versioned, Write};

use super::entry::{EPISODE, Slot};
use super::report::Verdict;
use super::work::{Fresh, Work};

/// A longer gap between visits begins a new course of care.
const LONGEST_GAP: SignedDuration = SignedDuration::from_hours(90 * 24);

/// After so many days somebody looks whether a rest is over, where no day was said.
const REVIEW_AFTER_DAYS: i64 = 30;

/// What the visits of a course of care tell of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Course {
    /// When the first visit was put on the book.
    booked_at: Timestamp,
    /// When the first visit took place, and when the second did.
    first_done: Option<Timestamp>,
    second_done: Option<Timestamp>,
    /// When the last visit that was not called off began.
    last: Timestamp,
    /// A visit is still to come.
    ahead: bool,
}

impl Course {
    fn of<'a>(visits: impl Iterator<Item = &'a Appointment>, now: Timestamp) -> Option<Self> {
        let mut visits: Vec<&Appointment> = visits
            .filter(|visit| {
                !matches!(
                    visit.state,
                    VisitState::Cancelled { .. } | VisitState::Void { .. }
                )
            })
            .collect();
        visits.sort_by_key(|visit| visit.starts_at);
        let mut done = visits.iter().filter_map(|visit| match visit.state {
            VisitState::Completed { at } => Some(at),
            _ => None,
        });
        Some(Self {
            booked_at: visits.iter().map(|visit| visit.booked_at).min()?,
            first_done: done.next(),
            second_done: done.next(),
            last: visits.last()?.starts_at,
            ahead: visits
                .iter()
                .any(|visit| visit.is_open() && visit.starts_at > now),
        })
    }

    /// Returns where a course of care stands; one that nobody has named ends
    /// when no visit follows for long.
    fn state(self, now: Timestamp, may_end: bool) -> EpisodeState {
        let over = may_end && !self.ahead && now.duration_since(self.last) > LONGEST_GAP;
        match (self.first_done, self.second_done) {
            (Some(_), _) if over => EpisodeState::Discharged {
                at: self.last,
                how: Discharge::Other,
            },
            (None, _) if over => EpisodeState::Lost { at: self.last },
            (Some(_), Some(at)) => EpisodeState::Active { at },
            (Some(at), None) => EpisodeState::Evaluated { at },
            (None, _) => EpisodeState::EvalScheduled { at: self.booked_at },
        }
    }
}

/// Returns how far along a state is, for never going back.
const fn progress(state: &EpisodeState) -> u8 {
    match state {
        EpisodeState::Referred { .. } | EpisodeState::Contacted { .. } => 0,
        EpisodeState::EvalScheduled { .. } => 1,
        EpisodeState::Evaluated { .. } => 2,
        EpisodeState::Active { .. } => 3,
        _ => 4,
    }
}

impl Work<'_> {
    /// Takes a course of care as a source names it. One that was inferred from
    /// visits of the same time is that one.
    pub(super) fn episode(&mut self, fresh: &Fresh, said: &EpisodeRecord) {
        let started_at = self.roughly(said.started_at);
        let ended = said
            .ended
            .and_then(|(at, how)| Some((self.roughly(Some(at))?, how)));
        let now = self.scene.now;
        let id = self
            .named_course(&said.key)
            .or_else(|| self.inferred_within(started_at, ended.map(|(at, _)| at)))
            .unwrap_or_else(|| {
                let at = started_at.unwrap_or(now).min(now);
                self.open_course(EpisodeState::Referred { at }, at)
            });
        let before = self
            .change
            .chart
            .episode(id)
            .map(|episode| episode.state.clone());
        let rests = matches!(before, Some(EpisodeState::OnHold { .. }));
        let state = match (ended, said.on_hold) {
            (Some((at, how)), _) => Some(EpisodeState::Discharged { at, how }),
            (None, true) if !rests => Some(self.at_rest()),
            // Taken up again at the source.
            (None, false) if before.as_ref().is_some_and(|before| progress(before) == 4) => {
                Some(EpisodeState::Active { at: now })
            }
            (None, _) => None,
        };
        if let Some(state) = state.filter(|state| before.as_ref() != Some(state)) {
            let at = match &state {
                EpisodeState::Discharged { at, .. } => *at,
                _ => now,
            };
            self.put_course(id, state, at);
        }
        self.named.insert(id.uuid());
        self.touched.insert(id);
        self.finish_record(fresh, id);
    }

    fn at_rest(&self) -> EpisodeState {
        let days = jiff::Span::new().days(REVIEW_AFTER_DAYS);
        let review_on = self.scene.today.checked_add(days);
        EpisodeState::OnHold {
            at: self.scene.now,
            // Sources say that care rests and not why.
            reason: HoldReason::Medical,
            review_on: review_on.unwrap_or(self.scene.today),
        }
    }

    pub(super) fn finish_record(&mut self, fresh: &Fresh, id: impl Id) {
        let known = self.entity_of(fresh).is_some();
        self.remember(fresh, Some(id.uuid()), None);
        let verdict = if known {
            Verdict::Updated
        } else {
            Verdict::Created
        };
        self.told.verdict(&fresh.entry, verdict);
    }

    /// Returns the course of care that a source calls so.
    pub(super) fn named_course(&self, key: &ForeignKey) -> Option<EpisodeId> {
        let known = self.known(&Slot::new(EPISODE, key))?;
        let id = known.entity.map(EpisodeId::from_uuid)?;
        self.change.chart.episode(id).map(|episode| episode.id)
    }

    /// Finds a course of care that nobody has named and whose visits lie in a span.
    fn inferred_within(
        &self,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Option<EpisodeId> {
        let day = SignedDuration::from_hours(24);
        let within = |visit: &Appointment| {
            from.is_none_or(|from| from.duration_since(visit.starts_at) <= day)
                && until.is_none_or(|until| visit.starts_at.duration_since(until) <= day)
        };
        let visits = self.change.chart.visits.iter();
        let mut inside = visits
            .filter(|visit| within(visit))
            .filter_map(|visit| visit.episode);
        inside.find(|episode| !self.named.contains(&episode.uuid()))
    }

    /// Returns the course of care that a visit belongs to: the one that the
    /// source names, else the one of the nearest visit, else a new one.
    pub(super) fn course_of(
        &mut self,
        named: Option<&ForeignKey>,
        starts_at: Timestamp,
        booked_at: Timestamp,
    ) -> EpisodeId {
        if let Some(id) = named.and_then(|key| self.named_course(key)) {
            return id;
        }
        let visits = self.change.chart.visits.iter();
        let near = visits
            .filter_map(|visit| {
                Some((
                    visit.starts_at.duration_since(starts_at).abs(),
                    visit.episode?,
                ))
            })
            .filter(|(gap, episode)| *gap <= LONGEST_GAP && !self.is_over(*episode, starts_at))
            .min_by_key(|(gap, _)| *gap);
        if let Some((_, episode)) = near {
            return episode;
        }
        if let Some(waiting) = self.waiting_course(starts_at) {
            return waiting;
        }
        let at = booked_at.min(self.scene.now);
        self.open_course(EpisodeState::EvalScheduled { at }, at)
    }

    /// Tells whether somebody ended a course of care before a visit.
    fn is_over(&self, episode: EpisodeId, starts_at: Timestamp) -> bool {
        let Some(known) = self.change.chart.episode(episode) else {
            return true;
        };
        match known.state {
            EpisodeState::Discharged { at, .. } => {
                at < starts_at && !self.ended_by_silence(known, at)
            }
            EpisodeState::Maintenance { at } => at < starts_at,
            _ => false,
        }
    }

    fn ended_by_silence(&self, episode: &Episode, at: Timestamp) -> bool {
        let visits = self.change.chart.visits.iter();
        let mut own = visits.filter(|visit| visit.episode == Some(episode.id));
        !self.named.contains(&episode.id.uuid()) && own.any(|visit| visit.starts_at == at)
    }

    /// Finds a course of care that has no visit yet and had begun by then.
    fn waiting_course(&self, starts_at: Timestamp) -> Option<EpisodeId> {
        let chart = &self.change.chart;
        let empty = |id: EpisodeId| chart.visits.iter().all(|visit| visit.episode != Some(id));
        let mut waiting = chart.episodes.iter().filter(|episode| match episode.state {
            EpisodeState::Referred { at }
            | EpisodeState::Contacted { at }
            | EpisodeState::EvalScheduled { at } => at <= starts_at,
            EpisodeState::OnHold { .. } | EpisodeState::Active { .. } => true,
            _ => false,
        });
        waiting
            .find(|episode| empty(episode.id))
            .map(|episode| episode.id)
    }

    fn open_course(&mut self, state: EpisodeState, at: Timestamp) -> EpisodeId {
        let earlier = self.change.chart.episodes.last().map(|episode| episode.id);
        let episode = Episode {
            id: self.scene.desk.mint().id(),
            patient: self.change.chart.patient.id,
            clinician: None,
            state,
            reactivates: earlier,
        };
        let id = episode.id;
        self.change.write(Write::EpisodeNew(episode.clone()));
        self.change.chart.episodes.push(Versioned {
            value: episode,
            version: 1,
        });
        self.note(Fact::EpisodeOpened { episode: id }, at);
        id
    }

    /// Sets where a course of care stands, whatever its table permits: history
    /// jumps.
    fn put_course(&mut self, id: EpisodeId, state: EpisodeState, at: Timestamp) {
        let mut episodes = self.change.chart.episodes.iter_mut();
        let Some(known) = episodes.find(|episode| episode.id == id) else {
            return;
        };
        let moved = known.state.code() != state.code();
        known.value.state = state;
        let written = Versioned {
            value: known.value.clone(),
            version: known.version,
        };
        known.version += 1;
        let to = written.state.code().to_owned();
        self.change.write(Write::Episode(written));
        if moved {
            self.note(Fact::EpisodeMoved { episode: id, to }, at);
        }
    }

    /// Brings every course of care whose visits changed to where they have it.
    pub(super) fn settle_episodes(&mut self) {
        let now = self.scene.now;
        for id in std::mem::take(&mut self.touched) {
            let Some(episode) = self
                .change
                .chart
                .episode(id)
                .map(|known| known.value.clone())
            else {
                continue;
            };
            let visits = self.change.chart.visits.iter();
            let own = visits
                .filter(|visit| visit.episode == Some(id))
                .map(|visit| &visit.value);
            let Some(course) = Course::of(own, now) else {
                continue;
            };
            let may_end = !self.named.contains(&id.uuid());
            let target = course.state(now, may_end);
            let may_move = match &episode.state {
                EpisodeState::Discharged { at, .. } => {
                    target != episode.state && self.ended_by_silence(&episode, *at)
                }
                EpisodeState::Lost { .. } => !matches!(target, EpisodeState::Lost { .. }),
                EpisodeState::Maintenance { .. } | EpisodeState::OnHold { .. } => false,
                EpisodeState::AtRisk { .. } => course.ahead,
                _ => progress(&target) > progress(&episode.state),
            };
            if may_move {
                let at = state_since(&target);
                self.put_course(id, target, at);
            }
        }
    }
}

const fn state_since(state: &EpisodeState) -> Timestamp {
    match state {
        EpisodeState::Referred { at }
        | EpisodeState::Contacted { at }
        | EpisodeState::EvalScheduled { at }
        | EpisodeState::Evaluated { at }
        | EpisodeState::Active { at }
        | EpisodeState::OnHold { at, .. }
        | EpisodeState::AtRisk { at }
        | EpisodeState::Lost { at }
        | EpisodeState::Discharged { at, .. }
        | EpisodeState::Maintenance { at } => *at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tendon_care::appointment::{CancelledBy, VisitKind};
    use tendon_care::id::{AppointmentId, LocationId, PatientId};

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(1_900_000_000 + day * 86_400).unwrap()
    }

    fn visit(day: i64, state: VisitState) -> Appointment {
        Appointment {
            id: AppointmentId::from_parts(at(day), [1; 10]),
            patient: PatientId::from_parts(at(0), [2; 10]),
            episode: None,
            location: LocationId::from_parts(at(0), [3; 10]),
            clinician: None,
            kind: VisitKind::Evaluation,
            starts_at: at(day),
            minutes: 40,
            booked_at: at(day - 5),
            state,
        }
    }

    fn done(day: i64) -> Appointment {
        visit(day, VisitState::Completed { at: at(day) })
    }

    fn stands(visits: &[Appointment], today: i64) -> &'static str {
        let course = Course::of(visits.iter(), at(today)).unwrap();
        course.state(at(today), true).code()
    }

    #[test]
    fn visits_tell_where_a_course_stands() {
        let open = |day| visit(day, VisitState::Booked);
        let missed = |day| {
            visit(
                day,
                VisitState::NoShow {
                    at: at(day),
                    inferred: false,
                },
            )
        };
        assert_eq!(stands(&[open(3)], 0), "eval_scheduled");
        assert_eq!(stands(&[done(0)], 3), "evaluated");
        assert_eq!(stands(&[done(0), done(4)], 5), "active");
        assert_eq!(stands(&[done(0), done(4)], 94), "active");
        assert_eq!(stands(&[done(0), done(4)], 95), "discharged");
        assert_eq!(stands(&[done(0), done(4), open(120)], 95), "active");
        assert_eq!(stands(&[missed(0)], 5), "eval_scheduled");
        assert_eq!(stands(&[missed(0)], 100), "lost");
        let off = VisitState::Cancelled {
            at: at(0),
            by: CancelledBy::Patient,
            late: false,
        };
        assert_eq!(Course::of([visit(0, off)].iter(), at(1)), None);
        let named = Course::of([done(0), done(4)].iter(), at(200)).unwrap();
        assert_eq!(named.state(at(200), false).code(), "active");
    }
}
