//! Lists that only shrink: every operation is refused without a token and
//! without the permission, is audited, keeps its key, and is what the document
//! says it is.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use tendon_care::access::{Permission, Role};
use tendon_care::id::PatientId;
use tendon_store::{AuditLine, IdempotencyRow};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use super::world::{Answered, World, request};

/// One operation, as the document tells it.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: String,
    /// With braces where an id stands.
    pub path: String,
    pub permission: Permission,
    pub example: Option<Value>,
    body_schema: Option<Value>,
    answers: BTreeMap<String, Value>,
}

async fn document(world: &World) -> Value {
    let request = Request::get("/api/openapi.json")
        .body(Body::empty())
        .unwrap();
    world.send(request).await.expect(200)
}

/// Reads every operation of the document. Blocking, so that property tests can.
pub fn operations() -> Vec<Operation> {
    let runtime = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async { document(&World::open(Engine::sqlite("operations")).await).await })
    });
    let document = runtime.join().unwrap();
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().unwrap();
            item.iter()
                .map(|(method, operation)| read(path, method, operation))
        })
        .collect()
}

fn read(path: &str, method: &str, operation: &Value) -> Operation {
    let needs = operation["security"][0]["bearer"][0].as_str();
    let needs = needs.unwrap_or_else(|| panic!("{method} {path} names no permission"));
    let permission = Permission::ALL
        .into_iter()
        .find(|one| format!("{one:?}") == needs);
    let content = &operation["requestBody"]["content"]["application/json"];
    let answers = operation["responses"].as_object().unwrap();
    Operation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        permission: permission.unwrap_or_else(|| panic!("{needs} is no permission")),
        example: content.get("example").cloned(),
        body_schema: content.get("schema").cloned(),
        answers: answers
            .iter()
            .map(|(status, answer)| {
                let content = answer["content"].as_object().unwrap();
                (
                    status.clone(),
                    content.values().next().unwrap()["schema"].clone(),
                )
            })
            .collect(),
    }
}

/// Things of every kind, to be asked for.
pub struct Things {
    patient: PatientId,
    ids: BTreeMap<&'static str, String>,
}

impl Things {
    pub async fn make(world: &World) -> Self {
        let patient = world.patient("Ana", "312-555-0142").await;
        let visit = world.book(patient, "2026-12-01T15:00:00Z").await;
        let called_off = world.book(patient, "2026-12-03T15:00:00Z").await;
        let by = json!({"by": "patient"});
        world
            .post(&format!("/appointments/{called_off}/cancel"), &by)
            .await
            .expect(200);
        let words =
            json!({"channel": "sms", "text": "See you soon. Questions? Reply to this text."});
        let message = world
            .post(&format!("/patients/{patient}/messages"), &words)
            .await
            .expect(201);
        let shown = world.get(&format!("/patients/{patient}")).await.expect(200);
        let task = world.get("/tasks").await.expect(200);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let ids = BTreeMap::from([
            ("patients", patient.to_string()),
            ("appointments", visit.to_string()),
            ("reinstate", called_off.to_string()),
            ("messages", text(&message["id"])),
            ("tasks", text(&task["items"][0]["id"])),
            ("pat_", patient.to_string()),
            ("loc_", world.location.to_string()),
            ("con_", text(&shown["contact_points"][0]["id"])),
        ]);
        Self { patient, ids }
    }

    /// Puts a real id into an address.
    pub fn fill(&self, path: &str) -> String {
        if !path.contains("{id}") {
            return path.to_owned();
        }
        let kind = path.split('/').nth(1).unwrap();
        let kind = if path.ends_with("/reinstate") {
            "reinstate"
        } else {
            kind
        };
        path.replace("{id}", &self.ids[kind])
    }

    /// Puts real ids into an example.
    pub fn real(&self, example: &Value) -> Value {
        match example {
            Value::String(text) => {
                let known = self.ids.get(text.get(..4).unwrap_or_default());
                known.map_or_else(|| example.clone(), |id| json!(id))
            }
            Value::Array(items) => items.iter().map(|item| self.real(item)).collect(),
            Value::Object(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| (name.clone(), self.real(value)));
                Value::Object(fields.collect())
            }
            other => other.clone(),
        }
    }

    async fn run(
        &self,
        world: &World,
        operation: &Operation,
        headers: &[(&str, &str)],
    ) -> Answered {
        let body = operation.example.as_ref().map(|example| self.real(example));
        let path = self.fill(&operation.path);
        world
            .call(&operation.method, &path, body.as_ref(), headers)
            .await
    }
}

/// Turns a schema of the document into one that stands alone.
fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": document["components"],
        "allOf": [schema],
    });
    jsonschema::options()
        .should_validate_formats(true)
        .build(&whole)
        .unwrap()
}

#[track_caller]
fn fits(document: &Value, schema: &Value, value: &Value, what: &str) {
    let problems: Vec<String> = validator(document, schema)
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(problems.is_empty(), "{what}: {problems:#?}");
}

#[on_both_engines]
async fn the_document_is_of_one_piece(engine: Engine) {
    let world = World::open(engine).await;
    let document = document(&world).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(
            document.pointer(pointer).is_some(),
            "{pointer} is referred to and not there"
        );
    }
    let tags: Vec<&Value> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| &tag["name"])
        .collect();
    let mut names = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let what = format!("{method} {path}");
            assert!(
                names.insert(operation["operationId"].to_string()),
                "{what} has another's name"
            );
            assert!(
                tags.contains(&&operation["tags"][0]),
                "{what} has no known tag"
            );
            assert!(
                operation["summary"]
                    .as_str()
                    .is_some_and(|text| text.len() > 5),
                "{what}"
            );
            for status in ["401", "403", "429", "500"] {
                let schema = &operation["responses"][status]["content"]["application/problem+json"]
                    ["schema"];
                assert_eq!(
                    schema["$ref"], "#/components/schemas/Problem",
                    "{what} {status}"
                );
            }
        }
    }
}

/// The router has no route that is not made of a documented handler: the only
/// one added by hand is the document itself.
#[test]
fn no_route_goes_around_the_document() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/api");
    let mut by_hand = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let lines = text.lines().filter(|line| line.contains(".route("));
        by_hand.extend(lines.map(|line| line.trim().to_owned()));
    }
    assert_eq!(by_hand, [".route(\"/openapi.json\", get(describe))"]);
}

#[tokio::test]
async fn the_issue_s_operations_are_there() {
    let mut there: Vec<String> = tokio::task::spawn_blocking(operations)
        .await
        .unwrap()
        .iter()
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    there.sort();
    let mut wanted = vec![
        "GET /patients".to_owned(),
        "POST /patients".to_owned(),
        "GET /patients/{id}".to_owned(),
        "PATCH /patients/{id}".to_owned(),
        "GET /patients/{id}/timeline".to_owned(),
        "GET /patients/{id}/consents".to_owned(),
        "POST /patients/{id}/consents".to_owned(),
        "POST /patients/{id}/messages".to_owned(),
        "GET /appointments".to_owned(),
        "POST /appointments".to_owned(),
        "GET /appointments/{id}".to_owned(),
        "GET /messages".to_owned(),
        "GET /messages/{id}".to_owned(),
        "GET /tasks".to_owned(),
        "POST /tasks/{id}/done".to_owned(),
        "GET /locations".to_owned(),
        "GET /clinicians".to_owned(),
    ];
    for act in [
        "confirm",
        "move",
        "cancel",
        "arrive",
        "complete",
        "miss",
        "reinstate",
    ] {
        wanted.push(format!("POST /appointments/{{id}}/{act}"));
    }
    wanted.sort();
    assert_eq!(there, wanted);
}

#[on_both_engines]
async fn every_operation_wants_a_token_and_its_permission(engine: Engine) {
    let world = World::open(engine).await;
    let things = Things::make(&world).await;
    let operations = tokio::task::spawn_blocking(operations).await.unwrap();
    for operation in &operations {
        let path = things.fill(&operation.path);
        let body = operation
            .example
            .as_ref()
            .map(|_| json!({"nonsense": true}));
        let bare = request(&operation.method, &path, body.as_ref(), &[]);
        world.send(bare).await.errors(401);
        for role in Role::ALL {
            let token = format!("Bearer {}", world.token(role).await);
            let headers = [("authorization", token.as_str())];
            let asked = request(&operation.method, &path, body.as_ref(), &headers);
            let answer = world.send(asked).await;
            let may = role.may(operation.permission);
            // Nonsense is told to who may: without doing anything.
            let expected: &[u16] = match (may, body.is_some()) {
                (false, _) => &[403],
                (true, true) => &[422],
                (true, false) => &[200],
            };
            let status = answer.status.as_u16();
            let what = format!("{} {} as {}", operation.method, path, role.code());
            assert!(
                expected.contains(&status),
                "{what}: {status} {}",
                answer.text
            );
        }
    }
}

/// What holds no word about a person, and is therefore not noted when read.
const NOT_ABOUT_PEOPLE: [&str; 2] = ["/locations", "/clinicians"];

#[on_both_engines]
async fn every_operation_works_as_documented_and_is_audited(engine: Engine) {
    let world = World::open(engine).await;
    let document = document(&world).await;
    let operations = tokio::task::spawn_blocking(operations).await.unwrap();
    for operation in &operations {
        // Each begins with things that nobody has touched.
        let fresh = World::open(engine).await;
        let things = Things::make(&fresh).await;
        let what = format!("{} {}", operation.method, operation.path);
        if let (Some(schema), Some(example)) = (&operation.body_schema, &operation.example) {
            fits(
                &document,
                schema,
                example,
                &format!("the example of {what}"),
            );
        }
        let before = fresh.audit().await.len();
        let answer = things.run(&fresh, operation, &[]).await;
        assert!(
            answer.status.is_success(),
            "{what}: {} {}",
            answer.status,
            answer.text
        );
        let schema = &operation.answers[answer.status.as_str()];
        fits(&document, schema, &answer.json(), &what);

        let trail = fresh.audit().await;
        let new = &trail[..trail.len() - before];
        if NOT_ABOUT_PEOPLE.contains(&operation.path.as_str()) {
            assert!(new.is_empty(), "{what}: {new:?}");
            continue;
        }
        let noted = |action: &str| {
            new.iter()
                .any(|line| line.action == action && line.actor.starts_with("tok_"))
        };
        assert!(noted("R"), "{what} shows without a note: {new:?}");
        assert_eq!(
            operation.method != "GET",
            noted("C") || noted("U"),
            "{what}: {new:?}"
        );
        if operation.path.starts_with("/patients/{id}") {
            assert!(
                new.iter().all(|line| line.patient == Some(things.patient)),
                "{what}: {new:?}"
            );
        }
        for line in new {
            assert!(
                !line.detail.contains("Ana") && !line.detail.contains("555"),
                "{line:?}"
            );
        }
    }
    let verified = world
        .desk
        .db()
        .verify_audit(world.access.practice)
        .await
        .unwrap();
    assert!(verified.is_ok());
}

#[on_both_engines]
async fn every_post_keeps_its_key(engine: Engine) {
    let operations = tokio::task::spawn_blocking(operations).await.unwrap();
    for operation in operations
        .iter()
        .filter(|operation| operation.method == "POST")
    {
        let world = World::open(engine).await;
        let things = Things::make(&world).await;
        let what = format!("{} {}", operation.method, operation.path);
        let key = [("idempotency-key", "the-same")];
        let first = things.run(&world, operation, &key).await;
        assert!(first.status.is_success(), "{what}: {}", first.text);
        let trail = world.audit().await.len();
        let second = things.run(&world, operation, &key).await;
        assert_eq!(
            (second.status, &second.text),
            (first.status, &first.text),
            "{what}"
        );
        assert_eq!(second.headers["idempotency-replayed"], "true", "{what}");
        let new = world.audit().await;
        let new: Vec<&str> = new[..new.len() - trail]
            .iter()
            .map(|line| line.action.as_str())
            .collect();
        assert_eq!(new, ["R"], "{what} was done again, or seen without a note");
    }
}

/// Asks, and hangs up at the moment at which the first commit is through: what
/// was asked is done, and no answer was kept.
async fn hang_up_after_the_commit(world: &World, asked: impl Future<Output = Answered>) {
    let mut changes = world.desk.db().changes();
    tokio::select! {
        biased;
        _ = changes.recv() => {}
        answer = asked => panic!("answered before it could be cut off: {}", answer.text),
    }
}

#[on_both_engines]
async fn a_post_that_is_cut_off_is_not_done_again(engine: Engine) {
    let operations = tokio::task::spawn_blocking(operations).await.unwrap();
    for operation in operations
        .iter()
        .filter(|operation| operation.method == "POST")
    {
        let world = World::open(engine).await;
        let things = Things::make(&world).await;
        let what = format!("{} {}", operation.method, operation.path);
        let key = [("idempotency-key", "the-same")];
        hang_up_after_the_commit(&world, things.run(&world, operation, &key)).await;

        let writes = |trail: Vec<AuditLine>| trail.iter().filter(|line| line.action != "R").count();
        let (_, bearer) = world
            .desk
            .authenticate_bearer(&world.admin)
            .await
            .unwrap()
            .unwrap();
        let reader = world.desk.db().reader(&world.access);
        let kept = reader.kept_answer(bearer.id, "the-same").await.unwrap();
        assert_eq!(kept.unwrap().status, IdempotencyRow::UNFINISHED, "{what}");
        let before = writes(world.audit().await);
        let answer = things.run(&world, operation, &key).await;
        assert!(
            answer.status.is_success(),
            "{what}: {} {}",
            answer.status,
            answer.text
        );
        fits(
            &document(&world).await,
            &operation.answers[answer.status.as_str()],
            &answer.json(),
            &what,
        );
        assert_eq!(writes(world.audit().await), before, "{what} was done again");
        let again = things.run(&world, operation, &key).await;
        assert_eq!(
            (again.status, &again.text),
            (answer.status, &answer.text),
            "{what}"
        );
    }
}
