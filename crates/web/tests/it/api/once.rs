//! Asked again, answered again, done once.

use std::sync::Arc;

use serde_json::{Value, json};
use tendon_care::access::Role;
use tendon_care::id::PatientId;
use tendon_desk::NewVisit;
use tendon_store::Once;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;
use tendon_web::api::fingerprint;

use super::world::{World, request};

async fn visits(world: &World, patient: PatientId) -> usize {
    let page = world
        .get(&format!("/appointments?patient={patient}"))
        .await
        .expect(200);
    page["items"].as_array().unwrap().len()
}

#[on_both_engines]
async fn the_same_request_is_answered_the_same_and_done_once(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let body = world.visit(ana, "2026-12-01T15:00:00Z");
    let first = world.keyed("/appointments", &body, "k1").await;
    first.expect(201);
    // What is shown is the answer of then, not how things stand now.
    let id = first.json()["id"].as_str().unwrap().to_owned();
    world
        .post(&format!("/appointments/{id}/confirm"), &json!({}))
        .await
        .expect(200);
    let second = world.keyed("/appointments", &body, "k1").await;
    assert_eq!(second.status, 201);
    assert_eq!(second.text, first.text);
    assert_eq!(second.headers["location"], first.headers["location"]);
    assert_eq!(second.headers["idempotency-replayed"], "true");
    assert!(!first.headers.contains_key("idempotency-replayed"));
    assert_eq!(visits(&world, ana).await, 1);

    world.keyed("/appointments", &body, "k2").await.expect(201);
    assert_eq!(visits(&world, ana).await, 2);
}

#[on_both_engines]
async fn a_key_is_for_one_request_of_one_token(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let body = world.visit(ana, "2026-12-01T15:00:00Z");
    world.keyed("/appointments", &body, "k1").await.expect(201);
    let other = world.visit(ana, "2026-12-02T15:00:00Z");
    let reused = world.keyed("/appointments", &other, "k1").await;
    reused.errors(422);
    assert_eq!(
        reused.json()["type"],
        "urn:tendon:problem:idempotency-key-reused"
    );
    world
        .keyed("/patients", &json!({"name": {"given": "B"}}), "k1")
        .await
        .errors(422);
    let second = format!("Bearer {}", world.token(Role::Integration).await);
    let headers = [
        ("authorization", second.as_str()),
        ("idempotency-key", "k1"),
    ];
    world
        .send(request("POST", "/appointments", Some(&other), &headers))
        .await
        .expect(201);
    assert_eq!(visits(&world, ana).await, 2);
    for key in ["", "two words"] {
        world.keyed("/appointments", &other, key).await.errors(400);
    }
}

#[on_both_engines]
async fn a_refusal_is_not_kept(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let visit = world.book(ana, "2026-12-01T15:00:00Z").await;
    let (reinstate, cancel) = (
        format!("/appointments/{visit}/reinstate"),
        format!("/appointments/{visit}/cancel"),
    );
    world.keyed(&reinstate, &json!({}), "k1").await.errors(409);
    world
        .post(&cancel, &json!({"by": "clinic"}))
        .await
        .expect(200);
    assert_eq!(
        world.keyed(&reinstate, &json!({}), "k1").await.expect(200)["state"],
        "booked"
    );
}

/// The process dies after the commit and before the answer is kept: what the
/// handler would have done is done here, through the same guard.
#[on_both_engines]
async fn a_crash_before_the_answer_books_no_second_visit(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let body = world.visit(ana, "2026-12-01T15:00:00Z");
    let (by, bearer) = world
        .desk
        .authenticate_bearer(&world.admin)
        .await
        .unwrap()
        .unwrap();
    let hash = fingerprint("POST", "/api/v1/appointments", body.to_string().as_bytes());
    let once = Arc::new(Once::new(bearer.id, "k1", hash, world.desk.now()));
    let visit = NewVisit {
        patient: ana,
        episode: None,
        location: world.location,
        clinician: None,
        kind: tendon_care::appointment::VisitKind::Recurring,
        starts_at: "2026-12-01T15:00:00Z".parse().unwrap(),
        minutes: 40,
    };
    let booked = world
        .desk
        .once(Arc::clone(&once))
        .book(&by, &visit)
        .await
        .unwrap();
    assert!(once.is_kept());

    let answer = world.keyed("/appointments", &body, "k1").await;
    assert_eq!(answer.expect(201)["id"], booked.to_string());
    assert_eq!(visits(&world, ana).await, 1);
    // From now on the answer is kept.
    let again = world.keyed("/appointments", &body, "k1").await;
    assert_eq!(again.text, answer.text);
    assert_eq!(again.headers["idempotency-replayed"], "true");
}

#[on_both_engines]
async fn two_at_once_are_one(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let body = world.visit(ana, "2026-12-01T15:00:00Z");
    for round in 0..10 {
        let key = format!("k{round}");
        let asked = || world.keyed("/appointments", &body, &key);
        let (a, b, c) = tokio::join!(asked(), asked(), asked());
        let ids: Vec<Value> = [a, b, c]
            .iter()
            .map(|one| one.expect(201)["id"].clone())
            .collect();
        assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
        assert_eq!(visits(&world, ana).await, round + 1);
    }
}
