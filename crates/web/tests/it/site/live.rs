//! The stream of changed topics.

use axum::body::Body;
use axum::http::Request;
use futures_util::StreamExt as _;
use jiff::SignedDuration;
use tendon_care::access::Role;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;
use tokio_util::sync::CancellationToken;

use super::world::{Browser, Site};

/// Reads the stream until an event other than a sign of life.
async fn next(stream: &mut axum::body::BodyDataStream) -> Option<String> {
    loop {
        let bytes = stream.next().await?.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        if !text.starts_with(':') {
            return Some(text);
        }
    }
}

#[on_both_engines]
async fn a_page_is_told_what_changed_and_nothing_more(engine: Engine) {
    let site = Site::open(engine).await;
    let ana = site.patient("Ana", "Morales", "312-555-0142").await;
    let browser = site.signed_in(Role::FrontDesk).await;
    let response = browser.raw(Request::get("/events"), Body::empty()).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.into_body().into_data_stream();
    let asked = next(&mut stream);
    let booked = site.book(ana, site.desk.now() + SignedDuration::from_hours(50));
    let (event, _) = tokio::join!(asked, booked);
    let event = event.unwrap();
    assert!(event.contains("event: changed"), "{event}");
    for topic in ["visits", "plans", "audit"] {
        assert!(event.contains(topic), "{event}");
    }
    assert!(!event.contains("Ana") && !event.contains("pat_"), "{event}");
    let asked = next(&mut stream);
    let (event, _) = tokio::join!(asked, browser.act("/", "/sign-out", &[]));
    let mut events = vec![event.unwrap()];
    while let Some(event) = next(&mut stream).await {
        events.push(event);
    }
    assert!(events.last().unwrap().contains("event: gone"), "{events:?}");
}

/// Counts what is recorded while a page is opened, reloads itself five times, is opened
/// again, and then stays open for ten minutes.
async fn recorded(site: &Site, browser: &Browser<'_>, page: &str) -> [usize; 4] {
    let rows = async || site.audit().await.len();
    let before = rows().await;
    browser.get(page).await.is(200);
    let opened = rows().await;
    for _ in 0..5 {
        browser.reload(page).await.is(200);
    }
    let reloaded = rows().await;
    browser.get(page).await.is(200);
    let again = rows().await;
    site.clock.advance_secs(10 * 60);
    browser.reload(page).await.is(200);
    let stayed = rows().await;
    [
        opened - before,
        reloaded - opened,
        again - reloaded,
        stayed - again,
    ]
}

#[on_both_engines]
async fn a_page_that_reloads_itself_is_one_look(engine: Engine) {
    let site = Site::open(engine).await;
    let ana = site.patient("Ana", "Morales", "312-555-0142").await;
    site.book(ana, site.desk.now() + SignedDuration::from_hours(50))
        .await;
    let browser = site.signed_in(Role::FrontDesk).await;
    // A chart shows what lies ahead as well, and is one look all the same.
    for page in ["/messages".to_owned(), format!("/patients/{ana}")] {
        assert_eq!(
            recorded(&site, &browser, &page).await,
            [1, 0, 1, 1],
            "{page}"
        );
    }
}

/// Counts the rows that an address of its own adds, asked for as a reload.
async fn added(site: &Site, browser: &Browser<'_>, page: &str) -> usize {
    let before = site.audit().await.len();
    browser.reload(page).await.is(200);
    site.audit().await.len() - before
}

#[on_both_engines]
async fn a_header_hides_no_look_from_the_trail(engine: Engine) {
    let site = Site::open(engine).await;
    site.patient("Ana", "Morales", "312-555-0142").await;
    let browser = site.signed_in(Role::FrontDesk).await;
    browser.get("/messages").await.is(200);
    for page in ["/messages?days=1", "/messages?days=30", "/inbox?show=all"] {
        assert_eq!(added(&site, &browser, page).await, 1, "{page}");
        assert_eq!(added(&site, &browser, page).await, 0, "{page} again");
    }
    let page = browser.get("/patients").await.is(200);
    let csrf = page.csrf().unwrap().to_owned();
    for words in ["mor", "ana"] {
        let before = site.audit().await.len();
        let form = [("csrf", csrf.as_str()), ("q", words)];
        let found = browser.send_live("/patients", &form).await.is(200);
        found.says("Morales");
        assert_eq!(site.audit().await.len(), before + 1, "{words}");
    }
}

#[on_both_engines]
async fn counting_what_is_typed_reads_nobody(engine: Engine) {
    let site = Site::open(engine).await;
    let ana = site.patient("Ana", "Morales", "312-555-0142").await;
    site.book(ana, site.desk.now() + SignedDuration::from_hours(25))
        .await;
    site.wait(61).await;
    let browser = site.signed_in(Role::FrontDesk).await;
    let thread = browser.thread().await;
    let page = browser.get(&thread).await.is(200);
    page.says("Morales");
    let csrf = page.csrf().unwrap();
    let before = site.audit().await.len();
    for words in ["Y", "Ye", "Yes"] {
        let form = [("csrf", csrf), ("words", words)];
        let counted = browser.post(&format!("{thread}/measure"), &form).await;
        counted.is(200).says("1 text").lacks("Morales");
    }
    assert_eq!(site.audit().await.len(), before);
}

#[on_both_engines]
async fn a_stream_ends_when_the_server_stops(engine: Engine) {
    let stopping = CancellationToken::new();
    let told = stopping.clone();
    let site = Site::with(engine, move |surface| surface.stopping = told).await;
    let browser = site.signed_in(Role::FrontDesk).await;
    let response = browser.raw(Request::get("/events"), Body::empty()).await;
    let mut stream = response.into_body().into_data_stream();
    stopping.cancel();
    assert_eq!(next(&mut stream).await, None, "the session goes on");
    browser.get("/").await.is(200);
}
