//! The small parts that many pages share: chips, acts, choices.

use std::fmt::{self, Display};

use askama::Template;
use askama::filters::HtmlSafe;

use super::icon::Icon;
use super::urls::Link;

/// What a colour means. There are four meanings and one neutral; nothing is
/// coloured for looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Just a fact.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// To watch.
    Warn,
    /// Wrong, or stopped.
    Bad,
    /// On its way, or said by the other side.
    Info,
}

impl Tone {
    /// Returns the style's class.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Plain => "n",
            Self::Good => "g",
            Self::Warn => "w",
            Self::Bad => "b",
            Self::Info => "i",
        }
    }
}

/// A state in a word or two.
#[derive(Clone, Debug, Template)]
#[template(
    ext = "html",
    source = r#"<span class="chip {{ tone.class() }}">{% if let Some(icon) = icon %}{{ icon }}{% endif %}{{ text }}</span>"#
)]
pub struct Chip {
    /// What it means.
    pub tone: Tone,
    /// The words.
    pub text: String,
    /// A sign before the words.
    pub icon: Option<Icon>,
}

impl Chip {
    /// Makes a chip without a sign.
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            tone,
            text: text.into(),
            icon: None,
        }
    }

    /// Puts a sign before the words.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }
}

impl HtmlSafe for Chip {}

/// How an act is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Follow a link.
    Go,
    /// Send the page's one act form, which carries the token against forgery.
    Post,
}

/// One thing to do, as a link or a button; it works as a plain form.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/act.html")]
pub struct Act {
    label: String,
    url: Link,
    way: Way,
    class: &'static str,
    key: Option<char>,
    /// Whose row it is in, for who hears the page: "Confirm, Ana Morales".
    about: Option<String>,
    field: Option<(&'static str, &'static str)>,
}

impl Act {
    /// Makes an act that opens a page.
    pub fn go(label: impl Into<String>, url: impl Into<Link>) -> Self {
        Self::new(label, url.into(), Way::Go)
    }

    /// Makes an act that changes something.
    pub fn post(label: impl Into<String>, url: impl Into<Link>) -> Self {
        Self::new(label, url.into(), Way::Post)
    }

    fn new(label: impl Into<String>, url: Link, way: Way) -> Self {
        Self {
            label: label.into(),
            url,
            way,
            class: "btn",
            key: None,
            about: None,
            field: None,
        }
    }

    /// Makes it the first act of a row, filled while the row is held.
    #[must_use]
    pub fn first(mut self) -> Self {
        self.class = "btn first";
        self
    }

    /// Makes it words only, for rows that must stay quiet.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.class = "btn text";
        self
    }

    /// Marks an act that cannot be taken back.
    #[must_use]
    pub fn danger(mut self) -> Self {
        self.class = "btn danger";
        self
    }

    /// Gives it a key while its row is held.
    #[must_use]
    pub fn key(mut self, key: char) -> Self {
        self.key = Some(key);
        self
    }

    /// Says about whom it is.
    #[must_use]
    pub fn about(mut self, whom: impl Into<String>) -> Self {
        self.about = Some(whom.into());
        self
    }

    /// Sends a value along.
    #[must_use]
    pub fn field(mut self, name: &'static str, value: &'static str) -> Self {
        self.field = Some((name, value));
        self
    }

    fn posts(&self) -> bool {
        self.way == Way::Post
    }
}

impl HtmlSafe for Act {}

/// The hidden field that proves that a form is ours.
#[derive(Clone, Template)]
#[template(
    ext = "html",
    source = r#"<input type="hidden" name="csrf" value="{{ token }}">"#
)]
pub struct Csrf {
    token: String,
}

impl Csrf {
    /// Wraps the session's token.
    pub fn new(token: impl Into<String>) -> Self {
        Self {
            token: token.into(),
        }
    }
}

impl HtmlSafe for Csrf {}

/// One value that can be chosen from a list.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What people read.
    pub label: String,
    /// Chosen now.
    pub chosen: bool,
}

impl Choice {
    /// Makes the choices of a list from pairs of value and label.
    pub fn list<V: Display, L: Display>(
        pairs: impl IntoIterator<Item = (V, L)>,
        chosen: &str,
    ) -> Vec<Self> {
        pairs
            .into_iter()
            .map(|(value, label)| {
                let value = value.to_string();
                Self {
                    chosen: value == chosen,
                    value,
                    label: label.to_string(),
                }
            })
            .collect()
    }
}

/// A link among several of which one is the present.
#[derive(Clone, Debug)]
pub struct Tab {
    /// The words.
    pub label: String,
    /// Where it leads.
    pub url: Link,
    /// Shown now.
    pub here: bool,
}

/// What a reader is told after an act.
#[derive(Clone, Debug)]
pub struct Flash {
    /// What it means.
    pub tone: Tone,
    /// The words.
    pub text: String,
}

impl Flash {
    /// Makes a flash.
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            tone,
            text: text.into(),
        }
    }

    /// Returns the sign that says the same as the colour.
    pub const fn icon(&self) -> Icon {
        match self.tone {
            Tone::Good => Icon::Check,
            Tone::Warn | Tone::Bad => Icon::Warn,
            Tone::Plain | Tone::Info => Icon::Info,
        }
    }
}

/// What is wrong with words that staff wrote, and whether that is for them to judge.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/advice.html")]
pub struct Advice {
    /// Each with its reason.
    pub problems: Vec<String>,
    /// They may be sent as they are.
    pub can_insist: bool,
}

impl HtmlSafe for Advice {}

/// The way to the neighbouring pages of a long list.
#[derive(Clone, Debug, Default)]
pub struct Pager {
    /// Newer entries.
    pub newer: Option<Link>,
    /// Older entries.
    pub older: Option<Link>,
}

impl Pager {
    /// Tells whether there is anywhere to go.
    pub const fn is_needed(&self) -> bool {
        self.newer.is_some() || self.older.is_some()
    }
}

/// Writes a count with its noun: `1 visit`, `3 visits`.
pub fn count(n: u32, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        thousands(u64::from(n)),
        if n == 1 { one } else { many }
    )
}

/// Writes a whole number with commas: `12,402`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let lead = digits.len() % 3;
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && i % 3 == lead {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Joins the parts that are there with a middle dot.
pub fn dotted<S: AsRef<str>>(parts: impl IntoIterator<Item = S>) -> String {
    let mut out = String::new();
    for part in parts {
        let part = part.as_ref();
        if part.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push_str(" · ");
        }
        out.push_str(part);
    }
    out
}

/// What a page formats moments with is never `Debug`-printed with its token.
impl fmt::Debug for Csrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Csrf(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::super::urls::Url;
    use super::*;

    #[test]
    fn an_act_that_changes_something_is_a_button_of_the_act_form() {
        let act = Act::post("Confirm", Url::SignOut)
            .first()
            .key('y')
            .about("Ana <b>");
        let html = act.to_string();
        assert!(html.starts_with(r#"<button class="btn first""#), "{html}");
        assert!(
            html.contains(r#"form="act" formaction="/sign-out""#),
            "{html}"
        );
        assert!(html.contains(r#"data-key="y""#), "{html}");
        assert!(!html.contains("<b>"), "{html}");
        assert!(Act::go("Open", Url::Today).to_string().starts_with("<a "));
    }

    #[test]
    fn chips_escape_their_words() {
        let html = Chip::new(Tone::Bad, "<i>").icon(Icon::Cross).to_string();
        assert!(html.starts_with(r#"<span class="chip b"><svg"#));
        assert!(!html.contains("<i>"));
    }

    #[test]
    fn numbers_and_lists_read_well() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(12_402), "12,402");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(count(1, "visit", "visits"), "1 visit");
        assert_eq!(count(1_200, "visit", "visits"), "1,200 visits");
        assert_eq!(dotted(["a", "", "b"]), "a · b");
    }

    #[test]
    fn a_token_is_not_debug_printed() {
        assert_eq!(format!("{:?}", Csrf::new("secret")), "Csrf(…)");
    }
}
