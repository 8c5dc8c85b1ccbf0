//! Plans of care and requests for care, as sources describe them.

use jiff::civil::Date;
use tendon_care::id::Id;
use tendon_care::plan::Plan;
use tendon_care::referral::Referral;
use tendon_care::touchpoint::Fact;
use tendon_exchange::Severity;
use tendon_exchange::field::Field;
use tendon_exchange::record::{PlanRecord, ReferralRecord};
use tendon_store::Write;

use super::entry::Entry;
use super::moment::{IMPLAUSIBLE, is_plausible};
use super::report::Verdict;
use super::work::{Fresh, Work};

impl Work<'_> {
    /// Takes a plan of care in. It belongs to the course that its source names,
    /// or to the one that is under way on its first day.
    pub(super) fn plan(&mut self, fresh: &Fresh, said: &PlanRecord) {
        let entry = &fresh.entry;
        let known = self.entity_of(fresh);
        let known = known.and_then(|id| {
            let mut plans = self.change.chart.plans.iter();
            plans.find(|plan| plan.id.uuid() == id).cloned()
        });
        let zone = self.scene.house.practice.time_zone.clone();
        let starts_on = self.day(entry, said.starts_on, Field::PlanStart);
        let said_end = self.day(entry, said.ends_on, Field::PlanEnd);
        let starts_on = starts_on.or(known.as_ref().map(|plan| plan.starts_on));
        let starts_on = starts_on.unwrap_or(self.scene.today);
        let per_week = said
            .visits_per_week
            .or(known.as_ref().map(|plan| plan.visits_per_week));
        let span = Span {
            starts_on,
            ends_on: said_end.or(known.as_ref().map(|plan| plan.ends_on)),
            visits: said.visits.or(known.as_ref().map(|plan| plan.visits)),
            per_week,
        };
        let Some((visits, per_week, ends_on)) = span.complete() else {
            let reason =
                "names neither a number of visits nor how often; nothing can be planned from it";
            self.told
                .problem(entry, Field::Visits, reason, Severity::Ignored);
            self.remember(fresh, None, None);
            return self.told.verdict(entry, Verdict::Unchanged);
        };
        let named = said.episode.as_ref().and_then(|key| self.named_course(key));
        let episode = named
            .or(known.as_ref().map(|plan| plan.episode))
            .or_else(|| {
                let noon = starts_on.at(12, 0, 0, 0).to_zoned(zone).ok()?.timestamp();
                Some(self.course_of(None, noon, noon))
            });
        let Some(episode) = episode else { return };
        let plan = Plan {
            id: known
                .as_ref()
                .map_or_else(|| self.scene.desk.mint().id(), |plan| plan.id),
            episode,
            visits,
            visits_per_week: per_week,
            starts_on,
            ends_on,
            authorised_visits: said
                .authorised_visits
                .or(known.as_ref().and_then(|plan| plan.authorised_visits)),
        };
        if known.as_ref() != Some(&plan) {
            self.set_plan(&plan);
        }
        self.finish_record(fresh, plan.id);
    }

    /// Returns a day that can be meant; tells of any other.
    fn day(&mut self, entry: &Entry, day: Option<Date>, field: Field) -> Option<Date> {
        let plausible = day.filter(|day| is_plausible(*day));
        if day != plausible {
            self.told
                .problem(entry, field, IMPLAUSIBLE, Severity::Ignored);
        }
        plausible
    }

    fn set_plan(&mut self, plan: &Plan) {
        let patient = self.change.chart.patient.id;
        self.change.write(Write::Plan(plan.clone(), patient));
        let plans = &mut self.change.chart.plans;
        plans.retain(|other| other.id != plan.id);
        plans.push(plan.clone());
        plans.sort_by_key(|plan| (plan.starts_on, plan.id));
        let (id, visits) = (plan.id, plan.visits);
        self.note(Fact::PlanSet { plan: id, visits }, self.scene.now);
    }

    /// Takes a request for care in. Who came after it needs no first call, and
    /// neither does one that was called off.
    pub(super) fn referral(&mut self, fresh: &Fresh, said: &ReferralRecord) {
        let known = self.entity_of(fresh);
        let known = known.and_then(|id| {
            let mut referrals = self.change.chart.referrals.iter();
            referrals.find(|referral| referral.id.uuid() == id).cloned()
        });
        if said.cancelled && known.is_none() {
            self.remember(fresh, None, None);
            return self.told.verdict(&fresh.entry, Verdict::Unchanged);
        }
        let now = self.scene.now;
        let received_at = self
            .roughly(said.received_at)
            .or(known.as_ref().map(|known| known.received_at))
            .unwrap_or(now);
        let came = self
            .change
            .chart
            .visits
            .iter()
            .map(|visit| visit.booked_at.max(received_at));
        let answered = came.min().filter(|_| {
            let mut visits = self.change.chart.visits.iter();
            visits.any(|visit| visit.starts_at >= received_at)
        });
        let referral = Referral {
            id: known
                .as_ref()
                .map_or_else(|| self.scene.desk.mint().id(), |known| known.id),
            patient: self.change.chart.patient.id,
            referrer: said
                .referrer
                .clone()
                .or_else(|| known.as_ref().and_then(|known| known.referrer.clone())),
            received_at,
            called_at: known
                .as_ref()
                .and_then(|known| known.called_at)
                .or(answered)
                .or(said.cancelled.then_some(now)),
        };
        self.change.write(Write::Referral(referral.clone()));
        let id = referral.id;
        self.change.chart.referrals.retain(|other| other.id != id);
        self.change.chart.referrals.push(referral);
        if known.is_none() {
            self.note(Fact::ReferralReceived { referral: id }, received_at);
        }
        self.finish_record(fresh, id);
    }
}

/// What is known of how often and how long, of which one part may be missing.
#[derive(Clone, Copy, Debug)]
struct Span {
    starts_on: Date,
    ends_on: Option<Date>,
    visits: Option<u16>,
    per_week: Option<u8>,
}

impl Span {
    /// Works out the missing part; `None` where there is too little.
    fn complete(self) -> Option<(u16, u8, Date)> {
        let weeks = |until: Date| {
            let days = (until - self.starts_on).get_days().max(0);
            u16::try_from(days / 7 + 1).unwrap_or(u16::MAX)
        };
        let visits = match (self.visits, self.per_week, self.ends_on) {
            (Some(visits), ..) => visits,
            (None, Some(per_week), Some(until)) => u16::from(per_week).saturating_mul(weeks(until)),
            _ => return None,
        };
        let per_week = self.per_week.unwrap_or_else(|| {
            let weeks = self.ends_on.map_or(visits.div_ceil(2).max(1), weeks);
            u8::try_from(visits.div_ceil(weeks).max(1)).unwrap_or(7)
        });
        let ends_on = self.ends_on.or_else(|| {
            let weeks = i64::from(visits.div_ceil(u16::from(per_week.max(1))));
            self.starts_on
                .checked_add(jiff::Span::new().weeks(weeks))
                .ok()
        });
        Some((visits, per_week, ends_on?.max(self.starts_on)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_plan_may_leave_one_part_out() {
        let plan = |visits, per_week, ends_on: Option<Date>| {
            Span {
                starts_on: date(2028, 2, 29),
                ends_on,
                visits,
                per_week,
            }
            .complete()
        };
        let end = date(2028, 4, 10);
        assert_eq!(plan(Some(12), Some(2), Some(end)), Some((12, 2, end)));
        assert_eq!(plan(None, Some(2), Some(end)), Some((12, 2, end)));
        assert_eq!(plan(Some(12), None, Some(end)), Some((12, 2, end)));
        assert_eq!(
            plan(Some(12), Some(2), None),
            Some((12, 2, date(2028, 4, 11)))
        );
        assert_eq!(plan(None, Some(2), None), None);
        assert_eq!(plan(None, None, Some(end)), None);
    }
}
