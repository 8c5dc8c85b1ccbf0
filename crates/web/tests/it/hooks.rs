//! Webhooks: believed by their signature, harmless when repeated.

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use tendon_care::id::PatientId;
use tendon_store::{Commit, Write};
use tendon_testkit::carriers::twilio::sign;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;
use tendon_testpractice::open_practice;
use tendon_web::hooks::NUMBERS;
use tendon_web::server::{App, router};
use tower::ServiceExt as _;

use crate::api::world::{AUTH_TOKEN, Answered, PUBLIC_URL, World, surface};

/// Builds a request as the carrier would.
fn signed(token: &str, path: &str, parameters: &[(&str, &str)]) -> Request<Body> {
    let signature = sign(token, &format!("{PUBLIC_URL}{path}"), parameters);
    posted(path, parameters, Some(&signature))
}

fn posted(path: &str, parameters: &[(&str, &str)], signature: Option<&str>) -> Request<Body> {
    let mut body = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        body.append_pair(name, value);
    }
    let mut request =
        Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    if let Some(signature) = signature {
        request = request.header("x-twilio-signature", signature);
    }
    request.body(Body::from(body.finish())).unwrap()
}

async fn text(world: &World, from: &str, words: &str, sid: &str) -> Answered {
    let parameters = [
        ("From", from),
        ("To", "+13125550100"),
        ("Body", words),
        ("MessageSid", sid),
        ("NumMedia", "0"),
    ];
    let answer = world
        .send(signed(AUTH_TOKEN, "/hooks/twilio/sms", &parameters))
        .await;
    world.drain().await;
    answer
}

async fn report(world: &World, path: &str, sid: &str, status: &str) -> Answered {
    let parameters = [("MessageSid", sid), ("MessageStatus", status)];
    world.send(signed(AUTH_TOKEN, path, &parameters)).await
}

/// A patient who was reminded of a visit by a text.
async fn reminded(world: &World) -> (PatientId, String) {
    let ana = world.patient("Ana", "312-555-0142").await;
    let visit = world.book(ana, "2026-11-24T16:30:00Z").await;
    world.clock.advance_secs(45 * 60);
    world.drain().await;
    (ana, format!("/appointments/{visit}"))
}

async fn sent(world: &World) -> Value {
    let page = world.get("/messages").await.expect(200);
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .find(|one| one["direction"] == "out")
        .unwrap()
        .clone()
}

#[on_both_engines]
async fn a_text_is_heard_once(engine: Engine) {
    let world = World::open(engine).await;
    let (ana, visit) = reminded(&world).await;
    for _ in 0..2 {
        let answer = text(&world, "+13125550142", "C", "SM-in-1").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], "text/xml");
        assert!(answer.text.ends_with("<Response/>"));
    }
    assert_eq!(world.get(&visit).await.expect(200)["state"], "confirmed");
    let page = world
        .get(&format!("/messages?patient={ana}&state=received"))
        .await
        .expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert_eq!(page["items"][0]["intent"], "confirm");
    let sent = world.carrier.sent().len();
    assert_eq!(sent, 2, "the reminder and one answer to both deliveries");
}

#[on_both_engines]
async fn what_the_carrier_did_not_sign_is_not_believed(engine: Engine) {
    let world = World::open(engine).await;
    let (_, visit) = reminded(&world).await;
    let parameters = [
        ("From", "+13125550142"),
        ("To", "+13125550100"),
        ("Body", "X"),
        ("MessageSid", "SM-in-1"),
    ];
    let (sms, status) = ("/hooks/twilio/sms", "/hooks/twilio/status");
    let good = sign(AUTH_TOKEN, &format!("{PUBLIC_URL}{sms}"), &parameters);
    let elsewhere = sign(
        AUTH_TOKEN,
        "https://evil.example/hooks/twilio/sms",
        &parameters,
    );
    let mut changed = parameters;
    changed[2].1 = "C";
    for request in [
        posted(sms, &parameters, None),
        posted(sms, &parameters, Some("")),
        posted(sms, &parameters, Some("not base64 at all")),
        posted(sms, &parameters, Some(&elsewhere)),
        posted(sms, &changed, Some(&good)),
        posted("/hooks/twilio/sms?message=x", &parameters, Some(&good)),
        posted(status, &parameters, Some(&good)),
        signed("another token", sms, &parameters),
    ] {
        let answer = world.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (403, ""));
    }
    assert_eq!(world.get(&visit).await.expect(200)["state"], "booked");
}

#[on_both_engines]
async fn without_a_carrier_there_are_no_webhooks(engine: Engine) {
    let world = World::open(engine).await;
    let bare = router(App::new(world.desk.clone(), surface(None)));
    let request = signed(AUTH_TOKEN, "/hooks/twilio/sms", &[("From", "+13125550142")]);
    assert_eq!(bare.oneshot(request).await.unwrap().status(), 404);
}

#[on_both_engines]
async fn a_stranger_s_text_is_kept_for_staff(engine: Engine) {
    let world = World::open(engine).await;
    let answer = text(&world, "+17735550199", "Can I book a visit?", "SM-in-1").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        text(&world, "+17735550199", "Can I book a visit?", "SM-in-1")
            .await
            .status,
        200
    );
    let tasks = world.get("/tasks").await.expect(200);
    assert_eq!(tasks["items"].as_array().unwrap().len(), 1, "{tasks}");
    assert_eq!(tasks["items"][0]["patient"], Value::Null);
}

#[on_both_engines]
async fn a_stop_is_a_stop(engine: Engine) {
    let world = World::open(engine).await;
    let (ana, _) = reminded(&world).await;
    let parameters = [
        ("From", "+13125550142"),
        ("To", "+13125550100"),
        ("Body", "STOP"),
        ("MessageSid", "SM-in-1"),
        ("OptOutType", "STOP"),
    ];
    let answer = world
        .send(signed(AUTH_TOKEN, "/hooks/twilio/sms", &parameters))
        .await;
    assert_eq!(answer.status, 200);
    let ledger = world
        .get(&format!("/patients/{ana}/consents"))
        .await
        .expect(200);
    let acts: Vec<&str> = ledger["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["act"].as_str().unwrap())
        .collect();
    assert!(
        acts.contains(&"revoked") && acts.contains(&"carrier_blocked"),
        "{acts:?}"
    );
}

#[on_both_engines]
async fn signed_nonsense_is_told_apart(engine: Engine) {
    let world = World::open(engine).await;
    let sms = "/hooks/twilio/sms";
    for parameters in [
        &[][..],
        &[
            ("From", "55123"),
            ("To", "+13125550100"),
            ("MessageSid", "SM1"),
        ],
        &[("From", "+13125550142"), ("To", ""), ("MessageSid", "SM1")],
        &[("From", "+13125550142"), ("To", "+13125550100")],
    ] {
        let answer = world.send(signed(AUTH_TOKEN, sms, parameters)).await;
        assert_eq!(answer.status, 400, "{parameters:?}");
    }
    let long = "x".repeat(70_000);
    let large = [
        ("From", "+13125550142"),
        ("To", "+1"),
        ("Body", long.as_str()),
        ("MessageSid", "S"),
    ];
    assert_eq!(
        world.send(signed(AUTH_TOKEN, sms, &large)).await.status,
        413
    );
    let get = Request::get(sms).body(Body::empty()).unwrap();
    assert_eq!(world.send(get).await.status, 405);
}

#[on_both_engines]
async fn receipts_move_a_message_in_any_order(engine: Engine) {
    let world = World::open(engine).await;
    reminded(&world).await;
    let message = sent(&world).await;
    let id = message["id"].as_str().unwrap();
    let detail = world.get(&format!("/messages/{id}")).await.expect(200);
    let sid = detail["outgoing"]["carrier_ref"].as_str().unwrap();
    let path = format!("/hooks/twilio/status?message={id}");
    for status in ["delivered", "sent", "delivered", "queued"] {
        assert_eq!(
            report(&world, &path, sid, status).await.status,
            200,
            "{status}"
        );
        assert_eq!(
            world.get(&format!("/messages/{id}")).await.expect(200)["state"],
            "delivered"
        );
    }
    let facts = world
        .get(&format!(
            "/patients/{}/timeline",
            message["patient"].as_str().unwrap()
        ))
        .await
        .expect(200);
    let facts = facts["items"].as_array().unwrap();
    assert_eq!(
        facts
            .iter()
            .filter(|fact| fact["fact"] == "message.delivered")
            .count(),
        1
    );

    let unknown = report(&world, "/hooks/twilio/status", "SM-nobody-s", "delivered").await;
    assert_eq!(
        (
            unknown.status.as_u16(),
            unknown.text.ends_with("<Response/>")
        ),
        (200, true)
    );
}

#[on_both_engines]
async fn of_several_practices_the_one_with_the_number_is_meant(engine: Engine) {
    let world = World::open(engine).await;
    let (other, _) = open_practice(&world.desk, "Elsewhere PT").await;
    // Nobody knows the number nor the phone: the carrier is told so.
    assert_eq!(
        text(&world, "+17735550199", "Hello", "SM-in-0")
            .await
            .status,
        422
    );

    // Both send from one number: who knows the phone is meant.
    let (ana, visit) = reminded(&world).await;
    assert_eq!(
        text(&world, "+13125550142", "C", "SM-in-1").await.status,
        200
    );
    assert_eq!(world.get(&visit).await.expect(200)["state"], "confirmed");

    // The number is the other's alone.
    let mut commit = Commit::new(&other);
    commit.push(Write::Setting(
        NUMBERS.to_owned(),
        "(312) 555-0100".to_owned(),
    ));
    world.desk.db().commit(commit).await.unwrap();
    assert_eq!(
        text(&world, "+13125550142", "X", "SM-in-2").await.status,
        200
    );
    assert_eq!(world.get(&visit).await.expect(200)["state"], "confirmed");
    let mine = world
        .get(&format!("/messages?patient={ana}&state=received"))
        .await
        .expect(200);
    assert_eq!(mine["items"].as_array().unwrap().len(), 1);
    let reader = world.desk.db().reader(&other);
    assert_eq!(reader.tasks("all", None, 10).await.unwrap().len(), 1);
}
