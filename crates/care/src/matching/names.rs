//! Names as they arrive: particles, suffixes, two surnames, titles, fillers.

use crate::person::{PersonName, search_words};

/// A name taken apart and folded, ready to be compared.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// Surnames without particles: `de la Cruz` gives `cruz`.
    pub family: Vec<String>,
    /// Given names in order, without titles.
    pub given: Vec<String>,
    /// The name that the person wants to be called.
    pub preferred: Option<String>,
    /// Which of a line of equal names.
    pub suffix: Option<Suffix>,
    /// The given name only stands for one: `Baby Girl`.
    pub unnamed: bool,
}

/// Jr, Sr and numerals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suffix {
    Senior,
    Junior,
    Third,
    Fourth,
}

impl Parts {
    pub(super) fn of(name: &PersonName) -> Self {
        let mut family = search_words(name.family());
        let mut given = search_words(name.given());
        let suffix = take_suffix(&mut family).or_else(|| take_suffix(&mut given));
        if given.len() > 1 && given.first().is_some_and(|w| TITLES.contains(&w.as_str())) {
            given.remove(0);
        }
        let unnamed = given
            .first()
            .is_some_and(|first| UNNAMED.contains(&first.as_str()));
        Self {
            family: without_particles(family),
            preferred: name
                .preferred()
                .and_then(|p| search_words(p).into_iter().next()),
            given,
            suffix,
            unnamed,
        }
    }
}

/// Tells whether a name is one that people type to try a system out. Real
/// people are called Test or Demo, so one word alone is not enough.
pub(super) fn is_test(name: &PersonName) -> bool {
    let family = search_words(name.family());
    let given = search_words(name.given());
    let all = || family.iter().chain(&given);
    let marked = all().any(|w| w.starts_with("zztest") || w.starts_with("zzz"));
    let filler = |w: &String| FILLERS.contains(&w.trim_end_matches(|c: char| c.is_ascii_digit()));
    marked || (all().count() > 1 && all().all(filler) && all().any(|w| w.contains("test")))
}

/// Computes the American Soundex code, such as `r163` for Robert and Rupert.
/// `None` for a word without a Latin letter.
///
/// *Source*: the rules of the US National Archives, with `h` and `w` not
/// separating equal codes.
pub(super) fn soundex(word: &str) -> Option<String> {
    let mut letters = word.chars().filter(char::is_ascii_alphabetic);
    let first = letters.next()?.to_ascii_lowercase();
    let mut code = String::from(first);
    let mut last = sound(first);
    for letter in letters {
        let letter = letter.to_ascii_lowercase();
        let digit = sound(letter);
        if let Some(digit) = digit.filter(|_| digit != last) {
            code.push(digit);
        }
        if !matches!(letter, 'h' | 'w') {
            last = digit;
        }
        if code.len() == 4 {
            break;
        }
    }
    Some(format!("{code:0<4}"))
}

fn sound(letter: char) -> Option<char> {
    match letter {
        'b' | 'f' | 'p' | 'v' => Some('1'),
        'c' | 'g' | 'j' | 'k' | 'q' | 's' | 'x' | 'z' => Some('2'),
        'd' | 't' => Some('3'),
        'l' => Some('4'),
        'm' | 'n' => Some('5'),
        'r' => Some('6'),
        _ => None,
    }
}

fn take_suffix(words: &mut Vec<String>) -> Option<Suffix> {
    let suffix = match words.last()?.as_str() {
        "sr" | "senior" => Suffix::Senior,
        "jr" | "ii" | "2nd" => Suffix::Junior,
        "iii" | "3rd" => Suffix::Third,
        "iv" | "4th" => Suffix::Fourth,
        _ => return None,
    };
    (words.len() > 1).then(|| {
        words.pop();
        suffix
    })
}

fn without_particles(words: Vec<String>) -> Vec<String> {
    let kept: Vec<String> = words
        .iter()
        .filter(|w| !PARTICLES.contains(&w.as_str()))
        .cloned()
        .collect();
    if kept.is_empty() { words } else { kept }
}

const TITLES: [&str; 6] = ["mr", "mrs", "ms", "miss", "dr", "prof"];

const PARTICLES: [&str; 23] = [
    "da", "das", "de", "del", "den", "der", "di", "do", "dos", "du", "e", "el", "la", "las", "le",
    "los", "san", "st", "ter", "van", "vander", "von", "y",
];

const UNNAMED: [&str; 14] = [
    "baby",
    "babyboy",
    "babygirl",
    "bb",
    "bg",
    "boy",
    "girl",
    "infant",
    "newborn",
    "nb",
    "bebe",
    "unknown",
    "desconocido",
    "twin",
];

const FILLERS: [&str; 14] = [
    "test",
    "tester",
    "testing",
    "testpatient",
    "patient",
    "demo",
    "dummy",
    "fake",
    "sample",
    "example",
    "person",
    "do",
    "not",
    "use",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn name(family: &str, given: &str) -> PersonName {
        PersonName::parse(family, given).unwrap()
    }

    #[test]
    fn names_are_taken_apart() {
        let parts = Parts::of(&name("de la Cruz Núñez", "Dr. José María"));
        assert_eq!(parts.family, ["cruz", "nunez"]);
        assert_eq!(parts.given, ["jose", "maria"]);
        assert_eq!(
            Parts::of(&name("Smith Jr.", "John")).suffix,
            Some(Suffix::Junior)
        );
        assert_eq!(
            Parts::of(&name("Smith", "John III")).suffix,
            Some(Suffix::Third)
        );
        assert_eq!(Parts::of(&name("Sr", "Ann")).family, ["sr"]);
        assert_eq!(Parts::of(&name("Van Der", "Ann")).family, ["van", "der"]);
        assert!(Parts::of(&name("Garcia", "Baby Girl")).unnamed);
    }

    #[test]
    fn test_patients_are_known_and_real_people_are_not() {
        for (family, given) in [
            ("ZZTEST", "Ann"),
            ("Patient", "Test"),
            ("Test", "Test2"),
            ("Zztestson", "A"),
        ] {
            assert!(is_test(&name(family, given)), "{family} {given}");
        }
        for (family, given) in [
            ("Test", "Maria"),
            ("Patient", "Ann"),
            ("Null", "Null"),
            ("Sample", "Joe"),
        ] {
            assert!(!is_test(&name(family, given)), "{family} {given}");
        }
    }

    #[test]
    fn soundex_follows_the_archives() {
        for (word, code) in [
            ("robert", "r163"),
            ("rupert", "r163"),
            ("tymczak", "t522"),
            ("pfister", "p236"),
            ("ashcraft", "a261"),
            ("lee", "l000"),
        ] {
            assert_eq!(soundex(word).as_deref(), Some(code), "{word}");
        }
        assert_eq!(soundex("山田"), None);
    }
}
