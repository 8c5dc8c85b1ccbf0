//! Bodies, parameters and addresses that nobody means: refused, never a failure
//! of ours.

use axum::body::Body;
use axum::http::Request;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;
use tokio::runtime::Builder;

use super::coverage::{Operation, Things, operations};
use super::world::World;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop_oneof![
            Just("2026-12-01T15:00:00Z"),
            Just("9999-12-31T23:59:59.999999999Z"),
            Just("-009999-01-01T00:00:00Z"),
            Just("pat_00000000000000000000000000000000"),
            Just("+13125550142"),
            Just("\u{0}"),
            Just("\u{202e}\u{1f600}"),
        ]
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z_]{0,8}", inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Every place in a value, as pointers.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields
                .iter()
                .for_each(|(name, inner)| places(inner, &format!("{at}/{name}"), into));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(n, inner)| places(inner, &format!("{at}/{n}"), into));
        }
        _ => {}
    }
}

/// A good body with one thing in it replaced, added or taken away.
fn mutated(example: &Value, pick: prop::sample::Index, value: Value, how: u8) -> Value {
    let mut body = example.clone();
    let mut all = Vec::new();
    places(&body, "", &mut all);
    let place = pick.get(&all).clone();
    let Some(found) = body.pointer_mut(&place) else {
        return body;
    };
    match (how % 3, found) {
        (0, Value::Object(fields)) => {
            fields.insert("extra".to_owned(), value);
        }
        (1, Value::Object(fields)) => {
            let first = fields.keys().next().cloned();
            first.and_then(|name| fields.remove(&name));
        }
        (_, found) => *found = value,
    }
    body
}

fn check(world: &World, request: Request<Body>, told: &str, runtime: &tokio::runtime::Runtime) {
    // The limiter is not what is tried here.
    world.clock.advance_secs(1);
    let answer = runtime.block_on(world.send(request));
    assert!(
        answer.status.as_u16() < 500,
        "{told}: {} {}",
        answer.status,
        answer.text
    );
    if answer.status.is_client_error() {
        assert_eq!(
            answer.headers["content-type"], "application/problem+json",
            "{told}"
        );
        assert_eq!(answer.json()["status"], answer.status.as_u16());
    }
}

fn run<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(strategy, |input| {
        test(input);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[on_both_engines]
fn no_body_is_a_failure_of_ours(engine: Engine) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::open(engine));
    let things = runtime.block_on(Things::make(&world));
    let writes: Vec<Operation> = operations()
        .into_iter()
        .filter(|operation| operation.example.is_some())
        .collect();
    assert!(
        writes.len() >= 13,
        "{} operations take a body",
        writes.len()
    );
    for operation in &writes {
        let path = things.fill(&operation.path);
        let example = things.real(operation.example.as_ref().unwrap());
        let strategy = (
            any_json(),
            any::<prop::sample::Index>(),
            any::<u8>(),
            any::<bool>(),
        );
        run(48, &strategy, |(value, pick, how, whole)| {
            let body = if whole {
                value
            } else {
                mutated(&example, pick, value, how)
            };
            let request = Request::builder()
                .method(operation.method.as_str())
                .uri(format!("/api/v1{path}"))
                .header("authorization", format!("Bearer {}", world.admin))
                .header("content-type", "application/json")
                .body(Body::from(body.to_string()))
                .unwrap();
            check(
                &world,
                request,
                &format!("{} {path} {body}", operation.method),
                &runtime,
            );
        });
    }
}

#[on_both_engines]
fn no_bytes_and_no_address_are_a_failure_of_ours(engine: Engine) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::open(engine));
    let strategy = (
        prop::collection::vec(any::<u8>(), 0..64),
        "(/(patients|appointments|messages|tasks|[a-z0-9_%]{0,6})){1,4}",
        "[ -~]{0,40}",
        prop_oneof![Just("GET"), Just("POST"), Just("PATCH"), Just("DELETE")],
        proptest::option::of("[ -~]{1,20}"),
    );
    run(400, &strategy, |(body, path, query, method, key)| {
        let mut request = Request::builder()
            .method(method)
            .uri(format!(
                "/api/v1{path}?{}",
                query.replace([' ', '#', '"', '<', '>'], "+")
            ))
            .header("authorization", format!("Bearer {}", world.admin))
            .header("content-type", "application/json");
        if let Some(key) = &key {
            request = request.header("idempotency-key", key);
        }
        // What is no address at all never reaches a server.
        if let Ok(request) = request.body(Body::from(body)) {
            check(
                &world,
                request,
                &format!("{method} {path}?{query}"),
                &runtime,
            );
        }
    });
}
