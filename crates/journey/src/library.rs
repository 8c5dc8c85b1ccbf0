//! The journeys that Tendon ships, compiled in.
//!
//! A practice may edit them; what it edits becomes a version of its own.

use crate::definition::Definition;
use crate::parse::DefinitionProblem;

/// A journey as it is shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shipped {
    /// The name.
    pub name: &'static str,
    /// The definition's text.
    pub text: &'static str,
}

impl Shipped {
    /// Reads the definition. A test keeps every shipped one sound.
    pub fn parse(&self) -> Result<Definition, Vec<DefinitionProblem>> {
        Definition::parse_with_templates(self.name, self.text, &TEMPLATES)
    }
}

/// Every shipped journey.
pub const SHIPPED: [Shipped; 4] = [
    Shipped {
        name: "visit-reminder",
        text: include_str!("../journeys/visit-reminder.toml"),
    },
    Shipped {
        name: "missed-visit",
        text: include_str!("../journeys/missed-visit.toml"),
    },
    Shipped {
        name: "plan-unbooked",
        text: include_str!("../journeys/plan-unbooked.toml"),
    },
    Shipped {
        name: "early-check",
        text: include_str!("../journeys/early-check.toml"),
    },
];

/// The message templates that shipped journeys may send.
pub const TEMPLATES: [&str; 8] = [
    "eval-reminder-3-weeks",
    "eval-reminder-3-days",
    "visit-reminder-3-days",
    "visit-reminder-1-day",
    "visit-reminder-same-day",
    "missed-visit",
    "plan-unbooked",
    "early-check",
];

/// Finds a shipped journey by name.
pub fn find(name: &str) -> Option<Shipped> {
    SHIPPED.into_iter().find(|shipped| shipped.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_journey_is_sound() {
        for shipped in SHIPPED {
            let definition = shipped.parse();
            assert!(definition.is_ok(), "{}: {definition:?}", shipped.name);
            assert_eq!(find(shipped.name), Some(shipped));
        }
        assert_eq!(find("birthday"), None);
    }

    #[test]
    fn every_template_is_sent_by_a_journey() {
        let mut sent: Vec<String> = Vec::new();
        for shipped in SHIPPED {
            sent.extend(shipped.parse().unwrap().templates().map(str::to_owned));
        }
        for template in TEMPLATES {
            assert!(sent.iter().any(|name| name == template), "{template}");
        }
    }
}
