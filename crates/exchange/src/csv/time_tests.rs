//! Tests of [`super`].

use super::*;
use DateOrder::{DayFirst, MonthFirst};
use jiff::civil::{date, time};
use proptest::prelude::*;

fn day(text: &str, order: Option<DateOrder>) -> Result<Date, BadTime> {
    stamp(text, order).map(|stamp| stamp.date)
}

fn written(text: &str) -> String {
    match stamp(text, Some(MonthFirst)) {
        Ok(stamp) => match stamp.moment(None) {
            Moment::Exact(at) => at.to_string(),
            Moment::Local(at) => at.to_string(),
        },
        Err(error) => error.to_string(),
    }
}

#[test]
fn one_day_has_many_forms() {
    for text in [
        "2026-03-02",
        "2026/3/2",
        "3/2/2026",
        "03-02-2026",
        "03/02/26",
        "2.3.2026",
        "02.03.26",
        "20260302",
        "46083",
        "46083.0",
        "Mar 2, 2026",
        "March 2nd 2026",
        "Monday, March 2, 2026",
        "2-Mar-2026",
        "2-Mar-26",
        "2 de marzo de 2026",
        "lunes, 2 de mar. de 2026",
        "2026-Mar-02",
        "2026 March 2",
        "2026-03-02 00:00:00",
        "2026-03-02T00:00",
    ] {
        assert_eq!(day(text, Some(MonthFirst)), Ok(date(2026, 3, 2)), "{text}");
    }
}

#[test]
fn the_order_decides_only_what_is_open() {
    for (text, day_first, month_first) in [
        ("3/4/2026", date(2026, 4, 3), date(2026, 3, 4)),
        ("13/4/2026", date(2026, 4, 13), date(2026, 4, 13)),
        ("4/13/2026", date(2026, 4, 13), date(2026, 4, 13)),
        ("4/4/2026", date(2026, 4, 4), date(2026, 4, 4)),
        ("3.4.2026", date(2026, 4, 3), date(2026, 4, 3)),
    ] {
        assert_eq!(day(text, Some(DayFirst)), Ok(day_first), "{text}");
        assert_eq!(day(text, Some(MonthFirst)), Ok(month_first), "{text}");
    }
    assert_eq!(day("3/4/2026", None), Err(BadTime::Order));
    assert_eq!(day("13/4/2026", None), Ok(date(2026, 4, 13)));
}

#[test]
fn times_of_day_have_many_forms() {
    for text in [
        "2026-03-02 14:30",
        "2026-03-02T14:30:00",
        "2026-03-02 14:30:00.000",
        "20260302 143000",
        "202603021430",
        "20260302143000",
        "3/2/2026 2:30 PM",
        "3/2/2026, 2:30:00 p.m.",
        "3/2/2026 2:30p",
        "3/2/2026 at 2:30pm",
        "Mar 2, 2026 2:30 PM EST",
        "2026-03-02 14:30 - 15:15",
        "3/2/2026 2:30 PM - 3:15 PM",
        "46083.604166667",
    ] {
        assert_eq!(written(text), "2026-03-02T14:30:00", "{text}");
    }
    assert_eq!(clock("12:00 AM").unwrap().time, time(0, 0, 0, 0));
    assert_eq!(clock("12:15 pm").unwrap().time, time(12, 15, 0, 0));
    assert_eq!(clock("0.375").unwrap().time, time(9, 0, 0, 0));
    assert_eq!(clock("9am").unwrap().time, time(9, 0, 0, 0));
    assert_eq!(clock("9:00-9:45").unwrap().until, Some(time(9, 45, 0, 0)));
    for wrong in ["9", "25:00", "13:00 PM", "9:5", "noon", "9:00 x"] {
        assert_eq!(clock(wrong), Err(BadTime::Malformed), "{wrong}");
    }
}

#[test]
fn an_offset_makes_a_time_exact() {
    for text in [
        "2026-03-02T09:00:00-05:00",
        "2026-03-02 09:00:00-05",
        "2026-03-02T14:00:00Z",
        "2026-03-02T14:00:00.123+0000",
        "2026-03-02 14:00:00 UTC",
        "Mon Mar 02 2026 09:00:00 GMT-0500 (Eastern Standard Time)",
    ] {
        assert_eq!(written(text), "2026-03-02T14:00:00Z", "{text}");
    }
    let zone = TimeZone::get("America/Boise").unwrap();
    let stamp = stamp("2026-03-02 09:00", None).unwrap();
    let exact = "2026-03-02T16:00:00Z".parse().unwrap();
    assert_eq!(stamp.moment(Some(&zone)), Moment::Exact(exact));
}

#[test]
fn what_is_no_date_is_refused() {
    for wrong in [
        "",
        "x",
        "2026",
        "13/13/2026",
        "2/30/2026",
        "0/0/0000",
        "99999",
        "1/2/3",
        "12:30",
        "2026-03-02 soon",
        "Mar 2",
        "=TODAY()",
        "1.2.3.4",
        "20261301",
        "Smarch 2, 2026",
    ] {
        assert_eq!(
            stamp(wrong, Some(MonthFirst)),
            Err(BadTime::Malformed),
            "{wrong}"
        );
    }
}

#[test]
fn birthdays_refuse_fillers_and_open_centuries() {
    let read = |text| birthday(text, Some(MonthFirst));
    assert_eq!(read("5/26/1988"), Ok(date(1988, 5, 26)));
    assert_eq!(read("5/26/88"), Ok(date(1988, 5, 26)));
    assert_eq!(read("5/26/15"), Ok(date(2015, 5, 26)));
    assert_eq!(read("32289"), Ok(date(1988, 5, 26)));
    assert_eq!(read("5/26/25"), Err(BadTime::Century));
    assert_eq!(read("1/1/1900"), Err(BadTime::Filler));
    assert_eq!(read("0001-01-01"), Err(BadTime::Filler));
}

#[test]
fn lengths_are_whole_minutes_forward() {
    let at = |text| stamp(text, None).unwrap().moment(None);
    let start = at("2026-03-02 09:00");
    assert_eq!(minutes_between(start, at("2026-03-02 09:45")), Some(45));
    assert_eq!(minutes_between(start, at("2026-03-02 08:45")), None);
    assert_eq!(minutes_between(start, at("2026-03-02T09:45Z")), None);
}

proptest! {
    #[test]
    fn no_text_makes_it_stumble(text in "[0-9A-Za-z/:. ,TZ+é-]{0,24}") {
        let _ = birthday(&text, Some(MonthFirst));
        let _ = clock(&text);
    }

    #[test]
    fn dates_are_read_as_they_were_written(days in 3_000_i64..60_000) {
        let date = Date::constant(1899, 12, 30) + days.days();
        for (form, order) in [
            ("%Y-%m-%d", None),
            ("%-m/%-d/%Y", Some(MonthFirst)),
            ("%d/%m/%Y", Some(DayFirst)),
            ("%d.%m.%Y", None),
            ("%b %-d, %Y", None),
            ("%d-%b-%Y", None),
            ("%Y%m%d", None),
        ] {
            let text = date.strftime(form).to_string();
            prop_assert_eq!(day(&text, order), Ok(date), "{}", text);
        }
        prop_assert_eq!(day(&days.to_string(), None), Ok(date));
    }
}
