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
