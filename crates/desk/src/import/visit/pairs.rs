//! Moves that a source tells as a cancellation and a booking (S15 and S12).

use jiff::SignedDuration;
use tendon_care::id::{AppointmentId, Id};
use tendon_exchange::record::{AppointmentRecord, VisitStatus};

use super::is_on_the_book;
use crate::error::DeskError;
use crate::import::entry::Slot;
use crate::import::report::Verdict;
use crate::import::work::{Fresh, Work};

/// A cancellation and a booking of one patient this close together are a move.
pub(super) const MOVED_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// A cancellation and the booking that follows it.
pub(super) struct Pair {
    pub(super) old: Slot,
    /// The number of the cancellation among the records of the run.
    pub(super) cancel: u64,
    pub(super) new: Slot,
}

impl Work<'_> {
    /// Finds moves that were told as a cancellation and a booking (S15 and S12).
    pub(super) fn pairs(&self, visits: &[(&Fresh, &AppointmentRecord)]) -> Vec<Pair> {
        let mut pairs: Vec<Pair> = Vec::new();
        for (off, _) in visits.iter().filter(|(_, visit)| is_called_off(visit)) {
            let near = |on: &Fresh| {
                let at = off.entry.changed_at.zip(on.entry.changed_at);
                at.is_some_and(|(off, on)| on.duration_since(off).abs() <= MOVED_WITHIN)
            };
            let booking = visits.iter().find(|(on, visit)| {
                let slot = on.entry.thing();
                is_on_the_book(visit)
                    && slot != off.entry.thing()
                    && near(on)
                    && self.known(&slot).is_none()
                    && pairs.iter().all(|pair| pair.new != slot)
            });
            pairs.extend(booking.map(|(on, _)| Pair {
                old: off.entry.thing(),
                cancel: off.entry.number,
                new: on.entry.thing(),
            }));
        }
        pairs
    }

    /// Notes a cancellation that is half of a move; the booking is the other half.
    pub(super) fn called_off_to_move(
        &mut self,
        fresh: &Fresh,
        visit: &AppointmentRecord,
    ) -> Result<Verdict, DeskError> {
        let known = self
            .known(&fresh.entry.thing())
            .and_then(|known| known.entity);
        let open = known
            .and_then(|id| self.change.chart.visit(AppointmentId::from_uuid(id)))
            .is_some_and(|visit| visit.is_open());
        if !open {
            return self.visit(fresh, visit, None);
        }
        self.remember(fresh, known, None);
        Ok(Verdict::Updated)
    }
}

fn is_called_off(visit: &AppointmentRecord) -> bool {
    matches!(visit.status, Some(VisitStatus::Cancelled(_)))
}
