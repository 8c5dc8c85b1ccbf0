//! The same with scripts turned off: every act is a form.

use tendon_care::access::Role;
use tendon_care::appointment::VisitState;

use super::chrome::Chrome;
use super::clinic::Clinic;

#[tokio::test]
async fn the_essential_acts_need_no_script() {
    let Some(chrome) = Chrome::start() else {
        return;
    };
    let clinic = Clinic::new("browser_plain").await;
    let ana = clinic.patient("Ana", "Morales", "312-555-0142").await;
    let visit = clinic.visit_in(ana, 25 * 60).await;
    clinic.wait(61).await;
    let link = clinic.link(ana).await;
    let today = clinic.visit_in(ana, 120).await;
    clinic
        .hears("312-555-0142", "Do I need to bring my brace?")
        .await;

    let tab = chrome.open().await;
    tab.without_scripts().await;
    tab.go(&clinic.way_in(Role::FrontDesk).await).await;
    tab.click(&format!("#{today} button[data-key=y]")).await;
    tab.says("#flash", "Confirmed").await;
    tab.fill("#find", "morales\u{e007}").await;
    tab.says("#found", "1 match").await;
    tab.click("#found a").await;
    tab.says("h1", "Ana Morales").await;
    tab.fill("#words", "Please come ten minutes early.").await;
    tab.click("#write button.p").await;
    tab.says("#flash", "Written").await;
    tab.go(&clinic.url("/inbox")).await;
    tab.click("#threads a").await;
    tab.fill("#words", "Yes, please bring it.").await;
    tab.click("form.reply button.p").await;
    tab.says("#talk", "please bring it").await;
    tab.go(&clinic.url("/messages")).await;
    tab.ask("document.querySelector('#channel').value = 'email'")
        .await;
    tab.click(".filters button").await;
    tab.says("#lines", "No message here").await;
    tab.click("form[action='/sign-out'] button").await;
    tab.says("#why", "signed out").await;

    tab.go(&link).await;
    tab.set("#month", "2").await;
    tab.fill("#day", "29").await;
    tab.fill("#year", "1968").await;
    tab.click("button.p").await;
    tab.click("form[action$='/confirm'] button").await;
    tab.says(".flash", "You are confirmed").await;
    tab.click("a[href$='/cancel']").await;
    tab.click("button.p").await;
    tab.says(".flash", "cancelled").await;
    let found = clinic.reader().appointment(visit).await.unwrap().unwrap();
    assert!(matches!(found.value.state, VisitState::Cancelled { .. }));
}
