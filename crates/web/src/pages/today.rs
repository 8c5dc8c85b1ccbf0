//! Today: what needs a person now. Every row says why it is there, is done with
//! one key or one tap, and is gone.

use askama::Template;
use jiff::Zoned;

use super::frame::Frame;
use super::icon::Icon;
use super::moment;
use crate::chart::{Ring, Spark};

mod facts;
mod samples;

pub use facts::{Opening, Row, Unbooked, Unconfirmed, Waiting, Work};

/// The page.
#[derive(Debug, Template)]
#[template(path = "today.html")]
pub struct Today {
    /// What surrounds it.
    pub frame: Frame,
    /// Now, in the clinic's zone.
    pub now: Zoned,
    /// Which location and clinicians are shown.
    pub place: String,
    /// Visits of today.
    pub visits: u32,
    /// Those that are confirmed.
    pub confirmed: u32,
    /// Arrival rate in percent by week, oldest first.
    pub arrival: Vec<f64>,
    /// Visits that nobody has confirmed, soonest first.
    pub unconfirmed: Shown<Unconfirmed>,
    /// Free times of today.
    pub openings: Shown<Opening>,
    /// Patients with visits left on the plan and none on the book.
    pub unbooked: Shown<Unbooked>,
    /// Patients who wait for an answer, longest first.
    pub replies: Shown<Waiting>,
    /// Work, soonest due first.
    pub tasks: Shown<Work>,
}

/// The first entries of a list and how many there are in all.
#[derive(Clone, Debug)]
pub struct Shown<T> {
    /// The entries shown.
    pub first: Vec<T>,
    /// How many there are.
    pub total: u32,
}

impl<T> Default for Shown<T> {
    fn default() -> Self {
        Self {
            first: vec![],
            total: 0,
        }
    }
}
/// One panel of rows, ready to print.
#[derive(Debug)]
pub struct Panel {
    /// The element's id and the target of the strip's link.
    pub id: &'static str,
    /// Which changes reload it.
    pub topics: &'static str,
    /// The heading.
    pub title: &'static str,
    /// How many there are.
    pub total: u32,
    /// The keys of its rows.
    pub keys: &'static [(&'static str, &'static str)],
    /// What is said where there are none.
    pub empty: &'static str,
    /// The rows.
    pub rows: Vec<Row>,
}

impl Panel {
    /// Returns how many rows are not shown.
    pub fn hidden(&self) -> u32 {
        self.total
            .saturating_sub(u32::try_from(self.rows.len()).unwrap_or(u32::MAX))
    }

    /// Tells whether its rows begin with a time.
    pub fn has_lead(&self) -> bool {
        self.rows.iter().any(|row| row.lead.is_some())
    }
}

impl Today {
    /// Returns the heading: the day.
    pub fn day(&self) -> String {
        self.now.strftime("%A, %B %-d").to_string()
    }

    /// Returns the drawing of how much is confirmed.
    pub fn ring(&self) -> Ring {
        Ring::new(self.confirmed, self.visits, "visits confirmed")
    }

    /// Returns the drawing of the arrival rate.
    pub fn spark(&self) -> Spark {
        Spark::new(self.arrival.iter().copied(), "Arrival rate by week", " %")
    }

    /// Returns the latest arrival rate, or a dash where nothing is known yet.
    pub fn arrival_now(&self) -> String {
        self.arrival
            .last()
            .map_or_else(|| "–".to_owned(), |rate| format!("{rate:.1} %"))
    }

    /// Returns the arrival rate by week for who cannot see the line.
    pub fn arrival_table(&self) -> Vec<(usize, String)> {
        let weeks = self.arrival.len();
        self.arrival
            .iter()
            .enumerate()
            .map(|(i, rate)| (weeks - 1 - i, format!("{rate:.1} %")))
            .collect()
    }

    /// Returns what is said under the number of waiting replies.
    pub fn replies_words(&self) -> String {
        self.replies.first.first().map_or_else(
            || "replies waiting".to_owned(),
            |oldest| {
                let age = moment::relative(&oldest.since, &self.now);
                format!("replies waiting · oldest {age}")
            },
        )
    }

    /// Tells whether nothing at all is left to do.
    pub fn is_clear(&self) -> bool {
        self.panels().iter().all(|panel| panel.total == 0)
    }

    /// Returns the sign of a clear day.
    pub const fn clear_icon(&self) -> Icon {
        Icon::Check
    }

    /// Returns the panels in order; possible emergencies come before everything.
    pub fn panels(&self) -> Vec<Panel> {
        let mut panels = vec![
            self.unconfirmed_panel(),
            self.replies_panel(),
            self.openings_panel(),
            self.unbooked_panel(),
        ];
        let at = if self.tasks.first.iter().any(|work| work.urgent) {
            0
        } else {
            panels.len()
        };
        panels.insert(at, self.tasks_panel());
        panels
    }

    fn unconfirmed_panel(&self) -> Panel {
        Panel {
            id: "unconfirmed",
            topics: "visits messages",
            title: "Not confirmed",
            total: self.unconfirmed.total,
            keys: &[("Y", "said yes"), ("C", "call"), ("X", "cannot come")],
            empty: if self.visits == 0 {
                "No visit is on the book today."
            } else {
                "Every visit of today is confirmed."
            },
            rows: self
                .unconfirmed
                .first
                .iter()
                .map(Unconfirmed::row)
                .collect(),
        }
    }

    fn replies_panel(&self) -> Panel {
        Panel {
            id: "replies",
            topics: "inbox",
            title: "Replies waiting",
            total: self.replies.total,
            keys: &[("↵", "answer"), ("E", "done")],
            empty: "Nobody waits for an answer.",
            rows: self
                .replies
                .first
                .iter()
                .map(|waiting| waiting.row(&self.now))
                .collect(),
        }
    }

    fn openings_panel(&self) -> Panel {
        Panel {
            id: "openings",
            topics: "visits",
            title: "Openings",
            total: self.openings.total,
            keys: &[],
            empty: "No time of today is free.",
            rows: self.openings.first.iter().map(Opening::row).collect(),
        }
    }

    fn unbooked_panel(&self) -> Panel {
        Panel {
            id: "unbooked",
            topics: "visits plans",
            title: "Visits left on the plan, nothing booked",
            total: self.unbooked.total,
            keys: &[("B", "propose times"), ("C", "call")],
            empty: "Everybody with visits left has the next one on the book.",
            rows: self
                .unbooked
                .first
                .iter()
                .map(|entry| entry.row(&self.now))
                .collect(),
        }
    }

    fn tasks_panel(&self) -> Panel {
        Panel {
            id: "tasks",
            topics: "tasks",
            title: "Tasks",
            total: self.tasks.total,
            keys: &[("C", "call"), ("D", "done"), ("A", "take")],
            empty: "No task is open.",
            rows: self
                .tasks
                .first
                .iter()
                .map(|work| work.row(&self.now))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_possible_emergency_comes_first() {
        let mut today = Today::typical();
        for work in &mut today.tasks.first {
            work.urgent = false;
        }
        assert_eq!(today.panels().last().unwrap().id, "tasks");
        today.tasks.first[0].urgent = true;
        assert_eq!(today.panels()[0].id, "tasks");
    }

    #[test]
    fn an_empty_book_is_not_called_confirmed() {
        let mut today = Today::empty();
        let words = |today: &Today| today.panels()[0].empty;
        assert!(words(&today).starts_with("No visit"));
        today.visits = 3;
        assert!(words(&today).starts_with("Every visit"));
    }

    #[test]
    fn keys_within_a_panel_differ() {
        for panel in Today::typical().panels() {
            let mut keys: Vec<_> = panel.keys.iter().map(|(key, _)| *key).collect();
            keys.dedup();
            assert_eq!(keys.len(), panel.keys.len(), "{}", panel.id);
        }
    }
}
