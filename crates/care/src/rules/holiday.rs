//! Holidays by rule, since lists run out.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// How the date of a holiday is found in a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HolidayRule {
    /// The same date every year.
    Fixed {
        /// 1 to 12.
        month: i8,
        /// The day of the month.
        day: i8,
        /// Offices also close on Friday for a Saturday and on Monday for a
        /// Sunday (5 U.S.C. 6103(b)).
        observed: bool,
    },
    /// The nth weekday of a month; −1 is the last.
    Nth {
        /// 1 to 12.
        month: i8,
        /// Which weekday.
        weekday: Weekday,
        /// 1 to 5, or −1.
        nth: i8,
    },
    /// The first weekday on or after a day of a month.
    OnOrAfter {
        /// 1 to 12.
        month: i8,
        /// Which weekday.
        weekday: Weekday,
        /// The first day that may be it.
        day: i8,
    },
    /// So many days after Easter Sunday (western), negative before.
    Easter {
        /// Days.
        days: i16,
    },
}

impl HolidayRule {
    /// Tells whether the date is the holiday, or the day on which it is observed.
    pub fn falls_on(self, date: Date) -> bool {
        let is = |holiday: Option<Date>| holiday == Some(date);
        match self {
            Self::Fixed {
                month,
                day,
                observed,
            } => {
                // New Year's Day can be observed on 31 December.
                let years = [date.year(), date.year().saturating_add(1)];
                years.into_iter().any(|year| {
                    let holiday = Date::new(year, month, day).ok();
                    is(holiday) || (observed && is(holiday.and_then(observance)))
                })
            }
            Self::Nth {
                month,
                weekday,
                nth,
            } => date.month() == month && is(date.nth_weekday_of_month(nth, weekday).ok()),
            Self::OnOrAfter {
                month,
                weekday,
                day,
            } => {
                date.weekday() == weekday
                    && date.month() == month
                    && (day..day.saturating_add(7)).contains(&date.day())
            }
            Self::Easter { days } => {
                is(easter(date.year()).and_then(|sunday| sunday.checked_add(days.days()).ok()))
            }
        }
    }
}

/// Returns the weekday on which a weekend holiday is observed.
fn observance(holiday: Date) -> Option<Date> {
    match holiday.weekday() {
        Weekday::Saturday => holiday.yesterday().ok(),
        Weekday::Sunday => holiday.tomorrow().ok(),
        _ => None,
    }
}

/// Returns Easter Sunday. *Source*: the anonymous Gregorian computus, in the form
/// of J. Meeus, Astronomical Algorithms, chapter 8.
fn easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let golden = year % 19;
    let (century, rest) = (year / 100, year % 100);
    let correction = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - correction + 15) % 30;
    let leap = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let shift = (golden + 11 * epact + 22 * leap) / 451;
    let months = epact + leap - 7 * shift + 114;
    let month = i8::try_from(months / 31).ok()?;
    let day = i8::try_from(months % 31 + 1).ok()?;
    Date::new(i16::try_from(year).ok()?, month, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn weekend_holidays_are_also_kept_on_the_nearest_weekday() {
        let new_year = HolidayRule::Fixed {
            month: 1,
            day: 1,
            observed: true,
        };
        assert!(new_year.falls_on(date(2027, 12, 31)));
        assert!(new_year.falls_on(date(2028, 1, 1)));
        assert!(!new_year.falls_on(date(2026, 12, 31)));
        let fourth = HolidayRule::Fixed {
            month: 7,
            day: 4,
            observed: true,
        };
        assert!(fourth.falls_on(date(2027, 7, 5)));
        assert!(fourth.falls_on(date(2026, 7, 3)));
    }

    #[test]
    fn leap_day_and_easter_are_exact() {
        let leap = HolidayRule::Fixed {
            month: 2,
            day: 29,
            observed: false,
        };
        assert!(leap.falls_on(date(2028, 2, 29)));
        for (year, month, day) in [(2024, 3, 31), (2026, 4, 5), (2038, 4, 25), (2285, 3, 22)] {
            assert_eq!(easter(year), Some(date(year, month, day)));
        }
        assert!(HolidayRule::Easter { days: -47 }.falls_on(date(2026, 2, 17)));
    }

    #[test]
    fn weekday_rules_count_from_either_end() {
        let last_monday = HolidayRule::Nth {
            month: 5,
            weekday: Weekday::Monday,
            nth: -1,
        };
        assert!(last_monday.falls_on(date(2027, 5, 31)));
        assert!(!last_monday.falls_on(date(2027, 5, 24)));
        let election = HolidayRule::OnOrAfter {
            month: 11,
            weekday: Weekday::Tuesday,
            day: 2,
        };
        assert!(election.falls_on(date(2026, 11, 3)));
        assert!(!election.falls_on(date(2026, 11, 10)));
    }
}
