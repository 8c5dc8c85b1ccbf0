//! Reading: what is shown, page by page, and to whom.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tendon_care::access::Role;
use tendon_care::id::{AppointmentId, MessageId, PatientId};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;
use tendon_testpractice::open_practice;

use super::world::{World, nobody, request, token};

/// Follows a list to its end, two items a page.
async fn all(world: &World, list: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    let join = if list.contains('?') { '&' } else { '?' };
    for _ in 0..50 {
        let page = world
            .get(&format!("{list}{join}limit=2{cursor}"))
            .await
            .expect(200);
        let found = page["items"].as_array().unwrap();
        assert!(found.len() <= 2);
        items.extend(found.iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
    panic!("{list} has no end");
}

#[on_both_engines]
async fn every_list_gives_each_item_once_in_its_order(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    world.clock.advance_secs(1);
    for (given, phone) in [
        ("Ben", "312-555-0143"),
        ("Cy", "312-555-0144"),
        ("Di", "312-555-0145"),
    ] {
        world.patient(given, phone).await;
    }
    for day in 1..=5 {
        world.book(ana, &format!("2026-12-0{day}T15:00:00Z")).await;
    }
    // Asks to move and cannot come: two tasks.
    let moved = world.book(ana, "2026-12-08T15:00:00Z").await;
    let cancelled = json!({"by": "patient"});
    world
        .post(&format!("/appointments/{moved}/cancel"), &cancelled)
        .await
        .expect(200);
    for _ in 0..3 {
        let words =
            json!({"channel": "sms", "text": "See you soon. Questions? Reply to this text."});
        world
            .post(&format!("/patients/{ana}/messages"), &words)
            .await
            .expect(201);
    }
    world.drain().await;

    for (list, least) in [
        ("/patients".to_owned(), 4),
        ("/appointments".to_owned(), 6),
        (format!("/appointments?patient={ana}"), 6),
        ("/appointments?state=booked".to_owned(), 5),
        (format!("/patients/{ana}/timeline"), 8),
        (format!("/patients/{ana}/consents"), 4),
        (format!("/messages?patient={ana}"), 3),
        ("/messages".to_owned(), 3),
        ("/tasks".to_owned(), 1),
        ("/tasks?state=all".to_owned(), 1),
        ("/locations".to_owned(), 1),
        ("/clinicians".to_owned(), 1),
    ] {
        // The places are few and come as a whole.
        let items = if list.ends_with('s') && (list == "/locations" || list == "/clinicians") {
            world.get(&list).await.expect(200)["items"]
                .as_array()
                .unwrap()
                .clone()
        } else {
            all(&world, &list).await
        };
        let ids: BTreeSet<&str> = items
            .iter()
            .map(|item| item["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids.len(), items.len(), "{list} repeats");
        assert!(ids.len() >= least, "{list} has only {}", ids.len());
    }
    let starts: Vec<Value> = all(&world, "/appointments").await;
    assert!(
        starts
            .windows(2)
            .all(|w| w[0]["starts_at"].as_str() <= w[1]["starts_at"].as_str())
    );
    let facts = all(&world, &format!("/patients/{ana}/timeline")).await;
    assert!(
        facts
            .windows(2)
            .all(|w| w[0]["happened_at"].as_str() >= w[1]["happened_at"].as_str())
    );
    let first = facts.last().unwrap()["fact"].as_str().unwrap();
    assert!(
        ["patient.registered", "consent.granted"].contains(&first),
        "{first}"
    );
}

#[on_both_engines]
async fn patients_are_found_by_name_birthday_address_and_number(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    world.patient("Ben", "312-555-0143").await;
    let other = json!({
        "name": {"family": "Núñez", "given": "Zoë", "preferred": "Zo"},
        "birth_date": "2001-05-06",
        "identifiers": [{"system": "ehr", "value": "000123"}],
    });
    let zoe = world.post("/patients", &other).await.expect(201);
    let zoe = zoe["id"].as_str().unwrap();
    for (query, expected) in [
        ("q=mor+an", vec![ana.to_string()]),
        ("q=NUNEZ", vec![zoe.to_owned()]),
        ("q=nobody", vec![]),
        ("birth_date=2001-05-06", vec![zoe.to_owned()]),
        ("phone=%28312%29+555-0142", vec![ana.to_string()]),
        ("email=ANA%40example.org", vec![ana.to_string()]),
        ("identifier=ehr%7C000123", vec![zoe.to_owned()]),
        ("identifier=ehr%7C999", vec![]),
    ] {
        let page = world.get(&format!("/patients?{query}")).await.expect(200);
        let ids: Vec<&str> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_str().unwrap())
            .collect();
        assert_eq!(ids, expected, "{query}");
        assert_eq!(page["next"], Value::Null);
    }
}

#[on_both_engines]
async fn a_patient_is_shown_whole(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let answer = world.get(&format!("/patients/{ana}")).await;
    let shown = answer.expect(200);
    assert_eq!(
        shown["name"],
        json!({"family": "Morales", "given": "Ana", "preferred": null})
    );
    assert_eq!(shown["birth_date"], "1968-02-29");
    assert_eq!(shown["contact_points"][0]["value"], "+13125550142");
    assert_eq!(shown["contact_points"][1]["kind"], "email");
    assert_eq!(shown["deceased_learnt_at"], Value::Null);
    assert_eq!(
        answer.headers["content-location"],
        format!("/api/v1/patients/{ana}")
    );
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[on_both_engines]
async fn visits_are_filtered_by_all_that_is_asked(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let ben = world.patient("Ben", "312-555-0143").await;
    let first = world.book(ana, "2026-12-01T15:00:00Z").await;
    let second = world.book(ben, "2026-12-01T15:00:00Z").await;
    let third = world.book(ana, "2026-12-02T15:00:00Z").await;
    world
        .post(&format!("/appointments/{third}/confirm"), &json!({}))
        .await
        .expect(200);
    let location = world.location;
    for (query, expected) in [
        (format!("patient={ana}"), vec![first, third]),
        ("from=2026-12-02T00:00:00Z".to_owned(), vec![third]),
        ("until=2026-12-02T00:00:00Z".to_owned(), vec![first, second]),
        ("state=confirmed".to_owned(), vec![third]),
        (format!("location={location}&patient={ben}"), vec![second]),
        (format!("patient={ana}&until=2026-12-01T15:00:00Z"), vec![]),
    ] {
        let page = world
            .get(&format!("/appointments?{query}"))
            .await
            .expect(200);
        let ids: Vec<AppointmentId> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_str().unwrap().parse().unwrap())
            .collect();
        assert_eq!(ids, expected, "{query}");
    }
    let visit = world
        .get(&format!("/appointments/{first}"))
        .await
        .expect(200);
    assert_eq!(visit["time_zone"], "America/Chicago");
    assert_eq!(visit["starts_at"], "2026-12-01T15:00:00Z");
    assert_eq!(
        (visit["state"].as_str(), visit["late"].as_bool()),
        (Some("booked"), None)
    );
}

#[on_both_engines]
async fn a_message_explains_itself(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    world.book(ana, "2026-11-24T16:30:00Z").await;
    world.clock.advance_secs(45 * 60);
    world.drain().await;
    let list = world
        .get(&format!("/messages?patient={ana}"))
        .await
        .expect(200);
    let sent = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["state"] == "sent");
    let sent = sent.unwrap_or_else(|| panic!("nothing was sent: {list}"));
    let id = sent["id"].as_str().unwrap();
    let detail = world.get(&format!("/messages/{id}")).await.expect(200);
    assert_eq!(detail["outgoing"]["cause"]["kind"], "journey");
    assert_eq!(
        detail["outgoing"]["cause"]["journey"]["name"],
        "visit-reminder"
    );
    assert_eq!(detail["outgoing"]["carrier"], "twilio");
    let decision = &detail["decisions"][0];
    assert_eq!(decision["outcome"], "send");
    let checks = decision["checks"].as_array().unwrap();
    let consent = checks
        .iter()
        .find(|check| check["step"] == "consent")
        .unwrap();
    assert_eq!(consent["finding"], "pass");
    assert!(!consent["words"].as_str().unwrap().is_empty());
}

#[on_both_engines]
async fn what_another_practice_has_is_not_there(engine: Engine) {
    let world = World::open(engine).await;
    let ana = world.patient("Ana", "312-555-0142").await;
    let visit = world.book(ana, "2026-12-01T15:00:00Z").await;
    let words = json!({"channel": "sms", "text": "See you soon. Questions? Reply to this text."});
    let message = world
        .post(&format!("/patients/{ana}/messages"), &words)
        .await
        .expect(201);
    let message = message["id"].as_str().unwrap().to_owned();
    let (other, _) = open_practice(&world.desk, "Elsewhere PT").await;
    let stranger = format!("Bearer {}", token(&world.desk, &other, Role::Admin).await);
    let headers = [("authorization", stranger.as_str())];
    for path in [
        format!("/patients/{ana}"),
        format!("/patients/{ana}/timeline"),
        format!("/patients/{ana}/consents"),
        format!("/appointments/{visit}"),
        format!("/appointments?patient={ana}"),
        format!("/messages/{message}"),
        format!("/messages?patient={ana}"),
    ] {
        let answer = world.send(request("GET", &path, None, &headers)).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text);
    }
    for list in ["/patients", "/appointments", "/messages", "/tasks"] {
        let page = world
            .send(request("GET", list, None, &headers))
            .await
            .expect(200);
        assert_eq!(page["items"], json!([]), "{list}");
    }
}

#[on_both_engines]
async fn what_is_not_there_is_not_found(engine: Engine) {
    let world = World::open(engine).await;
    for path in [
        format!("/patients/{}", nobody::<PatientId>()),
        format!("/appointments/{}", nobody::<AppointmentId>()),
        format!("/messages/{}", nobody::<MessageId>()),
        format!("/patients/{}", nobody::<AppointmentId>()),
        "/patients/1".to_owned(),
        "/patients/%00".to_owned(),
        "/nothing".to_owned(),
        String::new(),
    ] {
        let answer = world.get(&path).await;
        assert_eq!(answer.errors(404), Vec::<String>::new(), "{path}");
    }
}
