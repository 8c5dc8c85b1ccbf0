//! Every page of a practice that has some weeks behind it.

use tendon_care::access::Role;

use super::chrome::Chrome;
use super::clinic::Clinic;
use super::sound::{is_reached_by_tab, is_silent, loads_well, reads_well};
use super::tab::{PHONE, Tab};

/// Pages that have an address of their own.
const PAGES: [&str; 14] = [
    "/",
    "/inbox",
    "/inbox?show=all",
    "/patients",
    "/messages",
    "/messages?state=dropped",
    "/sandbox",
    "/audit",
    "/settings",
    "/settings/locations",
    "/settings/templates",
    "/settings/journeys",
    "/settings/users",
    "/settings/carriers",
];

/// Pages of one thing, and where the first one is linked.
const LINKED: [(&str, &str); 4] = [
    ("/patients", "#found a"),
    ("/inbox?show=all", "#threads a"),
    ("/messages", "#lines td.num a"),
    ("/settings/templates", "tbody a"),
];

async fn look_at(tab: &Tab, clinic: &Clinic, path: &str) {
    let url = clinic.url(path);
    tab.screen(PHONE, false).await;
    loads_well(tab, &url, 200).await;
    reads_well(tab, path).await;
    loads_well(tab, &url, 200).await;
    is_reached_by_tab(tab, path).await;
    is_silent(tab, &url, 200).await;
}

#[tokio::test]
async fn every_page_of_a_living_practice_is_light_still_and_usable() {
    let Some(chrome) = Chrome::start() else {
        return;
    };
    let clinic = Clinic::lived("browser_pages").await;
    let tab = chrome.open().await;
    tab.go(&clinic.way_in(Role::Admin).await).await;
    tab.sees("#strip").await;
    for path in PAGES {
        look_at(&tab, &clinic, path).await;
    }
    for (list, link) in LINKED {
        tab.go(&clinic.url(list)).await;
        let script = format!("return document.querySelector('{link}').getAttribute('href')");
        let path = tab.ask(&script).await;
        look_at(&tab, &clinic, path.as_str().unwrap()).await;
    }
}

#[tokio::test]
async fn an_empty_practice_and_what_is_refused_say_what_to_do_next() {
    let Some(chrome) = Chrome::start() else {
        return;
    };
    let clinic = Clinic::new("browser_empty").await;
    let tab = chrome.open().await;
    for (path, status, words) in [
        ("/sign-in", 200, "Sign in"),
        ("/portal/short", 404, "call your clinic"),
        ("/portal/0123456789abcdefghijkl", 200, "Send me a new link"),
    ] {
        loads_well(&tab, &clinic.url(path), status).await;
        tab.says("main", words).await;
        reads_well(&tab, path).await;
        is_reached_by_tab(&tab, path).await;
    }
    tab.go(&clinic.way_in(Role::Admin).await).await;
    for path in PAGES {
        look_at(&tab, &clinic, path).await;
    }
    let nowhere = clinic.url("/no-such-page");
    loads_well(&tab, &nowhere, 404).await;
    tab.says("main", "Back to the start").await;
    reads_well(&tab, "404").await;

    // Who finds people and sees no chart is led to none, and told so if they try.
    let ana = clinic.patient("Ana", "Morales", "312-555-0142").await;
    tab.go(&clinic.url("/patients")).await;
    tab.click("form[action='/sign-out'] button").await;
    tab.go(&clinic.way_in(Role::Marketing).await).await;
    tab.says("#found", "Ana Morales").await;
    assert_eq!(tab.count("#found a").await, 0);
    loads_well(&tab, &clinic.url(&format!("/patients/{ana}")), 403).await;
    tab.says("main", "ask an administrator").await;
    tab.click("a.btn.p").await;
    tab.sees("#found").await;

    // Who hurries is told how long to wait.
    tab.click("form[action='/sign-out'] button").await;
    for _ in 0..40 {
        tab.ask_later("fetch('/sign-in', { method: 'POST', body: new URLSearchParams({ csrf: 'x' }) }).then(() => done(1))")
            .await;
    }
    tab.notes().await;
    tab.fill("#email", "admin@example.org").await;
    tab.fill("#password", "x").await;
    tab.click("button.p").await;
    tab.says("main", "Please wait").await;
    reads_well(&tab, "429").await;
}
