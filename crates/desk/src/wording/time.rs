//! Days and times as people say them, in the zone that the value carries.

use jiff::Zoned;
use jiff::civil::Weekday;
use tendon_care::language::Language;

/// Says a day and a time: `Tue Nov 24, 8:40 am`, `mar 24 nov, 8:40 a. m.`
///
/// The year is left out, as nobody says it of a visit; it is added where the day
/// lies more than ten months from `now` and would be mistaken for a nearer one.
pub fn spoken_time(at: &Zoned, language: Language, now: &Zoned) -> String {
    format!(
        "{}, {}",
        spoken_date(at, language, now),
        spoken_clock(at, language)
    )
}

/// Says a day: `Tue Nov 24`, `mar 24 nov`.
pub fn spoken_date(at: &Zoned, language: Language, now: &Zoned) -> String {
    let weekday = weekday(at.weekday(), language);
    let month = month(at.month(), language);
    let day = at.day();
    let days_off = at.date().duration_since(now.date()).as_hours().abs() / 24;
    let date = match language {
        Language::English => format!("{weekday} {month} {day}"),
        Language::Spanish => format!("{weekday} {day} {month}"),
    };
    if days_off > FAR_DAYS {
        format!("{date} {}", at.year())
    } else {
        date
    }
}

/// Says a time of day: `8:40 am`, `8:40 a. m.` (both on twelve hours, as clinics
/// in the United States do in either language).
pub fn spoken_clock(at: &Zoned, language: Language) -> String {
    let hour = match at.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let half = match (language, at.hour() < 12) {
        (Language::English, true) => "am",
        (Language::English, false) => "pm",
        (Language::Spanish, true) => "a. m.",
        (Language::Spanish, false) => "p. m.",
    };
    format!("{hour}:{:02} {half}", at.minute())
}

const FAR_DAYS: i64 = 300;

const fn weekday(day: Weekday, language: Language) -> &'static str {
    match (language, day) {
        (Language::English, Weekday::Monday) => "Mon",
        (Language::English, Weekday::Tuesday) => "Tue",
        (Language::English, Weekday::Wednesday) => "Wed",
        (Language::English, Weekday::Thursday) => "Thu",
        (Language::English, Weekday::Friday) => "Fri",
        (Language::English, Weekday::Saturday) => "Sat",
        (Language::English, Weekday::Sunday) => "Sun",
        (Language::Spanish, Weekday::Monday) => "lun",
        (Language::Spanish, Weekday::Tuesday) => "mar",
        (Language::Spanish, Weekday::Wednesday) => "mié",
        (Language::Spanish, Weekday::Thursday) => "jue",
        (Language::Spanish, Weekday::Friday) => "vie",
        (Language::Spanish, Weekday::Saturday) => "sáb",
        (Language::Spanish, Weekday::Sunday) => "dom",
    }
}

fn month(month: i8, language: Language) -> &'static str {
    const ENGLISH: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    const SPANISH: [&str; 12] = [
        "ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic",
    ];
    let names = match language {
        Language::English => ENGLISH,
        Language::Spanish => SPANISH,
    };
    usize::try_from(month - 1)
        .ok()
        .and_then(|at| names.get(at).copied())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn chicago(y: i16, m: i8, d: i8, h: i8, min: i8) -> Zoned {
        date(y, m, d)
            .at(h, min, 0, 0)
            .in_tz("America/Chicago")
            .unwrap()
    }

    #[test]
    fn days_and_times_are_said_as_people_say_them() {
        let now = chicago(2026, 11, 22, 9, 0);
        for (at, english, spanish) in [
            (
                chicago(2026, 11, 24, 8, 40),
                "Tue Nov 24, 8:40 am",
                "mar 24 nov, 8:40 a. m.",
            ),
            (
                chicago(2026, 11, 28, 12, 0),
                "Sat Nov 28, 12:00 pm",
                "sáb 28 nov, 12:00 p. m.",
            ),
            (
                chicago(2027, 1, 6, 0, 5),
                "Wed Jan 6, 12:05 am",
                "mié 6 ene, 12:05 a. m.",
            ),
            (
                chicago(2028, 2, 29, 17, 30),
                "Tue Feb 29 2028, 5:30 pm",
                "mar 29 feb 2028, 5:30 p. m.",
            ),
        ] {
            assert_eq!(spoken_time(&at, Language::English, &now), english);
            assert_eq!(spoken_time(&at, Language::Spanish, &now), spanish);
        }
    }

    #[test]
    fn the_clock_is_that_of_the_place() {
        let now = chicago(2026, 3, 8, 0, 0);
        // The night when clocks go forward: 8:00 UTC is 3 am in Chicago, not 2.
        let at = now
            .timestamp()
            .checked_add(jiff::SignedDuration::from_hours(2))
            .unwrap();
        let at = at.in_tz("America/Chicago").unwrap();
        assert_eq!(spoken_clock(&at, Language::English), "3:00 am");
        assert_eq!(
            spoken_clock(&at.in_tz("America/New_York").unwrap(), Language::English),
            "4:00 am"
        );
    }
}
