//! Signing in with both factors, and setting the practice up.

use totp_rs::Builder;

use tendon_care::access::Role;

use super::chrome::Chrome;
use super::clinic::{Clinic, PASSWORD};
use super::sound::is_silent;
use super::tab::Tab;

/// Returns the six digits that an authenticator app would show for a secret now.
fn digits(clinic: &Clinic, secret: &str) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letters = secret
        .bytes()
        .filter(|letter| !letter.is_ascii_whitespace());
    let fives: Vec<u64> = letters
        .map(|letter| (0..).zip(alphabet).find(|(_, known)| **known == letter))
        .map(|found| found.unwrap().0)
        .collect();
    // Base32 (RFC 4648): eight letters of five bits are five bytes.
    let bytes: Vec<u8> = fives
        .chunks(8)
        .flat_map(|eight| {
            let all = eight.iter().fold(0_u64, |all, five| all << 5 | five);
            all.to_be_bytes().into_iter().skip(3)
        })
        .collect();
    let secret: [u8; 20] = bytes.try_into().unwrap();
    let app = Builder::new().with_secret(secret).build().unwrap();
    app.generate(u64::try_from(clinic.desk.now().as_second()).unwrap())
        .to_string()
}

async fn give_password(tab: &Tab, clinic: &Clinic) {
    tab.go(&clinic.url("/settings")).await;
    assert!(tab.path().await.starts_with("/sign-in?to=%2Fsettings"));
    tab.fill("#email", "admin@example.org").await;
    tab.fill("#password", PASSWORD).await;
    tab.click("button.p").await;
}

#[tokio::test]
async fn an_administrator_signs_in_with_two_factors_and_sets_the_practice_up() {
    let Some(chrome) = Chrome::start() else {
        return;
    };
    let clinic = Clinic::new("browser_settings").await;
    clinic.user(Role::Admin).await;
    clinic.user(Role::Marketing).await;
    let tab = chrome.open().await;

    // The first time the codes are set up, and the first of them is used at once.
    give_password(&tab, &clinic).await;
    tab.sees(".qr svg").await;
    let secret = tab.text(".qr code").await;
    tab.fill("#code", &digits(&clinic, &secret)).await;
    tab.click("button.p").await;
    tab.says(".me", "Robin admin").await;

    // The second time a code is asked for: a wrong one, and then the right one.
    tab.click("form[action='/sign-out'] button").await;
    tab.says("#why", "signed out").await;
    clinic.clock.advance_secs(60);
    give_password(&tab, &clinic).await;
    tab.fill("#code", "000000").await;
    tab.click("button.p").await;
    tab.says("#why", "not right").await;
    tab.fill("#code", &digits(&clinic, &secret)).await;
    tab.click("button.p").await;
    tab.says("h1", "Practice").await;
    assert_eq!(tab.path().await, "/settings");

    templates(&tab, &clinic).await;
    journeys(&tab, &clinic).await;
    users(&tab, &clinic).await;
    tab.go(&clinic.url("/settings/carriers")).await;
    tab.says("#carriers", "Sandbox").await;

    // Everything that was done is in the trail, and the trail holds.
    tab.go(&clinic.url("/audit")).await;
    tab.says("#badge", "verified").await;
    tab.says("#lines", "journey").await;
    let (status, media, text) = tab.fetch("/audit/export").await;
    assert_eq!(
        (status, media.split(';').next().unwrap()),
        (200, "text/csv")
    );
    assert!(text.lines().count() > 5, "{text}");
    is_silent(&tab, &clinic.url("/"), 200).await;
}

/// Edits a template: the preview follows the keys, and what may not be said is not saved.
async fn templates(tab: &Tab, clinic: &Clinic) {
    tab.go(&clinic.url("/settings/templates")).await;
    tab.click("tbody a[href$='/visit-confirmed']").await;
    tab.mark().await;
    tab.fill(
        "#words-en",
        "{{ clinic }}: see you then, and bring {{ nothing }}",
    )
    .await;
    tab.says("#save", "Not to be saved").await;
    tab.fill("#words-en", "{{ clinic }}: thank you, see you then!")
        .await;
    tab.says("#preview-en", "thank you, see you then!").await;
    tab.until("return !document.querySelector('#save').textContent.includes('Not to be saved')")
        .await;
    assert!(tab.is_marked().await);
    tab.click("#save button").await;
    tab.says("#flash", "Saved").await;
}

/// Switches a journey off and on, by mouse and by key.
async fn journeys(tab: &Tab, clinic: &Clinic) {
    tab.go(&clinic.url("/settings/journeys")).await;
    let switch = "#journeys article:first-child .switch";
    tab.mark().await;
    tab.click(switch).await;
    tab.sees(&format!("{switch}[aria-checked=false]")).await;
    tab.ask("document.activeElement.blur()").await;
    tab.press("jo").await;
    tab.sees(&format!("{switch}[aria-checked=true]")).await;
    assert!(tab.is_marked().await);
}

/// Gives a role, takes a way in, invites.
async fn users(tab: &Tab, clinic: &Clinic) {
    tab.go(&clinic.url("/settings/users")).await;
    tab.ask(
        "const s = document.querySelector('select[aria-label=\"Role of Robin marketing\"]'); \
             s.value = 'biller'; s.dispatchEvent(new Event('change', { bubbles: true }))",
    )
    .await;
    tab.until("return document.querySelector('select[aria-label=\"Role of Robin marketing\"]')?.value === 'biller'")
        .await;
    tab.says("#flash", "role").await;
    tab.fill("#name", "Kim Novak").await;
    tab.fill("#email", "kim@example.org").await;
    tab.fill("#password", "four words make one").await;
    tab.click("form.fields button.p").await;
    tab.says("#users", "Kim Novak").await;
    tab.click("#users tr:nth-child(2) .btn.danger").await;
    tab.says("#users", "revoked").await;
}
