//! The icons: our own strokes on a grid of 16, drawn inline so that they take
//! the colour of the words beside them and cost no request.

use std::fmt;

use askama::filters::HtmlSafe;

/// A sign. Always beside words or on a control with a label, so it is hidden
/// from readers of the page's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// The day's work.
    Today,
    /// Threads.
    Inbox,
    /// People.
    Patients,
    /// What became of messages.
    Messages,
    /// What the sandbox holds.
    Sandbox,
    /// The audit trail.
    Audit,
    /// Settings.
    Settings,
    /// Search.
    Search,
    /// Yes, done, passed.
    Check,
    /// No, stopped.
    Cross,
    /// Something to know.
    Info,
    /// Something to watch.
    Warn,
    /// A clock: quiet hours, held.
    Clock,
    /// A phone call.
    Phone,
    /// A text message.
    Text,
    /// An e-mail.
    Mail,
    /// A place.
    Pin,
    /// A day in the calendar.
    Calendar,
    /// A person.
    Person,
    /// What happened: the event at the root of a chain.
    Spark,
    /// A journey.
    Path,
    /// Consent.
    Hand,
    /// The attention budget.
    Gauge,
    /// A receipt.
    Receipt,
    /// Sign-out.
    Leave,
    /// Light and dark.
    Theme,
    /// Rows closer together or apart.
    Rows,
    /// The keyboard.
    Keyboard,
    /// From here to there.
    Arrow,
    /// A lock.
    Lock,
    /// Paused.
    Pause,
}

impl Icon {
    /// Returns the strokes.
    const fn path(self) -> &'static str {
        match self {
            Self::Today => "M2.5 8.5 8 3l5.5 5.5M4 7.5V13h3v-3h2v3h3V7.5",
            Self::Inbox => "M2 9.5 4 3.5h8l2 6v3H2zM2 9.5h3.5l1 1.5h3l1-1.5H14",
            Self::Patients => {
                "M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M11 3.3a2.3 2.3 0 0 1 0 4.4M12.5 10c1.3.6 2 1.8 2 3.5"
            }
            Self::Messages => "M2.5 4h11v7.5h-6L4.5 14v-2.5h-2zM5.5 7h5M5.5 9h3",
            Self::Sandbox => "M4.5 1.5h7v13h-7zM7.2 12.3h1.6",
            Self::Audit => {
                "M8 1.5 3 3.5V8c0 3 2 5.3 5 6.5 3-1.2 5-3.5 5-6.5V3.5zM5.8 8l1.6 1.6 2.9-3"
            }
            Self::Settings => {
                "M2 4.5h6M12 4.5h2M2 11.5h2M8 11.5h6M10 6.3a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6zM6 13.3a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z"
            }
            Self::Search => "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.6 10.6 14 14",
            Self::Check => "M3 8.5 6.5 12 13 4.5",
            Self::Cross => "M4 4l8 8M12 4l-8 8",
            Self::Info => "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.5V11M8 5v.1",
            Self::Warn => "M8 2.5 14.3 13.5H1.7zM8 6.5v3.3M8 11.7v.1",
            Self::Clock => "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.6",
            Self::Phone => {
                "M3 2.5h2.5l1.3 3.3-1.6 1.2c.8 1.7 2.1 3 3.8 3.8l1.2-1.6 3.3 1.3V13c0 .6-.5 1-1 1C6.5 14 2 9.5 2 3.5c0-.5.4-1 1-1z"
            }
            Self::Text => "M2.5 3.5h11v8h-6l-3 2.5v-2.5h-2z",
            Self::Mail => "M2 4h12v8.5H2zM2 4.5l6 4.5 6-4.5",
            Self::Pin => {
                "M8 14.5c3-3.4 4.5-5.9 4.5-8a4.5 4.5 0 0 0-9 0c0 2.1 1.5 4.6 4.5 8zM8 8a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z"
            }
            Self::Calendar => "M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v2.5M10.5 2v2.5",
            Self::Person => {
                "M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8zM2.5 14c.3-2.8 2.5-4.2 5.5-4.2s5.2 1.4 5.5 4.2"
            }
            Self::Spark => "M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z",
            Self::Path => {
                "M4 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM12 5.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM5.5 12H10a2 2 0 0 0 0-4H6a2 2 0 0 1 0-4h4.5"
            }
            Self::Hand => {
                "M5 8.5V4a1 1 0 0 1 2 0v3.5V3a1 1 0 0 1 2 0v4.5V4a1 1 0 0 1 2 0v6c0 2.5-1.5 4-3.7 4C5 14 4.3 12.8 3 10.3a1 1 0 0 1 1.7-1z"
            }
            Self::Gauge => "M2.5 11.5a5.5 5.5 0 1 1 11 0M8 11.5l2.5-4",
            Self::Receipt => "M2 8.5 4.5 11 9 5.5M7.5 10l1 1L13.5 5.5",
            Self::Leave => "M9.5 2.5h-6v11h6M7 8h7M11.5 5.5 14 8l-2.5 2.5",
            Self::Theme => "M8 2a6 6 0 1 0 6 6 4.5 4.5 0 0 1-6-6z",
            Self::Rows => "M2.5 3.5h11M2.5 6.5h11M2.5 9.5h11M2.5 12.5h11",
            Self::Keyboard => {
                "M1.5 4h13v8.5h-13zM4 6.5v.1M6.7 6.5v.1M9.3 6.5v.1M12 6.5v.1M4 9.8v.1M6 9.8h4M12 9.8v.1"
            }
            Self::Arrow => "M3 8h10M9 4l4 4-4 4",
            Self::Lock => "M3.5 7h9v7h-9zM5.5 7V5a2.5 2.5 0 0 1 5 0v2",
            Self::Pause => "M5.5 3.5v9M10.5 3.5v9",
        }
    }
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            r#"<svg class="ico" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d="{}"/></svg>"#,
            self.path()
        )
    }
}

impl HtmlSafe for Icon {}

/// The mark of Tendon: a tendon's curve on a tile.
#[derive(Clone, Copy, Debug)]
pub struct Mark;

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(concat!(
            r#"<svg class="mark" viewBox="0 0 20 20" aria-hidden="true" focusable="false">"#,
            r#"<rect class="a" width="20" height="20" rx="5.5"/>"#,
            r#"<path class="b" d="M5 13.5C8 13.5 7.5 6.5 10 6.5S12 13.5 15 13.5"/></svg>"#
        ))
    }
}

impl HtmlSafe for Mark {}
