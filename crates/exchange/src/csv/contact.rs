//! Phones and mailboxes as they stand in cells.

use tendon_care::contact::{Address, Email, InvalidAddress, Line, Phone};

use super::value::{BadValue, whole, words};
use crate::record::ContactRecord;

/// Reads every phone in a cell, such as `Mobile: 12085550142; Home: 12085550143`.
/// `line` is what the column says of them; a word in the cell beats it.
pub fn phones(cell: &str, line: Line) -> Vec<Result<ContactRecord, BadPhone>> {
    cell.split([';', '|', '\n'])
        .flat_map(|part| part.split(" / "))
        .flat_map(|part| part.split(", "))
        .map(str::trim)
        .filter(|part| part.contains(|c: char| c.is_ascii_digit()))
        .filter_map(|part| {
            let label = part.to_lowercase();
            let says = |words: &[&str]| words.iter().any(|word| label.contains(word));
            if says(&["fax", "pager"]) {
                return None;
            }
            let line = if says(&["mob", "cell"]) {
                Line::Mobile
            } else if says(&["landline"]) {
                Line::Landline
            } else {
                line
            };
            Some(phone(part).map(|phone| ContactRecord {
                address: Address::Phone(phone),
                line,
            }))
        })
        .collect()
}

/// Why a phone could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPhone {
    /// The cell is damaged.
    #[error(transparent)]
    Value(#[from] BadValue),
    /// The number is none.
    #[error(transparent)]
    Address(#[from] InvalidAddress),
}

fn phone(text: &str) -> Result<Phone, BadPhone> {
    if text.starts_with(['=', '@', '-']) {
        return Err(BadValue::Formula.into());
    }
    let number = whole(text)?;
    let number = match number.split_once(':') {
        Some((label, rest)) if !label.contains(|c: char| c.is_ascii_digit()) => rest,
        _ => &number,
    };
    let lower = number.to_lowercase();
    let end = lower.find(['x', '(']).filter(|at| *at > 6);
    let end = end.or_else(|| lower.find("ext"));
    let number = number.get(..end.unwrap_or(number.len())).unwrap_or(number);
    let number = number.trim_matches(|c: char| !c.is_ascii_digit() && !matches!(c, '+' | '('));
    match Phone::parse(number) {
        Ok(phone) => Ok(phone),
        Err(error) => {
            // Programs abroad drop the plus of an international number.
            let digits: String = number.chars().filter(char::is_ascii_digit).collect();
            let abroad = digits.len() > 10 && !number.starts_with('+');
            let international = abroad.then(|| Phone::parse(&format!("+{digits}")));
            international.and_then(Result::ok).ok_or(error.into())
        }
    }
}

/// Reads every mailbox in a cell.
pub fn emails(cell: &str) -> Vec<Result<ContactRecord, BadPhone>> {
    if words(cell).is_err() {
        return vec![Err(BadValue::Formula.into())];
    }
    cell.split([';', ',', ' ', '|', '\n'])
        .map(|part| part.trim_matches(['<', '>']))
        .filter(|part| !part.is_empty())
        .map(|part| part.strip_prefix("mailto:").unwrap_or(part))
        .map(|part| {
            Ok(ContactRecord {
                address: Address::Email(Email::parse(part)?),
                line: Line::Unknown,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn numbers(cell: &str) -> Vec<Result<String, String>> {
        phones(cell, Line::Unknown)
            .into_iter()
            .map(|phone| {
                phone
                    .map(|contact| contact.address.comparable())
                    .map_err(|error| error.to_string())
            })
            .collect()
    }

    #[test]
    fn a_phone_survives_spreadsheets_and_typists() {
        for cell in [
            "208-555-0142",
            "(208) 555-0142",
            "2085550142",
            "2085550142.0",
            "2.085550142E+09",
            "12085550142",
            "+1-208-555-0142",
            "Mobile: 12085550142",
            "208-555-0142 (cell)",
            "208-555-0142 x17",
            "208.555.0142 ext. 17",
            "208-555-0142; Fax: 208-555-0199",
        ] {
            assert_eq!(numbers(cell), [Ok("+12085550142".to_owned())], "{cell}");
        }
        assert_eq!(numbers("61412345678"), [Ok("+61412345678".to_owned())]);
        let two = numbers("Mobile: 12085550142; Home: 12085550143");
        assert_eq!(two.iter().flatten().count(), 2);
    }

    #[test]
    fn a_phone_that_lost_digits_is_not_guessed() {
        let rounded = BadValue::Rounded.to_string();
        assert_eq!(numbers("2.08555E+09"), [Err(rounded.clone())]);
        assert_eq!(numbers("2E+09"), [Err(rounded)]);
        let formula = BadValue::Formula.to_string();
        assert_eq!(numbers("=1+2085550142"), [Err(formula.clone())]);
        assert_eq!(numbers("-2085550142"), [Err(formula)]);
        assert_eq!(
            numbers("999-999-9999"),
            [Err("address is a placeholder".to_owned())]
        );
        assert!(numbers("n/a").is_empty());
    }

    #[test]
    fn lines_are_told_by_column_and_word() {
        let line = |cell, column| phones(cell, column)[0].as_ref().unwrap().line;
        assert_eq!(line("208-555-0142", Line::Mobile), Line::Mobile);
        assert_eq!(line("Cell 208-555-0142", Line::Unknown), Line::Mobile);
        assert_eq!(
            line("Landline: 208-555-0142", Line::Unknown),
            Line::Landline
        );
    }

    #[test]
    fn mailboxes_are_found_and_formulas_refused() {
        let read = |cell| -> Vec<_> {
            emails(cell)
                .into_iter()
                .map(|m| m.map(|c| c.address.comparable()).map_err(|e| e.to_string()))
                .collect()
        };
        assert_eq!(
            read("a@example.org; <b@example.org>"),
            [
                Ok("a@example.org".to_owned()),
                Ok("b@example.org".to_owned())
            ]
        );
        assert_eq!(read("@SUM(1+1)"), [Err(BadValue::Formula.to_string())]);
    }

    proptest! {
        #[test]
        fn no_cell_makes_it_stumble(cell in "\\PC{0,24}") {
            let _ = (numbers(&cell), emails(&cell).len());
        }
    }
}
