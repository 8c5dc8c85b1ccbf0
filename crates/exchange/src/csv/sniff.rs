//! Finding out how a table is written and which layout it has, from its first
//! bytes.
//!
//! The header decides: that way of cutting the text is right under which some row
//! near the top has the most column names that any layout knows. Titles, dates
//! of export and empty lines above the header have none.

use std::collections::BTreeSet;

use memchr::{memchr, memchr_iter};

use super::Options;
use super::built_in::{layouts, vocabulary};
use super::layout::{Layout, fold};
use super::row::Row;
use super::rows::{Dialect, Rows};

/// What can stand between cells, in the order of preference.
pub const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A header stands within so many rows, or there is none.
const MAX_PREAMBLE_ROWS: usize = 64;

/// How well a layout must fit to be taken without being asked for: twice the
/// known columns over all columns of both sides.
const GOOD_FIT: f64 = 0.5;

/// Two layouts that fit this equally are a question for the user.
const CLEAR_LEAD: f64 = 0.04;

/// A table whose writing is known, and its layout.
pub struct Found {
    /// How it is written.
    pub dialect: Dialect,
    /// How many rows stand above the header.
    pub preamble_rows: usize,
    /// The physical line of the header.
    pub line: u64,
    /// The header as written.
    pub header: Vec<String>,
    /// The header, folded.
    pub folded: Vec<String>,
    /// The layout, its fields found in the header.
    pub layout: Layout,
}

/// Looks at the head of a table. The reason for a refusal names layouts and
/// their columns, never what stands in the table: where no header is found, that
/// may be people.
pub fn look(head: &[u8], options: &Options) -> Result<Found, String> {
    let asked = match (&options.mapping, &options.layout) {
        (Some(mapping), _) => Some(mapping.clone()),
        (None, Some(name)) => Some(by_name(name)?),
        (None, None) => None,
    };
    let words: BTreeSet<String>;
    let known_words = match &asked {
        Some(layout) => {
            words = layout.vocabulary().into_iter().collect();
            &words
        }
        None => vocabulary(),
    };
    let needed = if asked.is_some() { 1 } else { 2 };
    let header = find_header(head, known_words, needed);
    let Some(header) = header else {
        return Err(match &asked {
            Some(layout) => format!("has no row with the column names of layout {}", layout.name),
            None => format!(
                "has no row with known column names; give a mapping, or one of the layouts: {}",
                names(layouts().iter())
            ),
        });
    };
    let layout = match asked {
        Some(mut layout) => {
            layout.resolve(&header.folded);
            if !layout.is_usable() {
                return Err(lacking(&layout));
            }
            layout
        }
        None => choose(&header.folded)?,
    };
    Ok(Found {
        dialect: header.dialect,
        preamble_rows: header.row,
        line: header.line,
        header: header.cells,
        folded: header.folded,
        layout,
    })
}

fn by_name(name: &str) -> Result<Layout, String> {
    let found = layouts().iter().find(|layout| layout.name == name);
    found.cloned().ok_or_else(|| {
        format!(
            "layout of that name is not known; known are {}",
            names(layouts().iter())
        )
    })
}

fn names<'a>(layouts: impl Iterator<Item = &'a Layout>) -> String {
    layouts
        .map(|layout| layout.name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

fn lacking(layout: &Layout) -> String {
    format!(
        "lacks columns that layout {} needs to tell who and when: {}",
        layout.name,
        layout.lacking().join(", ")
    )
}

struct Header {
    dialect: Dialect,
    row: usize,
    line: u64,
    cells: Vec<String>,
    folded: Vec<String>,
    known: usize,
}

fn find_header(head: &[u8], vocabulary: &BTreeSet<String>, needed: usize) -> Option<Header> {
    let cr_ends_lines = cr_ends_lines(head);
    let mut best: Option<Header> = None;
    for separator in separators(head) {
        let dialect = Dialect {
            separator,
            cr_ends_lines,
        };
        let mut rows = Rows::new(head, dialect);
        let mut row = Row::default();
        for at in 0..MAX_PREAMBLE_ROWS {
            if !rows.read(&mut row).unwrap_or(false) {
                break;
            }
            let folded: Vec<String> = row.cells().map(fold).collect();
            let known: BTreeSet<&String> = folded
                .iter()
                .filter(|name| vocabulary.contains(*name))
                .collect();
            let known = known.len();
            let enough = known >= needed && best.as_ref().is_none_or(|best| known > best.known);
            if enough {
                best = Some(Header {
                    dialect,
                    row: at,
                    line: row.line,
                    cells: row.cells().map(str::to_owned).collect(),
                    folded,
                    known,
                });
            }
        }
    }
    best
}

/// Returns the separators to try; a first line `sep=;` says it outright.
fn separators(head: &[u8]) -> Vec<u8> {
    let start = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let start = start.strip_prefix(b"\"").unwrap_or(start);
    let said = start.strip_prefix(b"sep=").and_then(<[u8]>::first).copied();
    match said.filter(|said| SEPARATORS.contains(said)) {
        Some(said) => vec![said],
        None => SEPARATORS.to_vec(),
    }
}

/// Tells whether a lone CR ends a line: where it is commoner than LF. Single ones
/// in a file of LF come from cells.
fn cr_ends_lines(head: &[u8]) -> bool {
    let lone = memchr_iter(b'\r', head)
        .filter(|at| head.get(at + 1) != Some(&b'\n'))
        .count();
    lone > 0 && (memchr(b'\n', head).is_none() || lone > memchr_iter(b'\n', head).count())
}

fn choose(folded: &[String]) -> Result<Layout, String> {
    let mut fits: Vec<(f64, Layout)> = layouts()
        .iter()
        .filter(|layout| !layout.generic)
        .filter_map(|layout| {
            let fit = fit(layout, folded);
            let mut layout = layout.clone();
            layout.resolve(folded);
            (fit >= GOOD_FIT && layout.is_usable()).then_some((fit, layout))
        })
        .collect();
    fits.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let lead = match fits.as_slice() {
        [(first, _), (second, _), ..] => first - second,
        _ => 1.0,
    };
    if lead < CLEAR_LEAD {
        let candidates = names(fits.iter().take(3).map(|(_, layout)| layout));
        return Err(format!(
            "fits several layouts equally well: {candidates}; name one of them"
        ));
    }
    if let Some((_, layout)) = fits.into_iter().next() {
        return Ok(layout);
    }
    let generic = layouts().iter().filter(|layout| layout.generic);
    for layout in generic {
        let mut layout = layout.clone();
        layout.resolve(folded);
        if layout.is_usable() && has_enough(&layout) {
            return Ok(layout);
        }
    }
    let mut closest: Vec<(f64, &Layout)> = layouts()
        .iter()
        .filter(|layout| !layout.generic)
        .map(|layout| (fit(layout, folded), layout))
        .filter(|(fit, _)| *fit > 0.0)
        .collect();
    closest.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    Err(format!(
        "has a header that fits no layout well enough; closest are {}; give a mapping, or name one",
        names(closest.into_iter().take(3).map(|(_, layout)| layout))
    ))
}

/// Measures how well a header fits a layout, from 0 to 1. Columns beyond those
/// known count against it only where all of them are known.
fn fit(layout: &Layout, folded: &[String]) -> f64 {
    let expected: BTreeSet<String> = layout.headers.iter().map(|name| fold(name)).collect();
    let found: BTreeSet<&String> = folded.iter().filter(|name| !name.is_empty()).collect();
    let both = found
        .iter()
        .filter(|name| expected.contains(**name))
        .count();
    let all = if layout.partial {
        expected.len() + both
    } else {
        expected.len() + found.len()
    };
    if all == 0 {
        0.0
    } else {
        2.0 * both as f64 / all as f64
    }
}

/// Tells whether a table of usual names says enough about a person to be worth
/// a record: a number or a name of two parts or more, and something besides.
fn has_enough(layout: &Layout) -> bool {
    let Some(patient) = &layout.patient else {
        return false;
    };
    let named =
        patient.full_name.is_there() || (patient.family.is_there() && patient.given.is_there());
    if layout.appointment.is_some() {
        return named || patient.key.is_there();
    }
    let besides = [
        &patient.key,
        &patient.birth_date,
        &patient.mobile,
        &patient.phone,
        &patient.email,
    ];
    named && besides.iter().any(|column| column.is_there())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Result<(String, u8, usize), String> {
        look(text.as_bytes(), &Options::default()).map(|found| {
            let name = found.layout.name().to_owned();
            (name, found.dialect.separator, found.preamble_rows)
        })
    }

    #[test]
    fn every_layout_recognises_its_own_header() {
        for layout in layouts().iter().filter(|layout| !layout.generic) {
            for separator in SEPARATORS {
                let joint = char::from(separator).to_string();
                let quoted: Vec<String> =
                    layout.headers.iter().map(|h| format!("\"{h}\"")).collect();
                let text = quoted.join(&joint) + "\n";
                let expected = Ok((layout.name.clone(), separator, 0));
                assert_eq!(found(&text), expected, "{}", layout.name);
                let reversed: Vec<String> = quoted.into_iter().rev().collect();
                let text = format!("A title\n\n{}", reversed.join(&joint).to_uppercase());
                let expected = Ok((layout.name.clone(), separator, 2));
                assert_eq!(found(&text), expected, "{} reversed", layout.name);
            }
        }
    }

    #[test]
    fn layouts_find_their_fields_in_the_columns_that_they_list() {
        for layout in layouts().iter().filter(|layout| !layout.generic) {
            let folded: Vec<String> = layout.headers.iter().map(|name| fold(name)).collect();
            let mut layout = layout.clone();
            layout.resolve(&folded);
            assert!(layout.is_usable(), "{}", layout.name);
        }
    }

    #[test]
    fn an_unknown_table_with_usual_names_is_read() {
        let visits = "Appt Date;Start Time;Patient Name;DOB;Status\n";
        assert_eq!(found(visits), Ok(("visits".to_owned(), b';', 0)));
        let people = "Report\tof all\n\nFirst Name\tLast Name\tCell Phone\tShoe Size\n";
        assert_eq!(found(people), Ok(("patients".to_owned(), b'\t', 2)));
        let sep = "sep=|\nFirst Name|Last Name|Email|Note, other\n";
        assert_eq!(found(sep), Ok(("patients".to_owned(), b'|', 1)));
    }

    #[test]
    fn a_table_without_known_names_is_refused_and_not_quoted() {
        for text in ["Reed,Sam\nOkafor,Ana\n", "", "\n\n", "status,total\nx,1\n"] {
            let reason = found(text).unwrap_err();
            assert!(!reason.contains("Reed"), "{reason}");
            assert!(reason.contains("mapping"), "{reason}");
        }
    }

    #[test]
    fn two_layouts_that_fit_equally_are_a_question() {
        let docnote = "First Name,Surname,Health Number,Birthdate,E-Mail Address";
        let attendance = "client_name,clinician_name,date_of_service,office_name,status";
        let reason = found(&format!("{docnote},{attendance}\n")).unwrap_err();
        assert!(reason.contains("docnote_patients"), "{reason}");
        assert!(reason.contains("simplepractice_attendance"), "{reason}");
        // A column more decides.
        let clear = found(&format!("{docnote},client_name,status\n")).unwrap();
        assert_eq!(clear.0, "docnote_patients");
    }

    #[test]
    fn a_layout_that_is_asked_for_must_fit() {
        let ask = |text: &str, layout: &str| {
            let options = Options {
                layout: Some(layout.to_owned()),
                ..Options::default()
            };
            look(text.as_bytes(), &options).map(|found| found.layout.name)
        };
        let header = "First Name,Surname,Health Number,Birthdate\n";
        assert_eq!(
            ask(header, "docnote_patients").as_deref(),
            Ok("docnote_patients")
        );
        assert_eq!(ask(header, "patients").as_deref(), Ok("patients"));
        let reason = ask(header, "jane_appointments").unwrap_err();
        assert!(reason.contains("jane_appointments"), "{reason}");
        let reason = ask(header, "nonsense").unwrap_err();
        assert!(reason.contains("webpt_charges"), "{reason}");
    }

    #[test]
    fn line_ends_are_told_by_their_number() {
        assert!(cr_ends_lines(b"a\rb\r"));
        assert!(!cr_ends_lines(b"a\nb\rc\nd\n"));
        assert!(!cr_ends_lines(b"a\r\nb\r\n"));
        assert!(!cr_ends_lines(b""));
    }
}
