//! Records that may be the same person, side by side, and those that were merged.

use askama::Template;
use jiff::Zoned;
use tendon_care::id::{MergeId, PatientId};

use super::frame::{Frame, Section};
use super::moment;
use super::parts::{Act, Chip, Tone};
use super::sample::{HOSTILE, LONG, RTL, frame, id, now, on};
use super::urls::Url;

/// The page.
#[derive(Debug, Template)]
#[template(path = "same.html")]
pub struct Same {
    /// What surrounds it.
    pub frame: Frame,
    /// Now, in the clinic's zone.
    pub now: Zoned,
    /// The record that the page is about, which survives a merge.
    pub record: Record,
    /// Records that may be the same person, the likeliest first.
    pub doubts: Vec<Candidate>,
    /// Records that were merged into it.
    pub merged: Vec<Merged>,
}

/// What two records are compared by, in words.
#[derive(Clone, Debug)]
pub struct Record {
    /// Which.
    pub id: PatientId,
    /// The name.
    pub name: String,
    /// The birthday.
    pub born: String,
    /// Record numbers.
    pub numbers: String,
    /// Phones.
    pub phones: String,
    /// Mailboxes.
    pub mailboxes: String,
    /// How many visits, and when the last one was.
    pub visits: String,
    /// The next visit.
    pub next: String,
}

/// A record that may be the same person.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The record.
    pub record: Record,
    /// How likely they are one, in per cent.
    pub percent: u8,
    /// Which fields speak for it and against it.
    pub evidence: String,
}

/// A record that was merged.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The merge.
    pub id: MergeId,
    /// The name on the other record.
    pub name: String,
    /// When.
    pub at: Zoned,
}

/// One line of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// What is compared.
    pub label: &'static str,
    /// What this record says.
    pub here: &'a str,
    /// What the other says.
    pub there: &'a str,
}

impl Line<'_> {
    /// Returns the class of the cells: what differs stands out.
    pub fn class(&self) -> &'static str {
        if self.here == self.there {
            "m"
        } else {
            "strong"
        }
    }
}

impl Candidate {
    /// Returns the lines to compare, without those that neither record fills.
    pub fn lines<'a>(&'a self, record: &'a Record) -> Vec<Line<'a>> {
        let (here, there) = (record, &self.record);
        let line = |label, of: fn(&Record) -> &String| Line {
            label,
            here: of(here),
            there: of(there),
        };
        let mut lines = vec![
            line("Name", |record| &record.name),
            line("Born", |record| &record.born),
            line("Record number", |record| &record.numbers),
            line("Phone", |record| &record.phones),
            line("E-mail", |record| &record.mailboxes),
            line("Visits", |record| &record.visits),
            line("Next visit", |record| &record.next),
        ];
        lines.retain(|line| !(line.here.is_empty() && line.there.is_empty()));
        lines
    }

    /// Says how likely they are one person.
    pub fn chip(&self) -> Chip {
        let tone = if self.percent >= 90 {
            Tone::Warn
        } else {
            Tone::Plain
        };
        Chip::new(tone, format!("{} % likely one person", self.percent))
    }

    /// Returns where the other record is.
    pub const fn url(&self) -> Url {
        Url::Patient(self.record.id)
    }
}

impl Same {
    /// Returns where the record is.
    pub const fn back(&self) -> Url {
        Url::Patient(self.record.id)
    }

    /// Returns where a verdict is sent.
    pub const fn url(&self) -> Url {
        Url::PatientSame(self.record.id)
    }

    /// Says when records were merged.
    pub fn when(&self, merged: &Merged) -> String {
        moment::short(merged.at.date(), self.now.date())
    }

    /// Returns how a merge is taken back.
    pub fn undo(&self, merged: &Merged) -> Act {
        Act::post("Take it back", Url::MergeUndo(self.record.id, merged.id)).about(&merged.name)
    }

    /// Returns every sample with its name.
    pub fn samples() -> Vec<(&'static str, Self)> {
        let record = |n, name: &str, born: &str| Record {
            id: id(n),
            name: name.to_owned(),
            born: born.to_owned(),
            numbers: format!("MRN 10{n}"),
            phones: "(312) 555-0142".to_owned(),
            mailboxes: String::new(),
            visits: "4, last on Nov 12".to_owned(),
            next: "Tue, Nov 24, 8:40".to_owned(),
        };
        let page = |record, doubts, merged| Self {
            frame: frame(Section::Patients),
            now: now(),
            record,
            doubts,
            merged,
        };
        let ana = || record(1, "Ana Morales", "Feb 29, 1968");
        let doubt = |record, percent| Candidate {
            record,
            percent,
            evidence: "family name alike; given name equal; birthday close; phone equal".to_owned(),
        };
        let merged = |name: &str| Merged {
            id: id(9),
            name: name.to_owned(),
            at: on(-3, 9, 15),
        };
        let other = record(2, "Ana Morales-Gil", "Feb 28, 1968");
        vec![
            ("nothing", page(ana(), vec![], vec![])),
            (
                "typical",
                page(ana(), vec![doubt(other, 94)], vec![merged("Anna Morales")]),
            ),
            (
                "hostile",
                page(
                    record(1, HOSTILE, HOSTILE),
                    vec![
                        doubt(record(2, RTL, ""), 51),
                        doubt(record(3, LONG, HOSTILE), 99),
                    ],
                    vec![merged(HOSTILE)],
                ),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_stands_out() {
        let (_, page) = Same::samples().swap_remove(1);
        let lines = page.doubts[0].lines(&page.record);
        let out: Vec<_> = lines
            .iter()
            .filter(|line| line.class() == "strong")
            .map(|line| line.label)
            .collect();
        assert_eq!(out, ["Name", "Born", "Record number"]);
    }
}
