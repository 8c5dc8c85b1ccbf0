//! Signing in, staying in and going out.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use tendon_care::access::Role;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;
use tendon_web::server::Surface;
use tower::ServiceExt as _;

use super::world::{Browser, PASSWORD, Site, code_of};

#[on_both_engines]
async fn a_password_opens_nothing_before_the_codes_are_set_up(engine: Engine) {
    let site = Site::with(engine, |surface| surface.second_factor = true).await;
    site.user(Role::FrontDesk).await;
    let browser = site.browser();
    let fields = [
        ("email", "Front_Desk@example.org "),
        ("password", PASSWORD),
        ("to", "/inbox"),
    ];
    browser
        .act("/sign-in", "/sign-in", &fields)
        .await
        .leads("/sign-in/enrol");
    browser.get("/inbox").await.leads("/sign-in/enrol");
    let page = browser.get("/sign-in/enrol").await.is(200);
    page.says("<svg");
    browser
        .act("/sign-in/enrol", "/sign-in/enrol", &[("code", "000 000")])
        .await
        .is(200)
        .says("does not fit");
    browser.get("/patients").await.leads("/sign-in/enrol");
}

/// Signs in with the first password, and returns the key that the browser is shown.
async fn key_shown(browser: &Browser<'_>) -> String {
    let fields = [("email", "front_desk@example.org"), ("password", PASSWORD)];
    browser
        .act("/sign-in", "/sign-in", &fields)
        .await
        .leads("/sign-in/enrol");
    let page = browser.get("/sign-in/enrol").await.is(200);
    let (_, rest) = page.text.split_once("<code>").expect("a key to type");
    let key = rest.split('<').next().unwrap();
    key.replace(' ', "")
}

#[on_both_engines]
async fn codes_end_every_session_that_knew_the_password_alone(engine: Engine) {
    let site = Site::with(engine, |surface| surface.second_factor = true).await;
    site.user(Role::FrontDesk).await;
    let (intruder, owner) = (site.browser(), site.browser());
    let seen = key_shown(&intruder).await;
    let key = key_shown(&owner).await;
    assert_ne!(seen, key, "each browser is shown a key of its own");
    let code = code_of(&key, site.desk.now());
    owner
        .act("/sign-in/enrol", "/sign-in/enrol", &[("code", &code)])
        .await
        .leads("/");
    owner.get("/patients").await.is(200);
    let away = intruder.get("/patients").await.is(303);
    assert_eq!(away.to(), "/sign-in?to=%2Fpatients&because=idle");
}

#[on_both_engines]
async fn a_server_without_carriers_asks_for_codes_as_well(engine: Engine) {
    let site = Site::with(engine, |surface| {
        assert!(surface.sandbox);
        surface.second_factor = true;
    })
    .await;
    for role in Role::ALL {
        let user = site.user(role).await;
        let life = jiff::SignedDuration::from_mins(5);
        let link = site.desk.make_sign_in_link(&site.access, user, life).await;
        let browser = site.browser();
        browser
            .get(&format!("/sign-in/link/{}", link.unwrap().expose()))
            .await
            .leads("/");
        browser.get("/").await.leads("/sign-in/enrol");
    }
}

#[on_both_engines]
async fn a_browser_that_came_over_tls_comes_over_tls(engine: Engine) {
    for (secure, said) in [(true, Some("max-age=63072000")), (false, None)] {
        let site = Site::with(engine, |surface| surface.secure = secure).await;
        for path in ["/sign-in", "/healthz", "/api/v1/patients", "/no/such/place"] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let answer = site.router.clone().oneshot(request).await.unwrap();
            let header = answer.headers().get("strict-transport-security");
            let header = header.map(|value| value.to_str().unwrap());
            assert_eq!(header, said, "{path}");
        }
    }
}

#[on_both_engines]
async fn what_nobody_types_is_refused_and_breaks_nothing(engine: Engine) {
    let site = Site::open(engine).await;
    let browser = site.signed_in(Role::Admin).await;
    for path in [
        "/audit?actor=%00",
        "/audit/export?actor=%00",
        "/messages?journey=%00",
        "/sandbox?after=%00",
        "/inbox?show=%00",
        "/patients/pat_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b?before=%00",
        "/settings/templates/visit-reminder?language=%00",
        "/sign-in?to=%00",
    ] {
        browser.get(path).await.is(400);
    }
    let email = [("email", "a\0b@example.org"), ("password", "x")];
    browser.act("/sign-in", "/sign-in", &email).await.is(400);
    let search = [("q", "Mor\0ales")];
    browser.act("/patients", "/patients", &search).await.is(400);
    let lines = [("q", "Morales\r\n")];
    browser.act("/patients", "/patients", &lines).await.is(200);
}

#[on_both_engines]
async fn a_wrong_name_and_a_wrong_password_are_told_the_same_way_and_limited(engine: Engine) {
    let site = Site::open(engine).await;
    site.user(Role::Admin).await;
    let browser = site.browser();
    let nobody = [("email", "nobody@example.org"), ("password", "x")];
    let wrong = [("email", "admin@example.org"), ("password", "x")];
    let one = browser.act("/sign-in", "/sign-in", &nobody).await.is(200);
    let other = browser.act("/sign-in", "/sign-in", &wrong).await.is(200);
    let message = "do not go together";
    one.says(message);
    other.says(message);
    let mut statuses = vec![];
    for n in 0..40 {
        let email = format!("user{n}@example.org");
        let fields = [("email", email.as_str()), ("password", "x"), ("csrf", "x")];
        statuses.push(browser.post("/sign-in", &fields).await.status.as_u16());
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    site.clock.advance_secs(120);
    browser.act("/sign-in", "/sign-in", &nobody).await.is(200);
}

/// Tries to sign in from ever new addresses, as the header has it that the client may
/// write, and tells whether all of these tries were let in.
async fn spoofed_tries_pass(site: &Site) -> bool {
    let proxy = ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 4711)));
    for n in 0..60 {
        let request = Request::post("/sign-in")
            .extension(proxy)
            .header("x-forwarded-for", format!("203.0.113.{n}"));
        let answer = site.browser().raw(request, Body::empty()).await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            return false;
        }
    }
    true
}

#[on_both_engines]
async fn an_invented_address_evades_no_limit(engine: Engine) {
    let site = Site::open(engine).await;
    assert!(!spoofed_tries_pass(&site).await);
}

#[on_both_engines]
async fn clients_behind_a_proxy_of_ours_are_told_apart(engine: Engine) {
    let trust = |surface: &mut Surface| surface.trusted_proxies = "10.0.0.1".parse().unwrap();
    let site = Site::with(engine, trust).await;
    assert!(spoofed_tries_pass(&site).await);
}

#[on_both_engines]
async fn an_idle_session_ends_and_the_reader_comes_back_to_the_page(engine: Engine) {
    let site = Site::open(engine).await;
    let browser = site.signed_in(Role::FrontDesk).await;
    for _ in 0..2 {
        site.clock.advance_secs(14 * 60);
        browser.get("/messages").await.is(200);
    }
    site.clock.advance_secs(14 * 60);
    browser.reload("/messages").await.is(200);
    site.clock.advance_secs(2 * 60);
    let away = browser.reload("/messages").await.is(303);
    assert_eq!(
        away.to(),
        "/sign-in?to=%2Fmessages&because=idle",
        "a reload is no use"
    );
    browser
        .get(away.to())
        .await
        .is(200)
        .says("nothing was done for a while");
}

#[on_both_engines]
async fn a_link_works_once_and_signing_out_ends_the_session(engine: Engine) {
    let site = Site::open(engine).await;
    let user = site.user(Role::Manager).await;
    let life = jiff::SignedDuration::from_mins(5);
    let link = site
        .desk
        .make_sign_in_link(&site.access, user, life)
        .await
        .unwrap();
    let path = format!("/sign-in/link/{}", link.expose());
    let browser = site.browser();
    browser.get(&path).await.leads("/");
    browser.get("/").await.is(200).says("Robin manager");
    site.browser().get(&path).await.is(200).says("used before");
    browser
        .act("/", "/sign-out", &[])
        .await
        .leads("/sign-in?because=left");
    browser.get("/").await.is(303);
}

#[on_both_engines]
async fn nobody_is_sent_to_another_site(engine: Engine) {
    let site = Site::open(engine).await;
    let browser = site.signed_in(Role::FrontDesk).await;
    for bad in ["https://evil.example", "//evil.example", "/\\evil.example"] {
        let seen = browser
            .act("/", "/look", &[("theme", "dark"), ("back", bad)])
            .await;
        assert_eq!(
            seen.leads("/").headers["set-cookie"]
                .to_str()
                .unwrap()
                .split('=')
                .nth(1)
                .unwrap(),
            "dark.roomy; Path"
        );
    }
    let page = browser.get("/").await.is(200);
    page.says("data-theme=\"dark\"");
}
