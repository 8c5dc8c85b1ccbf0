//! The words that patients read, in every language, from Fluent files.
//!
//! Every message is a method, so a page that asks for words which do not exist
//! does not compile. Tests hold the files to the list below: each message is
//! there in each language, takes the same arguments and leaves none unfilled.
//!
//! What people wrote is set between Unicode's isolating marks (UAX #9), so that
//! a name from right to left cannot turn the sentence around it. Our own words
//! and numbers are not: the marks would only get in the way of copying a time.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use jiff::Zoned;
use jiff::civil::Weekday;
use tendon_care::language::Language;

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> =
    LazyLock::new(|| bundle(Language::English, include_str!("en.ftl")));
static SPANISH: LazyLock<Bundle> =
    LazyLock::new(|| bundle(Language::Spanish, include_str!("es.ftl")));

/// Builds the bundle of one language. What cannot be parsed is left out here
/// and fails the test that walks the list.
fn bundle(language: Language, source: &str) -> Bundle {
    let resource = match FluentResource::try_new(source.to_owned()) {
        Ok(resource) | Err((resource, _)) => resource,
    };
    let locales = language.tag().parse().into_iter().collect();
    let mut bundle = Bundle::new_concurrent(locales);
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(resource);
    bundle
}

/// The arguments that people wrote: anything may stand in them.
const WRITTEN_BY_PEOPLE: [&str; 4] = ["name", "clinician", "practice", "address"];

/// Sets what people wrote between isolating marks, and nothing else.
fn argument<'a>(name: &str, value: impl Into<FluentValue<'a>>) -> FluentValue<'a> {
    match value.into() {
        FluentValue::String(text) if WRITTEN_BY_PEOPLE.contains(&name) => {
            format!("\u{2068}{text}\u{2069}").into()
        }
        other => other,
    }
}

/// The words of one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words(pub Language);

impl Words {
    /// Returns the language.
    pub const fn language(self) -> Language {
        self.0
    }

    const fn bundle(self) -> &'static LazyLock<Bundle> {
        match self.0 {
            Language::English => &ENGLISH,
            Language::Spanish => &SPANISH,
        }
    }

    /// Returns a message, or its key where the file lacks it: a key on a page
    /// can be reported, a page that fails cannot be read.
    fn say(self, key: &str, args: &FluentArgs<'_>) -> String {
        let bundle: &Bundle = self.bundle();
        let Some(pattern) = bundle.get_message(key).and_then(|m| m.value()) else {
            return key.to_owned();
        };
        let mut errors = vec![];
        bundle
            .format_pattern(pattern, Some(args), &mut errors)
            .into_owned()
    }

    /// Writes a day: `Wednesday, November 25`, `miércoles 25 de noviembre`.
    pub fn day(self, at: &Zoned) -> String {
        let weekday = self.weekday(weekday_number(at.weekday()));
        let month = self.month(small(at.month()));
        self.date(&weekday, &month, small(at.day()))
    }

    /// Writes the time of day on a 12-hour clock, which is the reader's in both
    /// languages in the United States.
    pub fn time(self, at: &Zoned) -> String {
        let hour = match at.hour() % 12 {
            0 => 12,
            hour => small(hour),
        };
        let half = if at.hour() < 12 { "am" } else { "pm" };
        self.clock(hour, &format!("{:02}", at.minute()), half)
    }

    /// Writes day and time.
    pub fn moment(self, at: &Zoned) -> String {
        self.at_time(&self.day(at), &self.time(at))
    }
}

/// Returns 1 for Monday to 7 for Sunday.
pub fn weekday_number(day: Weekday) -> u32 {
    small(day.to_monday_one_offset())
}

/// Widens a part of a date, which is never negative.
fn small(part: i8) -> u32 {
    u32::from(part.unsigned_abs())
}

macro_rules! words {
    ($($name:ident($($arg:ident: $kind:ty),*) = $key:literal;)*) => {
        impl Words {$(
            #[doc = concat!("Says `", $key, "`.")]
            pub fn $name(self $(, $arg: $kind)*) -> String {
                #[allow(unused_mut, reason = "a message without arguments sets none")]
                let mut args = FluentArgs::new();
                $(args.set(stringify!($arg), argument(stringify!($arg), $arg));)*
                self.say($key, &args)
            }
        )*}

        /// Every message with the names of its arguments.
        #[cfg(test)]
        const MESSAGES: &[(&str, &[&str])] = &[$(($key, &[$(stringify!($arg)),*])),*];
    };
}

words! {
    language_name() = "language-name";
    skip_to_content() = "skip-to-content";
    choose_language() = "choose-language";
    call_us(phone: &str) = "call-us";
    private_page() = "private-page";
    weekday(day: u32) = "weekday";
    month(month: u32) = "month";
    date(weekday: &str, month: &str, day: u32) = "date";
    clock(hour: u32, minute: &str, half: &str) = "clock";
    at_time(date: &str, time: &str) = "at-time";
    minutes(minutes: u32) = "minutes";
    check_title() = "check-title";
    check_lede() = "check-lede";
    check_legend() = "check-legend";
    check_month() = "check-month";
    check_choose() = "check-choose";
    check_day() = "check-day";
    check_year() = "check-year";
    check_go() = "check-go";
    check_wrong(left: u32) = "check-wrong";
    check_unknown() = "check-unknown";
    check_incomplete() = "check-incomplete";
    check_locked() = "check-locked";
    hello(name: &str) = "hello";
    visit_next() = "visit-next";
    visit_today() = "visit-today";
    visit_confirm() = "visit-confirm";
    visit_move() = "visit-move";
    visit_cannot() = "visit-cannot";
    visit_calendar() = "visit-calendar";
    visit_directions() = "visit-directions";
    visit_with(clinician: &str) = "visit-with";
    visit_confirmed() = "visit-confirmed";
    visit_move_asked() = "visit-move-asked";
    visit_cancelled() = "visit-cancelled";
    visit_cancelled_next() = "visit-cancelled-next";
    visit_past() = "visit-past";
    visit_moved() = "visit-moved";
    visit_none() = "visit-none";
    visit_none_next() = "visit-none-next";
    visit_changed_mind() = "visit-changed-mind";
    move_title() = "move-title";
    move_lede(when: &str) = "move-lede";
    move_how() = "move-how";
    move_send() = "move-send";
    wish_legend() = "wish-legend";
    wish_day() = "wish-day";
    wish_day_wrong() = "wish-day-wrong";
    wish_part() = "wish-part";
    wish_any() = "wish-any";
    wish_morning() = "wish-morning";
    wish_afternoon() = "wish-afternoon";
    wish_evening() = "wish-evening";
    wish_note() = "wish-note";
    wish_note_hint() = "wish-note-hint";
    wish_note_long() = "wish-note-long";
    back() = "back";
    cancel_title() = "cancel-title";
    cancel_lede(when: &str) = "cancel-lede";
    cancel_again() = "cancel-again";
    cancel_again_yes() = "cancel-again-yes";
    cancel_again_no() = "cancel-again-no";
    cancel_again_hint() = "cancel-again-hint";
    cancel_yes() = "cancel-yes";
    cancel_no() = "cancel-no";
    preferences_title() = "preferences-title";
    preferences_lede() = "preferences-lede";
    preferences_link() = "preferences-link";
    preferences_by_text() = "preferences-by-text";
    preferences_by_text_to(address: &str) = "preferences-by-text-to";
    preferences_by_mail() = "preferences-by-mail";
    preferences_what() = "preferences-what";
    preferences_how() = "preferences-how";
    preferences_save() = "preferences-save";
    preferences_saved() = "preferences-saved";
    preferences_stop_title() = "preferences-stop-title";
    preferences_stop_lede() = "preferences-stop-lede";
    preferences_stop() = "preferences-stop";
    preferences_stopped() = "preferences-stopped";
    purpose_care() = "purpose-care";
    purpose_care_hint() = "purpose-care-hint";
    purpose_other() = "purpose-other";
    purpose_other_hint() = "purpose-other-hint";
    purpose_financial() = "purpose-financial";
    purpose_financial_hint() = "purpose-financial-hint";
    purpose_feedback() = "purpose-feedback";
    purpose_feedback_hint() = "purpose-feedback-hint";
    purpose_marketing() = "purpose-marketing";
    purpose_marketing_hint() = "purpose-marketing-hint";
    expired_title() = "expired-title";
    expired_lede() = "expired-lede";
    expired_renew() = "expired-renew";
    expired_renew_hint() = "expired-renew-hint";
    expired_sent() = "expired-sent";
    expired_stop() = "expired-stop";
    stop_title() = "stop-title";
    stop_lede(practice: &str) = "stop-lede";
    error_back() = "error-back";
    error_back_patient() = "error-back-patient";
    error_not_found() = "error-not-found";
    error_not_found_lede() = "error-not-found-lede";
    error_not_found_patient() = "error-not-found-patient";
    error_busy_staff() = "error-busy-staff";
    error_forbidden() = "error-forbidden";
    error_forbidden_lede() = "error-forbidden-lede";
    error_broken() = "error-broken";
    error_broken_lede() = "error-broken-lede";
    error_busy() = "error-busy";
    error_busy_lede(seconds: u32) = "error-busy-lede";
    error_invalid() = "error-invalid";
    error_invalid_lede() = "error-invalid-lede";
    error_stale() = "error-stale";
    error_stale_lede() = "error-stale-lede";
    error_forgery() = "error-forgery";
    error_forgery_lede() = "error-forgery-lede";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;

    use super::*;

    const FILES: [(Language, &str); 2] = [
        (Language::English, include_str!("en.ftl")),
        (Language::Spanish, include_str!("es.ftl")),
    ];

    #[test]
    fn every_message_is_there_in_every_language_and_no_other() {
        let listed: BTreeSet<&str> = MESSAGES.iter().map(|(key, _)| *key).collect();
        for (language, source) in FILES {
            FluentResource::try_new(source.to_owned()).expect("the file parses");
            let keys: Vec<&str> = source
                .lines()
                .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
                .filter_map(|line| line.split_once(" = ").map(|(key, _)| key))
                .collect();
            let found: BTreeSet<&str> = keys.iter().copied().collect();
            assert_eq!(found.len(), keys.len(), "{language:?} says something twice");
            assert_eq!(found, listed, "{language:?}");
        }
    }

    #[test]
    fn every_message_can_be_said_with_its_arguments() {
        for language in Language::ALL {
            let words = Words(language);
            for (key, names) in MESSAGES {
                let mut args = FluentArgs::new();
                for name in *names {
                    args.set(*name, "1");
                }
                let mut errors = vec![];
                let bundle: &Bundle = words.bundle();
                let pattern = bundle.get_message(key).and_then(|m| m.value()).unwrap();
                let text = bundle.format_pattern(pattern, Some(&args), &mut errors);
                assert!(errors.is_empty(), "{key} in {language:?}: {errors:?}");
                assert!(!text.trim().is_empty(), "{key} in {language:?}");
            }
        }
    }

    #[test]
    fn moments_are_said_in_the_reader_s_language() {
        let at = |hour, minute| {
            date(2026, 11, 25)
                .at(hour, minute, 0, 0)
                .in_tz("America/Chicago")
                .unwrap()
        };
        let english = Words(Language::English);
        let spanish = Words(Language::Spanish);
        assert_eq!(
            english.moment(&at(8, 40)),
            "Wednesday, November 25 at 8:40 AM"
        );
        assert_eq!(
            spanish.moment(&at(12, 5)),
            "miércoles 25 de noviembre, 12:05 p. m."
        );
        assert_eq!(english.time(&at(0, 0)), "12:00 AM");
    }

    #[test]
    fn plurals_follow_the_language() {
        assert_eq!(Words(Language::English).minutes(1), "1 minute");
        assert_eq!(Words(Language::English).minutes(40), "40 minutes");
        assert_eq!(Words(Language::Spanish).minutes(1), "1 minuto");
        assert!(Words(Language::Spanish).check_wrong(1).contains("una vez"));
    }

    #[test]
    fn a_name_from_right_to_left_stays_in_its_place() {
        let hello = Words(Language::English).hello("ליאור");
        assert_eq!(hello, "Hello, \u{2068}ליאור\u{2069}");
    }
}
