//! A patient with a link on a cheap phone.

use jiff::SignedDuration;
use tendon_care::access::Role;
use tendon_care::appointment::VisitState;
use tendon_care::id::{AppointmentId, PatientId};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use super::world::{Browser, Site};

const BIRTHDAY: [(&str, &str); 3] = [("month", "2"), ("day", "29"), ("year", "1968")];

/// Returns a patient whose reminder has come, the visit, and the link in the text.
async fn reminded(site: &Site) -> (PatientId, AppointmentId, String) {
    let ana = site.patient("Ana", "Morales", "312-555-0142").await;
    let visit = site
        .book(ana, site.desk.now() + SignedDuration::from_hours(25))
        .await;
    site.wait(61).await;
    let texts = site.messages(ana).await;
    let text = texts.iter().find_map(|line| {
        line.text
            .expose()
            .split_once("https://prm.example")
            .map(|(_, rest)| rest.to_owned())
    });
    let link = text.expect("the reminder carries a link");
    let link = link.split_whitespace().next().unwrap().to_owned();
    assert!(link.starts_with("/portal/"), "{link}");
    (ana, visit, link)
}

async fn state(site: &Site, visit: AppointmentId) -> VisitState {
    let reader = site.desk.db().reader(&site.access);
    reader
        .appointment(visit)
        .await
        .unwrap()
        .unwrap()
        .value
        .state
}

async fn verified(phone: &Browser<'_>, link: &str) {
    phone
        .act(link, &format!("{link}/check"), &BIRTHDAY)
        .await
        .leads(link);
}

#[on_both_engines]
async fn nothing_is_told_before_the_birthday(engine: Engine) {
    let site = Site::open(engine).await;
    let (_, visit, link) = reminded(&site).await;
    let phone = site.browser();
    phone
        .get(&link)
        .await
        .is(200)
        .lacks("Ana")
        .lacks("412 River Street")
        .says("Riverside PT");
    phone.get(&format!("{link}/visit.ics")).await.leads(&link);
    phone.get(&format!("{link}/preferences")).await.leads(&link);
    phone
        .act(&link, &format!("{link}/confirm"), &[])
        .await
        .leads(&link);
    assert_eq!(state(&site, visit).await, VisitState::Booked);
    let wrong = [("month", "3"), ("day", "5"), ("year", "1968")];
    phone
        .act(&link, &format!("{link}/check"), &wrong)
        .await
        .is(200)
        .lacks("Ana");
    let nonsense = [("month", "2"), ("day", "30"), ("year", "1968")];
    phone
        .act(&link, &format!("{link}/check"), &nonsense)
        .await
        .is(200);
    verified(&phone, &link).await;
    phone
        .get(&link)
        .await
        .is(200)
        .says("Ana")
        .says("412 River Street");
    assert!(
        site.audit()
            .await
            .iter()
            .any(|line| line.role == "patient" && line.action == "R")
    );
}

#[on_both_engines]
async fn five_wrong_birthdays_end_a_link_and_a_fresh_one_can_be_sent(engine: Engine) {
    let site = Site::open(engine).await;
    let (ana, _, link) = reminded(&site).await;
    let phone = site.browser();
    let wrong = [("month", "3"), ("day", "5"), ("year", "1968")];
    for _ in 0..4 {
        phone
            .act(&link, &format!("{link}/check"), &wrong)
            .await
            .is(200);
    }
    phone
        .act(&link, &format!("{link}/check"), &wrong)
        .await
        .is(200)
        .says("/renew");
    phone
        .get(&link)
        .await
        .is(200)
        .says("/renew")
        .lacks("name=\"day\"");
    let before = site.messages(ana).await.len();
    phone
        .act(&link, &format!("{link}/renew"), &[])
        .await
        .is(200)
        .lacks("/renew\"");
    site.drain().await;
    assert_eq!(site.messages(ana).await.len(), before + 1);
    let never = "/portal/0123456789abcdefghijkl";
    phone.get(never).await.is(200).says("/renew");
    phone
        .act(never, &format!("{never}/renew"), &[])
        .await
        .is(200);
    phone.get("/portal/short").await.is(404);
}

#[on_both_engines]
async fn a_visit_is_confirmed_moved_and_called_off_without_a_script(engine: Engine) {
    let site = Site::open(engine).await;
    let (_, visit, link) = reminded(&site).await;
    let phone = site.browser();
    verified(&phone, &link).await;
    let page = phone.get(&link).await.is(200);
    page.lacks("<script");
    phone
        .act(&link, &format!("{link}/confirm"), &[])
        .await
        .leads(&link);
    assert!(matches!(
        state(&site, visit).await,
        VisitState::Confirmed { .. }
    ));
    phone
        .get(&link)
        .await
        .says("Did your plans change?")
        .lacks(&format!("{link}/confirm\""));
    let file = phone.get(&format!("{link}/visit.ics")).await.is(200);
    assert!(
        file.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/calendar")
    );
    assert!(
        file.text.starts_with("BEGIN:VCALENDAR") && !file.text.contains("Ana"),
        "{}",
        file.text
    );
    let move_page = format!("{link}/move");
    phone.get(&move_page).await.is(200);
    phone.act(&move_page, &move_page, &[]).await.leads(&link);
    let desk = site.signed_in(Role::FrontDesk).await;
    desk.get("/").await.says("Wants another time");
    let cancel = format!("{link}/cancel");
    phone.get(&cancel).await.is(200);
    phone.act(&cancel, &cancel, &[]).await.leads(&link);
    assert!(matches!(
        state(&site, visit).await,
        VisitState::Cancelled { .. }
    ));
    phone.get(&link).await.is(200);
}

#[on_both_engines]
async fn language_and_preferences_are_the_patient_s_own(engine: Engine) {
    let site = Site::open(engine).await;
    let (ana, _, link) = reminded(&site).await;
    let phone = site.browser();
    phone
        .act(&link, &format!("{link}/language"), &[("language", "es")])
        .await
        .leads(&link);
    phone.get(&link).await.says("lang=\"es\"");
    phone
        .act(&link, &format!("{link}/language"), &[("language", "xx")])
        .await
        .is(400);
    verified(&phone, &link).await;
    phone
        .act(&link, &format!("{link}/language"), &[("language", "es")])
        .await
        .leads(&link);
    let reader = site.desk.db().reader(&site.access);
    assert_eq!(
        reader.patient(ana).await.unwrap().unwrap().language.tag(),
        "es"
    );
    let page = format!("{link}/preferences");
    let seen = phone.get(&page).await.is(200);
    seen.says("•••0142").lacks("555-0142");
    let way = seen
        .text
        .split("name=\"way\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let less = [("purpose", "P1"), ("way", way.as_str())];
    phone.act(&page, &page, &less).await.is(200);
    let desk = site.signed_in(Role::FrontDesk).await;
    desk.get(&format!("/patients/{ana}"))
        .await
        .says("wants none");
    let stop = format!("{link}/stop");
    phone.get(&stop).await.is(200);
    phone.act(&stop, &stop, &[]).await.is(200);
    let ledger = site
        .desk
        .db()
        .reader(&site.access)
        .consents(ana)
        .await
        .unwrap();
    assert!(ledger.len() >= 3, "{}", ledger.len());
}

/// Returns the link in the text that left last.
async fn last_link(site: &Site, patient: PatientId) -> String {
    let texts = site.messages(patient).await;
    let (_, rest) = texts
        .iter()
        .find_map(|line| line.text.expose().split_once("https://prm.example"))
        .expect("a text carries a link");
    rest.split_whitespace().next().unwrap().to_owned()
}

#[on_both_engines]
async fn a_birthday_opens_the_page_in_the_browser_that_gave_it_and_in_no_other(engine: Engine) {
    let site = Site::open(engine).await;
    let (_, visit, link) = reminded(&site).await;
    let phone = site.browser();
    verified(&phone, &link).await;
    let other = site.browser();
    let page = other.get(&link).await.is(200);
    page.says("name=\"day\"").lacks("Ana");
    other.get(&format!("{link}/visit.ics")).await.leads(&link);
    other.get(&format!("{link}/preferences")).await.leads(&link);
    other
        .act(&link, &format!("{link}/confirm"), &[])
        .await
        .leads(&link);
    assert_eq!(state(&site, visit).await, VisitState::Booked);
    phone.get(&link).await.is(200).says("Ana");
}

#[on_both_engines]
async fn everything_can_be_stopped_behind_a_link_that_opens_nothing_else(engine: Engine) {
    let site = Site::open(engine).await;
    let (ana, _, link) = reminded(&site).await;
    let stop = format!("{link}/stop");
    let phone = site.browser();
    let wrong = [("month", "3"), ("day", "5"), ("year", "1968")];
    for _ in 0..5 {
        phone.act(&link, &format!("{link}/check"), &wrong).await;
    }
    phone.get(&stop).await.is(200).says("Riverside PT");
    site.wait(60 * 24 * 30).await;
    let expired = phone.get(&link).await.is(200);
    expired.says(&format!("action=\"{stop}\""));
    phone.get(&stop).await.is(200).says("Riverside PT");
    let ledger = async || {
        let reader = site.desk.db().reader(&site.access);
        reader.consents(ana).await.unwrap().len()
    };
    let before = ledger().await;
    phone
        .act(&link, &stop, &[])
        .await
        .is(200)
        .says("You will get no more messages from us.");
    assert_eq!(ledger().await, before + 1);
    let never = "/portal/0123456789abcdefghijkl";
    let nothing = phone.act(never, &format!("{never}/stop"), &[]).await;
    nothing.is(200).lacks("You will get no more messages");
}

#[on_both_engines]
async fn fresh_links_are_not_fresh_guesses(engine: Engine) {
    let site = Site::open(engine).await;
    let (ana, _, mut link) = reminded(&site).await;
    let phone = site.browser();
    let wrong = [("month", "3"), ("day", "5"), ("year", "1968")];
    for _ in 0..2 {
        for _ in 0..5 {
            phone.act(&link, &format!("{link}/check"), &wrong).await;
        }
        site.wait(11).await;
        phone.act(&link, &format!("{link}/renew"), &[]).await;
        site.drain().await;
        link = last_link(&site, ana).await;
    }
    let closed = phone.get(&link).await.is(200);
    closed.says("try again tomorrow").lacks("name=\"day\"");
    let right = phone
        .act(&link, &format!("{link}/check"), &BIRTHDAY)
        .await
        .is(200);
    right.says("try again tomorrow");
    site.wait(60 * 24).await;
    verified(&phone, &link).await;
    phone.get(&link).await.is(200).says("Ana");
}

#[on_both_engines]
async fn a_fresh_link_is_promised_the_same_way_where_the_address_left_the_file(engine: Engine) {
    let site = Site::open(engine).await;
    let ana = site.patient("Ana", "Morales", "312-555-0142").await;
    site.book(ana, site.desk.now() + SignedDuration::from_hours(25))
        .await;
    // A link for a look around goes to no address.
    let (url, _) = site.desk.demo_link(&site.access).await.unwrap().unwrap();
    let link = url.strip_prefix("https://prm.example").unwrap();
    let phone = site.browser();
    phone
        .act(link, &format!("{link}/renew"), &[])
        .await
        .is(200)
        .says("A new link is on its way");
}
