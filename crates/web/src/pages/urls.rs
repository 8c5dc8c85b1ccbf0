//! Every address of the staff pages and the portal, as a typed value.
//!
//! One table makes both the pattern that the router is given and the address
//! that a page prints, so that the two cannot drift apart and no template ever
//! glues a path together.

use std::fmt::{self, Display, Write};
use std::str::FromStr;

use tendon_care::id::{
    AppointmentId, ConversationId, EnrolmentId, LocationId, MergeId, MessageId, PatientId, TaskId,
    UserId,
};

macro_rules! urls {
    ($($(#[$doc:meta])* $name:ident $(($($kind:ty),+))? = $pattern:literal;)*) => {
        /// A place in Tendon.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Url {$(
            $(#[$doc])*
            $name $(($($kind),+))?,
        )*}

        /// The patterns by the names of their places, for the router and the table
        /// of what each place needs.
        #[allow(
            non_upper_case_globals,
            reason = "a pattern is called like the place that it leads to"
        )]
        pub mod at {
            $(
                #[doc = concat!("`", $pattern, "`")]
                pub const $name: &str = $pattern;
            )*
        }

        impl Url {
            /// The pattern of every address, in the router's syntax.
            pub const PATTERNS: &'static [&'static str] = &[$($pattern),*];
        }

        impl Display for Url {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                $(urls!(@arm self, f, $name, $pattern $(, $($kind),+)?);)*
                Ok(())
            }
        }
    };
    (@arm $me:ident, $f:ident, $name:ident, $pattern:literal) => {
        if matches!($me, Self::$name) { return $f.write_str($pattern); }
    };
    (@arm $me:ident, $f:ident, $name:ident, $pattern:literal, $one:ty) => {
        if let Self::$name(one) = $me { return fill($f, $pattern, &[one]); }
    };
    (@arm $me:ident, $f:ident, $name:ident, $pattern:literal, $one:ty, $two:ty) => {
        if let Self::$name(one, two) = $me { return fill($f, $pattern, &[one, two]); }
    };
}

urls! {
    /// Sign-in with e-mail and password.
    SignIn = "/sign-in";
    /// The code of the authenticator app.
    SecondFactor = "/sign-in/code";
    /// Setting up the authenticator app.
    Enrol = "/sign-in/enrol";
    /// A sign-in link that works once, made on the command line.
    SignInLink(LinkToken) = "/sign-in/link/{link}";
    /// Sign-out.
    SignOut = "/sign-out";
    /// Theme and density of this browser.
    Look = "/look";
    /// The reader's own account.
    Account = "/account";
    /// The stream of changed topics.
    Events = "/events";
    /// A file of our own: style, module or icon.
    Asset(Asset) = "/assets/{name}";

    /// What needs a person now.
    Today = "/";
    /// A visit, confirmed by staff for the patient.
    VisitConfirm(AppointmentId) = "/visits/{visit}/confirm";
    /// A visit that the patient cannot come to.
    VisitCancel(AppointmentId) = "/visits/{visit}/cancel";
    /// A task, done.
    TaskDone(TaskId) = "/tasks/{task}/done";
    /// A task, taken by who asks.
    TaskTake(TaskId) = "/tasks/{task}/take";
    /// The search for patients.
    Patients = "/patients";
    /// One patient.
    Patient(PatientId) = "/patients/{patient}";
    /// A message written by staff.
    PatientWrite(PatientId) = "/patients/{patient}/write";
    /// All automation for a patient, paused or let go on.
    PatientPause(PatientId) = "/patients/{patient}/pause";
    /// The next proposal to book the rest of the plan.
    PatientPropose(PatientId) = "/patients/{patient}/propose";
    /// Records that may be the same person, and those that were merged.
    PatientSame(PatientId) = "/patients/{patient}/same";
    /// A merge, taken back.
    MergeUndo(PatientId, MergeId) = "/patients/{patient}/merges/{merge}/undo";
    /// A planned message that is not to be sent.
    PlannedSkip(PatientId, PlannedId) = "/patients/{patient}/planned/{planned}/skip";
    /// A planned message that is to go out at another time.
    PlannedMove(PatientId, PlannedId) = "/patients/{patient}/planned/{planned}/move";
    /// A planned message that is to go out now.
    PlannedSend(PatientId, PlannedId) = "/patients/{patient}/planned/{planned}/send";
    /// A new dated entry in the consent ledger.
    PatientConsent(PatientId) = "/patients/{patient}/consents";

    /// All threads.
    Inbox = "/inbox";
    /// One thread.
    Thread(ConversationId) = "/inbox/{thread}";
    /// A reply in a thread.
    ThreadReply(ConversationId) = "/inbox/{thread}/reply";
    /// How many texts a draft makes.
    ThreadMeasure(ConversationId) = "/inbox/{thread}/measure";
    /// A thread that needs nothing more.
    ThreadDone(ConversationId) = "/inbox/{thread}/done";

    /// What became of every message.
    Messages = "/messages";
    /// The cause chain of one message.
    Message(MessageId) = "/messages/{message}";
    /// What the sandbox carrier holds.
    Sandbox = "/sandbox";
    /// An answer written in the patient's place.
    SandboxAnswer(ConversationId) = "/sandbox/{thread}/answer";

    /// The practice.
    Settings = "/settings";
    /// Its locations and their hours.
    Locations = "/settings/locations";
    /// One location.
    Location(LocationId) = "/settings/locations/{location}";
    /// The templates.
    Templates = "/settings/templates";
    /// One template.
    Template(Name) = "/settings/templates/{name}";
    /// A template's preview while it is being written.
    TemplatePreview(Name) = "/settings/templates/{name}/preview";
    /// The journeys.
    Journeys = "/settings/journeys";
    /// A journey's switch.
    JourneySwitch(Name) = "/settings/journeys/{name}/switch";
    /// Users and roles.
    Users = "/settings/users";
    /// A user's role.
    UserRole(UserId) = "/settings/users/{user}/role";
    /// A user who may sign in no more.
    UserRevoke(UserId) = "/settings/users/{user}/revoke";
    /// The carriers.
    Carriers = "/settings/carriers";
    /// The audit trail.
    Audit = "/audit";
    /// The audit trail as a file.
    AuditExport = "/audit/export";

    /// What a patient sees first behind a signed link.
    Portal(LinkToken) = "/portal/{link}";
    /// The answer to the question for the birthday.
    PortalCheck(LinkToken) = "/portal/{link}/check";
    /// The patient says yes.
    PortalConfirm(LinkToken) = "/portal/{link}/confirm";
    /// The patient asks for another time.
    PortalMove(LinkToken) = "/portal/{link}/move";
    /// The patient cannot come.
    PortalCancel(LinkToken) = "/portal/{link}/cancel";
    /// The visit as a calendar file.
    PortalCalendar(LinkToken) = "/portal/{link}/visit.ics";
    /// The patient's language.
    PortalLanguage(LinkToken) = "/portal/{link}/language";
    /// What the patient wants to hear, and how.
    PortalPreferences(LinkToken) = "/portal/{link}/preferences";
    /// Nothing more, please.
    PortalStop(LinkToken) = "/portal/{link}/stop";
    /// The one-click way out of a kind of e-mail.
    Unsubscribe(LinkToken) = "/unsubscribe/{link}";
    /// A fresh link to the address that the old one went to.
    PortalRenew(LinkToken) = "/portal/{link}/renew";
}

/// Writes the pattern with its braces filled, in order.
fn fill(f: &mut fmt::Formatter<'_>, pattern: &str, values: &[&dyn Display]) -> fmt::Result {
    let mut rest = pattern;
    for value in values {
        let (before, after) = rest.split_once('{').ok_or(fmt::Error)?;
        let (_, after) = after.split_once('}').ok_or(fmt::Error)?;
        write!(f, "{before}{value}")?;
        rest = after;
    }
    f.write_str(rest)
}

impl Url {
    /// Adds a query pair, percent-encoded.
    pub fn with(self, key: &'static str, value: &str) -> Link {
        Link::from(self).with(key, value)
    }
}

/// An address with its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// Adds a query pair, percent-encoded; an empty value is left out.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: &str) -> Self {
        if value.is_empty() {
            return self;
        }
        self.0.push(if self.0.contains('?') { '&' } else { '?' });
        self.0.push_str(key);
        self.0.push('=');
        encode(value, &mut self.0);
        self
    }

    /// Makes the link that calls a phone.
    pub fn call(e164: &str) -> Self {
        let digits = e164.chars().filter(|c| c.is_ascii_digit() || *c == '+');
        Self(format!("tel:{}", digits.collect::<String>()))
    }
}

impl From<Url> for Link {
    fn from(url: Url) -> Self {
        Self(url.to_string())
    }
}

impl Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// What is planned: a wake-up of a journey, or a message that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlannedId {
    /// A step of a journey will decide then.
    Step(EnrolmentId, Name),
    /// The message exists and waits.
    Message(MessageId),
}

impl Display for PlannedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(id, step) => write!(f, "{id}~{step}"),
            Self::Message(id) => id.fmt(f),
        }
    }
}

/// The name of a definition, such as `visit-reminder`: lower-case letters,
/// digits and hyphens, so that it stands in an address as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Parses a name; `None` for any other character or an empty text.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (!text.is_empty() && text.len() <= 64 && text.bytes().all(plain))
            .then(|| Self(text.to_owned()))
    }
}

impl Name {
    /// Takes a name that is written in the code, for samples.
    pub(super) fn known(text: &'static str) -> Self {
        Self(text.to_owned())
    }
}

impl FromStr for Name {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::parse(text).ok_or(())
    }
}

impl FromStr for LinkToken {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::parse(text).ok_or(())
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The secret part of a signed link: base64url characters only.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkToken(String);

impl LinkToken {
    /// Parses a token of 22 to 128 base64url characters (at least 128 bits).
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        ((22..=128).contains(&text.len()) && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }
}

impl LinkToken {
    /// Takes a token that is written in the code, for samples.
    pub(super) fn known(text: &'static str) -> Self {
        Self(text.to_owned())
    }
}

impl Display for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken(…)")
    }
}

/// A file that the pages fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asset {
    /// The style sheet.
    Style,
    /// Fragment swap.
    Parts,
    /// Live regions.
    Live,
    /// Keys.
    Keys,
    /// Theme.
    Theme,
    /// The icon of the browser's tab.
    Icon,
}

impl Asset {
    /// Every file.
    pub const ALL: [Self; 6] = [
        Self::Style,
        Self::Parts,
        Self::Live,
        Self::Keys,
        Self::Theme,
        Self::Icon,
    ];

    /// Returns the name of the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Style => "style.css",
            Self::Parts => "parts.js",
            Self::Live => "live.js",
            Self::Keys => "keys.js",
            Self::Theme => "theme.js",
            Self::Icon => "icon.svg",
        }
    }
}

impl Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use tendon_care::id::Id;

    use super::*;

    #[test]
    fn addresses_fill_their_pattern_in_order() {
        let patient = PatientId::from_parts(Timestamp::UNIX_EPOCH, [1; 10]);
        let timer = EnrolmentId::from_parts(Timestamp::UNIX_EPOCH, [2; 10]);
        assert_eq!(Url::Today.to_string(), "/");
        assert_eq!(
            Url::PlannedSkip(patient, PlannedId::Step(timer, Name::known("ask"))).to_string(),
            format!("/patients/{patient}/planned/{timer}~ask/skip")
        );
        assert_eq!(Url::Asset(Asset::Style).to_string(), "/assets/style.css");
    }

    #[test]
    fn patterns_are_unique_and_routable() {
        let mut patterns = Url::PATTERNS.to_vec();
        patterns.sort_unstable();
        patterns.dedup();
        assert_eq!(patterns.len(), Url::PATTERNS.len());
        let mut router = axum::Router::<()>::new();
        for pattern in patterns {
            // The router panics on a pattern that it cannot serve beside the others.
            router = router.route(pattern, axum::routing::get(|| async {}));
        }
        drop(router);
    }

    #[test]
    fn queries_are_encoded_and_empty_values_left_out() {
        let link = Url::Messages.with("state", "held").with("q", "a&b=<ñ>");
        assert_eq!(
            link.to_string(),
            "/messages?state=held&q=a%26b%3D%3C%C3%B1%3E"
        );
        assert_eq!(Url::Messages.with("state", "").to_string(), "/messages");
        assert_eq!(Link::call("+1 (312) 555").to_string(), "tel:+1312555");
    }

    #[test]
    fn tokens_and_names_hold_no_other_character() {
        assert!(LinkToken::parse("short").is_none());
        assert!(LinkToken::parse("0123456789abcdef01234/").is_none());
        let token = LinkToken::parse("0123456789abcdefghij-_").unwrap();
        assert_eq!(format!("{token:?}"), "LinkToken(…)");
        assert!(Name::parse("visit-reminder").is_some());
        for bad in ["", "Visit", "a/b", "é"] {
            assert!(Name::parse(bad).is_none(), "{bad}");
        }
    }
}
