//! The plan of care: how often, how long, how many, and until when it is certified.

use jiff::civil::Date;

use crate::id::{EpisodeId, PlanId};

/// The plan of care of an episode (Medicare Benefit Policy Manual ch. 15 §220.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The id.
    pub id: PlanId,
    /// The episode it belongs to.
    pub episode: EpisodeId,
    /// Visits prescribed in all, the evaluation included.
    pub visits: u16,
    /// Visits per week.
    pub visits_per_week: u8,
    /// The first day.
    pub starts_on: Date,
    /// The last day.
    pub ends_on: Date,
    /// Visits authorised by the payer, where it wants a say.
    pub authorised_visits: Option<u16>,
}

/// Where a patient stands on the plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Visits completed.
    pub completed: u16,
    /// Visits missed or cancelled late.
    pub missed: u16,
    /// Visits on the book from now on.
    pub booked: u16,
}

impl Plan {
    /// Returns how many visits are neither done nor on the book, bounded by
    /// what the payer authorised.
    pub fn unbooked(&self, progress: Progress) -> u16 {
        let wanted = self
            .authorised_visits
            .map_or(self.visits, |cap| cap.min(self.visits));
        wanted
            .saturating_sub(progress.completed)
            .saturating_sub(progress.booked)
    }

    /// Returns the planned days between two visits.
    pub fn interval_days(&self) -> u16 {
        7_u16.div_ceil(u16::from(self.visits_per_week.max(1)))
    }
}
