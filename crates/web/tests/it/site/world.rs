//! A practice behind the whole server, and browsers before it.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use tendon_care::access::Role;
use tendon_care::appointment::VisitKind;
use tendon_care::id::{AppointmentId, Id as _, PatientId, UserId};
use tendon_channel::sandbox::Sandbox;
use tendon_desk::{Carriers, NewUser};
use tendon_store::{Durability, MessageFilter, MessageLine};
use tendon_testkit::clock::at;
use tendon_testkit::database::Engine;
use tendon_testpractice::{Person, Plan, TestPractice};
use tendon_web::server::{App, Surface, TrustedProxies, router};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::api::world::NoGauge;

/// A name that would run as a script on a page that forgets to escape.
pub const HOSTILE: &str = "\"><script>alert(1)</script>";

/// The password of every member of staff here.
pub const PASSWORD: &str = "riverside otter lantern";

pub struct Site {
    practice: TestPractice,
    pub router: Router,
}

/// A site is the practice of every test, with its pages before it.
impl Deref for Site {
    type Target = TestPractice;

    fn deref(&self) -> &TestPractice {
        &self.practice
    }
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
    pub async fn open(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    /// Opens a server that differs from the usual one.
    pub async fn with(engine: Engine, differ: impl FnOnce(&mut Surface)) -> Self {
        let plan = Plan {
            now: at("2026-11-23T07:50-06:00"),
            public_url: "https://prm.example",
            durability: Durability::Bulk,
            carriers: Carriers::all(Arc::new(Sandbox::new(0))),
        };
        let practice = TestPractice::open(engine, plan).await;
        let mut surface = Surface {
            secure: true,
            second_factor: false,
            stopping: CancellationToken::new(),
            trusted_proxies: TrustedProxies::default(),
            sandbox: true,
            twilio_auth_token: None,
            metrics: Box::new(NoGauge),
        };
        differ(&mut surface);
        Self {
            router: router(App::new(practice.desk.clone(), surface)),
            practice,
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

    /// Registers somebody whose chart has the number of the phone's last digits.
    pub async fn patient(&self, given: &str, family: &str, phone: &str) -> PatientId {
        let mrn = format!("R{}", &phone[phone.len() - 4..]);
        let person = Person {
            given,
            family,
            phone,
            mrn: Some(&mrn),
        };
        self.register(person).await
    }

    /// Books a visit of 40 minutes.
    pub async fn book(&self, patient: PatientId, starts_at: Timestamp) -> AppointmentId {
        self.practice
            .book(patient, VisitKind::Recurring, starts_at)
            .await
    }

    /// Moves the clock and does everything that is due then.
    pub async fn wait(&self, minutes: i64) {
        self.clock.advance_secs(minutes * 60);
        self.drain().await;
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

    /// Has the first patient in the sandbox write something, and returns the thread.
    pub async fn thread(&self) -> String {
        self.site.drain().await;
        let sandbox = self.get("/sandbox").await.is(200);
        let (_, rest) = sandbox.text.split_once("action=\"/sandbox/").unwrap();
        let id = rest.split('/').next().unwrap();
        let answer = format!("/sandbox/{id}/answer");
        let words = [("words", "What should I wear?")];
        self.act("/sandbox", &answer, &words).await.is(303);
        self.site.drain().await;
        format!("/inbox/{id}")
    }

    /// Asks as a page that reloads itself.
    pub async fn reload(&self, path: &str) -> Seen {
        self.send(Request::get(path).header("tendon-live", "1"), Body::empty())
            .await
    }

    /// Posts as a page that claims to reload itself.
    pub async fn send_live(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("tendon-live", "1");
        self.send(request, Body::from(body)).await
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

/// Returns what an authenticator app shows that holds a key (RFC 4648 §6, RFC 6238).
pub fn code_of(key: &str, at: Timestamp) -> String {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in key.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            _ => letter - b'2' + 26,
        };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).unwrap());
        }
    }
    let secret: [u8; 20] = bytes.try_into().unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let seconds = u64::try_from(at.as_second()).unwrap();
    totp.generate(seconds).to_string()
}

/// Returns an address of a pattern, filled with ids of things that do not exist.
pub fn filled(pattern: &str) -> String {
    let uuid = uuid::Uuid::from_u128(0x0190_a1b2_c3d4_7e5f_8a9b_0c1d_2e3f_4a5b).simple();
    let value = |name: &str| match name {
        "visit" => format!("apt_{uuid}"),
        "task" => format!("tsk_{uuid}"),
        "patient" => PatientId::from_uuid(uuid::Uuid::from_u128(7)).to_string(),
        "planned" | "message" => format!("msg_{uuid}"),
        "merge" => format!("mrg_{uuid}"),
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
