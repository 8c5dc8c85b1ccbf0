use super::*;
use jiff::civil::date;

fn names(hint: Hint) -> Vec<&'static str> {
    hint.zones().map(Zone::iana).collect()
}

fn codes(states: States) -> Vec<&'static str> {
    states.iter().map(State::code).collect()
}

#[test]
fn a_zip_names_its_state_and_every_clock_it_may_have() {
    let reno = Hint::of_zip("89501").unwrap();
    assert_eq!(names(reno), ["America/Los_Angeles"]);
    assert_eq!(codes(reno.states()), ["NV"]);
    let navajo = Hint::of_zip("86515-0001").unwrap();
    assert_eq!(names(navajo), ["America/Denver", "America/Phoenix"]);
    for nowhere in ["", "1", "00000", "999999x", "é21", "+12"] {
        let found = Hint::of_zip(nowhere);
        assert_eq!(found.is_some(), nowhere == "999999x", "{nowhere}");
    }
}

#[test]
fn an_area_code_that_serves_no_place_says_nothing() {
    assert_eq!(Hint::of_area_code("800"), None);
    assert_eq!(Hint::of_area_code("3125"), None);
    let idaho = Hint::of_area_code("208").unwrap();
    assert_eq!(names(idaho), ["America/Denver", "America/Los_Angeles"]);
}

#[test]
fn a_place_collects_clinic_address_number_and_own_zone() {
    let clinic = TimeZone::get("America/Detroit").unwrap();
    let place = Place::clinic(&clinic, State::from_code("mi"))
        .with_region(&Region {
            state: Some("IN".into()),
            zip: Some("46320".into()),
        })
        .with_zone_name("Europe/Madrid")
        .with_zone_name("Nowhere/Atall")
        .with_address(&Address::Phone(Phone::parse("808 555 0142").unwrap()));
    let zones: Vec<_> = place.time_zones().filter_map(TimeZone::iana_name).collect();
    assert_eq!(
        zones,
        [
            "America/New_York",
            "America/Chicago",
            "Pacific/Honolulu",
            "Europe/Madrid"
        ]
    );
    assert_eq!(codes(place.states()), ["HI", "IN", "MI"]);
}

#[test]
fn every_clock_loads_and_every_state_round_trips() {
    assert!(Zone::ALL.iter().all(|zone| zone.time_zone().is_some()));
    for code in CODES {
        assert_eq!(State::from_code(code).unwrap().code(), code);
    }
    assert_eq!(State::from_code("ZZ"), None);
}

#[test]
fn no_code_is_listed_twice_and_every_listed_state_exists() {
    let mut codes: Vec<u16> = table::AREA_CODES
        .iter()
        .flat_map(|(_, _, codes)| codes.iter().copied())
        .chain(
            table::CANADA
                .iter()
                .flat_map(|(_, codes)| codes.iter().copied()),
        )
        .collect();
    let count = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), count);
    assert!(table::ZIP3.windows(2).all(|pair| pair[0].1 < pair[1].0));
    for (_, _, states, _) in table::ZIP3 {
        assert!(states.iter().all(|code| State::from_code(code).is_some()));
    }
    assert!(
        table::AREA_CODES
            .iter()
            .all(|(code, ..)| State::from_code(code).is_some())
    );
}

/// Tells whether two clocks agree on the first of every month, 2024 to 2032.
fn agree(one: &TimeZone, other: &TimeZone) -> bool {
    (2024..=2032)
        .flat_map(|year| (1..=12).map(move |month| (year, month)))
        .all(|(year, month)| {
            let noon = date(year, month, 1)
                .at(12, 0, 0, 0)
                .to_zoned(TimeZone::UTC)
                .unwrap();
            one.to_offset(noon.timestamp()) == other.to_offset(noon.timestamp())
        })
}

#[test]
fn aliases_agree_with_their_clock() {
    for (alias, zone) in table::ALIASES {
        let named = TimeZone::get(alias).unwrap();
        assert!(agree(&named, zone.time_zone().unwrap()), "{alias}");
    }
}

fn reference(file: &str) -> Option<String> {
    let path = format!(
        "{}/../../../shared/data/us_reference/{file}",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        println!("SKIPPED: the reference file {file} is not here");
    }
    text
}

/// Splits a reference row and ignores the rows whose zone is not one.
fn zones_of(list: &str) -> Vec<TimeZone> {
    list.split('|')
        .filter_map(|name| TimeZone::get(name).ok())
        .collect()
}

fn covered(hint: Hint, wanted: &TimeZone) -> bool {
    hint.zones()
        .filter_map(Zone::time_zone)
        .any(|ours| agree(ours, wanted))
}

#[test]
fn zip_prefixes_cover_the_reference_list() {
    let Some(text) = reference("zip3_timezone.csv") else {
        return;
    };
    let mut checked = 0;
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let hint = Hint::of_zip(cells[0]).unwrap_or_else(|| panic!("no row for {line}"));
        assert!(
            hint.states().contains(State::from_code(cells[1]).unwrap()),
            "{line}"
        );
        assert!(
            zones_of(cells[2]).iter().all(|zone| covered(hint, zone)),
            "{line}"
        );
        checked += 1;
    }
    assert!(checked > 900);
    let Some(text) = reference("zip_timezone_exceptions.csv") else {
        return;
    };
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let hint = Hint::of_zip(cells[0]).unwrap();
        let zone = zones_of(cells.last().unwrap());
        assert!(zone.iter().all(|zone| covered(hint, zone)), "{line}");
    }
}

#[test]
fn area_codes_cover_the_reference_list() {
    let Some(text) = reference("area_code_timezone.csv") else {
        return;
    };
    // The list puts these on the wrong clock: Orlando (689) is on Eastern time.
    let mistaken = ["689"];
    let mut checked = 0;
    for line in text.lines().skip(1) {
        let code = &line[..3];
        let ours = line[4..6] == *"US" || line[4..6] == *"PR" || line[4..6] == *"GU";
        if !ours || line.contains("MANY") || mistaken.contains(&code) {
            continue;
        }
        let hint = Hint::of_area_code(code).unwrap_or_else(|| panic!("no row for {line}"));
        let list = line.rsplit(',').nth(1).unwrap();
        for zone in zones_of(list) {
            assert!(covered(hint, &zone), "{line}");
        }
        checked += 1;
    }
    assert!(checked > 340);
}
