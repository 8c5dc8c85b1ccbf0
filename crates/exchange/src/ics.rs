//! A visit as an iCalendar file, for the "add to calendar" link of a patient.
//!
//! The file leaves our hands: it ends up in shared family calendars and at mail
//! providers. It therefore names the clinic, the place and the time and nothing
//! else, is marked private, and carries no link (a signed link would open the
//! visit to everybody who sees the calendar).
//!
//! *Source*: RFC 5545 (iCalendar), RFC 5546 §3.2.1 (PUBLISH), RFC 6868
//! (parameter values), RFC 7986 §5.3 (UID).

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tendon_care::contact::Email;
use tendon_care::id::{AppointmentId, Id as _};

/// Lines are folded so that none is longer, its line break not counted
/// (RFC 5545 §3.1).
const MAX_OCTETS: usize = 75;

/// What a calendar is told of a visit.
#[derive(Clone, Copy, Debug)]
pub struct IcsVisit<'a> {
    /// The visit; the same one always has the same UID.
    pub appointment: AppointmentId,
    /// How often the visit was changed: a calendar replaces what it holds only
    /// by a higher number.
    pub sequence: u32,
    /// When the visit was last changed.
    pub changed_at: Timestamp,
    /// When it begins.
    pub starts_at: Timestamp,
    /// How long it lasts; 0 where that is not known.
    pub minutes: u16,
    /// The name of the clinic that patients read; the only words in the entry.
    pub clinic: &'a str,
    /// The street address of the clinic.
    pub address: Option<&'a str>,
    /// The clinic's mailbox. Without it the entry has no organizer, which
    /// RFC 5546 asks for and calendars do without.
    pub organizer: Option<&'a Email>,
    /// Where the visit stands.
    pub status: IcsStatus,
}

/// Where a visit stands, in the words of RFC 5545 §3.8.1.11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcsStatus {
    /// Booked, and the patient has not said yes.
    Tentative,
    /// The patient said yes.
    Confirmed,
    /// Called off: the calendar strikes it out.
    Cancelled,
}

impl IcsStatus {
    const fn word(self) -> &'static str {
        match self {
            Self::Tentative => "TENTATIVE",
            Self::Confirmed => "CONFIRMED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// Writes one visit as a calendar file (`text/calendar; charset=utf-8; method=PUBLISH`).
///
/// Two calls with the same visit give the same bytes. Times are in UTC, so that
/// no zone definition can disagree with the clinic's.
///
/// # Example
///
/// ```
/// use jiff::Timestamp;
/// use tendon_care::id::{AppointmentId, Id};
/// use tendon_exchange::ics::{self, IcsStatus, IcsVisit};
///
/// let text = ics::visit(&IcsVisit {
///     appointment: AppointmentId::from_parts(Timestamp::UNIX_EPOCH, [7; 10]),
///     sequence: 2,
///     changed_at: "2026-03-01T12:00:00Z".parse().unwrap(),
///     starts_at: "2026-03-02T15:00:00Z".parse().unwrap(),
///     minutes: 45,
///     clinic: "Elm Street Physical Therapy",
///     address: None,
///     organizer: None,
///     status: IcsStatus::Confirmed,
/// });
/// assert!(text.contains("DTSTART:20260302T150000Z\r\nDTEND:20260302T154500Z\r\n"));
/// ```
pub fn visit(visit: &IcsVisit<'_>) -> String {
    let mut file = File::default();
    file.line("BEGIN:VCALENDAR");
    file.line("VERSION:2.0");
    file.line("PRODID:-//Tendon//Tendon//EN");
    file.line("CALSCALE:GREGORIAN");
    file.line("METHOD:PUBLISH");
    file.line("BEGIN:VEVENT");
    file.line(&format!("UID:{}", visit.appointment.uuid().hyphenated()));
    file.line(&format!("SEQUENCE:{}", visit.sequence));
    file.line(&format!("DTSTAMP:{}", utc(visit.changed_at)));
    file.line(&format!("LAST-MODIFIED:{}", utc(visit.changed_at)));
    file.line(&format!("DTSTART:{}", utc(visit.starts_at)));
    if let Some(ends_at) = end(visit) {
        file.line(&format!("DTEND:{}", utc(ends_at)));
    }
    file.line(&format!("SUMMARY:{}", text(visit.clinic)));
    if let Some(address) = visit.address {
        file.line(&format!("LOCATION:{}", text(address)));
    }
    if let Some(email) = visit.organizer {
        let name = parameter(visit.clinic);
        file.line(&format!("ORGANIZER;CN={name}:mailto:{}", email.expose()));
    }
    file.line(&format!("STATUS:{}", visit.status.word()));
    file.line("CLASS:PRIVATE");
    file.line("TRANSP:OPAQUE");
    file.line("END:VEVENT");
    file.line("END:VCALENDAR");
    file.text
}

/// Returns the end; `None` for an unknown length, as an end that equals the
/// start is not allowed (RFC 5545 §3.8.2.2).
fn end(visit: &IcsVisit<'_>) -> Option<Timestamp> {
    let length = SignedDuration::from_mins(i64::from(visit.minutes));
    let ends_at = visit.starts_at.checked_add(length).ok()?;
    (ends_at > visit.starts_at).then_some(ends_at)
}

/// Writes form #2 of DATE-TIME (RFC 5545 §3.3.5), whose years have four digits.
fn utc(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC)
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string()
}

/// Escapes a TEXT value (RFC 5545 §3.3.11); other control characters are dropped.
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let value = value.trim().replace("\r\n", "\n");
    for c in value.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' | '\r' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Quotes a parameter value; what cannot stand in quotes is written as RFC 6868
/// says.
fn parameter(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.trim().chars() {
        match c {
            '^' => out.push_str("^^"),
            '"' => out.push_str("^'"),
            '\n' => out.push_str("^n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[derive(Default)]
struct File {
    text: String,
}

impl File {
    /// Adds a content line, folded between characters, never inside one.
    fn line(&mut self, line: &str) {
        let mut octets = 0;
        for c in line.chars() {
            if octets + c.len_utf8() > MAX_OCTETS {
                self.text.push_str("\r\n ");
                octets = 1;
            }
            self.text.push(c);
            octets += c.len_utf8();
        }
        self.text.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use icalendar::parser::{read_calendar, unfold};
    use proptest::prelude::*;

    fn id(byte: u8) -> AppointmentId {
        AppointmentId::from_parts("2026-01-05T09:00:00Z".parse().unwrap(), [byte; 10])
    }

    fn sample() -> IcsVisit<'static> {
        IcsVisit {
            appointment: id(7),
            sequence: 3,
            changed_at: "2026-03-01T12:00:05Z".parse().unwrap(),
            starts_at: "2026-03-08T07:30:00Z".parse().unwrap(),
            minutes: 45,
            clinic: "Elm Street PT",
            address: Some("12 Elm St, Suite 4\nBoise; ID"),
            organizer: None,
            status: IcsStatus::Tentative,
        }
    }

    /// Reads a property back with somebody else's parser, which also unescapes.
    fn property(file: &str, name: &str) -> Option<String> {
        let unfolded = unfold(file);
        let calendar = read_calendar(&unfolded).unwrap();
        assert_eq!(calendar.components.len(), 1);
        let event = &calendar.components[0];
        assert_eq!(event.name.as_str(), "VEVENT");
        let found: Vec<_> = event.properties.iter().filter(|p| p.name == name).collect();
        assert!(found.len() < 2, "{name} stands more than once");
        found.first().map(|p| p.val.to_string())
    }

    #[test]
    fn a_visit_is_written_line_by_line() {
        let email = Email::parse("front@elm.example").unwrap();
        let written = visit(&IcsVisit {
            clinic: "Elm \"Street\" PT, LLC",
            organizer: Some(&email),
            ..sample()
        });
        let expected = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Tendon//Tendon//EN",
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH",
            "BEGIN:VEVENT",
            "UID:019b8d62-7a80-7707-8707-070707070707",
            "SEQUENCE:3",
            "DTSTAMP:20260301T120005Z",
            "LAST-MODIFIED:20260301T120005Z",
            "DTSTART:20260308T073000Z",
            "DTEND:20260308T081500Z",
            "SUMMARY:Elm \"Street\" PT\\, LLC",
            "LOCATION:12 Elm St\\, Suite 4\\nBoise\\; ID",
            "ORGANIZER;CN=\"Elm ^'Street^' PT, LLC\":mailto:front@elm.example",
            "STATUS:TENTATIVE",
            "CLASS:PRIVATE",
            "TRANSP:OPAQUE",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ];
        assert_eq!(written.split("\r\n").collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_uid_follows_the_visit_and_nothing_else() {
        let first = property(&visit(&sample()), "UID");
        let moved = IcsVisit {
            sequence: 4,
            starts_at: "2026-04-01T15:00:00Z".parse().unwrap(),
            status: IcsStatus::Cancelled,
            ..sample()
        };
        assert_eq!(property(&visit(&moved), "UID"), first);
        let other = IcsVisit {
            appointment: id(8),
            ..sample()
        };
        assert_ne!(property(&visit(&other), "UID"), first);
    }

    #[test]
    fn every_status_has_its_word() {
        for (status, word) in [
            (IcsStatus::Tentative, "TENTATIVE"),
            (IcsStatus::Confirmed, "CONFIRMED"),
            (IcsStatus::Cancelled, "CANCELLED"),
        ] {
            let file = visit(&IcsVisit { status, ..sample() });
            assert_eq!(property(&file, "STATUS").as_deref(), Some(word));
        }
    }

    #[test]
    fn an_unknown_length_leaves_the_end_out() {
        let file = visit(&IcsVisit {
            minutes: 0,
            address: None,
            ..sample()
        });
        assert_eq!(property(&file, "DTEND"), None);
        assert_eq!(property(&file, "LOCATION"), None);
    }

    proptest! {
        #[test]
        fn any_words_come_back_and_no_line_is_too_long(clinic in "\\PC{1,200}", address in "[\\PC\r\n\t]{0,300}") {
            let file = visit(&IcsVisit { clinic: &clinic, address: Some(&address), ..sample() });
            prop_assert!(file.ends_with("\r\n"));
            for line in file.split("\r\n") {
                prop_assert!(line.len() <= MAX_OCTETS);
                prop_assert!(!line.contains(['\r', '\n']));
            }
            let summary = property(&file, "SUMMARY").unwrap_or_default();
            prop_assert_eq!(summary, clinic.trim());
            let location = property(&file, "LOCATION").unwrap_or_default();
            let expected: String = address
                .trim()
                .replace("\r\n", "\n")
                .replace('\r', "\n")
                .chars()
                .filter(|c| *c == '\n' || !c.is_control())
                .collect();
            prop_assert_eq!(location, expected);
        }
    }
}
