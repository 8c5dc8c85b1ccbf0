//! Settings: the practice, its places, its words, its journeys, its people and
//! its carriers. Every page is one plain form or a list of them.

pub mod account;
pub mod carriers;
pub mod journeys;
pub mod locations;
pub mod practice;
pub mod template;
pub mod templates;
pub mod users;

use tendon_care::access::Permission;

use super::frame::Frame;
use super::parts::Tab;
use super::urls::Url;

/// A page of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// The practice.
    Practice,
    /// Its locations.
    Locations,
    /// Its templates.
    Templates,
    /// Its journeys.
    Journeys,
    /// Its users.
    Users,
    /// Its carriers.
    Carriers,
    /// The reader's own account.
    Account,
}

impl Topic {
    /// Every topic in order.
    pub const ALL: [Self; 7] = [
        Self::Practice,
        Self::Locations,
        Self::Templates,
        Self::Journeys,
        Self::Users,
        Self::Carriers,
        Self::Account,
    ];

    const fn entry(self) -> (&'static str, Url) {
        match self {
            Self::Practice => ("Practice", Url::Settings),
            Self::Locations => ("Locations", Url::Locations),
            Self::Templates => ("Templates", Url::Templates),
            Self::Journeys => ("Journeys", Url::Journeys),
            Self::Users => ("Users", Url::Users),
            Self::Carriers => ("Carriers", Url::Carriers),
            Self::Account => ("Your account", Url::Account),
        }
    }

    /// Returns the permission without which the topic is not shown, if any.
    pub const fn needs(self) -> Option<Permission> {
        match self {
            Self::Account => None,
            Self::Users | Self::Carriers => Some(Permission::Administer),
            _ => Some(Permission::EditSettings),
        }
    }

    /// Returns the topics that the reader may open.
    pub fn menu(self, frame: &Frame) -> Vec<Tab> {
        Self::ALL
            .into_iter()
            .filter(|topic| topic.needs().is_none_or(|needed| frame.may(needed)))
            .map(|topic| {
                let (label, url) = topic.entry();
                Tab {
                    label: label.to_owned(),
                    url: url.into(),
                    here: topic == self,
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use tendon_care::access::Role;

    use super::super::frame::Section;
    use super::super::sample;
    use super::*;

    #[test]
    fn a_manager_does_not_see_users_and_carriers() {
        let mut frame = sample::frame(Section::Settings);
        assert_eq!(Topic::Users.menu(&frame).len(), Topic::ALL.len());
        let mut labels = |role| {
            frame.role = role;
            let menu = Topic::Practice.menu(&frame).into_iter();
            menu.map(|tab| tab.label).collect::<Vec<_>>()
        };
        assert_eq!(
            labels(Role::Manager),
            [
                "Practice",
                "Locations",
                "Templates",
                "Journeys",
                "Your account"
            ]
        );
        assert_eq!(labels(Role::Therapist), ["Your account"]);
    }
}
