//! What tidy says: a rule, where it is broken, why it exists and how to mend it.

use std::fmt;

/// A rule of the house that the compiler does not know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Its name, as an excuse would name it.
    pub(crate) name: &'static str,
    /// What goes wrong where it is broken.
    pub(crate) why: &'static str,
    /// What to do instead.
    pub(crate) fix: &'static str,
    /// Which place an excuse excuses; `None` where there is no excuse.
    pub(crate) excuse: Option<Reach>,
}

/// How far an excuse reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The item or line that follows, or the line itself.
    Item,
    /// The whole file.
    File,
}

/// One place where a rule is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) rule: &'static Rule,
    pub(crate) path: String,
    pub(crate) line: usize,
    /// What was found there, without the rule's own words.
    pub(crate) what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rule,
            path,
            line,
            what,
        } = self;
        writeln!(f, "{path}:{line}: [{}] {what}", rule.name)?;
        writeln!(f, "    why: {}", rule.why)?;
        write!(f, "    fix: {}", rule.fix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_where_what_why_and_how() {
        static RULE: Rule = Rule {
            name: "straight",
            why: "crooked things fall",
            fix: "straighten it",
            excuse: None,
        };
        let finding = Finding {
            rule: &RULE,
            path: "crates/care/src/lib.rs".into(),
            line: 7,
            what: "`tower` leans".into(),
        };
        assert_eq!(
            finding.to_string(),
            "crates/care/src/lib.rs:7: [straight] `tower` leans\n    \
             why: crooked things fall\n    fix: straighten it"
        );
    }
}
