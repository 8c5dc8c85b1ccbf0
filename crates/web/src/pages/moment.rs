//! Moments as people read them: in the clinic's zone, on a 12-hour clock, with
//! the exact instant in the markup for machines.

use std::fmt;

use askama::filters::HtmlSafe;
use jiff::Zoned;
use jiff::civil::Date;

/// How much of a moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Clock,
    Day,
    DayClock,
    DateClock,
    Full,
}

/// A moment in the clinic's zone, printed as a `<time>` element.
#[derive(Clone, Debug)]
pub struct When {
    at: Zoned,
    shape: Shape,
}

impl When {
    /// Writes the time of day: `8:40 AM`.
    pub fn clock(at: &Zoned) -> Self {
        Self::new(at, Shape::Clock)
    }

    /// Writes the day: `Nov 25, 2026`.
    pub fn day(at: &Zoned) -> Self {
        Self::new(at, Shape::Day)
    }

    /// Writes weekday and time, for what is near: `Wed 8:40 AM`.
    pub fn near(at: &Zoned) -> Self {
        Self::new(at, Shape::DayClock)
    }

    /// Writes weekday, day and time, for what is a while away: `Wed, Nov 25 8:40 AM`.
    pub fn ahead(at: &Zoned) -> Self {
        Self::new(at, Shape::DateClock)
    }

    /// Writes everything, for records: `Nov 25, 2026, 8:40:00 AM CST`.
    pub fn full(at: &Zoned) -> Self {
        Self::new(at, Shape::Full)
    }

    fn new(at: &Zoned, shape: Shape) -> Self {
        Self {
            at: at.clone(),
            shape,
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.shape {
            Shape::Clock => clock(&self.at),
            Shape::Day => self.at.strftime("%b %-d, %Y").to_string(),
            Shape::DayClock => format!("{} {}", self.at.strftime("%a"), clock(&self.at)),
            // Where there is no room for both, the line breaks before the time.
            Shape::DateClock => {
                let day = self.at.strftime("%a,\u{a0}%b\u{a0}%-d");
                format!("{day} {}", clock(&self.at))
            }
            Shape::Full => self.at.strftime("%b %-d, %Y, %-I:%M:%S %p %Z").to_string(),
        };
        let instant = self.at.strftime("%Y-%m-%dT%H:%M:%S%:z");
        write!(f, r#"<time datetime="{instant}">{words}</time>"#)
    }
}

impl HtmlSafe for When {}

/// Writes the time of day: `8:40 AM`.
pub fn clock(at: &Zoned) -> String {
    at.strftime("%-I:%M %p").to_string()
}

/// Writes a day as a heading relative to today: `Today`, `Tomorrow`,
/// `Yesterday`, `Friday, November 20`, and with the year where it is another.
pub fn heading(day: Date, today: Date) -> String {
    match days_between(today, day) {
        0 => "Today".to_owned(),
        1 => "Tomorrow".to_owned(),
        -1 => "Yesterday".to_owned(),
        _ if day.year() == today.year() => day.strftime("%A, %B %-d").to_string(),
        _ => day.strftime("%A, %B %-d, %Y").to_string(),
    }
}

/// Writes a day in a list: `Nov 25`, and with the year where it is another.
pub fn short(day: Date, today: Date) -> String {
    if day.year() == today.year() {
        day.strftime("%b %-d").to_string()
    } else {
        day.strftime("%b %-d, %Y").to_string()
    }
}

/// Writes how long ago something was, in the largest unit that says enough:
/// `just now`, `4 min ago`, `5 h ago`, `3 days ago`. The future says `in …`.
pub fn relative(at: &Zoned, now: &Zoned) -> String {
    let minutes = now.timestamp().duration_since(at.timestamp()).as_mins();
    let (size, past) = (minutes.abs(), minutes >= 0);
    let words = match size {
        0 => return "just now".to_owned(),
        1..=59 => format!("{size} min"),
        60..=1439 => format!("{} h", size / 60),
        1440..=2879 => "1 day".to_owned(),
        _ => format!("{} days", size / 1440),
    };
    if past {
        format!("{words} ago")
    } else {
        format!("in {words}")
    }
}

/// Counts the days from one date to another, negative where it is earlier.
pub fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;

    use super::*;

    fn at() -> Zoned {
        date(2026, 11, 25)
            .at(8, 40, 0, 0)
            .in_tz("America/Chicago")
            .unwrap()
    }

    #[test]
    fn a_moment_is_read_by_people_and_machines() {
        assert_eq!(
            When::clock(&at()).to_string(),
            r#"<time datetime="2026-11-25T08:40:00-06:00">8:40 AM</time>"#
        );
        assert!(When::near(&at()).to_string().contains(">Wed 8:40 AM<"));
        assert!(
            When::ahead(&at())
                .to_string()
                .contains(">Wed,\u{a0}Nov\u{a0}25 8:40 AM<")
        );
        assert!(When::day(&at()).to_string().contains(">Nov 25, 2026<"));
        assert!(
            When::full(&at())
                .to_string()
                .contains(">Nov 25, 2026, 8:40:00 AM CST<")
        );
    }

    #[test]
    fn headings_say_how_far_a_day_is() {
        let today = date(2026, 12, 31);
        assert_eq!(heading(today, today), "Today");
        assert_eq!(heading(date(2027, 1, 1), today), "Tomorrow");
        assert_eq!(heading(date(2026, 12, 30), today), "Yesterday");
        assert_eq!(heading(date(2026, 2, 28), today), "Saturday, February 28");
        assert_eq!(
            heading(date(2027, 1, 2), today),
            "Saturday, January 2, 2027"
        );
        assert_eq!(short(date(2026, 11, 5), today), "Nov 5");
        assert_eq!(short(date(2027, 11, 5), today), "Nov 5, 2027");
    }

    #[test]
    fn relative_words_pick_the_unit() {
        let now = at();
        let ago = |span: jiff::Span| relative(&now.checked_sub(span).unwrap(), &now);
        assert_eq!(ago(20.seconds()), "just now");
        assert_eq!(ago(4.minutes()), "4 min ago");
        assert_eq!(ago(90.minutes()), "1 h ago");
        assert_eq!(ago(25.hours()), "1 day ago");
        assert_eq!(ago(72.hours()), "3 days ago");
        assert_eq!(ago((-12).minutes()), "in 12 min");
    }
}
