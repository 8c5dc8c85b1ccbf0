//! What samples are made of: ids, moments, the frame, and names that try to
//! break a page.

use askama::Template;
use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use tendon_care::access::Role;
use tendon_care::id::Id;
use tendon_care::language::Language;

use super::audit::Audit;
use super::enrol::Enrol;
use super::error::ErrorPage;
use super::frame::{Frame, Look, Section};
use super::inbox::{Count, Inbox};
use super::message::Message;
use super::messages::Messages;
use super::parts::Csrf;
use super::patient::Patient;
use super::patients::Patients;
use super::portal::{
    cancel::Cancel, check::Check, expired::Expired, move_visit::MoveVisit,
    preferences::Preferences, stop::Stop, visit::Visit,
};
use super::same::Same;
use super::sandbox::Sandbox;
use super::second_factor::SecondFactor;
use super::settings::{
    account::Account, carriers::Carriers, journeys::Journeys, locations::Locations,
    practice::Practice, template::TemplatePage, templates::Templates, users::Users,
};
use super::sign_in::SignIn;
use super::today::Today;
use super::urls::{LinkToken, Name};
use crate::words::Words;

/// A name that would run as a script on a page that forgets to escape.
pub const HOSTILE: &str = r#""><script>alert(1)</script>'&{{7*7}}<img src=x onerror=alert(2)>"#;

/// A name written from right to left.
pub const RTL: &str = "ליאור בן־דוד אל־מנצור";

/// A name without a place to break, as long as a name may be.
pub const LONG: &str = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaftschaferswessenschafewarenwohlgepflegeundsorgfaltigkeit";

/// Makes an id that is the same in every run.
pub fn id<I: Id>(n: u8) -> I {
    I::from_parts(Timestamp::UNIX_EPOCH, [n; 10])
}

/// Monday, November 23, 2026, 7:50 in Chicago, when the desk opens.
pub fn now() -> Zoned {
    // The tables of all zones are compiled in; UTC would only shift a sample.
    let zone = TimeZone::get("America/Chicago").unwrap_or(TimeZone::UTC);
    date(2026, 11, 23)
        .at(7, 50, 0, 0)
        .to_zoned(zone)
        .unwrap_or_else(|_| Zoned::new(Timestamp::UNIX_EPOCH, TimeZone::UTC))
}

/// Returns a moment so many minutes after [`now`], before it where negative.
pub fn after(minutes: i64) -> Zoned {
    now().saturating_add(SignedDuration::from_mins(minutes))
}

/// Returns the moment on another day at an hour of the clinic's clock.
pub fn on(days: i64, hour: i64, minute: i64) -> Zoned {
    let start = now();
    start
        .date()
        .saturating_add(SignedDuration::from_hours(days * 24))
        .at(0, 0, 0, 0)
        .saturating_add(SignedDuration::from_mins(hour * 60 + minute))
        .to_zoned(start.time_zone().clone())
        .unwrap_or(start)
}

/// Makes the frame of a day at the front desk.
pub fn frame(section: Section) -> Frame {
    Frame {
        practice: "Riverside Physical Therapy".to_owned(),
        user: "Maria Lopez".to_owned(),
        role: Role::Admin,
        section,
        today: 14,
        inbox: 5,
        red_flag: false,
        sandbox: true,
        banners: vec![],
        flash: None,
        look: Look::default(),
        csrf: Csrf::new("k3JxV1ZtQm9yZGVy"),
        here: "/".to_owned(),
    }
}

/// Makes the secret part of a link.
pub fn token() -> LinkToken {
    LinkToken::known("AbCdEfGhIjKlMnOpQrStUv")
}

/// Makes the name of a definition.
pub fn name(text: &'static str) -> Name {
    Name::known(text)
}

/// One page, rendered with one of its samples.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The page, such as `portal-visit`, without its language.
    pub page: &'static str,
    /// The page, its language where it speaks several, and the sample.
    pub name: String,
    /// The markup.
    pub html: Result<String, String>,
}

/// Renders every page with every one of its samples, in every language that
/// the page speaks.
pub fn all() -> Vec<Rendered> {
    let mut out = Gallery::default();
    out.hang("today", Today::samples());
    out.hang("patients", Patients::samples());
    out.hang("patient", Patient::samples());
    out.hang("same", Same::samples());
    out.hang("inbox", Inbox::samples());
    out.hang("count", Count::samples());
    out.hang("messages", Messages::samples());
    out.hang("message", Message::samples());
    out.hang("sandbox", Sandbox::samples());
    out.hang("audit", Audit::samples());
    out.hang("settings-practice", Practice::samples());
    out.hang("settings-locations", Locations::samples());
    out.hang("settings-templates", Templates::samples());
    out.hang("settings-template", TemplatePage::samples());
    out.hang("settings-journeys", Journeys::samples());
    out.hang("settings-users", Users::samples());
    out.hang("settings-carriers", Carriers::samples());
    out.hang("settings-account", Account::samples());
    out.hang("sign-in", SignIn::samples());
    out.hang("second-factor", SecondFactor::samples());
    out.hang("enrol", Enrol::samples());
    out.hang_in_all("error", ErrorPage::samples);
    out.hang_in_all("portal-check", Check::samples);
    out.hang_in_all("portal-visit", Visit::samples);
    out.hang_in_all("portal-move", MoveVisit::samples);
    out.hang_in_all("portal-cancel", Cancel::samples);
    out.hang_in_all("portal-preferences", Preferences::samples);
    out.hang_in_all("portal-stop", Stop::samples);
    out.hang_in_all("portal-expired", Expired::samples);
    out.0
}

/// The samples rendered so far.
#[derive(Default)]
struct Gallery(Vec<Rendered>);

impl Gallery {
    /// Renders the samples of a page that speaks one language.
    fn hang<P: Template>(&mut self, page: &'static str, samples: Vec<(&'static str, P)>) {
        for (case, sample) in samples {
            self.add(page, format!("{page}-{case}"), &sample);
        }
    }

    /// Renders the samples of a page that speaks every language.
    fn hang_in_all<P: Template>(
        &mut self,
        page: &'static str,
        samples: fn(Words) -> Vec<(&'static str, P)>,
    ) {
        for language in Language::ALL {
            for (case, sample) in samples(Words(language)) {
                self.add(page, format!("{page}-{}-{case}", language.tag()), &sample);
            }
        }
    }

    fn add(&mut self, page: &'static str, name: String, sample: &impl Template) {
        let html = sample.render().map_err(|error| error.to_string());
        self.0.push(Rendered { page, name, html });
    }
}
