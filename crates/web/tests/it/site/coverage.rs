//! Lists that only shrink: what is served, what is refused, what is recorded.

use tendon_care::access::Role;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;
use tendon_web::pages::urls::Url;

use super::world::{HOSTILE, Site, filled};

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

#[on_both_engines]
async fn a_role_opens_what_its_row_of_the_table_says_and_no_more(engine: Engine) {
    let site = Site::open(engine).await;
    // An auditor reads the trail; marketing finds people and sees no chart.
    let rows = [
        (
            Role::Auditor,
            &["/audit", "/audit/export", "/sign-out", "/look", "/events"][..],
        ),
        (
            Role::Marketing,
            &["/patients", "/sign-out", "/look", "/events"][..],
        ),
    ];
    for (role, opens) in rows {
        let browser = site.signed_in(role).await;
        for pattern in Url::PATTERNS
            .iter()
            .filter(|p| !is_public(p) && **p != "/events")
        {
            let path = filled(pattern);
            let (got, posted) = (browser.get(&path).await, browser.post(&path, &[]).await);
            if *pattern == "/" {
                assert_eq!(got.to(), opens[0], "{role:?} begins elsewhere");
                continue;
            }
            for seen in [got, posted] {
                let status = seen.status.as_u16();
                if opens.contains(pattern) {
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

#[on_both_engines]
async fn whoever_is_shown_is_recorded_and_never_unescaped(engine: Engine) {
    let site = Site::open(engine).await;
    let ana = site.patient(HOSTILE, "Morales", "312-555-0142").await;
    let now = site.desk.now();
    site.book(ana, now + jiff::SignedDuration::from_hours(25))
        .await;
    site.wait(61).await;
    let lines = site.messages(ana).await;
    let message = lines.first().expect("a reminder went out").id;
    let browser = site.signed_in(Role::Admin).await;
    browser
        .act(
            "/sandbox",
            &thread_form(&browser.get("/sandbox").await.text),
            &[("words", HOSTILE)],
        )
        .await
        .is(303);
    site.drain().await;
    let inbox = browser.get("/inbox?show=all").await;
    let thread = between(&inbox.text, "href=\"/inbox/", "\"");
    for (path, entity) in [
        ("/".to_owned(), "today"),
        ("/patients".to_owned(), "patient_list"),
        (format!("/patients/{ana}"), "chart"),
        ("/inbox?show=all".to_owned(), "inbox"),
        (format!("/inbox/{thread}"), "thread"),
        ("/messages".to_owned(), "message_list"),
        (format!("/messages/{message}"), "message"),
        ("/sandbox".to_owned(), "sandbox"),
        ("/audit".to_owned(), "audit"),
    ] {
        let before = site.audit().await.first().map_or(0, |line| line.seq);
        let seen = browser.get(&path).await.is(200);
        seen.lacks("<script>alert(1)");
        let written = site.audit().await;
        let new: Vec<_> = written.iter().filter(|line| line.seq > before).collect();
        assert!(
            new.iter()
                .any(|line| line.action == "R" && line.entity == entity),
            "{path} {new:?}"
        );
        assert!(
            new.iter().all(|line| !line.detail.contains("alert")),
            "{path}"
        );
        if entity != "audit" {
            seen.says("alert(1)&#60;/script&#62;");
        }
    }
    let found = browser
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
