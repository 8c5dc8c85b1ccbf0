//! Writing: what changes, and what follows from it.

use serde_json::{Value, json};
use tendon_care::access::Role;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use super::world::{World, moment, request};

#[on_both_engines]
async fn a_visit_goes_through_its_life(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let visit = world.book(ana, "2026-12-01T15:00:00Z").await;
    for (act, body, state) in [
        ("confirm", json!({"via": "staff"}), "confirmed"),
        (
            "move",
            json!({"starts_at": "2026-12-02T16:00:00Z"}),
            "booked",
        ),
        ("cancel", json!({"by": "clinic"}), "cancelled"),
        ("reinstate", json!({}), "booked"),
        ("miss", json!({}), "noshow"),
        ("arrive", json!({}), "arrived"),
        ("complete", json!({}), "completed"),
    ] {
        let shown = world
            .post(&format!("/appointments/{visit}/{act}"), &body)
            .await
            .expect(200);
        assert_eq!(shown["state"], state, "{act}");
        assert_eq!(
            shown["starts_at"].as_str(),
            Some(if act == "confirm" {
                "2026-12-01T15:00:00Z"
            } else {
                "2026-12-02T16:00:00Z"
            })
        );
    }
    let facts = world
        .get(&format!("/patients/{ana}/timeline?limit=200"))
        .await
        .expect(200);
    let via = facts["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|fact| fact["fact"] == "visit.confirmed");
    assert_eq!(via.unwrap()["fields"]["via"], "staff");
}

#[on_both_engines]
async fn an_act_without_particulars_needs_no_body(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let visit = world.book(ana, "2026-12-01T15:00:00Z").await;
    let path = format!("/appointments/{visit}/confirm");
    assert_eq!(
        world.call("POST", &path, None, &[]).await.expect(200)["state"],
        "confirmed"
    );
}

#[on_both_engines]
async fn a_patient_is_changed_in_parts(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let path = format!("/patients/{ana}");
    let before = world.get(&path).await.expect(200);
    let patch = json!({"language": "es", "zip": null, "name": {"family": "Morales", "given": "Ana", "preferred": "Anita"}});
    let after = world
        .call("PATCH", &path, Some(&patch), &[])
        .await
        .expect(200);
    assert_eq!(after["language"], "es");
    assert_eq!(
        (&after["zip"], &after["state"]),
        (&Value::Null, &json!("IL"))
    );
    assert_eq!(after["name"]["preferred"], "Anita");
    assert_eq!(after["birth_date"], before["birth_date"]);
    assert_eq!(after["contact_points"], before["contact_points"]);
    assert!(after["version"].as_i64() > before["version"].as_i64());
    let merge_patch = [("content-type", "application/merge-patch+json")];
    let body = json!({"version": after["version"], "time_zone": "America/Denver"});
    let again = world
        .call("PATCH", &path, Some(&body), &merge_patch)
        .await
        .expect(200);
    assert_eq!(again["time_zone"], "America/Denver");
}

#[on_both_engines]
async fn a_no_is_recorded_and_withdraws_what_waits(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let point =
        world.get(&format!("/patients/{ana}")).await.expect(200)["contact_points"][0]["id"].clone();
    let words = json!({
        "channel": "sms",
        "text": "See you soon. Questions? Reply to this text.",
        "send_at": "2026-11-25T18:00:00Z",
    });
    let message = world
        .post(&format!("/patients/{ana}/messages"), &words)
        .await
        .expect(201);
    assert_eq!(message["state"], "queued");
    assert_eq!(message["outgoing"]["due_at"], "2026-11-25T18:00:00Z");
    let no = json!({
        "contact_point": point,
        "act": "revoked",
        "evidence": {"kind": "note", "reference": "said so at the desk"},
    });
    let entry = world
        .post(&format!("/patients/{ana}/consents"), &no)
        .await
        .expect(201);
    assert_eq!(
        (entry["act"].as_str(), entry["extent"].as_str()),
        (Some("revoked"), Some("everything"))
    );
    let path = format!("/messages/{}", message["id"].as_str().unwrap());
    assert_eq!(world.get(&path).await.expect(200)["state"], "dropped");

    let yes = json!({
        "contact_point": point,
        "act": "granted",
        "purposes": ["P2"],
        "channel": "sms",
        "basis": "form",
        "wording_version": "3",
        "evidence": {"kind": "form", "reference": "intake, page 4"},
    });
    let entry = world
        .post(&format!("/patients/{ana}/consents"), &yes)
        .await
        .expect(201);
    assert_eq!(entry["purposes"], json!(["P2"]));
    for (field, value, error) in [
        ("purposes", json!([]), "purposes: must name one purpose"),
        (
            "purposes",
            json!(["P1", "P2"]),
            "purposes: must name one purpose",
        ),
        ("basis", Value::Null, "basis: is required for a yes"),
        ("basis", json!("keyword"), "basis: "),
        (
            "evidence",
            json!({"kind": "form", "reference": ""}),
            "evidence.reference: ",
        ),
        ("act", json!("revoked"), "basis: belongs to a yes"),
    ] {
        let mut wrong = yes.clone();
        wrong[field] = value;
        let errors = world
            .post(&format!("/patients/{ana}/consents"), &wrong)
            .await
            .errors(422);
        assert!(errors[0].starts_with(error), "{errors:?}");
    }
}

#[on_both_engines]
async fn words_that_must_not_leave_are_refused_by_their_code(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let path = format!("/patients/{ana}/messages");
    let advised = json!({"channel": "sms", "text": "How is your knee pain today?"});
    let answer = world.post(&path, &advised).await;
    let errors = answer.errors(422);
    assert!(
        errors
            .iter()
            .any(|error| error.starts_with("text: body_part: ")),
        "{errors:?}"
    );
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("despite_advice")
    );
    let mut insisted = advised.clone();
    insisted["despite_advice"] = json!(true);
    world.post(&path, &insisted).await.expect(201);
    let firm = json!({"channel": "sms", "text": "See bit.ly/abc", "despite_advice": true});
    let errors = world.post(&path, &firm).await.errors(422);
    assert!(
        errors
            .iter()
            .any(|error| error.starts_with("text: shortener: ")),
        "{errors:?}"
    );
}

#[on_both_engines]
async fn a_task_is_done_once(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let visit = world.book(ana, "2026-12-01T15:00:00Z").await;
    world
        .post(
            &format!("/appointments/{visit}/cancel"),
            &json!({"by": "patient"}),
        )
        .await
        .expect(200);
    let task = world.get("/tasks").await.expect(200)["items"][0].clone();
    assert_eq!(task["kind"], "rebook_visit");
    let path = format!("/tasks/{}/done", task["id"].as_str().unwrap());
    let done = world.post(&path, &json!({})).await.expect(200);
    let at: jiff::Timestamp = done["done_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(at, moment("2026-11-23T10:00-06:00"));
    world.post(&path, &json!({})).await.errors(409);
    assert_eq!(world.get("/tasks").await.expect(200)["items"], json!([]));
}

#[on_both_engines]
async fn a_role_does_what_it_may_and_no_more(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let marketing = format!("Bearer {}", world.token(Role::Marketing).await);
    let headers = [("authorization", marketing.as_str())];
    let get = async |path: String| world.send(request("GET", &path, None, &headers)).await;
    get(format!("/patients/{ana}")).await.expect(200);
    get(format!("/patients/{ana}/timeline")).await.errors(403);
    get("/messages".to_owned()).await.errors(403);
    // Who may not write does not learn what is wrong with the words.
    let wrong = json!({"nonsense": 1});
    world
        .send(request("POST", "/patients", Some(&wrong), &headers))
        .await
        .errors(403);
}
