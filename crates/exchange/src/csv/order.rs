//! Whether a column names the day or the month first.
//!
//! `03/04/2026` alone tells nothing; the column it stands in mostly does, since
//! some row has a day above 12. What a column cannot tell, the other date columns
//! of the same table do: one program wrote them all. Only where nothing tells is
//! the layout's custom assumed, and then a problem says so.

use std::collections::BTreeMap;

use super::time::{BadTime, DateOrder, Numbers};

/// What the cells of a column have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// A cell that can only be read day first.
    pub day_first: bool,
    /// A cell that can only be read month first.
    pub month_first: bool,
}

impl Evidence {
    /// Takes a cell into account.
    pub fn see(&mut self, cell: &str) {
        let Some((numbers, _)) = Numbers::split(cell) else {
            return;
        };
        match numbers.order() {
            Ok(DateOrder::DayFirst) => self.day_first = true,
            Ok(DateOrder::MonthFirst) => self.month_first = true,
            Err(_) => {}
        }
    }

    const fn verdict(self) -> Option<DateOrder> {
        match (self.day_first, self.month_first) {
            (true, false) => Some(DateOrder::DayFirst),
            (false, true) => Some(DateOrder::MonthFirst),
            _ => None,
        }
    }
}

/// What the date columns of a table have shown, by folded header.
///
/// Made by [`super::survey()`] from a whole file and handed to
/// [`super::Options::survey`], it decides what the first rows of a long file
/// cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    pub(super) columns: BTreeMap<String, Evidence>,
}

impl Survey {
    /// Takes a cell of a column into account.
    pub(super) fn see(&mut self, column: &str, cell: &str) {
        if let Some(known) = self.columns.get_mut(column) {
            known.see(cell);
        } else {
            self.columns.entry(column.to_owned()).or_default().see(cell);
        }
    }

    /// Returns what the columns that agree with themselves agree on.
    fn verdict(&self) -> Option<DateOrder> {
        let mut verdicts = self.columns.values().filter_map(|seen| seen.verdict());
        let first = verdicts.next()?;
        verdicts.all(|other| other == first).then_some(first)
    }
}

/// How a column is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// A cell of the column, or of another one, showed it, or the user said it.
    Known(DateOrder),
    /// Nothing showed it.
    Assumed(DateOrder),
    /// Cells of the column contradict each other.
    Mixed,
}

/// A doubt about a column that its reader must be told of, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The layout's custom was assumed.
    Assumed(DateOrder),
    /// A cell shows that earlier ones were read the wrong way round.
    Overturned,
    /// A cell contradicts what others showed.
    Contradicted,
}

impl Doubt {
    /// Returns the reason for a problem.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Assumed(DateOrder::DayFirst) => {
                "does not show whether day or month stands first; the day was assumed to, as is the custom of this layout"
            }
            Self::Assumed(DateOrder::MonthFirst) => {
                "does not show whether day or month stands first; the month was assumed to, as is the custom of this layout"
            }
            Self::Overturned => {
                "shows that day and month were read the wrong way round in earlier rows; import the file again with the order given"
            }
            Self::Contradicted => {
                "names the day first in some rows and the month first in others; dates that could be either are left out from here on"
            }
        }
    }
}

/// The readings of all date columns.
#[derive(Clone, Debug)]
pub struct Orders {
    columns: BTreeMap<usize, (Reading, bool)>,
    fallback: Reading,
}

impl Orders {
    /// Decides for the columns at the given places. `given` overrules what was
    /// seen; `custom` is the layout's.
    pub fn decide(
        columns: &[(usize, String)],
        survey: &Survey,
        given: Option<DateOrder>,
        custom: DateOrder,
    ) -> Self {
        let fallback = given
            .or_else(|| survey.verdict())
            .map_or(Reading::Assumed(custom), Reading::Known);
        let reading = |name: &String| {
            let seen = survey.columns.get(name).copied().unwrap_or_default();
            match (given, seen.verdict()) {
                (Some(given), _) => Reading::Known(given),
                (None, Some(shown)) => Reading::Known(shown),
                (None, None) if seen.day_first => Reading::Mixed,
                (None, None) => fallback,
            }
        };
        let columns = columns
            .iter()
            .map(|(at, name)| (*at, (reading(name), false)))
            .collect();
        Self { columns, fallback }
    }

    /// Returns the order in which a cell is to be read, and a doubt the first
    /// time there is one about its column. `Err` leaves the cell out.
    pub fn order(
        &mut self,
        column: usize,
        cell: &str,
    ) -> (Result<Option<DateOrder>, BadTime>, Option<Doubt>) {
        let Some((numbers, _)) = Numbers::split(cell.trim()) else {
            return (Ok(None), None);
        };
        let (reading, told) = self.columns.entry(column).or_insert((self.fallback, false));
        let shown = match numbers.order() {
            Err(false) => return (Ok(None), None),
            Err(true) => None,
            Ok(order) => Some(order),
        };
        match (*reading, shown) {
            (Reading::Known(order), None) => (Ok(Some(order)), None),
            (Reading::Known(order), Some(shown)) if order == shown => (Ok(None), None),
            (Reading::Mixed, Some(_)) => (Ok(None), None),
            (Reading::Mixed, None) => {
                let first = !std::mem::replace(told, true);
                (Err(BadTime::Order), first.then_some(Doubt::Contradicted))
            }
            (Reading::Known(_), Some(_)) => {
                (*reading, *told) = (Reading::Mixed, true);
                (Ok(None), Some(Doubt::Contradicted))
            }
            (Reading::Assumed(order), None) => {
                let first = !std::mem::replace(told, true);
                (Ok(Some(order)), first.then_some(Doubt::Assumed(order)))
            }
            (Reading::Assumed(order), Some(shown)) => {
                let overturned = *told && order != shown;
                *reading = Reading::Known(shown);
                (Ok(None), overturned.then_some(Doubt::Overturned))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DateOrder::{DayFirst, MonthFirst};

    fn orders(cells: &[(&str, &str)], given: Option<DateOrder>) -> Orders {
        let mut survey = Survey::default();
        for (column, cell) in cells {
            survey.see(column, cell);
        }
        let columns = [(0, "born".to_owned()), (1, "start".to_owned())];
        Orders::decide(&columns, &survey, given, MonthFirst)
    }

    #[test]
    fn a_column_decides_for_itself_and_for_those_that_cannot() {
        let mut orders = orders(&[("born", "3/4/1980"), ("born", "26/5/1988")], None);
        assert_eq!(orders.order(0, "3/4/1980"), (Ok(Some(DayFirst)), None));
        assert_eq!(orders.order(1, "3/4/2026"), (Ok(Some(DayFirst)), None));
        assert_eq!(orders.order(1, "2026-04-03"), (Ok(None), None));
        assert_eq!(orders.order(1, "Apr 3, 2026"), (Ok(None), None));
    }

    #[test]
    fn columns_of_two_customs_each_keep_their_own() {
        let cells = [("born", "26/5/1988"), ("start", "5/26/2026")];
        let mut orders = orders(&cells, None);
        assert_eq!(orders.order(0, "3/4/1980"), (Ok(Some(DayFirst)), None));
        assert_eq!(orders.order(1, "3/4/2026"), (Ok(Some(MonthFirst)), None));
    }

    #[test]
    fn an_assumption_is_told_once() {
        let mut orders = orders(&[("born", "3/4/1980")], None);
        let assumed = Some(Doubt::Assumed(MonthFirst));
        assert_eq!(orders.order(0, "4/4/1980"), (Ok(None), None));
        assert_eq!(orders.order(0, "3/4/1980"), (Ok(Some(MonthFirst)), assumed));
        assert_eq!(orders.order(0, "5/6/1980"), (Ok(Some(MonthFirst)), None));
        assert_eq!(orders.order(1, "5/6/2026"), (Ok(Some(MonthFirst)), assumed));
        // A later row shows the truth, and is believed from then on.
        let overturned = (Ok(None), Some(Doubt::Overturned));
        assert_eq!(orders.order(0, "26/5/1988"), overturned);
        assert_eq!(orders.order(0, "3/4/1980"), (Ok(Some(DayFirst)), None));
    }

    #[test]
    fn contradictions_leave_out_only_what_is_open() {
        let mut known = orders(&[("born", "26/5/1988"), ("born", "5/26/1988")], None);
        let (open, doubt) = known.order(0, "3/4/1980");
        assert_eq!(
            (open, doubt),
            (Err(BadTime::Order), Some(Doubt::Contradicted))
        );
        assert_eq!(known.order(0, "3/4/1980"), (Err(BadTime::Order), None));
        assert_eq!(known.order(0, "26/5/1988"), (Ok(None), None));
        // The same, but the contradiction comes behind the first rows.
        let mut late = orders(&[("born", "26/5/1988")], None);
        assert_eq!(late.order(0, "3/4/1980"), (Ok(Some(DayFirst)), None));
        let contradicted = (Ok(None), Some(Doubt::Contradicted));
        assert_eq!(late.order(0, "5/26/1988"), contradicted);
        assert_eq!(late.order(0, "3/4/1980"), (Err(BadTime::Order), None));
    }

    #[test]
    fn the_user_overrules_what_was_seen() {
        let mut orders = orders(&[("born", "26/5/1988")], Some(MonthFirst));
        assert_eq!(orders.order(0, "3/4/1980"), (Ok(Some(MonthFirst)), None));
    }
}
