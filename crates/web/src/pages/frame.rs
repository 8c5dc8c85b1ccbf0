//! What surrounds every staff page: who is signed in, where they may go, and
//! how this browser wants it to look.

use tendon_care::access::{Permission, Role};

use super::icon::{Icon, Mark};
use super::parts::{Csrf, Flash, Tone};
use super::urls::{Asset, Url};

/// Light, dark, or as the device says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the device says.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Reads the cookie's value; anything else means [`Theme::Auto`].
    pub fn from_code(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }

    /// Returns the attribute's value, where the device is overruled.
    pub const fn code(self) -> Option<&'static str> {
        match self {
            Self::Auto => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }

    /// Returns what the switch sends for a reader without scripts.
    pub const fn other(self) -> &'static str {
        match self {
            Self::Dark => "light",
            Self::Auto | Self::Light => "dark",
        }
    }
}

/// The theme, the density and the assets of any page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Light or dark.
    pub theme: Theme,
    /// Rows closer together.
    pub compact: bool,
}

impl Look {
    /// Returns what the switch of the density sends.
    pub const fn other_density(self) -> &'static str {
        if self.compact { "roomy" } else { "compact" }
    }

    /// Returns the address of the style sheet.
    pub const fn style(self) -> Url {
        Url::Asset(Asset::Style)
    }

    /// Returns the address of the tab's icon.
    pub const fn icon(self) -> Url {
        Url::Asset(Asset::Icon)
    }

    /// Returns the modules of a staff page.
    pub const fn modules(self) -> [Url; 4] {
        [
            Url::Asset(Asset::Parts),
            Url::Asset(Asset::Live),
            Url::Asset(Asset::Keys),
            Url::Asset(Asset::Theme),
        ]
    }

    /// Returns the mark.
    pub const fn mark(self) -> Mark {
        Mark
    }
}

/// A main section of the staff pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What needs a person now.
    Today,
    /// Threads.
    Inbox,
    /// People.
    Patients,
    /// What became of messages.
    Messages,
    /// What the sandbox holds.
    Sandbox,
    /// Settings.
    Settings,
    /// The audit trail.
    Audit,
}

impl Section {
    /// The sections in order.
    pub const ALL: [Self; 7] = [
        Self::Today,
        Self::Inbox,
        Self::Patients,
        Self::Messages,
        Self::Sandbox,
        Self::Audit,
        Self::Settings,
    ];

    /// Returns the permission without which the section is not shown.
    pub const fn needs(self) -> Permission {
        match self {
            Self::Today => Permission::ReadToday,
            Self::Patients => Permission::ReadPatients,
            Self::Inbox | Self::Messages | Self::Sandbox => Permission::ReadMessages,
            Self::Settings => Permission::EditSettings,
            Self::Audit => Permission::ReadAudit,
        }
    }

    /// Returns where the section opens.
    pub fn url(self) -> Url {
        self.entry().2
    }

    const fn entry(self) -> (&'static str, Icon, Url, char) {
        match self {
            Self::Today => ("Today", Icon::Today, Url::Today, 't'),
            Self::Inbox => ("Inbox", Icon::Inbox, Url::Inbox, 'i'),
            Self::Patients => ("Patients", Icon::Patients, Url::Patients, 'p'),
            Self::Messages => ("Messages", Icon::Messages, Url::Messages, 'm'),
            Self::Sandbox => ("Sandbox", Icon::Sandbox, Url::Sandbox, 'b'),
            Self::Settings => ("Settings", Icon::Settings, Url::Settings, 's'),
            Self::Audit => ("Audit", Icon::Audit, Url::Audit, 'a'),
        }
    }
}

/// One entry of the navigation.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The word.
    pub label: &'static str,
    /// The sign.
    pub icon: Icon,
    /// Where it leads.
    pub url: Url,
    /// The key after G.
    pub key: char,
    /// Open now.
    pub here: bool,
    /// How much waits there; 0 shows nothing.
    pub waiting: u32,
    /// Something there cannot wait.
    pub hot: bool,
}

/// A line across the top that stays until its cause is gone.
#[derive(Clone, Debug)]
pub struct Banner {
    /// What it means.
    pub tone: Tone,
    /// The words.
    pub text: String,
}

/// What surrounds a staff page.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The practice's name.
    pub practice: String,
    /// The reader's name.
    pub user: String,
    /// The reader's role.
    pub role: Role,
    /// Where the reader is.
    pub section: Section,
    /// Rows on Today.
    pub today: u32,
    /// Threads that wait for a reply.
    pub inbox: u32,
    /// A possible emergency waits in the inbox.
    pub red_flag: bool,
    /// All messages stay on this machine.
    pub sandbox: bool,
    /// Lines across the top.
    pub banners: Vec<Banner>,
    /// What the reader is told after an act.
    pub flash: Option<Flash>,
    /// Theme and density.
    pub look: Look,
    /// The token of every form.
    pub csrf: Csrf,
    /// The page itself, to which an act on it leads back.
    pub here: String,
}

impl Frame {
    /// Returns the entries of the navigation that the reader may open.
    pub fn entries(&self) -> Vec<Entry> {
        Section::ALL
            .into_iter()
            .filter(|section| self.role.may(section.needs()))
            .filter(|section| *section != Section::Sandbox || self.sandbox)
            .map(|section| self.entry(section))
            .collect()
    }

    fn entry(&self, section: Section) -> Entry {
        let (label, icon, url, key) = section.entry();
        let waiting = match section {
            Section::Today => self.today,
            Section::Inbox => self.inbox,
            _ => 0,
        };
        Entry {
            label,
            icon,
            url,
            key,
            here: section == self.section,
            waiting,
            hot: section == Section::Inbox && self.red_flag,
        }
    }

    /// Returns the reader's role in words.
    pub const fn role_words(&self) -> &'static str {
        role_words(self.role)
    }

    /// Tells whether the reader may do something.
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may(permission)
    }

    /// Returns where the mark leads.
    pub const fn home_url(&self) -> Url {
        Url::Today
    }

    /// Returns where the theme's switch leads.
    pub const fn look_url(&self) -> Url {
        Url::Look
    }

    /// Returns where the search leads.
    pub const fn patients_url(&self) -> Url {
        Url::Patients
    }

    /// Returns the sign of the search.
    pub const fn search_icon(&self) -> Icon {
        Icon::Search
    }

    /// Returns where sign-out leads.
    pub const fn sign_out_url(&self) -> Url {
        Url::SignOut
    }

    /// Returns where the reader's own account is.
    pub const fn account_url(&self) -> Url {
        Url::Account
    }

    /// Returns the stream of changed topics.
    pub const fn events_url(&self) -> Url {
        Url::Events
    }

    /// Returns the icons of the frame's own controls: keyboard, theme, density,
    /// account, leave.
    pub const fn tools(&self) -> (Icon, Icon, Icon, Icon, Icon) {
        (
            Icon::Keyboard,
            Icon::Theme,
            Icon::Rows,
            Icon::Person,
            Icon::Leave,
        )
    }
}

/// Returns a role in words.
pub const fn role_words(role: Role) -> &'static str {
    match role {
        Role::Admin => "Administrator",
        Role::Manager => "Clinic manager",
        Role::FrontDesk => "Front desk",
        Role::Therapist => "Therapist",
        Role::Assistant => "Assistant",
        Role::Marketing => "Marketing",
        Role::Biller => "Biller",
        Role::PrivacyOfficer => "Privacy officer",
        Role::Integration => "Integration",
        Role::Auditor => "Auditor",
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_reader_sees_only_what_they_may_open() {
        let mut frame = sample::frame(Section::Audit);
        frame.role = Role::Auditor;
        let labels: Vec<_> = frame.entries().iter().map(|e| e.label).collect();
        assert_eq!(labels, ["Audit"]);
        frame.role = Role::Marketing;
        let labels: Vec<_> = frame.entries().iter().map(|e| e.label).collect();
        assert_eq!(labels, ["Patients"]);
    }

    #[test]
    fn the_sandbox_is_shown_only_where_messages_stay() {
        let mut frame = sample::frame(Section::Today);
        frame.sandbox = false;
        assert!(frame.entries().iter().all(|e| e.label != "Sandbox"));
        frame.sandbox = true;
        assert!(frame.entries().iter().any(|e| e.label == "Sandbox"));
    }

    #[test]
    fn keys_of_the_sections_differ() {
        let mut keys: Vec<_> = Section::ALL.map(|s| s.entry().3).to_vec();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), Section::ALL.len());
    }

    #[test]
    fn a_theme_is_read_back_as_it_was_written() {
        for theme in [Theme::Auto, Theme::Light, Theme::Dark] {
            assert_eq!(Theme::from_code(theme.code().unwrap_or("auto")), theme);
        }
    }
}
