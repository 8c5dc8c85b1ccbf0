//! What a rehearsal comes to: one line, and the chain of everything that was found.

use std::fmt;

use serde_json::Value;

use super::client::Client;
use super::judge::{Evidence, Finding, Kind};
use crate::engine::Engine;

/// What happened on one database.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) engine: Engine,
    pub(super) kills: usize,
    pub(super) seconds: u64,
    pub(super) texts: usize,
    pub(super) letters: usize,
    pub(super) heard: usize,
    pub(super) heard_twice: usize,
    pub(super) receipts: usize,
    pub(super) writes: u64,
    pub(super) retries: u64,
    pub(super) reconciled: u64,
    pub(super) parked: usize,
    pub(super) lost: usize,
    pub(super) repeated: usize,
}

impl Report {
    /// Counts.
    pub(super) fn of(engine: Engine, evidence: &Evidence, findings: &[Finding]) -> Self {
        let account = &evidence.account;
        let found = |kind| findings.iter().filter(|one| one.kind == kind).count();
        let messages = evidence.export.messages.iter();
        Self {
            engine,
            kills: 0,
            seconds: 0,
            texts: evidence.texts.len(),
            letters: evidence.letters.len(),
            heard: account.said.len(),
            heard_twice: account.said.iter().filter(|said| said.twice).count(),
            receipts: account.receipts.len(),
            writes: account.writes,
            retries: account.retries,
            reconciled: 0,
            parked: messages.filter(|message| message.state == "parked").count(),
            lost: found(Kind::Lost),
            repeated: found(Kind::Repeated),
        }
    }
}

/// What a kill must at least have come with, about a sixth of what two cores do: a
/// server that hardly works neither loses nor repeats. On a machine that builds at
/// the same time most lives end before an API write is answered, so of these half a
/// one is enough.
const LEAST_TEXTS: usize = 2;
const LEAST_LETTERS: usize = 1;
const LEAST_HEARD: usize = 1;
const LEAST_RECEIPTS: usize = 2;

impl Report {
    /// Tells whether nothing was lost or repeated, of enough.
    pub(super) fn is_fine(&self) -> bool {
        self.lost + self.repeated == 0 && self.too_little().is_empty()
    }

    /// Names what was too little to prove anything.
    pub(super) fn too_little(&self) -> Vec<String> {
        let writes = usize::try_from(self.writes).unwrap_or(usize::MAX);
        let least = |each: usize| self.kills * each;
        [
            ("kills", self.kills, 1),
            ("texts", self.texts, least(LEAST_TEXTS)),
            ("e-mails", self.letters, least(LEAST_LETTERS)),
            ("texts of patients", self.heard, least(LEAST_HEARD)),
            ("receipts", self.receipts, least(LEAST_RECEIPTS)),
            ("API writes", writes, self.kills.div_ceil(2)),
        ]
        .into_iter()
        .filter(|(_, there, least)| there < least)
        .map(|(what, there, least)| {
            format!("only {there} {what}: fewer than {least} prove nothing")
        })
        .collect()
    }
}

/// The line.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} kills in {} s; sent {} texts and {} e-mails; took {} texts ({} of them \
             brought twice), {} receipts and {} API writes with {} retries; {} reconciled, {} \
             parked; {} lost, {} repeated",
            self.engine,
            self.kills,
            self.seconds,
            self.texts,
            self.letters,
            self.heard,
            self.heard_twice,
            self.receipts,
            self.writes,
            self.retries,
            self.reconciled,
            self.parked,
            self.lost,
            self.repeated,
        )
    }
}

/// Prints what was found, each with what the product knows of its message.
pub(super) async fn explain(client: &Client, evidence: &Evidence, findings: &[Finding]) {
    for finding in findings {
        println!("{}: {}", finding.kind, finding.what);
        let Some(id) = &finding.message else {
            continue;
        };
        for taken in evidence.texts.iter().chain(&evidence.letters) {
            if taken.message == *id {
                println!("  taken as {}", taken.carrier_ref);
            }
        }
        if let Ok(detail) = client.thing(&format!("/api/v1/messages/{id}")).await {
            print_chain(&detail);
        }
    }
}

fn print_chain(detail: &Value) {
    let text = |at: &str| detail.pointer(at).map(Value::to_string).unwrap_or_default();
    println!(
        "  {} to {}, made {}, {} since {}, carrier's id {}",
        text("/channel"),
        text("/patient"),
        text("/created_at"),
        text("/state"),
        text("/state_since"),
        text("/outgoing/carrier_ref"),
    );
    let decisions = detail.pointer("/decisions").and_then(Value::as_array);
    for decision in decisions.into_iter().flatten() {
        let part = |name: &str| decision.get(name).map(Value::to_string).unwrap_or_default();
        println!("  {} {} {}", part("at"), part("outcome"), part("reason"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What 20 kills came to on two cores.
    fn busy() -> Report {
        Report {
            kills: 20,
            texts: 290,
            letters: 135,
            heard: 112,
            receipts: 290,
            writes: 416,
            ..Report::of(Engine::Sqlite, &Evidence::default(), &[])
        }
    }

    #[test]
    fn a_rehearsal_in_which_hardly_anything_happened_is_not_fine() {
        assert!(busy().is_fine());
        let lazy = |lame: fn(&mut Report)| {
            let mut report = busy();
            lame(&mut report);
            assert!(!report.is_fine(), "{report}");
            report.too_little().join("; ")
        };
        let letters = lazy(|report| report.letters = 19);
        assert_eq!(letters, "only 19 e-mails: fewer than 20 prove nothing");
        for (lame, what) in [
            (lazy(|report| report.kills = 0), "kills"),
            (lazy(|report| report.texts = 39), "texts"),
            (lazy(|report| report.heard = 19), "texts of patients"),
            (lazy(|report| report.receipts = 0), "receipts"),
            (lazy(|report| report.writes = 9), "API writes"),
        ] {
            assert!(lame.contains(what), "{lame}");
        }
    }

    #[test]
    fn what_was_lost_or_repeated_is_not_fine() {
        let lost = Report { lost: 1, ..busy() };
        let repeated = Report {
            repeated: 1,
            ..busy()
        };
        assert!(!lost.is_fine() && !repeated.is_fine());
    }

    #[test]
    fn the_line_says_everything() {
        let findings = [Kind::Lost, Kind::Repeated, Kind::Repeated].map(|kind| Finding {
            kind,
            what: String::new(),
            message: None,
        });
        let mut report = Report::of(Engine::Sqlite, &Evidence::default(), &findings);
        report.kills = 20;
        report.seconds = 61;
        assert_eq!(
            report.to_string(),
            "sqlite: 20 kills in 61 s; sent 0 texts and 0 e-mails; took 0 texts (0 of them \
             brought twice), 0 receipts and 0 API writes with 0 retries; 0 reconciled, 0 parked; \
             1 lost, 2 repeated"
        );
    }
}
