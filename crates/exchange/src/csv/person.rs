//! Names of people that stand in one cell.
//!
//! Titles, suffixes and degrees are left out: they belong to no greeting, and
//! the same person has them in one report and not in the next.

use tendon_care::person::{InvalidPerson, PersonName, search_words};

/// Words that belong to the family name that follows them.
const PARTICLES: [&str; 27] = [
    "de", "del", "della", "der", "den", "di", "da", "das", "do", "dos", "du", "la", "las", "le",
    "los", "van", "von", "vander", "ten", "ter", "el", "al", "bin", "ibn", "st", "san", "santa",
];
const TITLES: [&str; 9] = ["mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sr", "sra"];
const SUFFIXES: [&str; 22] = [
    "jr", "sr", "ii", "iii", "iv", "v", "md", "do", "phd", "dpt", "pt", "pta", "ot", "otr", "cota",
    "rn", "np", "pa", "esq", "dds", "mpt", "ocs",
];

/// Splits `Given Middle Family`, `Family, Given Middle` and their mixtures with
/// titles, suffixes, family names of several words and a name to be called by
/// (`Samuel "Sam" Okafor`, `Okafor, Samuel (Sam)`).
pub fn split(full: &str) -> Result<PersonName, InvalidPerson> {
    let (full, called) = take_called(full);
    let parts: Vec<&str> = full.split(',').map(str::trim).collect();
    let name = match parts.as_slice() {
        [family, given, ..] if !given.is_empty() && !given.split(' ').all(is_suffix) => {
            let family = without_ends(family, is_generation).join(" ");
            PersonName::parse(&family, &without_ends(given, is_generation).join(" "))
        }
        [natural, ..] => {
            let words = without_ends(natural, |_| false);
            let family_at = family_start(&words);
            let (given, family) = words.split_at_checked(family_at).unwrap_or_default();
            PersonName::parse(&family.join(" "), &given.join(" "))
        }
        [] => Err(InvalidPerson::EmptyName),
    }?;
    match called {
        Some(called) => name.with_preferred(&called),
        None => Ok(name),
    }
}

/// Returns the family name as a form under which two spellings of a full name
/// are the same, whatever the order of its words.
pub fn folded(name: &PersonName) -> String {
    let mut words = search_words(&name.full());
    words.sort();
    words.join(" ")
}

/// Tells whether a name is only a number, such as that of a record.
pub fn is_number(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit()) && !text.contains(char::is_alphabetic)
}

fn take_called(full: &str) -> (String, Option<String>) {
    for (open, close) in [('"', '"'), ('(', ')'), ('“', '”')] {
        let Some((before, rest)) = full.split_once(open) else {
            continue;
        };
        if let Some((called, after)) = rest.split_once(close) {
            let called = called.trim();
            let called = (!called.is_empty()).then(|| called.to_owned());
            return (format!("{before} {after}"), called);
        }
    }
    (full.to_owned(), None)
}

/// Returns the words of a name without title in front and suffixes behind; a
/// name that would be nothing else stays as it is. A suffix behind a single word
/// is one only where the caller knows the word for it.
fn without_ends(text: &str, may_be_second: fn(&str) -> bool) -> Vec<&str> {
    let all: Vec<&str> = text.split_whitespace().collect();
    let mut words = all.as_slice();
    while let [first, rest @ ..] = words {
        let plain = first.to_lowercase();
        if !TITLES.contains(&plain.trim_end_matches('.')) || rest.is_empty() {
            break;
        }
        words = rest;
    }
    while let [rest @ .., last] = words {
        // `Do` and `Pa` are names of families, too.
        let drops = match rest.len() {
            0 => false,
            1 => may_be_second(last),
            _ => is_suffix(last),
        };
        if !drops {
            break;
        }
        words = rest;
    }
    words.to_vec()
}

fn is_suffix(word: &str) -> bool {
    let plain: String = word.chars().filter(|c| *c != '.').collect();
    SUFFIXES.contains(&plain.to_lowercase().as_str())
}

/// Knows the suffixes that are nobody's family name.
fn is_generation(word: &str) -> bool {
    let plain = word.trim_end_matches('.').to_lowercase();
    matches!(plain.as_str(), "jr" | "sr" | "ii" | "iii" | "iv")
}

/// Finds where the family name begins: at the last word, and at the particles
/// before it. A name of one word is a given name.
fn family_start(words: &[&str]) -> usize {
    if words.len() < 2 {
        return words.len();
    }
    let mut start = words.len() - 1;
    while start > 1 {
        let before = words.get(start - 1).map(|word| word.to_lowercase());
        if !before.is_some_and(|word| PARTICLES.contains(&word.trim_end_matches('.'))) {
            break;
        }
        start -= 1;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(full: &str) -> (String, String, Option<String>) {
        let name = split(full).unwrap();
        (
            name.given().to_owned(),
            name.family().to_owned(),
            name.preferred().map(str::to_owned),
        )
    }

    #[test]
    fn names_are_split_as_people_write_them() {
        for (full, given, family) in [
            ("Samuel Okafor", "Samuel", "Okafor"),
            ("Okafor, Samuel", "Samuel", "Okafor"),
            ("Okafor, Samuel T.", "Samuel T.", "Okafor"),
            ("Samuel T. Okafor Jr.", "Samuel T.", "Okafor"),
            ("Okafor Jr., Samuel", "Samuel", "Okafor"),
            ("Samuel Okafor, Jr.", "Samuel", "Okafor"),
            ("Okafor, Samuel, Jr.", "Samuel", "Okafor"),
            ("Dr. Maya Ortiz, PT, DPT", "Maya", "Ortiz"),
            ("Ana de la Cruz", "Ana", "de la Cruz"),
            ("Ludwig van Beethoven III", "Ludwig", "van Beethoven"),
            ("De La Cruz, Ana", "Ana", "De La Cruz"),
            ("Van Morrison", "Van", "Morrison"),
            ("Anh Do", "Anh", "Do"),
            ("Renée Lefèvre-O’Neil", "Renée", "Lefèvre-O’Neil"),
            ("Cher", "Cher", ""),
            ("Okafor,", "Okafor", ""),
            ("  Sam   Reed ", "Sam", "Reed"),
        ] {
            let expected = (given.to_owned(), family.to_owned(), None);
            assert_eq!(parts(full), expected, "{full}");
        }
    }

    #[test]
    fn the_name_to_be_called_by_is_kept() {
        let expected = ("Samuel", "Okafor", Some("Sam"));
        for full in [
            "Samuel \"Sam\" Okafor",
            "Samuel (Sam) Okafor",
            "Okafor, Samuel (Sam)",
            "Samuel “Sam” Okafor",
        ] {
            let (given, family, called) = parts(full);
            assert_eq!(
                (given.as_str(), family.as_str(), called.as_deref()),
                expected,
                "{full}"
            );
        }
    }

    #[test]
    fn spellings_of_one_name_fold_to_one() {
        let fold = |full| folded(&split(full).unwrap());
        assert_eq!(fold("LEFEVRE, Renee"), fold("Renée Lefèvre"));
        assert_ne!(fold("Ana Cruz"), fold("Ana de la Cruz"));
    }

    #[test]
    fn nothing_and_numbers_are_no_names() {
        assert_eq!(split(" , "), Err(InvalidPerson::EmptyName));
        assert_eq!(split(""), Err(InvalidPerson::EmptyName));
        assert!(is_number("40021") && is_number("40-021"));
        assert!(!is_number("Sam 2nd") && !is_number("Sam"));
    }
}
