//! A practice behind the whole server, and browsers before it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use tendon_care::Randomness;
use tendon_care::access::{Access, Role};
use tendon_care::appointment::VisitKind;
use tendon_care::contact::{Address, ContactPoint, Line, Owner, Phone, Standing};
use tendon_care::id::{AppointmentId, Id as _, LocationId, PatientId, UserId};
use tendon_care::language::Language;
use tendon_care::patient::{Identifier, Life, Patient, Region};
use tendon_care::person::{Mrn, PersonName, Sex};
use tendon_care::practice::{Clinician, Location, Practice};
use tendon_care::purpose::Purpose;
use tendon_care::rules::Rules;
use tendon_channel::sandbox::Sandbox;
use tendon_desk::{Carriers, Desk, Intake, NewUser, NewVisit, Parts};
use tendon_store::{AuditLine, Db, Durability, MessageFilter, MessageLine, Options, SecretKey};
use tendon_testkit::clock::{FakeClock, SeededRandomness, at};
use tendon_testkit::database::TestDb;
use tendon_web::server::{App, Gauge, Surface, router};
use tower::ServiceExt as _;

/// A name that would run as a script on a page that forgets to escape.
pub const HOSTILE: &str = "\"><script>alert(1)</script>";

/// The password of every member of staff here.
pub const PASSWORD: &str = "riverside otter lantern";

#[derive(Debug)]
struct NoGauge;

impl Gauge for NoGauge {
    fn render(&self) -> String {
        String::new()
    }
}

pub struct Site {
    pub desk: Desk,
    pub router: Router,
    pub clock: Arc<FakeClock>,
    /// The command line's access.
    pub access: Access,
    pub location: LocationId,
    // Removes the file when the test ends; last, so that it goes after its users.
    _db: TestDb,
}

/// A browser with its cookies.
pub struct Browser<'a> {
    site: &'a Site,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// An answer, read.
#[derive(Debug)]
pub struct Seen {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Seen {
    /// Returns where the answer leads.
    pub fn to(&self) -> &str {
        self.headers
            .get("location")
            .map_or("", |to| to.to_str().unwrap())
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{} {}", self.to(), self.text);
        self
    }

    #[track_caller]
    pub fn leads(self, to: &str) -> Self {
        let seen = self.is(303);
        assert_eq!(seen.to(), to);
        seen
    }

    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.text.contains(words), "no {words:?} in {}", self.text);
        self
    }

    #[track_caller]
    pub fn lacks(&self, words: &str) -> &Self {
        assert!(
            !self.text.contains(words),
            "{words:?} stands in {}",
            self.text
        );
        self
    }

    /// Returns the token of the page's forms.
    pub fn csrf(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once("name=\"csrf\" value=\"")?;
        rest.split('"').next()
    }
}

impl Site {
    pub async fn open(name: &str) -> Self {
        Self::with(name, true).await
    }

    /// Opens a server that is, or is not, a sandbox.
    pub async fn with(name: &str, sandbox: bool) -> Self {
        let file = TestDb::sqlite(name);
        let clock = Arc::new(FakeClock::new(at("2026-11-23T07:50-06:00")));
        let randomness: Arc<dyn Randomness> = Arc::new(SeededRandomness::new(11));
        let db = Db::open(Options {
            url: file.url().to_owned(),
            durability: Durability::Bulk,
            kek: SecretKey::new([5; 32]),
            randomness: Arc::clone(&randomness),
        })
        .await
        .unwrap();
        let desk = Desk::new(Parts {
            db,
            clock: Arc::<FakeClock>::clone(&clock),
            randomness,
            carriers: Carriers::all(Arc::new(Sandbox::new(0))),
            public_url: "https://prm.example".into(),
            rules: Arc::new(Rules::defaults().unwrap()),
            side_by_side: 1,
        });
        let (access, location) = practice(&desk).await;
        let surface = Surface {
            secure: true,
            sandbox,
            twilio_auth_token: None,
            metrics: Box::new(NoGauge),
        };
        Self {
            router: router(App::new(desk.clone(), surface)),
            desk,
            clock,
            access,
            location,
            _db: file,
        }
    }

    /// Opens a browser without any cookie.
    pub fn browser(&self) -> Browser<'_> {
        Browser {
            site: self,
            cookies: Mutex::default(),
        }
    }

    /// Adds a member of staff.
    pub async fn user(&self, role: Role) -> UserId {
        let new = NewUser {
            email: format!("{}@example.org", role.code()),
            name: format!("Robin {}", role.code()),
            role,
            password: PASSWORD.to_owned(),
        };
        self.desk.add_user(&self.access, &new).await.unwrap()
    }

    /// Opens a browser in which a new member of staff is signed in.
    pub async fn signed_in(&self, role: Role) -> Browser<'_> {
        let user = self.user(role).await;
        let life = SignedDuration::from_mins(5);
        let link = self
            .desk
            .make_sign_in_link(&self.access, user, life)
            .await
            .unwrap();
        let browser = self.browser();
        browser
            .get(&format!("/sign-in/link/{}", link.expose()))
            .await
            .leads("/");
        browser
    }

    /// Registers somebody who agreed to care messages at a mobile.
    pub async fn patient(&self, given: &str, family: &str, phone: &str) -> PatientId {
        let mint = self.desk.mint();
        let patient = Patient {
            id: mint.id(),
            name: PersonName::parse(family, given).unwrap(),
            birth_date: Some("1968-03-04".parse().unwrap()),
            sex: Sex::Female,
            language: Language::English,
            time_zone: None,
            region: Region {
                state: Some("IL".into()),
                zip: Some("60601".into()),
            },
            life: Life::Living,
            identifiers: vec![Identifier {
                system: "ehr".into(),
                value: Mrn::parse(&format!("R{}", &phone[phone.len() - 4..])).unwrap(),
            }],
            contact_points: vec![ContactPoint {
                id: mint.id(),
                owner: Owner::Patient,
                address: Address::Phone(Phone::parse(phone).unwrap()),
                line: Line::Mobile,
                standing: Standing::Unverified,
                shared: false,
                rank: 0,
            }],
            proxies: vec![],
            paused: false,
        };
        let id = patient.id;
        let intake = Intake {
            agreed: vec![Purpose::Care, Purpose::CareOther],
            form: "intake".into(),
            wording_version: "1".into(),
        };
        self.desk
            .register(&self.access, patient, &intake)
            .await
            .unwrap();
        id
    }

    /// Books a visit of 40 minutes.
    pub async fn book(&self, patient: PatientId, starts_at: Timestamp) -> AppointmentId {
        let new = NewVisit {
            patient,
            episode: None,
            location: self.location,
            clinician: None,
            kind: VisitKind::Recurring,
            starts_at,
            minutes: 40,
        };
        self.desk.book(&self.access, &new).await.unwrap()
    }

    /// Moves the clock and does everything that is due then.
    pub async fn wait(&self, minutes: i64) {
        self.clock.advance_secs(minutes * 60);
        self.drain().await;
    }

    /// Does everything that is due now.
    pub async fn drain(&self) {
        for _ in 0..100 {
            let stepped = self.desk.step_due().await.unwrap();
            let sent = self.desk.dispatch_due().await.unwrap();
            assert_eq!((stepped.failed, sent.failed), (0, 0));
            if stepped.claimed + sent.claimed == 0 {
                return;
            }
        }
        panic!("work is left after a hundred rounds");
    }

    /// Returns what was written to and by a patient, newest first.
    pub async fn messages(&self, patient: PatientId) -> Vec<MessageLine> {
        let filter = MessageFilter {
            patient: Some(patient),
            state: String::new(),
            since: Timestamp::UNIX_EPOCH,
            before: None,
            limit: 50,
        };
        self.desk
            .db()
            .reader(&self.access)
            .messages(&filter)
            .await
            .unwrap()
    }

    /// Returns the audit trail, newest first.
    pub async fn audit(&self) -> Vec<AuditLine> {
        self.desk
            .db()
            .reader(&self.access)
            .audit_page(None, "", "", None, 500)
            .await
            .unwrap()
    }
}

impl Browser<'_> {
    pub async fn get(&self, path: &str) -> Seen {
        self.send(Request::get(path), Body::empty()).await
    }

    /// Posts a form as the page sends it, with the token of that page.
    pub async fn act(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Seen {
        let page = self.get(page).await;
        let csrf = page
            .csrf()
            .unwrap_or_else(|| panic!("no form on {}", page.text))
            .to_owned();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post(path, &all).await
    }

    /// Posts exactly these fields.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let form = "application/x-www-form-urlencoded";
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.send(
            Request::post(path).header("content-type", form),
            Body::from(body),
        )
        .await
    }

    /// Asks as a page that reloads itself.
    pub async fn reload(&self, path: &str) -> Seen {
        self.send(Request::get(path).header("tendon-live", "1"), Body::empty())
            .await
    }

    async fn send(&self, request: axum::http::request::Builder, body: Body) -> Seen {
        let response = self.raw(request, body).await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 10 << 20).await.unwrap();
        Seen {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// Sends a request with the cookies, keeps those that come back, and leaves the
    /// body unread.
    pub async fn raw(&self, request: axum::http::request::Builder, body: Body) -> Response {
        let cookies = {
            let cookies = self.cookies.lock().unwrap();
            let pairs: Vec<String> = cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            pairs.join("; ")
        };
        let request = request.header("cookie", cookies).body(body).unwrap();
        let response = self.site.router.clone().oneshot(request).await.unwrap();
        for header in response.headers().get_all("set-cookie") {
            let text = header.to_str().unwrap();
            assert!(
                text.contains("; Secure") && text.contains("; HttpOnly"),
                "{text}"
            );
            let pair = text.split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies
                .lock()
                .unwrap()
                .insert(name.to_owned(), value.to_owned());
        }
        response
    }
}

async fn practice(desk: &Desk) -> (Access, LocationId) {
    let zone = jiff::tz::TimeZone::get("America/Chicago").unwrap();
    let practice = Practice {
        id: desk.mint().id(),
        name: "Riverside PT".into(),
        time_zone: zone.clone(),
        state: Some("IL".into()),
        phone: Some(Phone::parse("312-555-0100").unwrap()),
    };
    desk.open_practice(&practice).await.unwrap();
    let access = Access::system(practice.id, "command");
    let location = Location {
        id: desk.mint().id(),
        name: "Riverside".into(),
        time_zone: zone,
        phone: None,
        street: Some("412 River Street".into()),
        hours: [None; 7],
    };
    let place = location.id;
    desk.put_location(&access, location).await.unwrap();
    let clinician = Clinician {
        id: desk.mint().id(),
        display_name: "Dr. Chen".into(),
    };
    desk.put_clinician(&access, clinician).await.unwrap();
    (access, place)
}

/// Returns an address of a pattern, filled with ids of things that do not exist.
pub fn filled(pattern: &str) -> String {
    let uuid = uuid::Uuid::from_u128(0x0190_a1b2_c3d4_7e5f_8a9b_0c1d_2e3f_4a5b).simple();
    let value = |name: &str| match name {
        "visit" => format!("apt_{uuid}"),
        "task" => format!("tsk_{uuid}"),
        "patient" => PatientId::from_uuid(uuid::Uuid::from_u128(7)).to_string(),
        "planned" | "message" => format!("msg_{uuid}"),
        "thread" => format!("cnv_{uuid}"),
        "location" => format!("loc_{uuid}"),
        "user" => format!("usr_{uuid}"),
        "link" => "0123456789abcdefghijkl".to_owned(),
        "name" if pattern.starts_with("/assets") => "style.css".to_owned(),
        "name" => "visit-reminder".to_owned(),
        other => panic!("{other} in {pattern}"),
    };
    let mut out = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap();
        out.push_str(before);
        out.push_str(&value(name));
        rest = after;
    }
    out + rest
}
