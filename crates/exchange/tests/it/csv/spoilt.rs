//! Tables that were spoilt on their way: whatever the bytes, they end as records
//! or problems, and one that was spoilt in one place loses one row.

use std::fmt::Write as _;

use proptest::prelude::*;
use tendon_exchange::csv::{Layout, Options, layouts};

use super::{read, read_with};

const HEADER: &str = "Patient ID,First Name,Last Name,DOB,Cell Phone,Email,State,Zip\n";

fn sound_table(rows: usize) -> String {
    let mut text = HEADER.to_owned();
    for n in 0..rows {
        writeln!(
            text,
            "{n},Sam,\"Reed, {n}\",{:02}/{:02}/1980,208-555-01{:02},s{n}@example.org,NH,03431",
            n % 12 + 1,
            n % 28 + 1,
            n % 100
        )
        .unwrap();
    }
    text
}

/// Files of every layout, with cells that look right, wrong and hostile.
fn table() -> impl Strategy<Value = Vec<u8>> {
    let cell = prop::sample::select(vec![
        "",
        "1",
        "-7",
        "Sam Reed",
        "Reed, Sam",
        "2026-03-02 09:00",
        "03/04/2026",
        "13/04/2026",
        "46083.5",
        "9:00 AM",
        "true",
        "No Show",
        "208-555-0142",
        "a@example.org",
        "3431",
        "NH",
        "=1+1",
        "@x",
        "\"",
        "1E+09",
        "null",
        "Ã©",
        "Total",
        "\u{0}",
        "x\r",
        "12 visits",
    ]);
    let row = prop::collection::vec(cell, 0..30);
    (
        0..layouts().len(),
        prop::collection::vec(row, 0..6),
        prop::sample::select(vec![',', ';', '\t', '|']),
    )
        .prop_map(|(layout, rows, separator)| {
            let joint = separator.to_string();
            let mut text = header_of(&layouts()[layout]).join(&joint);
            for row in rows {
                text += "\n";
                text += &row.join(&joint);
            }
            text.into_bytes()
        })
}

/// Returns a header that the layout is found by.
fn header_of(layout: &Layout) -> Vec<String> {
    let names = match layout.name() {
        "visits" => "Appt Date,Appt Time,Patient Name,DOB,Status,Cell,Duration",
        "patients" => "First Name,Last Name,DOB,Cell,Email,State,Zip",
        _ => return layout.columns().map(str::to_owned).collect(),
    };
    names.split(',').map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn tables_of_every_layout_are_read_to_their_end(bytes in table()) {
        if let Ok(table) = read_with(bytes.as_slice(), &Options::default()) {
            prop_assert!(!table.items.is_empty() || table.tally.rows > 0);
        }
    }

    #[test]
    fn any_change_of_bytes_is_survived(
        changes in prop::collection::vec((0_usize..1_200, any::<u8>(), 0_u8..3), 1..6),
    ) {
        let mut bytes = sound_table(12).into_bytes();
        for (at, byte, how) in changes {
            let at = at % bytes.len();
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        if let Ok(table) = read_with(bytes.as_slice(), &Options::default()) {
            prop_assert!(table.patients().len() <= 16);
        }
    }

    #[test]
    fn a_stray_quote_costs_at_most_its_own_row(row in 0_usize..20, column in 0_usize..40) {
        let text = sound_table(20);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let line = &mut lines[row + 1];
        let at = column % (line.len() + 1);
        line.insert(at, '"');
        let table = read(lines.join("\n"));
        let lost: Vec<usize> = (0..20)
            .filter(|n| !table.patients().iter().any(|p| p.key.value == n.to_string()))
            .collect();
        prop_assert!(lost.iter().all(|n| *n == row), "lost {:?}", lost);
    }

    #[test]
    fn a_table_cut_off_anywhere_keeps_its_whole_rows(at in 0_usize..1_000) {
        let text = sound_table(12);
        let at = at % text.len();
        let whole = text[..at].matches('\n').count().saturating_sub(1);
        if let Ok(table) = read_with(&text.as_bytes()[..at], &Options::default()) {
            prop_assert!(table.patients().len() >= whole);
        } else {
            prop_assert_eq!(whole, 0);
        }
    }
}
