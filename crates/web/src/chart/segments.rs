//! The visits of a plan as one segment each.

use std::fmt;

use askama::filters::HtmlSafe;

const WIDTH: f64 = 306.0;
const ROW: f64 = 16.0;
const GAP: f64 = 3.0;
/// More visits than this in a row would leave segments too thin to count.
const PER_ROW: usize = 20;

/// What became of one planned visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    /// It took place.
    Done,
    /// It was missed or called off late.
    Missed,
    /// It is on the book.
    Booked,
    /// It is neither done nor booked.
    Left,
}

impl Segment {
    const fn class(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Missed => "missed",
            Self::Booked => "booked",
            Self::Left => "left",
        }
    }
}

/// A plan's progress: one segment for each visit, in order.
#[derive(Clone, Debug)]
pub struct Segments {
    visits: Vec<Segment>,
}

impl Segments {
    /// Draws these visits.
    pub const fn new(visits: Vec<Segment>) -> Self {
        Self { visits }
    }

    fn count(&self, which: Segment) -> usize {
        self.visits.iter().filter(|s| **s == which).count()
    }

    /// Says the same in words: `3 done, 1 missed, 1 booked, 7 open`.
    pub fn words(&self) -> String {
        let parts = [
            (Segment::Done, "done"),
            (Segment::Missed, "missed"),
            (Segment::Booked, "booked"),
            (Segment::Left, "open"),
        ];
        let words: Vec<_> = parts
            .into_iter()
            .map(|(which, word)| (self.count(which), word))
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{n} {word}"))
            .collect();
        words.join(", ")
    }

    /// Returns the drawing's height for its number of rows.
    fn height(&self) -> f64 {
        self.visits.len().div_ceil(PER_ROW).max(1) as f64 * ROW
    }
}

impl fmt::Display for Segments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            r#"<svg class="seg" role="img" width="100%" viewBox="0 0 {WIDTH} {}"><title>Visits of the plan</title><desc>{}</desc>"#,
            self.height(),
            self.words()
        )?;
        let per_row = self.visits.len().clamp(8, PER_ROW) as f64;
        let width = (WIDTH - GAP * (per_row - 1.0)) / per_row;
        for (i, visit) in self.visits.iter().enumerate() {
            let x = (i % PER_ROW) as f64 * (width + GAP);
            let y = (i / PER_ROW) as f64 * ROW;
            // A stroke is drawn half outside: the booked box gives way for it.
            let inset = if *visit == Segment::Booked { 0.7 } else { 0.0 };
            write!(
                f,
                r#"<rect class="{}" x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" rx="3"/>"#,
                visit.class(),
                x + inset,
                y + 2.0 + inset,
                2.0f64.mul_add(-inset, width),
                2.0f64.mul_add(-inset, 10.0)
            )?;
        }
        f.write_str("</svg>")
    }
}

impl HtmlSafe for Segments {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_visit_is_a_segment_and_words_say_the_same() {
        let mut visits = vec![Segment::Done; 3];
        visits.push(Segment::Missed);
        visits.push(Segment::Booked);
        visits.extend([Segment::Left; 7]);
        let chart = Segments::new(visits);
        assert_eq!(chart.words(), "3 done, 1 missed, 1 booked, 7 open");
        assert_eq!(chart.to_string().matches("<rect").count(), 12);
    }

    #[test]
    fn a_long_plan_wraps_and_an_empty_one_is_drawn() {
        assert!((Segments::new(vec![Segment::Left; 45]).height() - 48.0).abs() < f64::EPSILON);
        let empty = Segments::new(vec![]);
        assert_eq!(empty.words(), "");
        assert!(empty.to_string().ends_with("</svg>"));
    }
}
