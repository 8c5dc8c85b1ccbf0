//! Lists that only shrink: what is served, what is refused, what is recorded.

use tendon_care::access::Role;
use tendon_care::id::{MessageId, PatientId};
use tendon_store::AuditLine;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;
use tendon_web::pages::urls::Url;

use super::world::{Browser, HOSTILE, Seen, Site, filled};

/// Patterns that a browser may ask for without being signed in.
fn is_public(pattern: &str) -> bool {
    ["/sign-in", "/portal", "/unsubscribe", "/assets"]
        .iter()
        .any(|start| pattern.starts_with(start))
}

#[on_both_engines]
async fn every_place_of_the_pages_is_served(engine: Engine) {
    let site = Site::open(engine).await;
    let browser = site.signed_in(Role::Admin).await;
    for pattern in Url::PATTERNS
        .iter()
        .filter(|pattern| **pattern != "/events")
    {
        let path = filled(pattern);
        let got = browser.get(&path).await;
        let posted = browser.post(&path, &[]).await;
        let is_there = |status: u16| status != 405;
        let there = [got.status.as_u16(), posted.status.as_u16()];
        assert!(there.into_iter().any(is_there), "{pattern} {there:?}");
        // Without its token a form is refused before anything is looked for, so
        // whatever takes forms answers 403 and nothing else.
        if posted.status != 405 {
            let refused = if is_public(pattern) {
                [403, 429]
            } else {
                [403, 403]
            };
            assert!(
                refused.contains(&posted.status.as_u16()),
                "{pattern} {}",
                posted.status
            );
        }
    }
}

#[on_both_engines]
async fn nothing_of_the_staff_pages_is_served_without_a_session(engine: Engine) {
    let site = Site::open(engine).await;
    let browser = site.browser();
    for pattern in Url::PATTERNS.iter().filter(|pattern| !is_public(pattern)) {
        let path = filled(pattern);
        for seen in [browser.get(&path).await, browser.post(&path, &[]).await] {
            let status = seen.status.as_u16();
            let sent_away = status == 303 && seen.to().starts_with("/sign-in");
            assert!(sent_away || status == 405, "{pattern} {status}");
            assert!(
                seen.text.is_empty() || status == 405,
                "{pattern} {}",
                seen.text
            );
        }
    }
    let deep = browser.get("/inbox?show=all").await;
    assert_eq!(deep.to(), "/sign-in?to=%2Finbox%3Fshow%3Dall");
}

/// Who opens each place of the staff pages. It is written down here a second time, so
/// that nobody gains a page by a slip in the table of needs.
const OPENS: &[(&[&str], &str)] = &[
    (
        &["/sign-out", "/look", "/account", "/events"],
        "admin manager front_desk therapist assistant marketing biller privacy_officer \
         integration auditor",
    ),
    (&["/"], "admin manager front_desk therapist assistant"),
    (
        &["/visits/{visit}/confirm", "/visits/{visit}/cancel"],
        "admin manager front_desk therapist assistant integration",
    ),
    (
        &[
            "/tasks/{task}/done",
            "/tasks/{task}/take",
            "/inbox",
            "/inbox/{thread}",
            "/messages",
            "/messages/{message}",
            "/sandbox",
        ],
        "admin manager front_desk therapist assistant privacy_officer integration",
    ),
    (
        &["/patients"],
        "admin manager front_desk therapist assistant marketing biller privacy_officer integration",
    ),
    (
        &["/patients/{patient}"],
        "admin manager front_desk therapist assistant biller privacy_officer integration",
    ),
    (
        &["/patients/{patient}/consents"],
        "admin manager front_desk therapist privacy_officer integration",
    ),
    (
        &[
            "/patients/{patient}/write",
            "/patients/{patient}/pause",
            "/patients/{patient}/propose",
            "/patients/{patient}/planned/{planned}/skip",
            "/patients/{patient}/planned/{planned}/move",
            "/patients/{patient}/planned/{planned}/send",
            "/inbox/{thread}/reply",
            "/inbox/{thread}/measure",
            "/inbox/{thread}/done",
            "/sandbox/{thread}/answer",
        ],
        "admin manager front_desk therapist integration",
    ),
    (
        &[
            "/settings",
            "/settings/locations",
            "/settings/locations/{location}",
            "/settings/templates",
            "/settings/templates/{name}",
            "/settings/templates/{name}/preview",
            "/settings/journeys",
            "/settings/journeys/{name}/switch",
        ],
        "admin manager",
    ),
    (
        &[
            "/settings/users",
            "/settings/users/{user}/role",
            "/settings/users/{user}/revoke",
            "/settings/carriers",
        ],
        "admin",
    ),
    (
        &[
            "/patients/{patient}/same",
            "/patients/{patient}/merges/{merge}/undo",
        ],
        "admin manager privacy_officer",
    ),
    (
        &["/audit", "/audit/export"],
        "admin privacy_officer auditor",
    ),
];

#[on_both_engines]
async fn a_role_opens_what_its_row_of_the_table_says_and_no_more(engine: Engine) {
    let site = Site::open(engine).await;
    let opens = |pattern: &str, role: Role| {
        let mut rows = OPENS.iter().filter(|(places, _)| places.contains(&pattern));
        let (_, roles) = rows
            .next()
            .unwrap_or_else(|| panic!("{pattern} is new: write down who opens it"));
        roles.split_whitespace().any(|code| code == role.code())
    };
    for role in Role::ALL {
        let browser = site.signed_in(role).await;
        for pattern in Url::PATTERNS
            .iter()
            .filter(|p| !is_public(p) && **p != "/events")
        {
            let path = filled(pattern);
            let (got, posted) = (browser.get(&path).await, browser.post(&path, &[]).await);
            if *pattern == "/" && !opens(pattern, role) {
                assert_ne!(got.to(), "", "{role:?} begins elsewhere");
                continue;
            }
            for seen in [got, posted] {
                let status = seen.status.as_u16();
                if opens(pattern, role) {
                    assert!(
                        status != 403 || seen.text.contains("form has expired"),
                        "{role:?} {pattern}"
                    );
                } else {
                    assert!([403, 405].contains(&status), "{role:?} {pattern} {status}");
                    seen.lacks("form has expired");
                }
            }
        }
    }
}

/// Returns what the trail calls a look at a place, `None` for a place that shows nobody.
/// A new place is to be written down here: it shows people until somebody says not.
fn recorded_as(pattern: &str) -> Option<&'static str> {
    Some(match pattern {
        "/" => "today",
        "/patients" => "patient_list",
        "/patients/{patient}" | "/patients/{patient}/same" => "chart",
        "/inbox" => "inbox",
        "/inbox/{thread}" => "thread",
        "/messages" => "message_list",
        "/messages/{message}" => "message",
        "/sandbox" => "sandbox",
        "/audit" => "audit",
        "/audit/export" => "audit_export",
        "/portal/{link}" | "/portal/{link}/visit.ics" | "/portal/{link}/move"
        | "/portal/{link}/cancel" => "appointment",
        "/portal/{link}/preferences" => "consent",
        // These only take forms; a look at the address shows nothing or leads away.
        "/visits/{visit}/confirm" | "/visits/{visit}/cancel" | "/tasks/{task}/done"
        | "/tasks/{task}/take" | "/patients/{patient}/write" | "/patients/{patient}/pause"
        | "/patients/{patient}/propose" | "/patients/{patient}/consents"
        | "/patients/{patient}/merges/{merge}/undo"
        | "/patients/{patient}/planned/{planned}/skip"
        | "/patients/{patient}/planned/{planned}/move"
        | "/patients/{patient}/planned/{planned}/send" | "/inbox/{thread}/reply"
        | "/inbox/{thread}/measure" | "/inbox/{thread}/done" | "/sandbox/{thread}/answer"
        | "/sign-out" | "/look" | "/portal/{link}/check" | "/portal/{link}/confirm"
        | "/portal/{link}/language" | "/portal/{link}/renew"
        // The way in, and the way out: nobody is named.
        | "/sign-in" | "/sign-in/code" | "/sign-in/enrol" | "/sign-in/link/{link}"
        | "/portal/{link}/stop" | "/unsubscribe/{link}"
        // The reader's own.
        | "/account"
        // Files of ours, topics without data, and the practice itself.
        | "/assets/{name}" | "/events" | "/settings" | "/settings/locations"
        | "/settings/locations/{location}" | "/settings/templates"
        | "/settings/templates/{name}" | "/settings/templates/{name}/preview"
        | "/settings/journeys" | "/settings/journeys/{name}/switch" | "/settings/users"
        | "/settings/users/{user}/role" | "/settings/users/{user}/revoke"
        | "/settings/carriers" => return None,
        new => panic!("{new} is new: say what the trail calls a look at it"),
    })
}

/// A practice with a patient on every page, and the addresses that lead to her.
struct Shown<'a> {
    staff: Browser<'a>,
    phone: Browser<'a>,
    ana: PatientId,
    thread: String,
    message: MessageId,
    link: String,
}

impl<'a> Shown<'a> {
    async fn open(site: &'a Site) -> Self {
        let ana = site.patient(HOSTILE, "Morales", "312-555-0142").await;
        let now = site.desk.now();
        site.book(ana, now + jiff::SignedDuration::from_hours(25))
            .await;
        site.wait(61).await;
        let lines = site.messages(ana).await;
        let message = lines.first().expect("a reminder went out");
        let (_, rest) = message.text.expose().split_once("/portal/").unwrap();
        let link = rest.split_whitespace().next().unwrap().to_owned();
        let staff = site.signed_in(Role::Admin).await;
        let answer = thread_form(&staff.get("/sandbox").await.text);
        staff
            .act("/sandbox", &answer, &[("words", HOSTILE)])
            .await
            .is(303);
        site.drain().await;
        let inbox = staff.get("/inbox?show=all").await;
        let thread = between(&inbox.text, "href=\"/inbox/", "\"").to_owned();
        let phone = site.browser();
        let (page, check) = (format!("/portal/{link}"), format!("/portal/{link}/check"));
        let birthday = [("month", "2"), ("day", "29"), ("year", "1968")];
        phone.act(&page, &check, &birthday).await.leads(&page);
        Self {
            staff,
            phone,
            ana,
            thread,
            message: message.id,
            link,
        }
    }

    /// Asks for a place as whoever it is for, with ids of what is there.
    async fn ask(&self, pattern: &str) -> Seen {
        let path = pattern
            .replace("{patient}", &self.ana.to_string())
            .replace("{thread}", &self.thread)
            .replace("{message}", &self.message.to_string());
        if pattern.starts_with("/portal") {
            self.phone.get(&path.replace("{link}", &self.link)).await
        } else {
            self.staff.get(&filled(&path)).await
        }
    }
}

/// What tells that somebody is shown: a name, a number's end, a visit of somebody's.
const TELLING: [&str; 4] = ["Morales", "alert(1)", "0142", "BEGIN:VEVENT"];

#[on_both_engines]
async fn whoever_is_shown_is_recorded_and_never_unescaped(engine: Engine) {
    let site = Site::open(engine).await;
    let shown = Shown::open(&site).await;
    for pattern in Url::PATTERNS.iter().filter(|p| **p != "/events") {
        // Leaving ends what the rest needs; the files of ours are no pages.
        if matches!(*pattern, "/sign-out" | "/assets/{name}") {
            continue;
        }
        let before = site.audit().await.first().map_or(0, |line| line.seq);
        let seen = shown.ask(pattern).await;
        seen.lacks("<script>alert(1)");
        let written = site.audit().await;
        let new: Vec<_> = written.iter().filter(|line| line.seq > before).collect();
        assert!(
            new.iter().all(|line| !line.detail.contains("alert")),
            "{pattern}"
        );
        match recorded_as(pattern) {
            Some(entity) => {
                assert_eq!(seen.status.as_u16(), 200, "{pattern}");
                let looks = |line: &&AuditLine| {
                    ["R", "E"].contains(&line.action.as_str()) && line.entity == entity
                };
                assert!(new.iter().any(looks), "{pattern} {new:?}");
            }
            None => {
                for telling in TELLING {
                    seen.lacks(telling);
                }
            }
        }
    }
    let found = shown
        .staff
        .act("/patients", "/patients", &[("q", HOSTILE)])
        .await
        .is(200);
    found.lacks("<script>alert(1)");
}

/// Returns the address of the first answer's form.
fn thread_form(html: &str) -> String {
    format!(
        "/sandbox/{}/answer",
        between(html, "action=\"/sandbox/", "/answer")
    )
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split(after).next().unwrap()
}

#[on_both_engines]
async fn a_file_is_sent_once_and_then_only_confirmed(engine: Engine) {
    let site = Site::open(engine).await;
    let browser = site.browser();
    let first = browser.get("/assets/style.css").await.is(200);
    let etag = first.headers["etag"].clone();
    let request = axum::http::Request::get("/assets/style.css").header("if-none-match", etag);
    let again = browser.raw(request, axum::body::Body::empty()).await;
    assert_eq!(again.status(), 304);
    let page = browser.get("/sign-in").await.is(200);
    assert_eq!(page.headers["cache-control"], "no-store");
    assert!(
        page.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("default-src 'none'")
    );
    browser.get("/assets/none.css").await.is(404);
    browser.get("/no/such/place").await.is(404).says("404");
}
