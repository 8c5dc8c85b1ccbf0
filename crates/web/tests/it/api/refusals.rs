//! Refusals: what was wrong, with which field, and never with whom.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use tendon_care::access::Role;
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use super::world::{World, request};

#[on_both_engines]
async fn without_a_good_token_nothing_is_told(engine: Engine) {
    let world = World::open(engine).await;
    let revoked = world.token(Role::Integration).await;
    let listed = world.desk.tokens(&world.access).await.unwrap();
    let last = listed
        .iter()
        .find(|token| token.role == Role::Integration)
        .unwrap();
    world
        .desk
        .revoke_token(&world.access, last.id)
        .await
        .unwrap();
    let with = |value: String| vec![("authorization".to_owned(), value)];
    for headers in [
        vec![],
        with(format!("Bearer {revoked}")),
        with(format!("Basic {}", world.admin)),
        with("Bearer".to_owned()),
        with("Bearer tok_AAAA".to_owned()),
        [
            with(format!("Bearer {}", world.admin)),
            with("Bearer x".to_owned()),
        ]
        .concat(),
    ] {
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        for path in ["/patients", "/nothing"] {
            let answer = world.send(request("GET", path, None, &headers)).await;
            answer.errors(401);
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
    let lower = format!("bearer {}", world.admin);
    let answer = world
        .send(request(
            "GET",
            "/patients",
            None,
            &[("authorization", &lower)],
        ))
        .await;
    answer.expect(200);
}

#[on_both_engines]
async fn a_wrong_parameter_is_named(engine: Engine) {
    let world = World::open(engine).await;
    let tampered = {
        for n in 0..3 {
            world.patient("Ana", &format!("312-555-014{n}")).await;
        }
        let page = world.get("/patients?limit=1").await.expect(200);
        let next = page["next"].as_str().unwrap().to_owned();
        world
            .get(&format!("/patients?limit=1&cursor={next}"))
            .await
            .expect(200);
        // Of one list, it is no cursor of another.
        let errors = world
            .get(&format!("/tasks?cursor={next}"))
            .await
            .errors(400);
        assert!(errors[0].starts_with("cursor: "), "{errors:?}");
        next.replacen(&next[5..6], if &next[5..6] == "B" { "C" } else { "B" }, 1)
    };
    for (path, field) in [
        (format!("/patients?cursor={tampered}"), "cursor"),
        ("/patients?cursor=".to_owned(), "cursor"),
        ("/patients?cursor=%FF".to_owned(), "cursor"),
        ("/patients?limit=0".to_owned(), "limit"),
        ("/patients?limit=201".to_owned(), "limit"),
        ("/patients?limit=ten".to_owned(), "limit"),
        ("/patients?limit=1&limit=2".to_owned(), "limit"),
        ("/patients?nmae=x".to_owned(), "nmae"),
        ("/patients?q=%21".to_owned(), "q"),
        ("/patients?q=a&birth_date=2000-01-01".to_owned(), "q"),
        ("/patients?birth_date=2001-02-29".to_owned(), "birth_date"),
        ("/patients?phone=12".to_owned(), "phone"),
        ("/patients?email=a".to_owned(), "email"),
        ("/patients?identifier=x".to_owned(), "identifier"),
        ("/patients?identifier=a%00%7Cb".to_owned(), "identifier"),
        ("/patients?q=a%00".to_owned(), "q"),
        ("/appointments?patient=pat_1".to_owned(), "patient"),
        ("/appointments?state=gone".to_owned(), "state"),
        ("/appointments?from=yesterday".to_owned(), "from"),
        (
            "/appointments?from=2026-12-02T00:00:00Z&until=2026-12-01T00:00:00Z".to_owned(),
            "until",
        ),
        ("/messages?state=gone".to_owned(), "state"),
        ("/messages?since=2026-12-02".to_owned(), "since"),
        ("/tasks?state=closed".to_owned(), "state"),
    ] {
        let errors = world.get(&path).await.errors(400);
        assert_eq!(errors.len(), 1, "{path}");
        assert!(
            errors[0].starts_with(&format!("{field}: ")),
            "{path}: {errors:?}"
        );
    }
}

#[on_both_engines]
async fn every_wrong_field_of_a_patient_is_named_at_once_and_no_value(engine: Engine) {
    let world = World::open(engine).await;
    let body = json!({
        "name": {"family": "", "given": " "},
        "birth_date": "2030-01-01",
        "time_zone": "Mars/Olympus",
        "state": "Illinois",
        "zip": "6060",
        "identifiers": [{"value": ""}, {"value": "1"}, {"value": "1"}],
        "contact_points": [{"phone": "999-999-9999"}, {"email": "nobody"}, {}, {"phone": "312-555-0142", "email": "a@b.org"}],
        "intake": {"purposes": [], "form": " ", "wording_version": "1"},
    });
    let answer = world.post("/patients", &body).await;
    let errors = answer.errors(422);
    let fields: Vec<&str> = errors
        .iter()
        .map(|error| error.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        fields,
        [
            "name",
            "state",
            "zip",
            "birth_date",
            "time_zone",
            "identifiers[0].value",
            "identifiers[2].value",
            "contact_points[0].phone",
            "contact_points[1].email",
            "contact_points[2]",
            "contact_points[3]",
            "intake.form",
            "intake.purposes",
            "intake",
        ]
    );
    for value in ["999-999", "nobody", "Olympus", "Illinois", "6060"] {
        assert!(!answer.text.contains(value), "{value}");
    }
    let page = world.get("/patients").await.expect(200);
    assert_eq!(page["items"], json!([]), "nothing is half written");
}

/// Posts what has a wrong shape; the problem begins with the path of the field, and
/// repeats nothing of what was sent.
async fn is_named(world: &World, path: &str, cases: &[(Value, &str)]) {
    for (body, error) in cases {
        let answer = world.post(path, body).await;
        let errors = answer.errors(422);
        assert!(errors[0].starts_with(error), "{path} {body}: {errors:?}");
        assert!(!answer.text.contains("Ana"), "{}", answer.text);
    }
}

#[on_both_engines]
async fn a_wrong_shape_of_a_visit_is_named_by_its_path(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let good = world.visit(ana, "2026-12-02T15:00:00Z");
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let elsewhere = json!(ana.to_string());
    let cases = [
        (json!({}), "patient: is required"),
        (json!([]), "body: "),
        (json!("Ana"), "body: must be an object"),
        (
            with("minutes", json!("Ana")),
            "minutes: must be a whole number",
        ),
        (with("minutes", json!(40.5)), "minutes: "),
        (
            with("minutes", json!(0)),
            "minutes: must be between 1 and 480",
        ),
        (
            with("kind", json!("massage")),
            "kind: must be one of evaluation, recurring",
        ),
        (
            with("starts_at", json!("2026-12-02")),
            "starts_at: must be a moment",
        ),
        (
            with("location", elsewhere),
            "location: must be an id of the form loc_",
        ),
        (with("notes", json!("knee")), "notes: is not a known field"),
    ];
    is_named(&world, "/appointments", &cases).await;
}

#[on_both_engines]
async fn a_wrong_shape_of_a_patient_is_named_by_its_path(engine: Engine) {
    let world = World::open(engine).await;
    let family = json!({"name": {"given": "A", "family": {"Ana": 1}}});
    let fax = json!({"name": {"given": "A"}, "contact_points": [{"fax": "1"}]});
    let cases = [
        (family, "name.family: must be a text"),
        (fax, "contact_points[0].fax: is not a known field"),
    ];
    is_named(&world, "/patients", &cases).await;
}

#[on_both_engines]
async fn a_wrong_shape_of_an_act_is_named_by_its_path(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let visit = world.book(ana, "2026-12-01T15:00:00Z").await;
    for (act, body, error) in [
        ("move", json!({}), "starts_at: is required"),
        (
            "cancel",
            json!({"by": "unknown"}),
            "by: must be one of patient, clinic",
        ),
        (
            "confirm",
            json!({"via": "text"}),
            "via: must be staff or feed",
        ),
    ] {
        is_named(
            &world,
            &format!("/appointments/{visit}/{act}"),
            &[(body, error)],
        )
        .await;
    }
}

#[on_both_engines]
async fn a_wrong_shape_of_what_is_said_is_named_by_its_path(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let by = |channel: &str, text: &str| json!({"channel": channel, "text": text});
    let messages = [
        (by("fax", "x"), "channel: must be one of"),
        (by("voice", "x"), "channel: must be sms or email"),
        (by("sms", " "), "text: "),
        (by("sms", "a\0b"), "text: must not hold control characters"),
    ];
    is_named(&world, &format!("/patients/{ana}/messages"), &messages).await;
    let agreed = |field: &str, version: String| {
        let mut body = json!({
            "contact_point": "con_0190a1b2c3d47e5f8a9b0c1d2e3f4a5b", "act": "granted",
            "purposes": ["P2"], "basis": "form", "wording_version": "3",
            "evidence": {"kind": "form", "reference": "intake-2026"},
        });
        body[field] = json!(version);
        body
    };
    let long = "must have at most 200 characters";
    let consents = [
        (
            json!({"act": "maybe"}),
            "act: must be granted or revoked".to_owned(),
        ),
        (
            agreed("wording_version", "v".repeat(201)),
            format!("wording_version: {long}"),
        ),
        (
            agreed("warning_version", "v".repeat(201)),
            format!("warning_version: {long}"),
        ),
        (
            agreed("wording_version", "3\0".to_owned()),
            "wording_version: must not hold control characters".to_owned(),
        ),
    ];
    let consents: Vec<_> = consents
        .iter()
        .map(|(body, error)| (body.clone(), error.as_str()))
        .collect();
    is_named(&world, &format!("/patients/{ana}/consents"), &consents).await;
}

#[on_both_engines]
async fn bodies_are_json_of_a_decent_size(engine: Engine) {
    let world = World::open(engine).await;
    let send = async |content_type: Option<&str>, body: Vec<u8>| {
        let mut request = Request::post("/api/v1/patients")
            .header("authorization", format!("Bearer {}", world.admin));
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        world.send(request.body(Body::from(body)).unwrap()).await
    };
    let json = Some("application/json");
    send(None, b"{}".to_vec()).await.errors(415);
    send(Some("text/plain"), b"{}".to_vec()).await.errors(415);
    for malformed in [&b"{"[..], b"{\"a\":1,}", b"\xff\xfe", b"nul", b"{}{}"] {
        send(json, malformed.to_vec()).await.errors(400);
    }
    let deep = "[".repeat(100_000);
    send(json, deep.into_bytes()).await.errors(400);
    send(json, vec![b' '; 300 * 1024]).await.errors(413);
    assert_eq!(
        send(json, b"{}".to_vec()).await.errors(422),
        ["name: is required"]
    );
    let put = world.call("PUT", "/patients", Some(&json!({})), &[]).await;
    put.errors(405);
}

#[on_both_engines]
async fn a_visit_refuses_what_cannot_be(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let visit = world.book(ana, "2026-12-01T15:00:00Z").await;
    world
        .post(&format!("/appointments/{visit}/complete"), &json!({}))
        .await
        .expect(200);
    let answer = world
        .post(&format!("/appointments/{visit}/confirm"), &json!({}))
        .await;
    answer.errors(409);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("completed") && detail.contains("confirm"),
        "{detail}"
    );
    let body = json!({"version": 99, "language": "es"});
    world
        .call("PATCH", &format!("/patients/{ana}"), Some(&body), &[])
        .await
        .errors(409);
    let twin = json!({"name": {"given": "B"}, "identifiers": [{"system": "ehr", "value": "1"}]});
    world.post("/patients", &twin).await.expect(201);
    world.post("/patients", &twin).await.errors(409);
}

#[on_both_engines]
async fn a_token_that_asks_too_much_waits_and_others_do_not(engine: Engine) {
    let world = World::open(engine).await;
    let other = format!("Bearer {}", world.token(Role::Integration).await);
    for _ in 0..200 {
        world.get("/locations").await.expect(200);
    }
    let refused = world.get("/locations").await;
    refused.errors(429);
    assert_eq!(refused.headers["retry-after"], "1");
    let answer = world
        .send(request(
            "GET",
            "/locations",
            None,
            &[("authorization", &other)],
        ))
        .await;
    answer.expect(200);
    world.clock.advance_secs(1);
    for _ in 0..50 {
        world.get("/locations").await.expect(200);
    }
    world.get("/locations").await.errors(429);
}
