//! A morning at the front desk.

use serde_json::json;
use tendon_care::access::Role;
use tendon_care::appointment::VisitState;
use tendon_care::id::AppointmentId;

use super::chrome::Chrome;
use super::clinic::Clinic;
use super::sound::is_silent;
use super::tab::Tab;

async fn state(clinic: &Clinic, visit: AppointmentId) -> VisitState {
    let found = clinic.reader().appointment(visit).await.unwrap();
    found.unwrap().value.state
}

fn row(visit: AppointmentId) -> String {
    format!("#{visit}")
}

/// Waits until a row has left the list without the page having been loaded anew.
async fn row_leaves(tab: &Tab, visit: AppointmentId) {
    tab.until(&format!("return !document.getElementById('{visit}')"))
        .await;
    assert!(tab.is_marked().await, "the page was loaded anew");
}

#[tokio::test]
async fn rows_of_today_leave_by_click_and_by_key_and_others_see_it() {
    let Some(chrome) = Chrome::start() else {
        return;
    };
    let clinic = Clinic::new("browser_today").await;
    let mut visits = vec![];
    for (n, given) in ["Ana", "Luis", "Grace"].into_iter().enumerate() {
        let phone = format!("312-555-014{n}");
        let patient = clinic.patient(given, "Morales", &phone).await;
        let minutes = 60 * (i64::try_from(n).unwrap() + 1);
        visits.push(clinic.visit_in(patient, minutes).await);
    }
    let (desk, colleague) = (chrome.open().await, chrome.open().await);
    desk.go(&clinic.way_in(Role::FrontDesk).await).await;
    colleague.go(&clinic.way_in(Role::Therapist).await).await;
    for tab in [&desk, &colleague] {
        tab.says("#unconfirmed .count", "3").await;
        tab.mark().await;
    }

    desk.click(&format!("{} button[data-key=y]", row(visits[0])))
        .await;
    row_leaves(&desk, visits[0]).await;
    desk.says("#flash", "Confirmed").await;
    assert!(matches!(
        state(&clinic, visits[0]).await,
        VisitState::Confirmed { .. }
    ));
    row_leaves(&colleague, visits[0]).await;
    colleague.says("#unconfirmed .count", "2").await;

    // J takes the first row; Y says yes in its name; the next row is held then.
    desk.ask("document.activeElement.blur()").await;
    desk.press("j").await;
    let held = "return document.activeElement.id";
    assert_eq!(desk.ask(held).await, json!(visits[1].to_string()));
    desk.press("y").await;
    row_leaves(&desk, visits[1]).await;
    desk.until(&format!(
        "return document.activeElement.id === '{}'",
        visits[2]
    ))
    .await;
    desk.press("x").await;
    row_leaves(&desk, visits[2]).await;
    assert!(matches!(
        state(&clinic, visits[2]).await,
        VisitState::Cancelled { .. }
    ));
    desk.says("#strip", "2 / 2").await;
    row_leaves(&colleague, visits[2]).await;
    for tab in [&desk, &colleague] {
        is_silent(tab, &clinic.url("/"), 200).await;
    }
}

#[tokio::test]
async fn patients_are_found_as_one_types_and_keys_lead_through_the_pages() {
    let Some(chrome) = Chrome::start() else {
        return;
    };
    let clinic = Clinic::new("browser_search").await;
    clinic.patient("Ana", "Morales", "312-555-0142").await;
    clinic.patient("Luis", "Ortega", "312-555-0143").await;
    let tab = chrome.open().await;
    tab.go(&clinic.way_in(Role::FrontDesk).await).await;
    tab.sees("#strip").await;
    tab.press("gp").await;
    tab.sees("#found").await;
    assert_eq!(tab.path().await, "/patients");
    assert_eq!(tab.count("#found tbody tr").await, 2);
    tab.mark().await;
    tab.fill("#q", "orte").await;
    tab.says("#found", "1 match").await;
    tab.until("return document.querySelectorAll('#found tbody tr').length === 1")
        .await;
    assert!(tab.text("#found").await.contains("Luis Ortega"));
    assert!(tab.is_marked().await && !tab.path().await.contains("orte"));
    tab.fill("#q", "3/4/1970").await;
    tab.says("#found", "No patient matches").await;
    tab.fill("#q", "312-555-0142").await;
    tab.says("#found", "Ana Morales").await;
    // Escape leaves the field, J takes the row, Enter opens it.
    tab.press("\u{e00c}").await;
    tab.press("j\u{e007}").await;
    tab.says("h1", "Ana Morales").await;
    tab.press("?").await;
    tab.sees("dialog#keys[open]").await;
    tab.press("\u{e00c}").await;
    tab.until("return !document.querySelector('dialog#keys').open")
        .await;
    is_silent(&tab, &clinic.url("/"), 200).await;
}

#[tokio::test]
async fn what_lies_ahead_is_skipped_moved_and_sent_from_the_timeline() {
    let Some(chrome) = Chrome::start() else {
        return;
    };
    let clinic = Clinic::new("browser_timeline").await;
    // Before eight nothing leaves.
    clinic.wait(60).await;
    let ana = clinic.patient("Ana", "Morales", "312-555-0142").await;
    for days in [3, 8, 13] {
        clinic.visit_in(ana, days * 24 * 60 + 120).await;
    }
    let tab = chrome.open().await;
    tab.go(&clinic.way_in(Role::FrontDesk).await).await;
    tab.go(&clinic.url(&format!("/patients/{ana}"))).await;
    let planned = "#timeline [data-row]";
    let before = tab.count(planned).await;
    assert!(before >= 3, "{before} messages lie ahead");
    tab.mark().await;

    let first = tab
        .ask("return document.querySelector('#timeline [data-row]').id")
        .await;
    let first = first.as_str().unwrap().to_owned();
    tab.click(&format!("[id='{first}'] button[data-key=s]"))
        .await;
    tab.says("#flash", "Skipped").await;
    tab.until(&format!("return !document.getElementById('{first}')"))
        .await;

    let second = tab
        .ask("return document.querySelector('#timeline [data-row]').id")
        .await;
    let second = second.as_str().unwrap().to_owned();
    tab.click(&format!("[id='{second}'] details.move summary"))
        .await;
    tab.set(
        &format!("[id='{second}'] input[name=to]"),
        "2026-11-30T14:30",
    )
    .await;
    tab.click(&format!("[id='{second}'] details.move button"))
        .await;
    tab.says("#flash", "Moved").await;
    tab.says(&format!("[id='{second}'] .t"), "2:30 PM").await;

    let why = format!("[id='{second}'] details.why:not(.move)");
    tab.click(&format!("{why} summary")).await;
    tab.sees(&format!("{why}[open] .because")).await;

    tab.ask(&format!("document.getElementById('{second}').focus()"))
        .await;
    tab.press("n").await;
    tab.says("#flash", "On its way").await;
    clinic.drain().await;
    let sent = |lines: Vec<tendon_store::MessageLine>| {
        lines
            .iter()
            .filter(|line| line.state == "sent" || line.state == "delivered")
            .count()
    };
    assert_eq!(sent(clinic.messages(ana).await), 1);
    // What the worker did is seen without a reload.
    tab.sees("#timeline .ev .chip.i, #timeline .ev .chip.g")
        .await;
    assert!(tab.is_marked().await);
    is_silent(&tab, &clinic.url("/"), 200).await;
}

#[tokio::test]
async fn a_question_is_answered_by_name_and_the_message_explains_itself() {
    let Some(chrome) = Chrome::start() else {
        return;
    };
    let clinic = Clinic::new("browser_inbox").await;
    let ana = clinic.patient("Ana", "Morales", "312-555-0142").await;
    clinic.visit_in(ana, 26 * 60).await;
    clinic.wait(130).await;
    let tab = chrome.open().await;
    tab.go(&clinic.way_in(Role::FrontDesk).await).await;
    tab.go(&clinic.url("/inbox")).await;
    tab.says("#threads", "Nobody waits").await;
    tab.mark().await;
    clinic
        .hears("312-555-0142", "Do I need to bring my brace?")
        .await;
    tab.says("#threads", "my brace").await;
    tab.says("#nav .n", "1").await;
    assert!(tab.is_marked().await);

    tab.ask("document.activeElement.blur()").await;
    tab.press("j\u{e007}").await;
    tab.says("#talk", "my brace").await;
    tab.mark().await;
    tab.fill("#words", "Yes, please bring it.").await;
    tab.says("#measure", "1 text").await;
    tab.press("\u{e004}\u{e007}").await;
    tab.says("#talk", "please bring it").await;
    tab.says("#talk .said.out .by", "Robin front_desk").await;
    clinic.drain().await;
    tab.says("#talk .said.out:last-child .chip", "sent").await;
    assert!(tab.is_marked().await, "answering loads nothing anew");

    tab.click("#talk .said.out:last-child a").await;
    tab.says("h1", "Ana Morales").await;
    tab.says("#chain", "Consent").await;
    tab.says("#chain", "Quiet hours").await;
    tab.press("gm").await;
    tab.sees("#lines tbody tr").await;
    tab.mark().await;
    tab.ask(
        "const s = document.querySelector('#state'); s.value = 'dropped'; \
             s.dispatchEvent(new Event('change', { bubbles: true }))",
    )
    .await;
    tab.says("#lines", "No message here").await;
    assert!(tab.path().await.contains("state=dropped"));
    assert!(tab.is_marked().await);
    is_silent(&tab, &clinic.url("/"), 200).await;
}

#[tokio::test]
async fn an_answer_that_is_lost_sends_nothing_again() {
    let Some(chrome) = Chrome::start() else {
        return;
    };
    let clinic = Clinic::new("browser_lost").await;
    let ana = clinic.patient("Ana", "Morales", "312-555-0142").await;
    clinic.visit_in(ana, 26 * 60).await;
    clinic.wait(130).await;
    clinic
        .hears("312-555-0142", "Do I need to bring my brace?")
        .await;
    let tab = chrome.open().await;
    tab.go(&clinic.way_in(Role::FrontDesk).await).await;
    tab.go(&clinic.url("/inbox")).await;
    tab.click("#threads a").await;
    tab.says("#talk", "my brace").await;
    tab.fill("#words", "Yes, please bring it.").await;
    tab.says("#measure", "1 text").await;
    tab.mark().await;
    tab.notes().await;
    // The server hears and answers; nothing of it comes back.
    tab.ask(
        "const real = window.fetch; \
             window.fetch = async (...asked) => { await real(...asked); throw new TypeError('lost'); }; \
             window.tendonFound = () => { window.fetch = real; }",
    )
    .await;
    tab.click("form.reply button.p").await;
    tab.says("#unanswered", "No answer came").await;
    // Whoever sends it again by hand sends it under the same name.
    tab.ask("window.tendonFound()").await;
    tab.click("form.reply button.p").await;
    tab.says("#talk", "please bring it").await;
    tab.until("return !document.getElementById('unanswered')")
        .await;
    assert!(tab.is_marked().await, "no form was sent by the browser");
    let asked = tab.notes().await.asked;
    let sent = asked.iter().filter(|url| url.path().ends_with("/reply"));
    assert_eq!(sent.count(), 2, "once for each time it was pressed");
    let lines = clinic.messages(ana).await;
    let replies = lines
        .iter()
        .filter(|line| line.text.expose().contains("please bring it"));
    assert_eq!(replies.count(), 1);
    let empty = "return document.querySelector('#words').value === ''";
    tab.until(empty).await;
}

#[tokio::test]
async fn a_chart_leaves_the_screen_with_its_session() {
    let Some(chrome) = Chrome::start() else {
        return;
    };
    let clinic = Clinic::new("browser_gone").await;
    let ana = clinic.patient("Ana", "Morales", "312-555-0142").await;
    let tab = chrome.open().await;
    tab.go(&clinic.way_in(Role::FrontDesk).await).await;
    tab.go(&clinic.url(&format!("/patients/{ana}"))).await;
    tab.says("h1", "Ana Morales").await;
    let turn = |hidden: bool| {
        format!(
            "Object.defineProperty(document, 'hidden', {{ configurable: true, get: () => {hidden} }}); \
             document.dispatchEvent(new Event('visibilitychange'))"
        )
    };
    // Another tab lies above it until the session is over.
    tab.ask(&turn(true)).await;
    clinic.wait(16).await;
    tab.ask(&turn(false)).await;
    tab.says("#why", "nothing was done for a while").await;
    assert!(tab.path().await.starts_with("/sign-in?"));
    assert!(!tab.text("body").await.contains("Morales"));
}
