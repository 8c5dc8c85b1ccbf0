use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::patient::Region;
use crate::rules::RulePack;
use crate::zone::State;

fn rules() -> Rules {
    Rules::defaults().unwrap()
}

fn place(zones: &[&str], state: Option<&str>) -> Place {
    let clinic = TimeZone::get(zones[0]).unwrap();
    let state = state.and_then(State::from_code);
    zones[1..]
        .iter()
        .fold(Place::clinic(&clinic, state), |place, name| {
            place.with_zone_name(name)
        })
}

fn ts(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Asks for the next open instant of a purpose and writes it in UTC.
fn next(rules: &Rules, purpose: Purpose, place: &Place, from: &str) -> Option<String> {
    let quiet = Quiet {
        rules,
        purpose,
        place,
    };
    quiet.next_open(ts(from)).map(|at| at.to_string())
}

#[track_caller]
fn opens(purpose: Purpose, zones: &[&str], from: &str, expected: &str) {
    let found = next(&rules(), purpose, &place(zones, None), from);
    assert_eq!(found.as_deref(), Some(expected));
}

#[test]
fn an_open_hour_is_now_and_the_last_minute_is_shut() {
    let chicago = ["America/Chicago"];
    opens(
        Purpose::Care,
        &chicago,
        "2026-11-20T14:00:00Z",
        "2026-11-20T14:00:00Z",
    );
    opens(
        Purpose::Care,
        &chicago,
        "2026-11-21T01:59:59.999Z",
        "2026-11-21T01:59:59.999Z",
    );
    opens(
        Purpose::Care,
        &chicago,
        "2026-11-21T02:00:00Z",
        "2026-11-21T14:00:00Z",
    );
    opens(
        Purpose::Care,
        &chicago,
        "2026-11-20T13:59:59.999Z",
        "2026-11-20T14:00:00Z",
    );
}

#[test]
fn the_morning_after_a_clock_change_begins_at_eight_on_the_new_clock() {
    let new_york = ["America/New_York"];
    opens(
        Purpose::Care,
        &new_york,
        "2026-03-08T02:00:00Z",
        "2026-03-08T12:00:00Z",
    );
    opens(
        Purpose::Care,
        &new_york,
        "2026-03-08T07:00:00Z",
        "2026-03-08T12:00:00Z",
    );
    opens(
        Purpose::Care,
        &new_york,
        "2026-11-01T00:00:00Z",
        "2026-11-01T13:00:00Z",
    );
    opens(
        Purpose::Care,
        &new_york,
        "2026-11-01T05:30:00Z",
        "2026-11-01T13:00:00Z",
    );
}

#[test]
fn zones_without_summer_time_keep_their_hour() {
    let arizona = ["America/Phoenix", "America/Denver"];
    opens(
        Purpose::Care,
        &arizona,
        "2026-07-01T14:00:00Z",
        "2026-07-01T15:00:00Z",
    );
    opens(
        Purpose::Care,
        &arizona,
        "2026-07-02T02:00:00Z",
        "2026-07-02T15:00:00Z",
    );
    opens(
        Purpose::Care,
        &arizona,
        "2026-12-01T14:00:00Z",
        "2026-12-01T15:00:00Z",
    );
    let hawaii = ["Pacific/Honolulu", "America/New_York"];
    opens(
        Purpose::Care,
        &hawaii,
        "2026-12-01T13:00:00Z",
        "2026-12-01T18:00:00Z",
    );
    opens(
        Purpose::Care,
        &hawaii,
        "2026-12-02T01:00:00Z",
        "2026-12-02T18:00:00Z",
    );
    opens(
        Purpose::Care,
        &hawaii,
        "2026-07-02T00:00:00Z",
        "2026-07-02T18:00:00Z",
    );
}

#[test]
fn indiana_on_the_border_waits_for_both_clocks() {
    let indianapolis = TimeZone::get("America/Indiana/Indianapolis").unwrap();
    let knox = Place::clinic(&indianapolis, State::from_code("IN")).with_region(&Region {
        state: Some("IN".into()),
        zip: Some("46534".into()),
    });
    let found = next(&rules(), Purpose::Care, &knox, "2026-06-01T12:00:00Z");
    assert_eq!(found.as_deref(), Some("2026-06-01T13:00:00Z"));
    let inside = Place::clinic(&indianapolis, None);
    let found = next(&rules(), Purpose::Care, &inside, "2026-06-01T12:00:00Z");
    assert_eq!(found.as_deref(), Some("2026-06-01T12:00:00Z"));
}

#[test]
fn leap_day_is_a_day() {
    opens(
        Purpose::Care,
        &["America/Chicago"],
        "2028-02-29T02:00:00Z",
        "2028-02-29T14:00:00Z",
    );
    opens(
        Purpose::Care,
        &["America/Chicago"],
        "2028-03-01T02:00:00Z",
        "2028-03-01T14:00:00Z",
    );
    opens(
        Purpose::Marketing,
        &["America/Chicago"],
        "2028-02-29T00:00:00Z",
        "2028-02-29T16:00:00Z",
    );
}

#[test]
fn promotion_waits_over_the_turn_of_the_year() {
    // Friday 31 December 2027 is the observed holiday, then come the holiday
    // itself and a Sunday.
    opens(
        Purpose::Marketing,
        &["America/New_York"],
        "2027-12-30T23:00:00Z",
        "2028-01-03T15:00:00Z",
    );
    opens(
        Purpose::Care,
        &["America/New_York"],
        "2027-12-31T23:00:00Z",
        "2027-12-31T23:00:00Z",
    );
    opens(
        Purpose::Care,
        &["America/New_York"],
        "2028-01-01T01:00:00Z",
        "2028-01-01T13:00:00Z",
    );
}

#[test]
fn hours_that_never_meet_never_open() {
    let apart = place(&["America/New_York", "Pacific/Guam"], None);
    assert_eq!(
        next(&rules(), Purpose::Marketing, &apart, "2026-12-01T12:00:00Z"),
        None
    );
    // Care has three hours in common: 22:00 to 01:00 UTC in winter.
    let found = next(&rules(), Purpose::Care, &apart, "2026-12-01T12:00:00Z");
    assert_eq!(found.as_deref(), Some("2026-12-01T22:00:00Z"));
}

#[test]
fn sunday_bars_of_a_state_hold_in_every_zone() {
    let rules = rules();
    let feedback = |state, from| {
        next(
            &rules,
            Purpose::Feedback,
            &place(&["America/Chicago"], Some(state)),
            from,
        )
    };
    let sunday = "2026-11-22T18:00:00Z";
    assert_eq!(feedback("IL", sunday).as_deref(), Some(sunday));
    assert_eq!(
        feedback("AL", sunday).as_deref(),
        Some("2026-11-23T15:00:00Z")
    );
}

/// Rules whose care hours are the given ones.
fn care_hours(hours: &str) -> Rules {
    let text = format!(
        "[[rule]]\nrule_id = \"window.care\"\njurisdiction = \"product\"\n\
         value = {{ purposes = [\"P1\", \"P2\", \"P3\"], mon-sun = \"{hours}\" }}\n\
         effective_from = 2026-01-01\nsource = \"test\"\nverified_on = 2026-01-01\n"
    );
    let mut packs = RulePack::defaults().unwrap();
    packs.push(RulePack::parse("test", &text).unwrap());
    Rules::layered(&packs).unwrap()
}

#[test]
fn hours_that_begin_inside_a_clock_change_are_exact() {
    let new_york = place(&["America/New_York"], None);
    let care = |hours, from| next(&care_hours(hours), Purpose::Care, &new_york, from);
    // 02:30 does not exist on that morning: the change itself opens the window.
    assert_eq!(
        care("02:30-03:30", "2026-03-08T06:00:00Z").as_deref(),
        Some("2026-03-08T07:00:00Z")
    );
    assert_eq!(
        care("02:30-03:30", "2026-03-08T07:30:00Z").as_deref(),
        Some("2026-03-09T06:30:00Z")
    );
    // 01:15 comes twice and opens the second time; 01:45 shuts the first time.
    assert_eq!(
        care("01:15-03:00", "2026-11-01T05:20:00Z").as_deref(),
        Some("2026-11-01T06:15:00Z")
    );
    assert_eq!(
        care("00:30-01:45", "2026-11-01T05:44:59Z").as_deref(),
        Some("2026-11-01T05:44:59Z")
    );
    assert_eq!(
        care("00:30-01:45", "2026-11-01T06:30:00Z").as_deref(),
        Some("2026-11-02T05:30:00Z")
    );
    // A window inside the skipped hour does not exist on that day.
    assert_eq!(
        care("02:10-02:50", "2026-03-08T06:00:00Z").as_deref(),
        Some("2026-03-09T06:10:00Z")
    );
    // A window that is always open is open in the repeated hour too.
    assert_eq!(
        care("00:00-24:00", "2026-11-01T06:30:00Z").as_deref(),
        Some("2026-11-01T06:30:00Z")
    );
}

/// Tells by the plain reading of every clock whether a purpose may be sent.
fn open_by_clock(rules: &Rules, purpose: Purpose, place: &Place, at: Timestamp) -> bool {
    place.time_zones().all(|zone| {
        let local = zone.to_datetime(at);
        let hours = rules
            .for_date(local.date())
            .hours(purpose, place.states(), local.date());
        let minute =
            u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        (hours.from()..hours.until()).contains(&minute)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]
    #[test]
    fn the_next_open_instant_is_the_first_minute_that_every_clock_allows(
        minute in 0_i64..3 * 366 * 24 * 60,
        purpose in prop::sample::select(Purpose::ALL.to_vec()),
        zones in prop::sample::subsequence(
            vec!["America/New_York", "America/Chicago", "America/Phoenix", "America/Los_Angeles",
                 "Pacific/Honolulu", "America/Adak", "America/Puerto_Rico", "Europe/Madrid"], 1..3),
        state in prop::sample::select(vec!["AL", "IL", "RI", "TX", "KY"]),
    ) {
        static RULES: LazyLock<Rules> = LazyLock::new(rules);
        let rules = &*RULES;
        let place = place(&zones, Some(state));
        let from = ts("2026-01-01T00:00:00Z") + SignedDuration::from_mins(minute);
        let quiet = Quiet { rules, purpose, place: &place };
        let limit = from + SignedDuration::from_hours(14 * 24);
        let mut scan = from;
        while scan <= limit && !open_by_clock(rules, purpose, &place, scan) {
            scan += SignedDuration::from_mins(1);
        }
        prop_assert_eq!(quiet.next_open(from), (scan <= limit).then_some(scan));
    }
}
