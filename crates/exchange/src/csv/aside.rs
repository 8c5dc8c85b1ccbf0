//! Rows that are no records: sums, page footers, repeated headers.

use super::layout::fold;
use super::row::Row;

/// Words with which a row of sums begins.
const SUMS: [&str; 12] = [
    "total",
    "totals",
    "grandtotal",
    "subtotal",
    "sum",
    "summary",
    "count",
    "average",
    "totales",
    "suma",
    "gesamt",
    "totalgeneral",
];

/// Words with which a footer begins, alone in its row.
const FOOTERS: [&str; 14] = [
    "page",
    "generated",
    "printed",
    "exported",
    "endof",
    "report",
    "records",
    "rows",
    "copyright",
    "confidential",
    "createdon",
    "runon",
    "numberof",
    "www",
];

/// Tells whether a row sums up others: a word for it with nothing but numbers
/// behind it, or counted words all through (`230 clients, 9 clinicians`).
pub fn is_sum(row: &Row) -> bool {
    let mut cells = row.cells().filter(|cell| !cell.is_empty());
    let Some(first) = cells.next() else {
        return false;
    };
    if is_counted(first) {
        let mut rest = cells.peekable();
        return rest.peek().is_some() && rest.all(is_counted);
    }
    is_sum_word(first) && cells.all(is_number)
}

/// Tells whether a row is a footer: one cell in a table of several columns.
pub fn is_footer(row: &Row, width: usize) -> bool {
    let mut cells = row.cells().filter(|cell| !cell.is_empty());
    let (Some(only), None) = (cells.next(), cells.next()) else {
        return false;
    };
    let folded = fold(only);
    let begins = FOOTERS.iter().any(|word| folded.starts_with(word));
    // A name has at most one word more than these footers, and no digit.
    let says_more = only.contains(|c: char| c.is_ascii_digit()) || only.split(' ').count() > 2;
    width > 2 && (is_counted(only) || (begins && says_more))
}

fn is_sum_word(cell: &str) -> bool {
    let (word, behind) = cell.split_once(':').unwrap_or((cell, ""));
    if word.len() > 20 || !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return false;
    }
    let letters: String = fold(word).chars().filter(|c| !c.is_ascii_digit()).collect();
    let behind = behind.trim();
    SUMS.contains(&letters.as_str())
        && (behind.is_empty() || is_number(behind) || is_counted(behind))
}

/// Knows numbers, money and shares: `2`, `$1,234.50`, `(20.00)`, `75 %`.
fn is_number(cell: &str) -> bool {
    cell.contains(|c: char| c.is_ascii_digit())
        && cell
            .chars()
            .all(|c| c.is_ascii_digit() || " .,$€£%()-+".contains(c))
}

/// Knows `230 clients`.
fn is_counted(cell: &str) -> bool {
    let Some((number, noun)) = cell.split_once(' ') else {
        return false;
    };
    let is_count = !number.is_empty()
        && number
            .bytes()
            .all(|b| b.is_ascii_digit() || b == b',' || b == b'.');
    is_count && !noun.is_empty() && noun.bytes().all(|b| b.is_ascii_lowercase())
}

/// Tells whether a row is the header once more, as printed on every page.
pub fn is_header_again(row: &Row, header: &[String]) -> bool {
    row.len() == header.len() && row.cells().zip(header).all(|(cell, name)| cell == name)
}

#[cfg(test)]
mod tests {
    use super::super::rows::{Dialect, Rows};
    use super::*;

    fn row(text: &str) -> Row {
        let dialect = Dialect {
            separator: b',',
            cr_ends_lines: false,
        };
        let mut row = Row::default();
        assert!(Rows::new(text.as_bytes(), dialect).read(&mut row).unwrap());
        row
    }

    #[test]
    fn sums_are_told_from_people() {
        for sum in [
            "Total,2,,,",
            "Totals:,,\"$1,234.50\",(20.00)",
            "Grand Total",
            "Total: 12,,",
            "Total: 1 appointment,,,",
            "Totals: 1.204 visits",
            ",Total,,3",
            "230 clients,9 clinicians,807 appointments,1 office,5 statuses",
        ] {
            assert!(is_sum(&row(sum)), "{sum}");
        }
        for person in [
            "Total,Anna,1980-01-01",
            "Sum,Li",
            "Reed,2",
            "12 Elm St,Boise",
            "2 visits",
        ] {
            assert!(!is_sum(&row(person)), "{person}");
        }
    }

    #[test]
    fn footers_stand_alone() {
        for footer in [
            "Page 1 of 3,,",
            "Generated 05/06/2026 2:14 PM",
            "End of client list,,",
            "2 records",
        ] {
            assert!(is_footer(&row(footer), 5), "{footer}");
        }
        assert!(!is_footer(&row("Page,Anna"), 5));
        assert!(!is_footer(&row("Jimmy Page,"), 5));
        assert!(!is_footer(&row("Page Anna"), 5));
        assert!(!is_footer(&row("Page 1 of 3"), 1));
    }

    #[test]
    fn a_repeated_header_is_known() {
        let header = ["", "First Name", "DOB"].map(str::to_owned);
        assert!(is_header_again(&row(",First Name,DOB"), &header));
        assert!(!is_header_again(&row(",First Name,1980-01-01"), &header));
        assert!(!is_header_again(&row(",First Name,DOB,x"), &header));
    }
}
