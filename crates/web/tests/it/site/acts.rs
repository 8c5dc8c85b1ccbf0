//! A day at the desk, by the buttons.

use jiff::SignedDuration;
use tendon_care::access::Role;
use tendon_care::appointment::VisitState;
use tendon_store::{Commit, MatchReviewRow, MessageLine, Write};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use super::world::{Seen, Site};

#[on_both_engines]
async fn a_row_of_today_is_done_by_its_button_and_gone(engine: Engine) {
    let site = Site::open(engine).await;
    let ana = site.patient("Ana", "Morales", "312-555-0142").await;
    let visit = site
        .book(ana, site.desk.now() + SignedDuration::from_hours(3))
        .await;
    let browser = site.signed_in(Role::FrontDesk).await;
    let today = browser.get("/").await.is(200);
    today
        .says(&format!("/visits/{visit}/confirm"))
        .says("0 <i>/ 1</i>")
        .says("tel:+13125550142");
    let path = format!("/visits/{visit}/confirm");
    let done = browser
        .act("/", &path, &[("back", "/")])
        .await
        .leads("/?did=confirmed");
    let after = browser.get(done.to()).await.is(200);
    after
        .says("Confirmed. What was planned")
        .lacks(&path)
        .says("1 <i>/ 1</i>");
    let reader = site.desk.db().reader(&site.access);
    let stored = reader.appointment(visit).await.unwrap().unwrap();
    assert!(matches!(stored.state, VisitState::Confirmed { .. }));

    let off = format!("/visits/{visit}/cancel");
    browser
        .act("/", &off, &[("back", "/?did=confirmed")])
        .await
        .leads("/?did=cancelled");
    let after = browser.get("/").await.is(200);
    after
        .says("called off by the patient just now")
        .says("find another time");
    browser
        .act("/", &path, &[])
        .await
        .is(409)
        .says("cannot confirm a visit that is cancelled");
    browser.act("/", "/visits/apt_1/confirm", &[]).await.is(404);
}

#[on_both_engines]
async fn a_task_is_taken_and_ticked_off(engine: Engine) {
    let site = Site::open(engine).await;
    let ana = site.patient("Ana", "Morales", "312-555-0142").await;
    let visit = site
        .book(ana, site.desk.now() + SignedDuration::from_hours(50))
        .await;
    let browser = site.signed_in(Role::FrontDesk).await;
    browser
        .act("/", &format!("/visits/{visit}/cancel"), &[])
        .await
        .is(303);
    let reader = site.desk.db().reader(&site.access);
    let task = reader.tasks_open(10).await.unwrap()[0].id;
    browser
        .act("/", &format!("/tasks/{task}/take"), &[])
        .await
        .leads("/?did=task-taken");
    browser.get("/").await.says("Robin front_desk");
    browser
        .act("/", &format!("/tasks/{task}/done"), &[])
        .await
        .leads("/?did=task-done");
    browser.get("/").await.lacks(&task.to_string());
    browser
        .act("/", &format!("/tasks/{task}/done"), &[])
        .await
        .is(409);
}

#[on_both_engines]
async fn patients_are_found_by_name_phone_birthday_and_number(engine: Engine) {
    let site = Site::open(engine).await;
    let ana = site.patient("Ana María", "Núñez", "312-555-0142").await;
    site.patient("Bo", "Larsen", "312-555-0177").await;
    let browser = site.signed_in(Role::FrontDesk).await;
    for asked in [
        "nunez",
        "Núñ ana",
        "mar",
        "(312) 555-0142",
        "3125550142",
        "R0142",
        "2/29/1968",
        "Feb 29 68",
    ] {
        let seen = browser
            .act("/patients", "/patients", &[("q", asked)])
            .await
            .is(200);
        seen.says(&ana.to_string());
    }
    let seen = browser
        .act("/patients", "/patients", &[("q", "zz")])
        .await
        .is(200);
    seen.lacks(&ana.to_string()).says("0 matches");
    // The question is never part of an address.
    assert!(!seen.text.contains("?q="));
}

#[on_both_engines]
async fn words_to_a_patient_pass_the_advice_and_go_out(engine: Engine) {
    let site = Site::open(engine).await;
    let ana = site.patient("Ana", "Morales", "312-555-0142").await;
    // At ten to eight nothing may leave yet.
    site.clock.advance_secs(4 * 3_600);
    let browser = site.signed_in(Role::Therapist).await;
    let page = format!("/patients/{ana}");
    let path = format!("{page}/write");
    let knee = [("words", "How is the knee today?"), ("channel", "sms")];
    let advised = browser.act(&page, &path, &knee).await.is(200);
    advised
        .says("knee”")
        .says("How is the knee today?")
        .says("name=\"despite\"");
    assert!(site.messages(ana).await.is_empty(), "advice sends nothing");
    let anyway = [
        ("words", "How is the knee today?"),
        ("channel", "sms"),
        ("despite", "yes"),
    ];
    browser
        .act(&page, &path, &anyway)
        .await
        .leads(&format!("{page}?did=written"));
    site.drain().await;
    let sent = site.messages(ana).await;
    assert_eq!(
        sent[0].text.expose(),
        "Riverside PT: How is the knee today?"
    );
    assert_eq!(sent[0].state, "sent");
    let chain = browser
        .get(&format!("/messages/{}", sent[0].id))
        .await
        .is(200);
    chain
        .says("Robin therapist wrote it")
        .says("by the carrier “sandbox”")
        .says("The person agreed to this kind of message");
    let secret = [
        ("words", "Use bit.ly/abc"),
        ("channel", "sms"),
        ("despite", "yes"),
    ];
    browser
        .act(&page, &path, &secret)
        .await
        .is(200)
        .says("cannot be sent like this");
}

#[on_both_engines]
async fn an_answer_in_the_sandbox_goes_the_way_of_any_text(engine: Engine) {
    let site = Site::open(engine).await;
    let ana = site.patient("Ana", "Morales", "312-555-0142").await;
    let visit = site
        .book(ana, site.desk.now() + SignedDuration::from_hours(25))
        .await;
    site.wait(61).await;
    let browser = site.signed_in(Role::FrontDesk).await;
    let sandbox = browser.get("/sandbox").await.is(200);
    sandbox.says("Reply 1 to confirm");
    let (_, rest) = sandbox.text.split_once("action=\"/sandbox/").unwrap();
    let thread = rest.split('/').next().unwrap().to_owned();
    let path = format!("/sandbox/{thread}/answer");
    browser
        .act("/sandbox", &path, &[("words", "1")])
        .await
        .leads("/sandbox?did=answered");
    site.drain().await;
    let stored = site
        .desk
        .db()
        .reader(&site.access)
        .appointment(visit)
        .await
        .unwrap()
        .unwrap();
    assert!(matches!(stored.state, VisitState::Confirmed { .. }));
    site.clock.advance_secs(1);
    browser
        .act("/sandbox", &path, &[("words", "what should I wear?")])
        .await
        .is(303);
    let inbox = browser.get("/inbox").await.is(200);
    inbox.says("what should I wear?");
    let reply = format!("/inbox/{thread}/reply");
    let open = format!("/inbox/{thread}");
    browser
        .act(
            &open,
            &format!("{open}/measure"),
            &[("words", "Loose clothes")],
        )
        .await
        .is(200)
        .says("13 characters · 1 text");
    browser
        .act(&open, &reply, &[("words", "Loose clothes, please.")])
        .await
        .leads(&format!("{open}?did=replied"));
    site.drain().await;
    browser.get(&open).await.says("Loose clothes, please.");
    browser
        .get("/inbox")
        .await
        .says("Nobody waits for an answer");
}

#[on_both_engines]
async fn what_lies_ahead_can_be_moved_skipped_and_paused(engine: Engine) {
    let site = Site::open(engine).await;
    let ana = site.patient("Ana", "Morales", "312-555-0142").await;
    site.book(ana, site.desk.now() + SignedDuration::from_hours(72))
        .await;
    site.drain().await;
    let browser = site.signed_in(Role::FrontDesk).await;
    let page = format!("/patients/{ana}");
    let seen = browser.get(&page).await.is(200);
    seen.says("The next 30 days");
    let (_, rest) = seen.text.split_once(&format!("{page}/planned/")).unwrap();
    let planned = rest.split('/').next().unwrap().to_owned();
    let path = |act: &str| format!("{page}/planned/{planned}/{act}");
    browser
        .act(&page, &path("move"), &[("to", "2026-11-25T11:30")])
        .await
        .leads(&format!("{page}?did=moved"));
    browser.get(&page).await.says("2026-11-25T11:30");
    browser
        .act(&page, &path("move"), &[("to", "soon")])
        .await
        .is(400)
        .says("to: is no date and time");
    browser
        .act(&page, &path("skip"), &[])
        .await
        .leads(&format!("{page}?did=skipped"));
    browser.get(&page).await.lacks(&path("skip"));
    browser
        .act(&page, &format!("{page}/pause"), &[("paused", "yes")])
        .await
        .is(303);
    browser.get(&page).await.says("automation paused");
}

#[on_both_engines]
async fn a_no_at_the_desk_is_written_into_the_ledger(engine: Engine) {
    let site = Site::open(engine).await;
    let ana = site.patient("Ana", "Morales", "312-555-0142").await;
    let browser = site.signed_in(Role::FrontDesk).await;
    let page = format!("/patients/{ana}");
    let seen = browser.get(&page).await.is(200);
    seen.says("agreed");
    let point = seen
        .text
        .split("value=\"con_")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let address = format!("con_{point}");
    let path = format!("{page}/consents");
    let fields = [
        ("purpose", "P1"),
        ("address", address.as_str()),
        ("evidence", "said so at the desk"),
        ("change", "revoke"),
    ];
    browser
        .act(&page, &path, &fields)
        .await
        .leads(&format!("{page}?did=consent"));
    browser.get(&page).await.says("wants none");
    browser
        .act(&page, &path, &[("purpose", "P1"), ("change", "grant")])
        .await
        .is(400)
        .says("address: must be chosen");
}

#[on_both_engines]
async fn settings_are_saved_or_refused_at_their_field(engine: Engine) {
    let site = Site::open(engine).await;
    let browser = site.signed_in(Role::Admin).await;
    let good = [
        ("name", "Hill Street PT"),
        ("phone", "312-555-0177"),
        ("time_zone", "America/Chicago"),
        ("state", "il"),
    ];
    browser
        .act("/settings", "/settings", &good)
        .await
        .leads("/settings?did=saved");
    browser
        .get("/settings")
        .await
        .says("Hill Street PT")
        .says("(312) 555-0177")
        .says("value=\"IL\"");
    let bad = [
        ("name", "Hill Street PT"),
        ("phone", "12"),
        ("time_zone", "America/Chicago"),
    ];
    browser
        .act("/settings", "/settings", &bad)
        .await
        .is(400)
        .says("phone is not a valid number");
    let place = format!("/settings/locations/{}", site.location);
    let hours = [
        ("name", "Riverside"),
        ("from-1", "08:00"),
        ("until-1", "07:00"),
    ];
    browser
        .act("/settings/locations", &place, &hours)
        .await
        .is(400)
        .says("hours: must begin before they end");
    let hours = [
        ("name", "Riverside"),
        ("from-1", "08:00"),
        ("until-1", "17:00"),
    ];
    browser
        .act("/settings/locations", &place, &hours)
        .await
        .is(303);
    browser
        .get("/settings/locations")
        .await
        .says("value=\"17:00\"");
    let switch = "/settings/journeys/visit-reminder/switch";
    browser
        .act("/settings/journeys", switch, &[("to", "off")])
        .await
        .leads("/settings/journeys?did=off");
    browser
        .get("/settings/journeys")
        .await
        .says("aria-checked=\"false\"");
}

#[on_both_engines]
async fn own_words_are_previewed_refused_and_saved(engine: Engine) {
    let site = Site::open(engine).await;
    let browser = site.signed_in(Role::Manager).await;
    let page = "/settings/templates/visit-reminder-1-day";
    let seen = browser.get(page).await.is(200);
    seen.says("{{ clinic }}");
    let spanish = "{{ clinic }}: cita el {{ when }}. Responda 1 para confirmar.";
    let knee = [
        ("part", "sms"),
        (
            "en",
            "{{ clinic }}: your knee visit is {{ when }}. Reply 1.",
        ),
        ("es", spanish),
    ];
    browser
        .act(page, &format!("{page}/preview"), &knee)
        .await
        .is(200)
        .says("Not to be saved like this");
    browser.act(page, page, &knee).await.is(400);
    let good = [
        ("part", "sms"),
        (
            "en",
            "{{ clinic }}: see you {{ when }}. Reply 1 to confirm.",
        ),
        ("es", spanish),
        ("seen-en", "0"),
        ("seen-es", "0"),
    ];
    let preview = browser
        .act(page, &format!("{page}/preview"), &good)
        .await
        .is(200);
    preview.says("see you Tue").lacks("Not to be saved");
    browser.act(page, page, &good).await.is(303);
    browser.get("/settings/templates").await.says("own words");
    browser.act(page, page, &good).await.is(303);
}

#[on_both_engines]
async fn users_are_added_given_a_role_and_barred(engine: Engine) {
    let site = Site::open(engine).await;
    let browser = site.signed_in(Role::Admin).await;
    let page = "/settings/users";
    let short = [
        ("name", "Kim"),
        ("email", "kim@example.org"),
        ("role", "biller"),
        ("password", "short"),
    ];
    browser
        .act(page, page, &short)
        .await
        .is(400)
        .says("at least 12 characters");
    let good = [
        ("name", "Kim"),
        ("email", "kim@example.org"),
        ("role", "biller"),
        ("password", "maple harbor lantern"),
    ];
    browser
        .act(page, page, &good)
        .await
        .leads("/settings/users?did=invited");
    let users = site.desk.users(&site.access).await.unwrap();
    let kim = users.iter().find(|user| user.name == "Kim").unwrap().id;
    browser
        .act(
            page,
            &format!("{page}/{kim}/role"),
            &[("role", "therapist")],
        )
        .await
        .is(303);
    browser
        .act(page, &format!("{page}/{kim}/revoke"), &[("revoked", "yes")])
        .await
        .is(303);
    browser.get(page).await.says("Let in again");
    let me = users.iter().find(|user| user.name != "Kim").unwrap().id;
    browser
        .act(page, &format!("{page}/{me}/revoke"), &[("revoked", "yes")])
        .await
        .is(400)
        .says("needs an administrator");
}

/// Returns the name of the form on a page.
fn name_of(page: &Seen) -> String {
    let (_, rest) = page
        .text
        .split_once("name=\"once\" value=\"")
        .expect("a form with a name");
    rest.split('"').next().unwrap().to_owned()
}

#[on_both_engines]
async fn a_form_that_is_sent_twice_writes_once(engine: Engine) {
    let site = Site::open(engine).await;
    let ana = site.patient("Ana", "Morales", "312-555-0142").await;
    site.book(ana, site.desk.now() + SignedDuration::from_hours(25))
        .await;
    site.wait(61).await;
    let browser = site.signed_in(Role::FrontDesk).await;
    let chart = format!("/patients/{ana}");
    let write = format!("{chart}/write");
    let said = async |words: &str| {
        let lines = site.messages(ana).await;
        let same = |line: &&MessageLine| line.text.expose().contains(words);
        lines.iter().filter(same).count()
    };
    let page = browser.get(&chart).await.is(200);
    let (name, csrf) = (name_of(&page), page.csrf().unwrap());
    let form = |words| [("csrf", csrf), ("once", name.as_str()), ("words", words)];
    let done = format!("{chart}?did=written");
    // A double click: both are under way at once.
    let early = form("Please come early.");
    let (one, other) = tokio::join!(browser.post(&write, &early), browser.post(&write, &early));
    one.leads(&done);
    other.leads(&done);
    // No answer came, and it was sent again later.
    site.wait(2).await;
    browser.post(&write, &early).await.leads(&done);
    assert_eq!(said("Please come early.").await, 1);
    // Other words of the same page, and the same words of a page loaded anew, are meant.
    browser
        .post(&write, &form("Bring shorts."))
        .await
        .leads(&done);
    assert_eq!(said("Bring shorts.").await, 1);
    let again = browser.get(&chart).await.is(200);
    assert_ne!(name_of(&again), name);
    let fields = [
        ("csrf", csrf),
        ("once", &name_of(&again)),
        ("words", "Bring shorts."),
    ];
    browser.post(&write, &fields).await.leads(&done);
    assert_eq!(said("Bring shorts.").await, 2);

    let thread = browser.thread().await;
    let page = browser.get(&thread).await.is(200);
    let fields = [
        ("csrf", csrf),
        ("once", &name_of(&page)),
        ("words", "See you then."),
    ];
    let (reply, done) = (format!("{thread}/reply"), format!("{thread}?did=replied"));
    let (one, other) = tokio::join!(browser.post(&reply, &fields), browser.post(&reply, &fields));
    one.leads(&done);
    other.leads(&done);
    assert_eq!(said("See you then.").await, 1);
}

#[on_both_engines]
async fn two_records_are_compared_merged_taken_apart_and_kept_apart(engine: Engine) {
    let site = Site::open(engine).await;
    let ana = site.patient("Ana", "Morales", "312-555-0142").await;
    let double = site.patient("Anna", "Morales-Gil", "312-555-0177").await;
    let doubt = async || {
        let mut found = Commit::new(&site.access);
        found.push(Write::MatchReview(MatchReviewRow {
            a: ana.min(double),
            b: ana.max(double),
            posterior: 0.94,
            evidence: "given name alike".into(),
            found_at: site.desk.now(),
            settled: None,
        }));
        site.desk.db().commit(found).await.unwrap();
    };
    doubt().await;
    let (chart, page) = (format!("/patients/{ana}"), format!("/patients/{ana}/same"));
    let desk = site.signed_in(Role::FrontDesk).await;
    desk.get(&chart).await.is(200).lacks("Compare records");
    let manager = site.signed_in(Role::Manager).await;
    manager.get(&chart).await.is(200).says("Compare records");
    let seen = manager.get(&page).await.is(200);
    seen.says("Anna Morales-Gil").says("94 % likely one person");
    let other = double.to_string();
    for (other, verdict) in [("nobody", "same"), (&other, "perhaps")] {
        let fields = [("other", other), ("verdict", verdict)];
        manager.act(&page, &page, &fields).await.is(400);
    }
    let verdict = async |verdict| {
        let fields = [("other", &*other), ("verdict", verdict)];
        manager.act(&page, &page, &fields).await
    };
    verdict("different")
        .await
        .leads(&format!("{page}?did=apart"));
    manager.get(&page).await.is(200).says("No other record");
    verdict("different").await.is(409);
    doubt().await;
    verdict("same").await.leads(&format!("{page}?did=merged"));
    let seen = manager.get(&page).await.is(200);
    seen.says("No other record").says("Merged into this record");
    manager.get(&chart).await.is(200).says("Merged records");
    let merges = site.reader().merges_of(ana).await.unwrap();
    let undo = format!("/patients/{ana}/merges/{}/undo", merges[0].id);
    manager
        .act(&page, &undo, &[])
        .await
        .leads(&format!("{page}?did=unmerged"));
    let seen = manager.get(&page).await.is(200);
    seen.says("No other record").lacks("Merged into");
    let other = site.reader().root_of(double).await.unwrap();
    assert_eq!(other, double, "they are two again");
}
