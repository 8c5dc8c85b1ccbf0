//! What is set up, and the trail of what was done.

use tendon_care::access::Role;
use tendon_store::{Action, AuditEntry, Commit};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use super::world::{PASSWORD, Site};

#[on_both_engines]
async fn the_trail_is_filtered_and_exported_with_its_export_on_record(engine: Engine) {
    let site = Site::open(engine).await;
    let ana = site.patient("Ana", "Morales", "312-555-0142").await;
    let browser = site.signed_in(Role::Admin).await;
    browser.get(&format!("/patients/{ana}")).await.is(200);
    let seen = browser
        .get(&format!("/audit?about={ana}&act=R"))
        .await
        .is(200);
    seen.says("Chain verified").says("chart").lacks("sign in");
    let file = browser.get("/audit/export?act=R").await.is(200);
    assert!(
        file.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    assert!(file.text.starts_with("number,at,actor"));
    assert!(file.text.contains(&ana.to_string()));
    assert_eq!(site.audit().await[0].entity, "audit_export");
}

#[on_both_engines]
async fn old_entries_are_found_below_many_and_a_file_is_whole(engine: Engine) {
    let site = Site::open(engine).await;
    let ana = site.patient("Ana", "Morales", "312-555-0142").await;
    let before = site.audit().await[0].seq;
    site.clock.advance_secs(3 * 24 * 3_600);
    let admin = site.signed_in(Role::Admin).await;
    // More than one reading of the file takes.
    let mut many = Commit::new(&site.access);
    for _ in 0..2_500 {
        let now = site.desk.now();
        many.audit(AuditEntry::new(&site.access, now, Action::Read, "message"));
    }
    site.desk.db().commit(many).await.unwrap();
    let today = site.desk.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let old = today.saturating_sub(jiff::ToSpan::days(2));
    admin
        .get(&format!("/audit?to={old}"))
        .await
        .is(200)
        .says("patient")
        .lacks("No entry here");
    let file = admin.get(&format!("/audit/export?to={old}")).await.is(200);
    assert!(file.text.contains(&ana.to_string()));
    assert_eq!(
        file.text.lines().count(),
        usize::try_from(before).unwrap() + 1
    );
    let length = site.audit().await[0].seq;
    let whole = admin.get("/audit/export").await.is(200);
    assert_eq!(
        whole.text.lines().count(),
        usize::try_from(length).unwrap() + 1
    );
    admin
        .get("/audit?about=nonsense")
        .await
        .is(200)
        .says("No entry here");
}

#[on_both_engines]
async fn a_place_is_added_and_the_numbers_for_texts_are_set(engine: Engine) {
    let site = Site::open(engine).await;
    let admin = site.signed_in(Role::Admin).await;
    let page = "/settings/locations";
    let fields = [("name", "Lakeview"), ("phone", "312-555-0177")];
    admin
        .act(page, page, &fields)
        .await
        .leads("/settings/locations?did=saved");
    admin.get(page).await.says("Lakeview");
    let places = site.reader().locations().await.unwrap();
    assert_eq!(places.len(), 2);
    admin.act(page, page, &[("name", " ")]).await.is(400);
    let page = "/settings/carriers";
    let fields = [("numbers", "312-555-0100; 55123")];
    admin
        .act(page, page, &fields)
        .await
        .leads("/settings/carriers?did=saved");
    admin.get(page).await.says("+13125550100, 55123");
    admin
        .act(page, page, &[("numbers", "the desk")])
        .await
        .is(400);
}

#[on_both_engines]
async fn everybody_changes_their_own_password(engine: Engine) {
    let site = Site::open(engine).await;
    let browser = site.signed_in(Role::Marketing).await;
    let new = "an even quieter walk";
    browser
        .get("/account")
        .await
        .is(200)
        .says("marketing@example.org");
    for (present, new, why) in [
        ("not the password", new, "not your present password"),
        (PASSWORD, "short", "at least 12 characters"),
    ] {
        let fields = [("present", present), ("new", new)];
        let refused = browser.act("/account", "/account", &fields).await.is(400);
        refused.says(why).lacks(present);
    }
    let fields = [("present", PASSWORD), ("new", new)];
    browser
        .act("/account", "/account", &fields)
        .await
        .leads("/sign-in?because=password");
    browser.get("/account").await.is(303);
    let fields = [("email", "marketing@example.org"), ("password", new)];
    browser.act("/sign-in", "/sign-in", &fields).await.is(303);
    browser.get("/account").await.is(200);
}
