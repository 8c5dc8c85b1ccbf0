//! What a cell means, after what spreadsheets and their users did to it.
//!
//! Nothing is ever evaluated. A cell that a spreadsheet would take for a formula
//! is text here, and where a name or a number of a record is wanted it is
//! refused, because no person is called `=HYPERLINK(…)`.

use std::borrow::Cow;

use tendon_care::patient::Region;

use crate::fhir::region;

/// What is wrong with a cell; its text is a problem's reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadValue {
    /// Begins as formulas do.
    #[error("begins like a spreadsheet formula")]
    Formula,
    /// Such as `1.20856E+10`: its last digits are gone.
    #[error("was turned into a rounded number by a spreadsheet")]
    Rounded,
    /// Longer than any record number.
    #[error("is too long for a number of a record")]
    TooLong,
}

/// Undoes what exports do to keep a spreadsheet from reading a cell as a number
/// or a formula: `="00123"` becomes `00123`, and `'=x` becomes `=x`.
pub fn bare(cell: &str) -> &str {
    let quoted = cell
        .strip_prefix("=\"")
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|inside| !inside.contains('"'));
    let escaped = || cell.strip_prefix('\'').filter(|rest| is_trigger(rest));
    quoted.or_else(escaped).map_or(cell, str::trim)
}

/// Tells whether a text, or the text behind an apostrophe, begins as a formula
/// does. *Source*: OWASP, CSV injection.
fn is_trigger(text: &str) -> bool {
    text.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
}

/// Makes a cell safe to open in a spreadsheet: what would be a formula gets an
/// apostrophe, which [`bare`] takes away again. Plain signed numbers, and thereby
/// phones such as `+13125550142`, are no formulas and stay.
pub fn guarded(text: &str) -> Cow<'_, str> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or_default();
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if is_trigger(text) && !is_number {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Refuses what begins as a formula; for names of people and places.
pub fn words(text: &str) -> Result<&str, BadValue> {
    if text.starts_with('\'') || !is_trigger(text) {
        Ok(text)
    } else {
        Err(BadValue::Formula)
    }
}

/// Tells whether a cell says "nothing" in the words of some program.
pub fn is_filler(cell: &str) -> bool {
    const FILLERS: [&str; 11] = [
        "null",
        "\\n",
        "n/a",
        "na",
        "none",
        "nil",
        "-",
        "--",
        "nan",
        "(blank)",
        "undefined",
    ];
    FILLERS
        .iter()
        .any(|filler| cell.eq_ignore_ascii_case(filler))
        || cell.starts_with("0000-00-00")
}

/// Reads the number of a record: leading zeros stay, `40021.0` and `4.0021E+04`
/// become `40021`.
pub fn record_number(cell: &str) -> Result<Cow<'_, str>, BadValue> {
    let number = whole(cell)?;
    let is_negative = number
        .strip_prefix('-')
        .is_some_and(|digits| digits.starts_with(|c: char| c.is_ascii_digit()));
    if is_trigger(&number) && !is_negative {
        return Err(BadValue::Formula);
    }
    if number.chars().count() > 128 {
        return Err(BadValue::TooLong);
    }
    Ok(number)
}

/// Gives a number back the form that it had before a spreadsheet showed it, if
/// no digit was lost.
pub fn whole(text: &str) -> Result<Cow<'_, str>, BadValue> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let (number, exponent) = match text.split_once(['E', 'e']) {
        Some((number, exponent)) => (number, exponent.strip_prefix('+')),
        None => (text, None),
    };
    let Some((before, after)) = number.split_once('.') else {
        // `4E+04` is a number; `4E04` may well be somebody's record.
        let lost = exponent.is_some_and(digits) && digits(number);
        return if lost {
            Err(BadValue::Rounded)
        } else {
            Ok(Cow::Borrowed(text))
        };
    };
    if !digits(before) || !digits(after) {
        return Ok(Cow::Borrowed(text));
    }
    match exponent {
        None if exponent.is_none() && text.len() == number.len() => {
            let zeros = after.bytes().all(|b| b == b'0');
            Ok(Cow::Borrowed(if zeros { before } else { text }))
        }
        Some(exponent) if digits(exponent) => {
            let places: usize = exponent.parse().map_err(|_| BadValue::Rounded)?;
            if after.len() == places {
                Ok(Cow::Owned(format!("{before}{after}")))
            } else {
                Err(BadValue::Rounded)
            }
        }
        _ => Ok(Cow::Borrowed(text)),
    }
}

/// Reads state and ZIP of the United States; zeros in front that a spreadsheet
/// dropped are put back where the state has such codes, or says nothing.
pub fn region(state: Option<&str>, zip: Option<&str>, country: Option<&str>) -> Region {
    if !region::is_american(country) {
        return Region::default();
    }
    let code = state.and_then(region::state);
    let zip = zip.and_then(|zip| {
        let zip = whole(zip).ok()?;
        let foreign = state.is_some() && code.is_none();
        let padded = (!foreign).then(|| with_zeros(&zip, code)).flatten();
        region::zip(padded.as_deref().unwrap_or(&zip)).map(str::to_owned)
    });
    Region {
        state: code.map(str::to_owned),
        zip,
    }
}

/// *Source*: USPS Publication 65: codes that begin with 0 are those of New
/// England, New Jersey, Puerto Rico, the Virgin Islands and the forces in Europe;
/// those with 00 of New York (Holtsville), Puerto Rico and the Virgin Islands.
fn with_zeros(zip: &str, state: Option<&str>) -> Option<String> {
    const ONE: [&str; 10] = ["CT", "MA", "ME", "NH", "NJ", "RI", "VT", "PR", "VI", "AE"];
    const TWO: [&str; 3] = ["NY", "PR", "VI"];
    let (front, back) = zip.split_once('-').unwrap_or((zip, ""));
    let only_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !only_digits(front) || !only_digits(back) {
        return None;
    }
    let missing = match (front.len(), back.len()) {
        (4 | 8, 0) | (4, 4) => 1,
        (3 | 7, 0) | (3, 4) => 2,
        _ => return None,
    };
    let fits = match (missing, state) {
        (1, None) => true,
        (1, Some(state)) => ONE.contains(&state),
        (_, state) => state.is_some_and(|state| TWO.contains(&state)),
    };
    fits.then(|| format!("{}{zip}", if missing == 1 { "0" } else { "00" }))
}

/// Reads a whole number such as `30`, `30.0` or `12 visits`.
pub fn count(cell: &str) -> Option<u16> {
    let digits = cell.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = cell.split_at_checked(digits)?;
    let rest = rest
        .strip_prefix('.')
        .unwrap_or(rest)
        .trim_start_matches('0');
    let is_unit = rest.trim().chars().all(|c| c.is_alphabetic() || c == '.');
    is_unit.then(|| number.parse().ok()).flatten()
}

/// Reads a length in minutes: `45`, `45 min`, `0:45`, `1:00:00`.
pub fn minutes(cell: &str) -> Option<u16> {
    let Some((hours, rest)) = cell.split_once(':') else {
        let hours = cell.to_lowercase().contains('h');
        return if hours { None } else { count(cell) };
    };
    let minutes = rest.split(':').next()?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    hours.checked_mul(60)?.checked_add(minutes)
}

/// Reads yes and no as programs write them.
pub fn yes(cell: &str) -> Option<bool> {
    let says = |words: &[&str]| words.iter().any(|word| cell.eq_ignore_ascii_case(word));
    if says(&[
        "true", "1", "yes", "y", "t", "x", "on", "sí", "si", "checked",
    ]) {
        Some(true)
    } else if says(&["false", "0", "no", "n", "f", "off", "unchecked"]) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn record_numbers_keep_zeros_and_refuse_damage() {
        for (cell, expected) in [
            ("00123", Ok("00123")),
            ("40021.0", Ok("40021")),
            ("4.0021E+04", Ok("40021")),
            ("-90377", Ok("-90377")),
            ("12345-ARR", Ok("12345-ARR")),
            ("3E05", Ok("3E05")),
            ("V1.2", Ok("V1.2")),
            ("1.23457E+11", Err(BadValue::Rounded)),
            ("=1+1", Err(BadValue::Formula)),
            ("-A1", Err(BadValue::Formula)),
        ] {
            let read = record_number(cell);
            assert_eq!(read.as_deref().map_err(|e| *e), expected, "{cell}");
        }
    }

    #[test]
    fn zeros_are_put_back_where_the_state_has_them() {
        let zip = |state, zip| region(state, Some(zip), None).zip;
        assert_eq!(zip(Some("NH"), "3431").as_deref(), Some("03431"));
        assert_eq!(zip(Some("NH"), "3431.0").as_deref(), Some("03431"));
        assert_eq!(
            zip(Some("Massachusetts"), "1821-1234").as_deref(),
            Some("01821")
        );
        assert_eq!(zip(Some("NJ"), "70301234").as_deref(), Some("07030"));
        assert_eq!(zip(Some("PR"), "901").as_deref(), Some("00901"));
        assert_eq!(zip(None, "3431").as_deref(), Some("03431"));
        assert_eq!(
            zip(Some("ID"), "8370"),
            None,
            "a digit is missing elsewhere"
        );
        assert_eq!(zip(Some("NSW"), "2000"), None, "not of the United States");
        let abroad = region(Some("WA"), Some("6000"), Some("Australia"));
        assert_eq!(abroad, Region::default());
    }

    #[test]
    fn small_numbers_and_answers_are_read() {
        assert_eq!(
            (count("12"), count("12.0"), count("12 visits")),
            (Some(12), Some(12), Some(12))
        );
        assert_eq!((count("x"), count("-3"), count("1.5")), (None, None, None));
        for cell in ["45", "45 min", "0:45", "00:45:00"] {
            assert_eq!(minutes(cell), Some(45), "{cell}");
        }
        assert_eq!(minutes("2 hours"), None);
        assert_eq!(
            (yes("TRUE"), yes("0"), yes("maybe")),
            (Some(true), Some(false), None)
        );
    }

    #[test]
    fn guards_of_other_programs_are_taken_off() {
        assert_eq!(bare("=\"00123\""), "00123");
        assert_eq!(bare("'+1 208"), "+1 208");
        assert_eq!(bare("'t Hooft"), "'t Hooft");
        assert_eq!(words("'t Hooft"), Ok("'t Hooft"));
        assert_eq!(words("=HYPERLINK(\"x\")"), Err(BadValue::Formula));
        assert_eq!(guarded("+13125550142"), "+13125550142");
        assert_eq!(guarded("@SUM(1)"), "'@SUM(1)");
    }

    proptest! {
        #[test]
        fn guarding_is_undone_and_leaves_no_formula(text in "['=+@A-Za-z0-9 -]{0,12}") {
            let text = text.trim();
            let written = guarded(text);
            prop_assert_eq!(bare(&written), text);
            let number = written.trim_start_matches(['+', '-']).bytes().all(|b| b.is_ascii_digit());
            prop_assert!(number || !written.starts_with(['=', '+', '-', '@']));
        }

        #[test]
        fn no_cell_makes_it_stumble(cell in "\\PC{0,24}") {
            let _ = (record_number(&cell).is_ok(), words(&cell).is_ok(), bare(&cell).len());
            let _ = (count(&cell), minutes(&cell), region(Some(&cell), Some(&cell), None));
        }
    }
}
