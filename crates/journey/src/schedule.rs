//! When a step is due, on the calendar of the practice.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::length::Length;
use crate::moment::{Anchors, Moment, Side};

/// The rule by which a step is due.
///
/// The moment is reckoned first; then, in this order, `at` picks the hour of
/// its day, `not_before` holds it back, `window` moves it into the hours of
/// the day, and `business_day` moves it off weekends and closed days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// From which anchor, and how far.
    pub moment: Moment,
    /// At this local time of that day. After an anchor it is the first such
    /// time that does not come before the moment.
    pub at: Option<Time>,
    /// Never earlier than this.
    pub not_before: Option<Moment>,
    /// Only within these hours of the day.
    pub window: Option<Window>,
    /// Only on business days.
    pub business_day: Option<Roll>,
    /// What to do when it has passed before it could be planned.
    pub past: Past,
}

/// Hours of the day, and where a time outside of them goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first moment of the day.
    pub from: Time,
    /// The last moment of the day.
    pub until: Time,
    /// Where a time outside goes.
    pub outside: Roll,
}

/// In which direction a time is moved that falls where it must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roll {
    /// To the next time that is allowed.
    Later,
    /// Back to the last time that was allowed.
    Earlier,
}

/// What to do with a step whose time has passed before it could be planned,
/// such as "3 weeks before" for a visit booked ten days ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// Leave it out.
    Skip,
    /// Run it now unless it is later than this.
    RunWithin(Length),
    /// Run it now.
    Run,
}

impl Due {
    /// Is due at once.
    pub const NOW: Self = Self {
        moment: Moment::NOW,
        at: None,
        not_before: None,
        window: None,
        business_day: None,
        past: Past::Run,
    };

    /// Returns when the step is due, or `None` while its anchor is not known.
    pub fn instant(&self, anchors: &Anchors<'_>) -> Option<Timestamp> {
        let zone = anchors.facts.zone();
        let anchor = anchors.instant(self.moment.anchor)?;
        let mut instant = self.moment.from(anchor, zone);
        if let Some(time) = self.at {
            instant = self.on_the_hour(instant, time, zone);
        }
        if let Some(floor) = self.not_before {
            instant = instant.max(floor.from(anchors.instant(floor.anchor)?, zone));
        }
        if let Some(window) = self.window {
            instant = window.move_inside(instant, zone);
        }
        if let Some(roll) = self.business_day {
            instant = to_business_day(instant, roll, anchors.facts.closed(), zone);
        }
        Some(instant)
    }

    fn on_the_hour(&self, moment: Timestamp, time: Time, zone: &TimeZone) -> Timestamp {
        let day = moment.to_zoned(zone.clone()).date();
        let same_day = local(day.to_datetime(time), zone);
        // "2 days after, at 9:00" must not come before the two days are over;
        // "3 days before the visit, at 9:00" means the day and not the minute,
        // and so does "on the day of the visit, at 8:00".
        let counts_days = self.moment.side == Side::Before
            || (self.moment.by.is_zero() && self.moment.fact().is_some());
        if same_day >= moment || counts_days {
            return same_day;
        }
        day.tomorrow()
            .map_or(same_day, |next| local(next.to_datetime(time), zone))
    }

    /// Returns the rule in words, such as `3 weeks before the visit, at 10:00`.
    pub fn words(&self) -> String {
        let mut parts = vec![
            match (self.at, self.moment.by.is_zero(), self.moment.fact()) {
                (Some(_), true, Some(key)) => {
                    let anchor = key.variable().map_or("", |variable| variable.words);
                    format!("on the day of {anchor}")
                }
                _ => self.moment.words(),
            },
        ];
        parts.extend(self.at.map(|time| format!("at {}", hour(time))));
        parts.extend(
            self.not_before
                .map(|floor| format!("but not before {}", floor.words())),
        );
        parts.extend(
            self.window
                .map(|window| format!("between {} and {}", hour(window.from), hour(window.until))),
        );
        parts.extend(self.business_day.map(|roll| {
            match roll {
                Roll::Later => "on the next business day",
                Roll::Earlier => "on the business day before",
            }
            .to_owned()
        }));
        parts.join(", ")
    }
}

impl Window {
    fn move_inside(self, instant: Timestamp, zone: &TimeZone) -> Timestamp {
        let here = instant.to_zoned(zone.clone());
        let (day, time) = (here.date(), here.time());
        if time >= self.from && time <= self.until {
            return instant;
        }
        let target = match (self.outside, time < self.from) {
            (Roll::Later, true) => day.to_datetime(self.from),
            (Roll::Later, false) => day.tomorrow().unwrap_or(day).to_datetime(self.from),
            (Roll::Earlier, true) => day.yesterday().unwrap_or(day).to_datetime(self.until),
            (Roll::Earlier, false) => day.to_datetime(self.until),
        };
        local(target, zone)
    }
}

fn to_business_day(instant: Timestamp, roll: Roll, closed: &[Date], zone: &TimeZone) -> Timestamp {
    let here = instant.to_zoned(zone.clone());
    let mut day = here.date();
    // No practice is closed for longer than a year; the bound is for data errors.
    for _ in 0..366 {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        if !weekend && !closed.contains(&day) {
            break;
        }
        let step = match roll {
            Roll::Later => 1.day(),
            Roll::Earlier => -1.day(),
        };
        day = day.saturating_add(step);
    }
    if day == here.date() {
        instant
    } else {
        local(day.to_datetime(here.time()), zone)
    }
}

/// Returns the instant of a local time. An hour that the clock skips becomes
/// the hour after it, and of an hour that comes twice it is the first.
fn local(at: DateTime, zone: &TimeZone) -> Timestamp {
    zone.to_ambiguous_timestamp(at)
        .compatible()
        .unwrap_or(Timestamp::MAX)
}

/// Says a time of day as definitions write it.
pub(crate) fn hour(time: Time) -> String {
    time.strftime("%H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::variable::VISIT_START;
    use jiff::civil::{date, time};

    fn ts(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The local time at which a rule is due for a visit and an entry, both in Chicago.
    fn due(rule: &Due, visit: &str, entered: &str) -> String {
        let zone = TimeZone::get("America/Chicago").unwrap();
        let facts = Facts::new(zone.clone())
            .with(VISIT_START, ts(visit))
            .closed_on([date(2026, 11, 26)].into());
        let entered = ts(entered);
        rule.instant(&Anchors {
            facts: &facts,
            entered,
            previous: entered,
        })
        .unwrap()
        .to_zoned(zone)
        .strftime("%a %b %d %H:%M")
        .to_string()
    }

    fn rule(moment: &str) -> Due {
        Due {
            moment: Moment::parse(moment).unwrap(),
            ..Due::NOW
        }
    }

    const VISIT: &str = "2026-11-24T08:40:00-06:00";
    const ENTERED: &str = "2026-11-20T17:30:00-06:00";

    #[test]
    fn an_hour_before_an_anchor_means_the_day() {
        let at = |moment, hour| Due {
            at: Some(time(hour, 0, 0, 0)),
            ..rule(moment)
        };
        assert_eq!(
            due(&at("3d before visit.start", 10), VISIT, ENTERED),
            "Sat Nov 21 10:00"
        );
        assert_eq!(
            due(&at("3d before visit.start", 8), VISIT, ENTERED),
            "Sat Nov 21 08:00"
        );
        assert_eq!(
            due(&at("visit.start", 8), VISIT, ENTERED),
            "Tue Nov 24 08:00"
        );
    }

    #[test]
    fn an_hour_after_an_anchor_never_comes_early() {
        let at = |hour| Due {
            at: Some(time(hour, 0, 0, 0)),
            ..rule("1d after entered")
        };
        assert_eq!(due(&at(18), VISIT, ENTERED), "Sat Nov 21 18:00");
        assert_eq!(due(&at(9), VISIT, ENTERED), "Sun Nov 22 09:00");
    }

    #[test]
    fn a_window_moves_both_ways() {
        let within = |outside, moment| Due {
            window: Some(Window {
                from: time(8, 0, 0, 0),
                until: time(20, 0, 0, 0),
                outside,
            }),
            ..rule(moment)
        };
        let early = "2h before visit.start";
        assert_eq!(
            due(&within(Roll::Later, early), VISIT, ENTERED),
            "Tue Nov 24 08:00"
        );
        assert_eq!(
            due(&within(Roll::Earlier, early), VISIT, ENTERED),
            "Mon Nov 23 20:00"
        );
        let late = "3h after entered";
        assert_eq!(
            due(&within(Roll::Later, late), VISIT, ENTERED),
            "Sat Nov 21 08:00"
        );
        assert_eq!(
            due(&within(Roll::Earlier, late), VISIT, ENTERED),
            "Fri Nov 20 20:00"
        );
        assert_eq!(
            due(&within(Roll::Later, "entered"), VISIT, ENTERED),
            "Fri Nov 20 17:30"
        );
    }

    #[test]
    fn business_days_leave_out_weekends_and_closed_days() {
        let business = |roll, moment| Due {
            business_day: Some(roll),
            ..rule(moment)
        };
        assert_eq!(
            due(&business(Roll::Later, "1d after entered"), VISIT, ENTERED),
            "Mon Nov 23 17:30"
        );
        assert_eq!(
            due(&business(Roll::Earlier, "2d after entered"), VISIT, ENTERED),
            "Fri Nov 20 17:30"
        );
        // Thanksgiving is closed in these facts.
        assert_eq!(
            due(
                &business(Roll::Later, "2d after visit.start"),
                VISIT,
                ENTERED
            ),
            "Fri Nov 27 08:40"
        );
    }

    #[test]
    fn not_before_holds_back() {
        let held = Due {
            not_before: Some(Moment::parse("6h after entered").unwrap()),
            ..rule("4d before visit.start")
        };
        assert_eq!(due(&held, VISIT, ENTERED), "Fri Nov 20 23:30");
        assert_eq!(
            due(&held, VISIT, "2026-11-19T17:30:00-06:00"),
            "Fri Nov 20 08:40"
        );
    }

    #[test]
    fn an_hour_that_the_clock_skips_is_the_hour_after() {
        // Clocks went forward on 14 March 2027 at 2:00.
        let skipped = Due {
            at: Some(time(2, 30, 0, 0)),
            ..rule("1d before visit.start")
        };
        assert_eq!(
            due(&skipped, "2027-03-15T09:00:00-05:00", ENTERED),
            "Sun Mar 14 03:30"
        );
    }

    #[test]
    fn a_missing_anchor_is_not_due() {
        let facts = Facts::new(TimeZone::UTC);
        let anchors = Anchors {
            facts: &facts,
            entered: ts(ENTERED),
            previous: ts(ENTERED),
        };
        assert_eq!(rule("3d before visit.start").instant(&anchors), None);
        assert_eq!(rule("entered").instant(&anchors), Some(ts(ENTERED)));
    }

    #[test]
    fn rules_read_as_phrases() {
        let full = Due {
            at: Some(time(9, 0, 0, 0)),
            window: Some(Window {
                from: time(8, 0, 0, 0),
                until: time(20, 0, 0, 0),
                outside: Roll::Later,
            }),
            not_before: Some(Moment::parse("2h after entered").unwrap()),
            business_day: Some(Roll::Later),
            ..rule("visit.start")
        };
        assert_eq!(
            full.words(),
            "on the day of the visit, at 09:00, but not before 2 hours after the start of the \
             journey, between 08:00 and 20:00, on the next business day"
        );
    }
}
