//! Visit: when, with whom, where; yes, another time, or not at all.

use askama::Template;
use jiff::Zoned;

use super::super::icon::Icon;
use super::super::parts::{Flash, Tone};
use super::super::sample::{HOSTILE, RTL, now, on};
use super::super::urls::{Link, Url};
use super::Portal;
use crate::words::Words;

/// The page.
#[derive(Debug, Template)]
#[template(path = "portal/visit.html")]
pub struct Visit {
    /// What surrounds it.
    pub portal: Portal,
    /// Now, in the clinic's zone.
    pub now: Zoned,
    /// The reader's first name; a shared phone shows none.
    pub first_name: Option<String>,
    /// The visit; `None` where none is on the book.
    pub visit: Option<Booked>,
    /// What was just saved elsewhere.
    pub saved: bool,
}

/// The visit.
#[derive(Clone, Debug)]
pub struct Booked {
    /// When it begins.
    pub at: Zoned,
    /// How long it lasts.
    pub minutes: u32,
    /// With whom.
    pub clinician: Option<String>,
    /// Where: name and street.
    pub place: String,
    /// The way there, in the phone's own map.
    pub map: Option<Link>,
    /// Where it stands.
    pub standing: Standing,
}

/// Where the visit stands, as far as the patient can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// On the book, not confirmed.
    Booked,
    /// Given another time since the link was sent.
    Moved,
    /// The patient said yes.
    Confirmed,
    /// The patient asked for another time.
    MoveAsked,
    /// Called off.
    Cancelled,
    /// Over.
    Past,
}

impl Standing {
    /// Tells whether the patient can still say yes.
    pub const fn asks(self) -> bool {
        matches!(self, Self::Booked | Self::Moved)
    }

    /// Tells whether the visit is still expected.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Booked | Self::Moved | Self::Confirmed | Self::MoveAsked
        )
    }
}

impl Visit {
    fn words(&self) -> Words {
        self.portal.words
    }

    fn standing(&self) -> Option<Standing> {
        self.visit.as_ref().map(|visit| visit.standing)
    }

    /// Returns the heading: the greeting, or what the page is where no name
    /// may be shown.
    pub fn heading(&self) -> String {
        self.first_name.as_ref().map_or_else(
            || self.words().visit_next(),
            |name| self.words().hello(name),
        )
    }

    /// Says what the page is about under the greeting.
    pub fn lede(&self) -> Option<String> {
        let visit = self.visit.as_ref()?;
        let today = visit.at.date() == self.now.date();
        match (visit.standing, today) {
            (Standing::Booked | Standing::Confirmed, true) => Some(self.words().visit_today()),
            (Standing::Booked, false) => {
                self.first_name.as_ref().map(|_| self.words().visit_next())
            }
            _ => None,
        }
    }

    /// Says where the visit stands.
    pub fn status(&self) -> Option<Flash> {
        let words = self.words();
        if self.saved {
            return Some(Flash::new(Tone::Good, words.preferences_saved()));
        }
        let (tone, text) = match self.standing()? {
            Standing::Booked => return None,
            Standing::Moved => (Tone::Info, words.visit_moved()),
            Standing::Confirmed => (Tone::Good, words.visit_confirmed()),
            Standing::MoveAsked => (Tone::Info, words.visit_move_asked()),
            Standing::Cancelled => (Tone::Warn, words.visit_cancelled()),
            Standing::Past => (Tone::Good, words.visit_past()),
        };
        Some(Flash::new(tone, text))
    }

    /// Returns the exact instant for machines.
    pub fn instant(&self, visit: &Booked) -> String {
        visit.at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// Returns the day.
    pub fn day(&self, visit: &Booked) -> String {
        let day = self.words().day(&visit.at);
        // Spanish writes weekdays small; a line that stands alone begins large.
        let mut letters = day.chars();
        let mut out = String::new();
        while let Some(letter) = letters.next() {
            if letter.is_alphabetic() {
                out.extend(letter.to_uppercase());
                out.push_str(letters.as_str());
                break;
            }
            out.push(letter);
        }
        out
    }

    /// Returns the time and how long it lasts.
    pub fn time(&self, visit: &Booked) -> String {
        let words = self.words();
        format!(
            "{} · {}",
            words.time(&visit.at),
            words.minutes(visit.minutes)
        )
    }

    /// Returns the addresses of the acts: confirm, move, cannot come, calendar,
    /// preferences.
    pub fn urls(&self) -> [Url; 5] {
        let token = || self.portal.token.clone();
        [
            Url::PortalConfirm(token()),
            Url::PortalMove(token()),
            Url::PortalCancel(token()),
            Url::PortalCalendar(token()),
            Url::PortalPreferences(token()),
        ]
    }

    /// Returns the signs: yes, person, place, calendar.
    pub const fn icons(&self) -> (Icon, Icon, Icon, Icon) {
        (Icon::Check, Icon::Person, Icon::Pin, Icon::Calendar)
    }

    /// Returns every sample with its name.
    pub fn samples(words: Words) -> Vec<(&'static str, Self)> {
        let page = |standing| Self {
            portal: Portal::sample(words),
            now: now(),
            first_name: Some("Ana".to_owned()),
            visit: Some(Booked {
                at: on(2, 8, 40),
                minutes: 40,
                clinician: Some("Dr. Chen".to_owned()),
                place: "Riverside, 120 River St, Chicago".to_owned(),
                map: None,
                standing,
            }),
            saved: false,
        };
        let none = Self {
            visit: None,
            ..page(Standing::Booked)
        };
        let shared = Self {
            first_name: None,
            ..page(Standing::Booked)
        };
        let mut today = page(Standing::Confirmed);
        let mut hostile = page(Standing::Moved);
        if let Some(visit) = &mut today.visit {
            visit.at = on(0, 14, 0);
        }
        hostile.first_name = Some(RTL.to_owned());
        HOSTILE.clone_into(&mut hostile.portal.practice);
        if let Some(visit) = &mut hostile.visit {
            visit.clinician = Some(HOSTILE.to_owned());
            HOSTILE.clone_into(&mut visit.place);
        }
        vec![
            ("booked", page(Standing::Booked)),
            ("confirmed", page(Standing::Confirmed)),
            ("today", today),
            ("move-asked", page(Standing::MoveAsked)),
            ("cancelled", page(Standing::Cancelled)),
            ("past", page(Standing::Past)),
            ("none", none),
            ("shared", shared),
            ("hostile", hostile),
        ]
    }
}

#[cfg(test)]
mod tests {
    use tendon_care::language::Language;

    use super::*;

    fn html(name: &str) -> String {
        Visit::samples(Words(Language::English))
            .into_iter()
            .find(|(n, _)| *n == name)
            .unwrap()
            .1
            .render()
            .unwrap()
    }

    #[test]
    fn each_standing_offers_only_what_can_still_be_done() {
        for (name, confirm, cancel, calendar) in [
            ("booked", true, true, true),
            ("confirmed", false, true, true),
            ("move-asked", false, true, true),
            ("cancelled", false, false, false),
            ("past", false, false, false),
            ("none", false, false, false),
        ] {
            let html = html(name);
            assert_eq!(html.contains("/confirm\""), confirm, "{name}");
            assert_eq!(html.contains("/cancel\""), cancel, "{name}");
            assert_eq!(html.contains("/visit.ics\""), calendar, "{name}");
        }
    }

    #[test]
    fn a_shared_phone_shows_no_name() {
        assert!(html("booked").contains("Ana"));
        assert!(!html("shared").contains("Ana"));
    }

    #[test]
    fn a_line_that_stands_alone_begins_large() {
        let (_, page) = Visit::samples(Words(Language::Spanish)).swap_remove(0);
        let day = page.day(page.visit.as_ref().unwrap());
        assert!(day.contains("Miércoles"), "{day}");
    }
}
