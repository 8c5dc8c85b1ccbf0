//! A practice behind the whole server, asked in process.

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use tendon_care::access::{Access, Role};
use tendon_care::id::{AppointmentId, PatientId};
use tendon_desk::{Carriers, Desk};
use tendon_store::Durability;
use tendon_testkit::carriers::Memory;
use tendon_testkit::clock::at;
use tendon_testkit::database::Engine;
use tendon_testpractice::{Plan, TestPractice};
use tendon_web::server::{App, Gauge, Surface, TrustedProxies, router};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// Signs the webhooks of these tests.
pub const AUTH_TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// Where the carrier believes to find us.
pub const PUBLIC_URL: &str = "https://prm.riverside.example";

#[derive(Debug)]
pub struct NoGauge;

impl Gauge for NoGauge {
    fn render(&self) -> String {
        String::new()
    }
}

pub struct World {
    practice: TestPractice,
    pub router: Router,
    /// Carries in the name of the one whose webhooks these are.
    pub carrier: Arc<Memory>,
    /// A token of the role `admin`.
    pub admin: String,
}

/// A world is the practice of every test, with a server before it.
impl Deref for World {
    type Target = TestPractice;

    fn deref(&self) -> &TestPractice {
        &self.practice
    }
}

/// An answer, read.
#[derive(Debug)]
pub struct Answered {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answered {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// Returns the body, where the status is the one.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()
    }

    /// Returns `field: reason` of every error of a problem of this status.
    #[track_caller]
    pub fn errors(&self, status: u16) -> Vec<String> {
        let body = self.expect(status);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(body["status"], status);
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        let one = |error: &Value| {
            let part = |name: &str| error[name].as_str().unwrap().to_owned();
            format!("{}: {}", part("field"), part("reason"))
        };
        errors.iter().map(one).collect()
    }
}

impl World {
    pub async fn open(engine: Engine) -> Self {
        let carrier = Arc::new(Memory::new("twilio"));
        let plan = Plan {
            now: at("2026-11-23T10:00-06:00"),
            public_url: PUBLIC_URL,
            // As in production: commits wait for the writer, so requests do meet.
            durability: Durability::Full,
            carriers: Carriers::all(Arc::<Memory>::clone(&carrier)),
        };
        let practice = TestPractice::open(engine, plan).await;
        let admin = token(&practice.desk, &practice.access, Role::Admin).await;
        Self {
            router: router(App::new(practice.desk.clone(), surface(Some(AUTH_TOKEN)))),
            practice,
            carrier,
            admin,
        }
    }

    /// Returns a token of a role.
    pub async fn token(&self, role: Role) -> String {
        token(&self.desk, &self.access, role).await
    }

    /// Sends any request.
    pub async fn send(&self, request: Request<Body>) -> Answered {
        read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// Asks as the admin.
    pub async fn get(&self, path: &str) -> Answered {
        self.call("GET", path, None, &[]).await
    }

    /// Posts as the admin.
    pub async fn post(&self, path: &str, body: &Value) -> Answered {
        self.call("POST", path, Some(body), &[]).await
    }

    /// Posts as the admin under a key.
    pub async fn keyed(&self, path: &str, body: &Value, key: &str) -> Answered {
        let headers = [("idempotency-key", key)];
        self.call("POST", path, Some(body), &headers).await
    }

    /// Calls the API as the admin.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answered {
        let authorization = format!("Bearer {}", self.admin);
        let with = [headers, &[("authorization", authorization.as_str())]].concat();
        self.send(request(method, path, body, &with)).await
    }

    /// Registers a patient who agreed to care messages at a mobile and a mailbox.
    pub async fn patient(&self, given: &str, phone: &str) -> PatientId {
        let body = json!({
            "name": {"family": "Morales", "given": given},
            "birth_date": "1968-02-29",
            "language": "en",
            "state": "IL",
            "zip": "60601",
            "contact_points": [
                {"phone": phone, "line": "mobile"},
                {"email": format!("{}@example.org", given.to_lowercase())},
            ],
            "intake": {"purposes": ["P1", "P2"], "form": "intake", "wording_version": "1"},
        });
        let patient = self.post("/patients", &body).await.expect(201);
        patient["id"].as_str().unwrap().parse().unwrap()
    }

    /// Books a visit of 40 minutes.
    pub async fn book(&self, patient: PatientId, starts_at: &str) -> AppointmentId {
        let visit = self
            .post("/appointments", &self.visit(patient, starts_at))
            .await;
        visit.expect(201)["id"].as_str().unwrap().parse().unwrap()
    }

    /// Returns the body that books a visit.
    pub fn visit(&self, patient: PatientId, starts_at: &str) -> Value {
        json!({
            "patient": patient.to_string(),
            "location": self.location.to_string(),
            "kind": "recurring",
            "starts_at": starts_at,
            "minutes": 40,
        })
    }
}

/// Reads an answer to its end.
async fn read(response: axum::response::Response) -> Answered {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 10 << 20).await.unwrap();
    Answered {
        status: parts.status,
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

/// Builds a request to the API.
pub fn request(
    method: &str,
    path: &str,
    body: Option<&Value>,
    headers: &[(&str, &str)],
) -> Request<Body> {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let Some(body) = body else {
        return request.body(Body::empty()).unwrap();
    };
    if headers.iter().all(|(name, _)| *name != "content-type") {
        request = request.header("content-type", "application/json");
    }
    request.body(Body::from(body.to_string())).unwrap()
}

/// Returns the surface of a server with or without a text carrier.
pub fn surface(auth_token: Option<&str>) -> Surface {
    Surface {
        secure: true,
        second_factor: false,
        stopping: CancellationToken::new(),
        trusted_proxies: TrustedProxies::default(),
        sandbox: true,
        twilio_auth_token: auth_token.map(Into::into),
        metrics: Box::new(NoGauge),
    }
}

/// Makes a token of a role.
pub async fn token(desk: &Desk, access: &Access, role: Role) -> String {
    let made = desk.add_token(access, role.code(), role).await.unwrap();
    made.secret.expose().to_owned()
}

/// Returns an id that nothing has.
pub fn nobody<I: tendon_care::id::Id>() -> I {
    I::from_uuid(uuid::Uuid::from_u128(
        0x0190_a1b2_c3d4_7e5f_8a9b_0c1d_2e3f_4a5b,
    ))
}

/// Returns an instant as a test writes it.
pub fn moment(text: &str) -> Timestamp {
    at(text)
}
