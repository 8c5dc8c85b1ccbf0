//! Numbers that give away: dates with a year, sums of money, record numbers.

use super::{Code, Finding, Word};

/// Finds everything in a text that is more than a time of day or a phone number.
pub(super) fn numbers(text: &str, words: &[Word]) -> impl Iterator<Item = Finding> {
    dates(text, words)
        .chain(money(text, words))
        .chain(records(words))
}

/// Finds dates with a year. Visits are said without one, so it is a birthday or
/// looks like one.
fn dates(text: &str, words: &[Word]) -> impl Iterator<Item = Finding> {
    words.windows(3).filter_map(move |window| {
        let [a, b, c] = window else { return None };
        let numeric = joined(text, a, b)
            && joined(text, b, c)
            && ((is_year(a) && is_short(b) && is_short(c))
                || (is_short(a) && is_short(b) && (is_year(c) || is_short(c))));
        // `March 4, 1961`, `4 March 1961`; `4 de marzo de 1961` ends in `marzo de 1961`.
        let in_words = is_year(c)
            && ((is_month(&a.folded) && (is_short(b) || b.folded == "de"))
                || (is_short(a) && is_month(&b.folded)));
        (numeric || in_words).then_some(Finding {
            code: Code::BirthDate,
            span: a.span.start..c.span.end,
        })
    })
}

fn money(text: &str, words: &[Word]) -> impl Iterator<Item = Finding> {
    words.iter().enumerate().filter_map(move |(at, word)| {
        if !word.folded.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let before = text.get(..word.span.start)?.trim_end();
        let sign = before.chars().next_back().filter(|c| "$€£".contains(*c));
        let unit = words
            .get(at + 1)
            .filter(|next| UNITS.contains(&next.folded.as_str()));
        let span = match (sign, unit) {
            (Some(sign), _) => before.len() - sign.len_utf8()..word.span.end,
            (None, Some(unit)) => word.span.start..unit.span.end,
            (None, None) => return None,
        };
        Some(Finding {
            code: Code::Amount,
            span,
        })
    })
}

/// Finds numbers that could be a person's in somebody's files. Ten and eleven
/// digits in a row are a North American phone number; six or fewer are a code
/// or a ZIP.
fn records(words: &[Word]) -> impl Iterator<Item = Finding> {
    words.iter().filter_map(|word| {
        let digits = word.folded.bytes().filter(u8::is_ascii_digit).count();
        let long = if digits == word.folded.len() {
            (7..=9).contains(&digits) || digits > 11
        } else {
            digits >= 5
        };
        long.then(|| Finding {
            code: Code::RecordNumber,
            span: word.span.clone(),
        })
    })
}

const UNITS: [&str; 9] = [
    "dollar", "dollars", "usd", "euros", "dolar", "dolares", "cents", "centavos", "bucks",
];

fn joined(text: &str, a: &Word, b: &Word) -> bool {
    matches!(text.get(a.span.end..b.span.start), Some("/" | "-" | "."))
}

fn is_number(word: &Word) -> bool {
    word.folded.bytes().all(|b| b.is_ascii_digit())
}

fn is_short(word: &Word) -> bool {
    is_number(word) && word.folded.len() <= 2
}

fn is_year(word: &Word) -> bool {
    is_number(word)
        && word.folded.len() == 4
        && matches!(word.folded.get(..2), Some("18" | "19" | "20"))
}

fn is_month(word: &str) -> bool {
    const MONTHS: [&str; 24] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ];
    word.len() >= 3 && MONTHS.iter().any(|month| month.starts_with(word))
}
