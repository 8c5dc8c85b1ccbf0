//! Tests of [`super`].

use super::*;
use proptest::prelude::*;

const COMMA: Dialect = Dialect {
    separator: b',',
    cr_ends_lines: false,
};

fn read_all(bytes: &[u8], dialect: Dialect, width: Option<usize>) -> Vec<Row> {
    let mut rows = Rows::new(bytes, dialect);
    if let Some(width) = width {
        rows.expect_width(width);
    }
    let mut found = Vec::new();
    let mut row = Row::default();
    while rows.read(&mut row).unwrap() {
        found.push(row.clone());
    }
    found
}

fn cut(text: &str, width: usize) -> Vec<(u64, Vec<String>, Option<Flaw>)> {
    read_all(text.as_bytes(), COMMA, Some(width))
        .iter()
        .map(|row| (row.line, row.cells().map(str::to_owned).collect(), row.flaw))
        .collect()
}

fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>, Option<Flaw>) {
    (line, cells.iter().map(|c| (*c).to_owned()).collect(), None)
}

#[test]
fn quotes_hold_separators_line_breaks_and_quotes() {
    assert_eq!(
        cut("a,b\r\n\"x, y\",\"say \"\"hi\"\"\nthere\"\r\n, \"z\" \n", 2),
        [
            row(1, &["a", "b"]),
            row(2, &["x, y", "say \"hi\"\nthere"]),
            row(4, &["", "z"])
        ]
    );
}

#[test]
fn empty_lines_and_a_missing_last_line_end_are_told_apart() {
    assert_eq!(cut("", 2), []);
    assert_eq!(
        cut("\n\na", 2),
        [row(1, &[""]), row(2, &[""]), row(3, &["a"])]
    );
    assert_eq!(cut("a,\n", 2), [row(1, &["a", ""])]);
}

#[test]
fn an_unclosed_quote_costs_its_own_line_only() {
    let unclosed = |line, cells: &[&str]| {
        let (line, cells, _) = row(line, cells);
        (line, cells, Some(Flaw::Unclosed))
    };
    // The end of the file comes first.
    assert_eq!(
        cut("a,b\n\"x,y\nc,d\n", 2),
        [
            row(1, &["a", "b"]),
            unclosed(2, &["\"x", "y"]),
            row(3, &["c", "d"])
        ]
    );
    // A quoted cell of a later row seems to close it.
    assert_eq!(
        cut("\"x,y\nc,d\n\"e\",f\n", 2),
        [
            unclosed(1, &["\"x", "y"]),
            row(2, &["c", "d"]),
            row(3, &["e", "f"])
        ]
    );
    // So it does at the end of a line, but then the width is wrong.
    assert_eq!(
        cut("\"x,y\nc,d\ne,\"f\"\ng,\"h,i\"\n", 2),
        [
            unclosed(1, &["\"x", "y"]),
            row(2, &["c", "d"]),
            row(3, &["e", "f"]),
            row(4, &["g", "h,i"])
        ]
    );
    assert_eq!(
        cut("\"x,y\nc,d\ne,\"\"\n", 2),
        [
            unclosed(1, &["\"x", "y"]),
            row(2, &["c", "d"]),
            row(3, &["e", ""])
        ]
    );
}

#[test]
fn a_quote_inside_a_cell_is_a_letter() {
    assert_eq!(cut("12\" pipe,x\n", 2), [row(1, &["12\" pipe", "x"])]);
    let (line, cells, flaw) = cut("\"12\" pipe\",x\n", 2).remove(0);
    assert_eq!((line, flaw), (1, Some(Flaw::Stray)));
    assert_eq!(cells, ["12\" pipe", "x"]);
}

#[test]
fn a_lone_cr_ends_lines_only_where_it_is_the_custom() {
    let cr = Dialect {
        cr_ends_lines: true,
        ..COMMA
    };
    let lines = |bytes: &[u8], dialect| -> Vec<(u64, String)> {
        read_all(bytes, dialect, None)
            .iter()
            .map(|row| (row.line, row.cell(0).to_owned()))
            .collect()
    };
    let three = [
        (1, "a".to_owned()),
        (2, "b".to_owned()),
        (3, "c".to_owned()),
    ];
    assert_eq!(lines(b"a\rb\r\nc\n", cr), three);
    assert_eq!(lines(b"a\nb\r\nc", COMMA), three);
    assert_eq!(lines(b"a\rb\n", COMMA), [(1, "a\rb".to_owned())]);
}

#[test]
fn a_row_without_end_is_told_and_passed_over() {
    let mut bytes = b"a,b\n".to_vec();
    bytes.extend(std::iter::repeat_n(b'x', MAX_ROW_BYTES + 1));
    bytes.extend(b"\nc,d\n");
    let rows = read_all(&bytes, COMMA, Some(2));
    assert_eq!(rows[1].flaw, Some(Flaw::TooLong));
    assert_eq!((rows[1].line, rows[1].cell(0)), (2, ""));
    assert_eq!((rows[2].line, rows[2].cell(0)), (3, "c"));
}

#[test]
fn charsets_zeros_and_wrong_letters_are_noticed() {
    let mut rows = Rows::new(
        &b"Mu\xF1oz,\0b\nRen\xC3\xA9,Ren\xC3\x83\xC2\xA9\n"[..],
        COMMA,
    );
    let mut row = Row::default();
    rows.read(&mut row).unwrap();
    assert_eq!(
        (row.cell(0), row.cell(1), row.unmangled),
        ("Muñoz", "b", false)
    );
    rows.read(&mut row).unwrap();
    assert_eq!(
        (row.cell(0), row.cell(1), row.unmangled),
        ("René", "René", true)
    );
    let all = Met {
        zeros: true,
        utf_8: true,
        windows_1252: true,
    };
    assert_eq!(rows.met, all);
    assert_eq!(format!("{row:?}"), "Row(line 2, 2 cells)");
}

proptest! {
    #[test]
    fn what_a_strict_writer_writes_is_read_back(
        table in prop::collection::vec(prop::collection::vec("[a-c ,;\"\n\r]{0,6}", 3), 1..8),
    ) {
        let mut writer = ::csv::WriterBuilder::new()
            .quote_style(::csv::QuoteStyle::Always)
            .from_writer(Vec::new());
        for record in &table {
            writer.write_record(record).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let found: Vec<Vec<String>> = read_all(&bytes, COMMA, Some(3))
            .iter()
            .map(|row| row.cells().map(str::to_owned).collect())
            .collect();
        // A CR before a line break inside a cell cannot be told from CRLF.
        let tidy = |cell: &String| cell.replace("\r\n", "\n").trim().to_owned();
        let expected: Vec<Vec<String>> = table
            .iter()
            .map(|record| record.iter().map(tidy).collect())
            .collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn no_bytes_make_it_stumble_and_no_line_is_lost(
        bytes in prop::collection::vec(prop::sample::select(b"a,\"\n\r;\0\xE9 ".to_vec()), 0..200),
        cr_ends_lines: bool,
    ) {
        let dialect = Dialect { separator: b',', cr_ends_lines };
        let rows = read_all(&bytes, dialect, Some(2));
        for pair in rows.windows(2) {
            prop_assert!(pair[0].line < pair[1].line);
        }
        let line_ends = memchr::memchr_iter(b'\n', &bytes).count() as u64;
        if let Some(last) = rows.last() {
            prop_assert!(cr_ends_lines || last.line <= line_ends + 1);
        }
    }
}
