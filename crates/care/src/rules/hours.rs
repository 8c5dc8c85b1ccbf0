//! Hours of a day and of a week in which a message may arrive.

use jiff::civil::Weekday;

/// Minutes in a day.
const DAY_MINUTES: u16 = 24 * 60;

/// The part of one local day in which a message may arrive: from the first
/// minute up to, and without, the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hours {
    from: u16,
    until: u16,
}

impl Hours {
    /// The whole day.
    pub const ALL_DAY: Self = Self {
        from: 0,
        until: DAY_MINUTES,
    };
    /// No minute of the day.
    pub const CLOSED: Self = Self { from: 0, until: 0 };

    /// Makes hours of minutes after midnight; `None` unless from < until ≤ 24:00.
    pub const fn new(from: u16, until: u16) -> Option<Self> {
        if from < until && until <= DAY_MINUTES {
            Some(Self { from, until })
        } else {
            None
        }
    }

    /// Returns the first minute after midnight that is open.
    pub const fn from(self) -> u16 {
        self.from
    }

    /// Returns the first minute after midnight that is shut again.
    pub const fn until(self) -> u16 {
        self.until
    }

    /// Tells whether no minute is open.
    pub const fn is_closed(self) -> bool {
        self.from >= self.until
    }

    /// Returns the minutes that are open in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(self.from.max(other.from), self.until.min(other.until)).unwrap_or(Self::CLOSED)
    }

    /// Reads `08:00-20:00` or `closed`; `24:00` is the end of the day.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "closed" {
            return Some(Self::CLOSED);
        }
        let (from, until) = text.split_once('-')?;
        Self::new(minute(from)?, minute(until)?)
    }
}

fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let two = |part: &str| {
        let whole = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        whole.then(|| part.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours <= 24 && minutes < 60).then_some(hours * 60 + minutes)
}

/// The hours of each weekday, and the bound that holidays add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Week {
    days: [Hours; 7],
    /// On a holiday the day's hours are narrowed to these.
    pub holiday: Hours,
}

impl Week {
    /// Every minute of the week.
    pub const ALWAYS: Self = Self {
        days: [Hours::ALL_DAY; 7],
        holiday: Hours::ALL_DAY,
    };

    /// Makes a week from its days, Monday first.
    pub const fn new(days: [Hours; 7], holiday: Hours) -> Self {
        Self { days, holiday }
    }

    /// Returns the hours of a weekday that is no holiday.
    pub fn on(&self, weekday: Weekday) -> Hours {
        let at = usize::from(weekday.to_monday_zero_offset().unsigned_abs());
        self.days.get(at).copied().unwrap_or(Hours::CLOSED)
    }

    /// Returns the minutes that are open in both weeks.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut days = self.days;
        for (day, theirs) in days.iter_mut().zip(other.days) {
            *day = day.and(theirs);
        }
        Self {
            days,
            holiday: self.holiday.and(other.holiday),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_and_nonsense_is_refused() {
        assert_eq!(Hours::parse("08:00-20:00"), Hours::new(480, 1200));
        assert_eq!(Hours::parse("00:00-24:00"), Some(Hours::ALL_DAY));
        assert_eq!(Hours::parse("closed"), Some(Hours::CLOSED));
        for bad in [
            "",
            "8-20",
            "8:00-20:00",
            "20:00-08:00",
            "08:00-08:00",
            "08:60-09:00",
            "08:00-24:01",
            "+8:00-09:00",
        ] {
            assert_eq!(Hours::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn two_weeks_leave_what_both_allow() {
        let weekdays = Week::new([Hours::new(540, 1200).unwrap(); 7], Hours::ALL_DAY);
        let evenings = Week::new([Hours::new(1080, 1300).unwrap(); 7], Hours::CLOSED);
        let both = weekdays.and(evenings);
        assert_eq!(Some(both.on(Weekday::Sunday)), Hours::new(1080, 1200));
        assert!(both.holiday.is_closed());
        let morning = Week::new([Hours::new(0, 540).unwrap(); 7], Hours::ALL_DAY);
        assert!(both.and(morning).on(Weekday::Monday).is_closed());
    }
}
