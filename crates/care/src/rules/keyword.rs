//! The words that carriers and the law have given a fixed meaning.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What a keyword asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Keyword {
    /// Stop writing.
    OptOut,
    /// Say who you are.
    Help,
    /// Write again.
    Start,
}

impl Keyword {
    /// Every keyword class.
    pub const ALL: [Self; 3] = [Self::OptOut, Self::Help, Self::Start];

    /// Returns the code used in rule ids.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OptOut => "opt_out",
            Self::Help => "help",
            Self::Start => "start",
        }
    }
}

/// Reduces a text to what keywords are compared by: letters and digits, without
/// case, accents, spaces or signs, so that `Opt-Out!` is `optout` and `no más`
/// is `nomas`.
pub fn bare(text: &str) -> String {
    text.nfkd()
        .filter(|c| c.is_alphanumeric() && !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The keyword sets in force, each sorted and reduced by [`bare`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keywords {
    sets: [Vec<String>; 3],
}

impl Keywords {
    /// Adds words to a set.
    pub(super) fn extend(&mut self, keyword: Keyword, words: &[String]) {
        if let Some(set) = self.sets.get_mut(keyword as usize) {
            set.extend(words.iter().map(|word| bare(word)));
            set.sort_unstable();
            set.dedup();
        }
    }

    /// Returns the reduced words of a set, sorted.
    pub fn words(&self, keyword: Keyword) -> &[String] {
        self.sets.get(keyword as usize).map_or(&[], Vec::as_slice)
    }

    /// Tells which set the whole text is a word of. Words inside longer
    /// sentences are the business of whoever understands sentences.
    pub fn read(&self, text: &str) -> Option<Keyword> {
        let text = bare(text);
        Keyword::ALL
            .into_iter()
            .find(|keyword| self.words(*keyword).binary_search(&text).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyword_is_read_however_it_is_typed() {
        let mut keywords = Keywords::default();
        keywords.extend(
            Keyword::OptOut,
            &["stop".into(), "opt out".into(), "NO MAS".into()],
        );
        keywords.extend(Keyword::Help, &["HELP".into()]);
        for text in [
            "STOP",
            " stop. ",
            "Ｓｔｏｐ",
            "opt-out",
            "Optout!",
            "no más",
            "s.t.o.p",
        ] {
            assert_eq!(keywords.read(text), Some(Keyword::OptOut), "{text}");
        }
        assert_eq!(keywords.read("help?"), Some(Keyword::Help));
        for text in ["", "!", "stopping", "please help", "yes"] {
            assert_eq!(keywords.read(text), None, "{text}");
        }
    }
}
