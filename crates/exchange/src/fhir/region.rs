//! States of the United States by name and by code, and ZIP codes.

use tendon_care::patient::Region;

/// Postal codes of states, the District, territories and armed forces.
/// *Source*: USPS Publication 28, Appendix B.
const STATES: [(&str, &str); 62] = [
    ("AL", "alabama"),
    ("AK", "alaska"),
    ("AS", "american samoa"),
    ("AZ", "arizona"),
    ("AR", "arkansas"),
    ("CA", "california"),
    ("CO", "colorado"),
    ("CT", "connecticut"),
    ("DE", "delaware"),
    ("DC", "district of columbia"),
    ("FM", "federated states of micronesia"),
    ("FL", "florida"),
    ("GA", "georgia"),
    ("GU", "guam"),
    ("HI", "hawaii"),
    ("ID", "idaho"),
    ("IL", "illinois"),
    ("IN", "indiana"),
    ("IA", "iowa"),
    ("KS", "kansas"),
    ("KY", "kentucky"),
    ("LA", "louisiana"),
    ("ME", "maine"),
    ("MH", "marshall islands"),
    ("MD", "maryland"),
    ("MA", "massachusetts"),
    ("MI", "michigan"),
    ("MN", "minnesota"),
    ("MS", "mississippi"),
    ("MO", "missouri"),
    ("MT", "montana"),
    ("NE", "nebraska"),
    ("NV", "nevada"),
    ("NH", "new hampshire"),
    ("NJ", "new jersey"),
    ("NM", "new mexico"),
    ("NY", "new york"),
    ("NC", "north carolina"),
    ("ND", "north dakota"),
    ("MP", "northern mariana islands"),
    ("OH", "ohio"),
    ("OK", "oklahoma"),
    ("OR", "oregon"),
    ("PW", "palau"),
    ("PA", "pennsylvania"),
    ("PR", "puerto rico"),
    ("RI", "rhode island"),
    ("SC", "south carolina"),
    ("SD", "south dakota"),
    ("TN", "tennessee"),
    ("TX", "texas"),
    ("UT", "utah"),
    ("VT", "vermont"),
    ("VI", "virgin islands"),
    ("VA", "virginia"),
    ("WA", "washington"),
    ("WV", "west virginia"),
    ("WI", "wisconsin"),
    ("WY", "wyoming"),
    ("AA", "armed forces americas"),
    ("AE", "armed forces europe"),
    ("AP", "armed forces pacific"),
];

/// Returns the two-letter code of a state given by code or name.
pub(crate) fn state(text: &str) -> Option<&'static str> {
    let text = text.trim();
    STATES
        .iter()
        .find(|(code, name)| text.eq_ignore_ascii_case(code) || text.eq_ignore_ascii_case(name))
        .map(|(code, _)| *code)
}

/// Returns the five digits of a ZIP or ZIP+4, with or without its hyphen.
pub(crate) fn zip(text: &str) -> Option<&str> {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let hyphen = text.len() == 10 && text.as_bytes().get(5) == Some(&b'-');
    let fits = (text.len() == digits && matches!(digits, 5 | 9)) || (hyphen && digits == 9);
    fits.then(|| text.get(..5)).flatten()
}

/// Tells whether an address lies in the United States; one without a country does.
pub(crate) fn is_american(country: Option<&str>) -> bool {
    country.is_none_or(|country| {
        [
            "us",
            "usa",
            "united states",
            "united states of america",
            "u.s.",
            "u.s.a.",
        ]
        .iter()
        .any(|name| country.eq_ignore_ascii_case(name))
    })
}

/// Returns the region of a state and a ZIP code as written.
pub(crate) fn region(state_text: Option<&str>, zip_text: Option<&str>) -> Region {
    Region {
        state: state_text.and_then(state).map(str::to_owned),
        zip: zip_text.and_then(zip).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_known_by_code_and_name() {
        assert_eq!(state(" ma "), Some("MA"));
        assert_eq!(state("New Hampshire"), Some("NH"));
        assert_eq!(state("Ontario"), None);
        assert!(STATES.iter().all(|(code, _)| state(code) == Some(code)));
    }

    #[test]
    fn zip_codes_lose_their_last_four_and_keep_leading_zeros() {
        assert_eq!(zip("01821-1234"), Some("01821"));
        assert_eq!(zip("668391105"), Some("66839"));
        for wrong in ["1821", "0182", "01821-12", "K1A 0B1", "０１８２１", ""] {
            assert_eq!(zip(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_missing_country_is_the_united_states() {
        assert!(is_american(None) && is_american(Some("USA")));
        assert!(!is_american(Some("CA")));
    }
}
