use jiff::civil::date;

use super::*;
use crate::rules::{Counts, Period};

fn rules() -> Rules {
    Rules::defaults().unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn states(codes: &[&str]) -> States {
    codes
        .iter()
        .map(|code| State::from_code(code).unwrap())
        .fold(States::default(), States::with)
}

fn open(rules: &Rules, purpose: Purpose, codes: &[&str], day: Date) -> Hours {
    rules.for_date(day).hours(purpose, states(codes), day)
}

fn hours(text: &str) -> Hours {
    Hours::parse(text).unwrap()
}

/// An operator's file of one row.
fn operators(row: &str) -> RulePack {
    let text = format!("[[rule]]\n{row}\nsource = \"our counsel\"\nverified_on = 2026-11-22");
    RulePack::parse("operator", &text).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn with(row: &str) -> Result<Rules, Vec<RuleProblem>> {
    let mut packs = RulePack::defaults().unwrap();
    packs.push(operators(row));
    Rules::layered(&packs)
}

#[test]
fn each_purpose_has_the_hours_of_the_domain() {
    let rules = rules();
    let (friday, saturday, sunday) = (date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22));
    for (purpose, on_friday, on_saturday, on_sunday) in [
        (Purpose::Safety, "07:00-21:00", "07:00-21:00", "07:00-21:00"),
        (Purpose::Care, "08:00-20:00", "08:00-20:00", "08:00-20:00"),
        (
            Purpose::CareOther,
            "08:00-20:00",
            "08:00-20:00",
            "08:00-20:00",
        ),
        (
            Purpose::Financial,
            "08:00-20:00",
            "08:00-20:00",
            "08:00-20:00",
        ),
        (
            Purpose::Feedback,
            "09:00-20:00",
            "09:00-20:00",
            "12:00-20:00",
        ),
        (Purpose::Marketing, "10:00-18:00", "10:00-17:00", "closed"),
    ] {
        for (day, expected) in [
            (friday, on_friday),
            (saturday, on_saturday),
            (sunday, on_sunday),
        ] {
            assert_eq!(
                open(&rules, purpose, &[], day),
                hours(expected),
                "{purpose:?} {day}"
            );
        }
    }
}

#[test]
fn states_narrow_promotion_and_feedback_and_leave_care_alone() {
    let rules = rules();
    let (friday, sunday) = (date(2026, 11, 20), date(2026, 11, 22));
    assert_eq!(
        open(&rules, Purpose::Feedback, &["KY"], friday),
        hours("10:00-20:00")
    );
    assert_eq!(
        open(&rules, Purpose::Feedback, &["RI"], friday),
        hours("09:00-18:00")
    );
    assert_eq!(
        open(&rules, Purpose::Feedback, &["RI"], sunday),
        hours("12:00-17:00")
    );
    assert_eq!(
        open(&rules, Purpose::Feedback, &["KY", "RI"], friday),
        hours("10:00-18:00")
    );
    for state in ["AL", "LA", "MS"] {
        assert_eq!(
            open(&rules, Purpose::Feedback, &[state], sunday),
            Hours::CLOSED
        );
        assert_eq!(
            open(&rules, Purpose::Care, &[state], sunday),
            hours("08:00-20:00")
        );
    }
    assert_eq!(
        open(&rules, Purpose::Marketing, &["CT", "TX"], friday),
        hours("10:00-18:00")
    );
}

#[test]
fn the_promotion_hours_are_lawful_in_every_state_at_once() {
    let rules = rules();
    let all = RulePack::defaults()
        .unwrap()
        .iter()
        .flat_map(RulePack::rules)
        .filter_map(|rule| match rule.jurisdiction {
            Jurisdiction::State(state) => Some(state),
            _ => None,
        })
        .fold(States::default(), States::with);
    assert!(all.iter().count() >= 16);
    let mut day = date(2026, 1, 1);
    while day < date(2028, 1, 1) {
        let rules = rules.for_date(day);
        let anywhere = rules.hours(Purpose::Marketing, States::default(), day);
        let strictest = rules.hours(Purpose::Marketing, all, day);
        let state_holiday = rules.is_holiday(day, all) && !rules.is_holiday(day, States::default());
        assert!(strictest == anywhere || state_holiday, "{day}");
        day = day.tomorrow().unwrap();
    }
}

#[test]
fn promotion_rests_on_holidays_and_on_the_days_they_are_observed() {
    let rules = rules();
    for day in [
        date(2026, 7, 3),
        date(2026, 11, 26),
        date(2027, 12, 31),
        date(2028, 11, 10),
    ] {
        assert_eq!(
            open(&rules, Purpose::Marketing, &[], day),
            Hours::CLOSED,
            "{day}"
        );
        assert_eq!(
            open(&rules, Purpose::Care, &[], day),
            hours("08:00-20:00"),
            "{day}"
        );
    }
    let mardi_gras = date(2027, 2, 9);
    assert_eq!(
        open(&rules, Purpose::Marketing, &["LA"], mardi_gras),
        Hours::CLOSED
    );
    assert_eq!(
        open(&rules, Purpose::Marketing, &["TX"], mardi_gras),
        hours("10:00-18:00")
    );
    let juneteenth = date(2018, 6, 19);
    assert_eq!(
        open(&rules, Purpose::Marketing, &[], juneteenth),
        hours("10:00-18:00")
    );
}

#[test]
fn caps_are_those_of_the_domain() {
    let rules = rules();
    let day = rules.for_date(date(2026, 11, 22));
    let caps = |purpose, codes: &[&str]| -> Vec<(u16, Period, Counts)> {
        day.caps(purpose, states(codes))
            .map(|(_, cap)| (cap.max, cap.per, cap.counts))
            .collect()
    };
    let care = caps(Purpose::Care, &["FL"]);
    assert!(care.contains(&(1, Period::Days(1), Counts::Person)));
    assert!(care.contains(&(3, Period::Days(7), Counts::Person)));
    assert!(care.contains(&(2, Period::Days(1), Counts::Both)));
    assert!(care.contains(&(6, Period::Days(7), Counts::Both)));
    assert_eq!(care.len(), 4);
    assert!(caps(Purpose::Marketing, &[]).contains(&(2, Period::Days(31), Counts::Both)));
    for state in ["FL", "OK", "MD"] {
        let own = (3, Period::Hours(24), Counts::Both);
        assert!(caps(Purpose::Marketing, &[state]).contains(&own), "{state}");
    }
    assert!(caps(Purpose::Safety, &["FL"]).is_empty());
}

#[test]
fn stop_covers_everything_from_31_january_2027_whatever_is_chosen() {
    let chosen = with(
        "rule_id = \"revocation.scope_mode\"\njurisdiction = \"product\"\nvalue = \"category\"\n\
         effective_from = 2026-01-01",
    )
    .unwrap();
    let mode = |rules: &Rules, day| rules.for_date(day).terms().mode;
    assert_eq!(mode(&chosen, date(2025, 12, 31)), ScopeMode::BrandAll);
    assert_eq!(mode(&chosen, date(2027, 1, 30)), ScopeMode::Category);
    assert_eq!(mode(&chosen, date(2027, 1, 31)), ScopeMode::BrandAll);
    assert_eq!(mode(&rules(), date(2026, 11, 22)), ScopeMode::BrandAll);
}

#[test]
fn consent_is_stronger_the_further_a_purpose_is_from_care() {
    let rules = rules();
    let terms = rules.for_date(date(2026, 11, 22)).terms();
    assert!(terms.accepts(Purpose::Care, Basis::NumberGiven));
    assert!(!terms.accepts(Purpose::CareOther, Basis::NumberGiven));
    assert!(terms.accepts(Purpose::Feedback, Basis::Spoken));
    assert!(!terms.accepts(Purpose::Marketing, Basis::Form));
    assert!(terms.accepts(Purpose::Marketing, Basis::Written));
}

#[test]
fn deadlines_skip_weekends_and_holidays() {
    let rules = rules();
    // Thanksgiving 2026 falls into the ten business days.
    assert_eq!(
        rules.revocation_deadline(date(2026, 11, 20)),
        Some(date(2026, 12, 7))
    );
    // Both observed days of the turn of the year 2027 do.
    assert_eq!(
        rules.business_days_after(date(2027, 12, 23), 1),
        Some(date(2027, 12, 27))
    );
    assert_eq!(
        rules.business_days_after(date(2028, 2, 28), 1),
        Some(date(2028, 2, 29))
    );
    assert_eq!(
        rules.business_days_after(date(2026, 11, 22), 0),
        Some(date(2026, 11, 22))
    );
    assert_eq!(rules.business_days_after(Date::MAX, 1), None);
}

#[test]
fn numbers_words_and_keywords_are_all_there() {
    let rules = rules();
    let day = rules.for_date(date(2026, 11, 22));
    for (number, expected) in [
        (Number::RevocationBusinessDays, 10),
        (Number::LinkLifetimeDays, 7),
        (Number::SegmentMaxParts, 3),
        (Number::SegmentCareMaxUnits, 160),
        (Number::LateCancelHours, 24),
        (Number::MajorityYears, 18),
        (Number::HoldHorizonDays, 14),
        (Number::RetentionDeceasedYears, 50),
    ] {
        assert_eq!(day.number(number), expected, "{number:?}");
    }
    assert_eq!(day.words(Words::EmergencyNumber), "911");
    assert_eq!(day.words(Words::CrisisNumber), "988");
    let read = |text| day.keywords().read(text);
    for text in [
        "Stop",
        "QUIT",
        "end",
        "revoke",
        "opt out",
        "cancel",
        "Unsubscribe",
        "STOPALL",
        "no más",
        "arrêt",
    ] {
        assert_eq!(read(text), Some(Keyword::OptOut), "{text}");
    }
    assert_eq!(read("ayuda"), Some(Keyword::Help));
    assert_eq!(read("UNSTOP"), Some(Keyword::Start));
    // Words of the visit grammar must never mean anything else.
    for text in ["1", "C", "2", "R", "3", "X", "yes", "si"] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn an_operators_row_wins_on_its_days_only() {
    let rules = with(
        "rule_id = \"window.care\"\njurisdiction = \"product\"\n\
         value = { purposes = [\"P1\", \"P2\", \"P3\"], mon-sun = \"09:00-17:00\" }\n\
         effective_from = 2027-02-01\neffective_to = 2027-02-28",
    )
    .unwrap();
    let at = |day| open(&rules, Purpose::Care, &[], day);
    assert_eq!(at(date(2027, 1, 31)), hours("08:00-20:00"));
    assert_eq!(at(date(2027, 2, 1)), hours("09:00-17:00"));
    assert_eq!(at(date(2027, 2, 28)), hours("09:00-17:00"));
    assert_eq!(at(date(2027, 3, 1)), hours("08:00-20:00"));
}

#[test]
fn a_state_can_have_its_own_number() {
    let rules = with(
        "rule_id = \"patient.majority_years\"\njurisdiction = \"AL\"\nvalue = 19\n\
         effective_from = 2026-01-01",
    )
    .unwrap();
    let day = rules.for_date(date(2026, 6, 1));
    let alabama = State::from_code("AL").unwrap();
    assert_eq!(day.number_in(Number::MajorityYears, alabama), 19);
    assert_eq!(
        day.number_in(Number::MajorityYears, State::from_code("TX").unwrap()),
        18
    );
    assert_eq!(day.number(Number::MajorityYears), 18);
}

#[test]
fn rules_with_a_hole_or_a_word_of_two_meanings_are_refused() {
    let collision = with(
        "rule_id = \"keywords.start\"\njurisdiction = \"product\"\nvalue = [\"Stop\"]\n\
         effective_from = 2026-01-01",
    )
    .unwrap_err();
    assert_eq!(collision.len(), 1, "{collision:#?}");
    assert_eq!(collision[0].rule_id.as_deref(), Some("keywords.start"));
    let mut packs = RulePack::defaults().unwrap();
    packs.remove(0);
    let gaps = Rules::layered(&packs).unwrap_err();
    let missing = |id: &str| gaps.iter().any(|gap| gap.rule_id.as_deref() == Some(id));
    assert!(missing("window.P1") && missing("consent.P5") && missing("link.lifetime_days"));
    assert_eq!(Rules::layered(&[]).unwrap_err().len(), 1);
}

#[test]
fn holidays_agree_with_the_reference_list() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/us_reference/us_holidays_2024_2032.csv"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("SKIPPED: the reference list of holidays is not here");
        return;
    };
    let rules = rules();
    let mut listed = BTreeSet::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let day: Date = cells[0].parse().unwrap();
        let own = ["AL", "LA", "MS", "RI"].contains(&cells[2]);
        if cells[2].is_empty() {
            listed.insert(day);
            assert!(
                rules.for_date(day).is_holiday(day, States::default()),
                "{line}"
            );
        } else if own {
            assert!(
                rules.for_date(day).is_holiday(day, states(&[cells[2]])),
                "{line}"
            );
        }
    }
    let mut day = date(2024, 1, 1);
    while day < date(2033, 1, 1) {
        let ours = rules.for_date(day).is_holiday(day, States::default());
        assert_eq!(ours, listed.contains(&day), "{day}");
        day = day.tomorrow().unwrap();
    }
}
