//! Another system at work: it registers patients, books, writes, moves and calls
//! off through the API, each write under a key of its own and asked again until it
//! is answered.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tendon_care::Clock as _;

use super::client::Answer;
use super::dice::Dice;
use super::ledger::{Case, Contradiction};
use super::load::Load;
use super::people::Person;

/// Starts case after case until the load is to end.
pub(super) async fn work(load: Arc<Load>, seed: u64, worker: usize) {
    let dice = Dice::new(seed, &format!("cases {worker}"));
    while !load.ending.load(Ordering::SeqCst) {
        let number = load.next_person.fetch_add(1, Ordering::SeqCst);
        let open = load.begin();
        let desk = Desk {
            load: &load,
            dice: &dice,
            number,
        };
        let case = desk.case().await;
        load.ledger.open().cases.push(case);
        drop(open);
        tokio::time::sleep(dice.between(100, 500)).await;
    }
}

/// One worker with one patient.
struct Desk<'a> {
    load: &'a Load,
    dice: &'a Dice,
    number: usize,
}

impl Desk<'_> {
    async fn case(&self) -> Case {
        let person = Person::new(self.number);
        let mut case = Case {
            family: person.family.clone(),
            marker: format!("room {}x", self.number),
            ..Case::default()
        };
        case.patient = self
            .write("register", "/patients", &registration(&person))
            .await;
        let Some(patient) = case.patient.clone() else {
            return case;
        };
        self.book(&mut case, &patient).await;
        if self.dice.percent(60) {
            let path = format!("/patients/{patient}/messages");
            let channel = if person.phone.is_some() {
                "sms"
            } else {
                "email"
            };
            let text = format!("Please come to {} today.", case.marker);
            let body = json!({ "channel": channel, "text": text, "despite_advice": true });
            case.message = self.write("message", &path, &body).await;
        }
        tokio::time::sleep(self.dice.between(0, 2_000)).await;
        self.act(&mut case).await;
        case
    }

    /// Books a visit whose reminder is due some seconds from now.
    async fn book(&self, case: &mut Case, patient: &str) {
        let starts_at = self.ahead(24 * 60 + 2, 8);
        let body = json!({
            "patient": patient, "location": self.load.location, "kind": "recurring",
            "starts_at": starts_at.to_string(), "minutes": 40,
        });
        case.visit = self.write("book", "/appointments", &body).await;
        case.starts_at = Some(starts_at);
        case.state = "booked";
    }

    /// Moves, confirms or calls off the visit, or leaves it as it is.
    async fn act(&self, case: &mut Case) {
        let Some(visit) = case.visit.clone() else {
            return;
        };
        let path = |act: &str| format!("/appointments/{visit}/{act}");
        let starts_at = self.ahead(24 * 60 + 3, 8);
        let (act, body) = match self.dice.below(10) {
            0..=2 => ("move", json!({ "starts_at": starts_at.to_string() })),
            3 => ("confirm", json!({})),
            4 => ("cancel", json!({ "by": "clinic" })),
            _ => return,
        };
        if self.write(act, &path(act), &body).await.is_none() {
            return;
        }
        match act {
            "move" => {
                case.starts_at = Some(starts_at);
                case.moved_at = Some(self.load.carriers.clock.now());
                case.moves += 1;
            }
            "confirm" => case.state = "confirmed",
            _ => case.state = "cancelled",
        }
    }

    /// Returns a moment so many minutes ahead in the clinic, and up to some more.
    fn ahead(&self, least: i64, more: u64) -> Timestamp {
        let secs = least * 60 + i64::try_from(self.dice.below(more * 60)).unwrap_or(0);
        let now = self.load.carriers.clock.now();
        let then = now.saturating_add(SignedDuration::from_secs(secs));
        Timestamp::from_second(then.unwrap_or(now).as_second()).unwrap_or(now)
    }

    /// Makes one write; returns the id in its answer. At times it asks again after
    /// the answer, or twice at once.
    async fn write(&self, what: &str, path: &str, body: &Value) -> Option<String> {
        let key = format!("{what}-{}", self.number);
        let path = format!("/api/v1{path}");
        let (first, second) = match self.dice.below(20) {
            0 | 1 => {
                let (one, other) = tokio::join!(
                    self.until_answered(&path, &key, body),
                    self.until_answered(&path, &key, body)
                );
                (one, Some(other))
            }
            2..=4 => {
                let first = self.until_answered(&path, &key, body).await;
                let second = self.until_answered(&path, &key, body).await;
                (first, Some(second))
            }
            _ => (self.until_answered(&path, &key, body).await, None),
        };
        let answer = self.judged(&key, first)?;
        let id = answer.field("id");
        if let Some(second) = second {
            let again = self.judged(&key, second)?.field("id");
            if again != id {
                let what = format!("{key} was answered with {id:?} and again with {again:?}");
                self.contradiction(true, what);
            }
        }
        self.load.ledger.open().writes += 1;
        id
    }

    fn judged(&self, key: &str, answer: Option<Answer>) -> Option<Answer> {
        let Some(answer) = answer else {
            self.contradiction(false, format!("{key} was never answered"));
            return None;
        };
        if !answer.is_success() {
            let said = String::from_utf8_lossy(&answer.body).into_owned();
            let what = format!("{key} was refused with {}: {said}", answer.status);
            self.contradiction(false, what);
            return None;
        }
        Some(answer)
    }

    fn contradiction(&self, repeated: bool, what: String) {
        let contradiction = Contradiction { repeated, what };
        self.load.ledger.open().contradictions.push(contradiction);
    }

    async fn until_answered(&self, path: &str, key: &str, body: &Value) -> Option<Answer> {
        for _ in 0..3_000 {
            if let Ok(answer) = self.load.client.post(path, key, body).await
                && !answer.is_for_now()
            {
                return Some(answer);
            }
            self.load.ledger.open().retries += 1;
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        None
    }
}

fn registration(person: &Person) -> Value {
    let contact = match (&person.phone, &person.email) {
        (Some(phone), _) => json!({ "phone": phone, "line": "mobile" }),
        (None, email) => json!({ "email": email }),
    };
    json!({
        "name": { "family": person.family, "given": "Api" },
        "birth_date": "1971-05-05",
        "contact_points": [contact],
        "intake": { "purposes": ["P1"], "form": "intake-2027", "wording_version": "1" },
    })
}
