//! A patient with a link, on a phone.

use serde_json::json;
use tendon_care::access::Role;
use tendon_care::appointment::VisitState;

use super::chrome::Chrome;
use super::clinic::Clinic;
use super::sound::{is_reached_by_tab, is_silent, loads_well, reads_well};
use super::tab::{PHONE, Tab};

async fn birthday(tab: &Tab, day: &str) {
    tab.set("#month", "2").await;
    tab.fill("#day", day).await;
    tab.fill("#year", "1968").await;
    tab.click("button.p").await;
}

/// Looks at the page as it is, and goes on as on a phone.
async fn is_sound(tab: &Tab, name: &str) {
    reads_well(tab, name).await;
    tab.screen(PHONE, false).await;
    is_reached_by_tab(tab, name).await;
}

#[tokio::test]
async fn a_patient_does_everything_behind_the_link_and_the_desk_reads_it() {
    let Some(chrome) = Chrome::start() else {
        return;
    };
    let clinic = Clinic::new("browser_portal").await;
    let ana = clinic.patient("Ana", "Morales", "312-555-0142").await;
    let visit = clinic.visit_in(ana, 25 * 60).await;
    clinic.wait(61).await;
    let link = clinic.link(ana).await;
    let tab = chrome.open().await;
    tab.screen(PHONE, false).await;

    loads_well(&tab, &link, 200).await;
    is_sound(&tab, "birthday").await;
    assert!(!tab.text("body").await.contains("Ana"));
    birthday(&tab, "28").await;
    tab.says("#problem", "4 more times").await;
    is_sound(&tab, "birthday, wrong").await;
    birthday(&tab, "29").await;
    tab.says("h1", "Ana").await;
    is_sound(&tab, "visit").await;

    tab.click("form[action$='/language'] button[lang=es]").await;
    tab.says("h1", "Hola").await;
    is_sound(&tab, "visit, Spanish").await;
    tab.click("form[action$='/language'] button[lang=en]").await;
    tab.says("h1", "Hello").await;

    tab.click("form[action$='/confirm'] button").await;
    tab.says(".flash", "You are confirmed").await;
    let reader = clinic.reader();
    let state = reader
        .appointment(visit)
        .await
        .unwrap()
        .unwrap()
        .value
        .state;
    assert!(matches!(state, VisitState::Confirmed { .. }));
    let path = tab
        .ask("return document.querySelector('a[download]').getAttribute('href')")
        .await;
    let (status, media, file) = tab.fetch(path.as_str().unwrap()).await;
    assert_eq!(
        (status, media.as_str()),
        (200, "text/calendar; charset=utf-8")
    );
    assert!(file.starts_with("BEGIN:VCALENDAR"), "{file}");

    another_time(&tab, &chrome.open().await, &clinic).await;
    cannot_come(&tab).await;
    preferences(&tab).await;
    is_silent(&tab, &link, 200).await;
}

/// Asks for another time and sees it stand on the desk's list.
async fn another_time(tab: &Tab, desk: &Tab, clinic: &Clinic) {
    tab.click("a[href$='/move']").await;
    is_sound(tab, "another time").await;
    tab.set("#day", "2020-01-01").await;
    tab.set("#part", "morning").await;
    tab.fill("#note", "I work until five").await;
    tab.click("button.p").await;
    tab.says("#day-wrong", "within a year").await;
    is_sound(tab, "another time, refused").await;
    assert_eq!(
        tab.ask("return document.querySelector('#note').value")
            .await,
        json!("I work until five")
    );
    tab.set("#day", "2026-11-26").await;
    tab.click("button.p").await;
    tab.says(".flash", "We have your wish").await;
    is_sound(tab, "visit, another time asked").await;

    let page = clinic.way_in(Role::FrontDesk).await;
    desk.go(&page).await;
    desk.says(
        "#tasks",
        "on Thursday, November 26 in the morning. I work until five",
    )
    .await;
}

/// Calls the visit off and wants no other time for now.
async fn cannot_come(tab: &Tab) {
    tab.click("a[href$='/cancel']").await;
    is_sound(tab, "cannot come").await;
    tab.click("input[value=no]").await;
    tab.click("button.p").await;
    tab.says(".flash", "cancelled").await;
    is_sound(tab, "visit, called off").await;
}

/// Wants less, and then nothing.
async fn preferences(tab: &Tab) {
    tab.click("a[href$='/preferences']").await;
    is_sound(tab, "preferences").await;
    tab.click("input[name=purpose][value=P2]").await;
    tab.click("button.p").await;
    tab.says(".flash", "Saved").await;
    assert_eq!(tab.count("input[value=P2]:checked").await, 0);
    tab.click("button.danger").await;
    tab.says("main", "no more messages").await;
    is_sound(tab, "everything stopped").await;
}
