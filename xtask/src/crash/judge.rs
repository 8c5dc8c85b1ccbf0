//! Says from outside whether anything was lost or done twice: by what went in, by
//! what the carriers took, and by what the product shows of itself.
//!
//! | found | is |
//! |---|---|
//! | an acknowledged text, receipt or API write that is not there, or without its effect | lost |
//! | a message that counts as sent and that no carrier has | lost |
//! | a message that neither left nor ended in a decision, a task or a later time | lost |
//! | a visit that came due for a reminder and has no message | lost |
//! | a message that carriers took twice | repeated |
//! | a step that wrote twice about one visit, a text that was heard or answered twice | repeated |
//! | an API write that was done twice under one key | repeated |

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::export::{Export, Message, Visit};
use super::ledger::{Account, Case, Said, Words};

/// Everything that is judged.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    pub(super) account: Account,
    pub(super) texts: Vec<Taken>,
    pub(super) letters: Vec<Taken>,
    pub(super) export: Export,
    /// Up to when everything that was due has happened.
    pub(super) until: Timestamp,
}

/// A message that a carrier took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// Tendon's id of the message, as it travels with it.
    pub(super) message: String,
    /// The carrier's.
    pub(super) carrier_ref: String,
    pub(super) to: String,
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) kind: Kind,
    pub(super) what: String,
    /// The message that shows it, for its chain.
    pub(super) message: Option<String>,
}

/// Of which sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Lost,
    Repeated,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lost => "LOST",
            Self::Repeated => "REPEATED",
        })
    }
}

/// Judges.
pub(super) fn judge(evidence: &Evidence) -> Vec<Finding> {
    let mut court = Court::open(evidence);
    court.contradictions();
    court.handed_over();
    court.outbox();
    court.steps();
    court.reminders();
    court.receipts();
    court.heard();
    court.cases();
    court.findings
}

struct Court<'a> {
    evidence: &'a Evidence,
    messages: HashMap<&'a str, &'a Message>,
    visits: HashMap<&'a str, Vec<&'a Visit>>,
    findings: Vec<Finding>,
}

impl<'a> Court<'a> {
    fn open(evidence: &'a Evidence) -> Self {
        let export = &evidence.export;
        let mut visits: HashMap<&str, Vec<&Visit>> = HashMap::new();
        for visit in &export.visits {
            visits.entry(&visit.patient).or_default().push(visit);
        }
        Self {
            evidence,
            messages: export
                .messages
                .iter()
                .map(|message| (message.id.as_str(), message))
                .collect(),
            visits,
            findings: Vec::new(),
        }
    }

    fn find(&mut self, kind: Kind, what: String, message: Option<&str>) {
        let message = message.map(str::to_owned);
        self.findings.push(Finding {
            kind,
            what,
            message,
        });
    }

    fn outgoing(&self) -> impl Iterator<Item = &'a Message> + use<'a> {
        let all = self.evidence.export.messages.iter();
        all.filter(|message| message.direction == "out")
    }

    fn contradictions(&mut self) {
        for contradiction in &self.evidence.account.contradictions {
            let kind = if contradiction.repeated {
                Kind::Repeated
            } else {
                Kind::Lost
            };
            self.find(kind, contradiction.what.clone(), None);
        }
    }

    /// No carrier, and no two of them, took one message twice.
    fn handed_over(&mut self) {
        let evidence = self.evidence;
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for taken in evidence.texts.iter().chain(&evidence.letters) {
            *times.entry(&taken.message).or_default() += 1;
        }
        for (message, times) in times {
            if times > 1 {
                let what = format!("message {message} was taken {times} times");
                self.find(Kind::Repeated, what, Some(message));
            }
            if !self.messages.contains_key(message) {
                let what = format!("message {message} left, and the product does not know it");
                self.find(Kind::Lost, what, None);
            }
        }
    }

    /// Every message left, or it is written down why not.
    fn outbox(&mut self) {
        let evidence = self.evidence;
        let left: HashSet<&str> = evidence
            .texts
            .iter()
            .chain(&evidence.letters)
            .map(|taken| taken.message.as_str())
            .collect();
        let tasks: HashSet<&str> = evidence
            .export
            .tasks
            .iter()
            .filter(|task| task.done_at.is_none())
            .filter(|task| matches!(task.kind.as_str(), "unknown_outcome" | "undeliverable"))
            .filter_map(|task| task.message.as_deref())
            .collect();
        for message in self.outgoing() {
            let id = message.id.as_str();
            let fine = match message.state.as_str() {
                "sent" | "delivered" => left.contains(id),
                // Queued: until the morning, or until a cap has rested.
                "dropped" | "queued" => {
                    evidence.export.decided.contains_key(id) && !left.contains(id)
                }
                "parked" | "failed" => tasks.contains(id),
                _ => false,
            };
            if !fine {
                let (state, since) = (&message.state, &message.state_since);
                let there = if left.contains(id) { "a" } else { "no" };
                let what = format!(
                    "message {id} is {state} since {since}, {there} carrier has it, and no \
                     decision or task says why"
                );
                self.find(Kind::Lost, what, Some(id));
            }
        }
    }

    /// No step wrote twice about a visit, but for the times that it was moved.
    fn steps(&mut self) {
        let moves: HashMap<&str, usize> = self
            .evidence
            .account
            .cases
            .iter()
            .filter_map(|case| Some((case.visit.as_deref()?, case.moves)))
            .collect();
        let mut written: BTreeMap<(&str, &str, &str), Vec<&str>> = BTreeMap::new();
        for message in self.outgoing() {
            let Some((journey, visit)) =
                message.journey.as_ref().zip(message.appointment.as_deref())
            else {
                continue;
            };
            if matches!(message.state.as_str(), "sent" | "delivered" | "parked") {
                let key = (visit, journey.name.as_str(), journey.step.as_str());
                written.entry(key).or_default().push(&message.id);
            }
        }
        for ((visit, journey, step), messages) in written {
            if messages.len() > 1 + moves.get(visit).copied().unwrap_or(0) {
                let what = format!("{journey}/{step} of {visit} wrote {messages:?}");
                self.find(Kind::Repeated, what, messages.last().copied());
            }
        }
    }

    /// Every visit that came due for its reminder on the day before has a message.
    fn reminders(&mut self) {
        let reminded: HashSet<&str> = self
            .outgoing()
            .filter(|message| message.journey.is_some())
            .filter_map(|message| message.appointment.as_deref())
            .collect();
        let moved: HashMap<&str, Timestamp> = self
            .evidence
            .account
            .cases
            .iter()
            .filter_map(|case| Some((case.visit.as_deref()?, case.moved_at?)))
            .collect();
        let day = SignedDuration::from_hours(24);
        for visit in &self.evidence.export.visits {
            let known = moved.get(visit.id.as_str()).max(Some(&visit.booked_at));
            // What was booked or moved too late for a reminder gets none.
            let in_time = |due: Timestamp| known.is_some_and(|known| *known < due);
            let due = visit.starts_at.saturating_sub(day);
            let came_due = due.is_ok_and(|due| in_time(due) && due <= self.evidence.until);
            if visit.state == "booked" && came_due && !reminded.contains(visit.id.as_str()) {
                let (id, starts_at) = (&visit.id, visit.starts_at);
                let what = format!("visit {id} at {starts_at} got no reminder");
                self.find(Kind::Lost, what, None);
            }
        }
    }

    /// What the carrier reported is known.
    fn receipts(&mut self) {
        let evidence = self.evidence;
        let sent: HashMap<&str, &str> = evidence
            .texts
            .iter()
            .map(|taken| (taken.carrier_ref.as_str(), taken.message.as_str()))
            .collect();
        for receipt in &evidence.account.receipts {
            let message = sent.get(receipt.sid.as_str()).copied();
            let known = message.and_then(|message| self.messages.get(message));
            if known.is_none_or(|message| message.state != "delivered") {
                let what = format!("the receipt for {} had no effect", receipt.sid);
                self.find(Kind::Lost, what, message);
            }
        }
    }

    /// Every text was heard once, had its effect, and was answered once.
    fn heard(&mut self) {
        let evidence = self.evidence;
        let patients: HashMap<&str, &str> = evidence
            .texts
            .iter()
            .filter_map(|taken| {
                let message = self.messages.get(taken.message.as_str())?;
                Some((taken.to.as_str(), message.patient.as_str()))
            })
            .collect();
        let mut said: BTreeMap<&str, Vec<&Said>> = BTreeMap::new();
        for text in &evidence.account.said {
            let patient = patients.get(text.from.as_str()).copied();
            said.entry(patient.unwrap_or_default())
                .or_default()
                .push(text);
        }
        let mut heard: HashMap<&str, Vec<&Message>> = HashMap::new();
        for message in evidence
            .export
            .messages
            .iter()
            .filter(|m| m.direction == "in")
        {
            heard.entry(&message.patient).or_default().push(message);
        }
        for (patient, texts) in said {
            let heard = heard.remove(patient).unwrap_or_default();
            self.compare(patient, &texts, &heard);
            self.answers(patient, &texts);
            self.effects(patient, &texts);
        }
        for (patient, messages) in heard {
            let what = format!("{} texts of {patient} that nobody wrote", messages.len());
            self.find(Kind::Repeated, what, None);
        }
    }

    /// Compares what a patient wrote with what is shown of it.
    fn compare(&mut self, patient: &str, texts: &[&Said], heard: &[&Message]) {
        let mut words: Vec<String> = texts.iter().map(|said| said.words.text()).collect();
        words.sort();
        words.dedup();
        for words in words {
            let wrote: Vec<_> = texts
                .iter()
                .filter(|said| said.words.text() == words)
                .collect();
            let known = heard.iter().filter(|message| message.text == words).count();
            let sids: Vec<_> = wrote.iter().map(|said| said.sid.as_str()).collect();
            if known < wrote.len() {
                let what = format!("of texts {sids:?} of {patient} only {known} were heard");
                self.find(Kind::Lost, what, None);
            } else if known > wrote.len() {
                let what = format!("texts {sids:?} of {patient} were heard {known} times");
                let message = heard.iter().find(|message| message.text == words);
                self.find(
                    Kind::Repeated,
                    what,
                    message.map(|message| message.id.as_str()),
                );
            }
        }
    }

    /// An answer that the product gives by itself is given once.
    fn answers(&mut self, patient: &str, texts: &[&Said]) {
        let expected = texts.iter().filter(|said| said.words.is_answered()).count();
        let answers: Vec<&Message> = self
            .outgoing()
            .filter(|message| message.patient == patient)
            .filter(|message| message.journey.is_none() && message.template.is_some())
            .collect();
        if answers.len() != expected {
            let kind = if answers.len() < expected {
                Kind::Lost
            } else {
                Kind::Repeated
            };
            let names: Vec<_> = answers.iter().map(|message| &message.template).collect();
            let sids: Vec<_> = texts.iter().map(|said| &said.sid).collect();
            let what = format!("texts {sids:?} of {patient} have the answers {names:?}");
            self.find(
                kind,
                what,
                answers.last().map(|message| message.id.as_str()),
            );
        }
    }

    /// A yes confirms the visit, and a no calls it off.
    fn effects(&mut self, patient: &str, texts: &[&Said]) {
        let visit = self.visits.get(patient).and_then(|visits| visits.first());
        let Some(visit) = visit.copied() else {
            return;
        };
        for said in texts {
            let state = match said.words {
                Words::Confirm => "confirmed",
                Words::CannotCome => "cancelled",
                Words::AskToMove | Words::Stop | Words::Question(_) => continue,
            };
            if visit.state != state {
                let (id, sid) = (&visit.id, &said.sid);
                let what = format!("text {sid}: visit {id} is {}, not {state}", visit.state);
                self.find(Kind::Lost, what, None);
            }
        }
    }

    /// What was written through the API is there once, as it was written last.
    fn cases(&mut self) {
        let evidence = self.evidence;
        for case in &evidence.account.cases {
            let named = |name: &str| name.contains(&case.family);
            let people = evidence.export.patients.iter().filter(|p| named(&p.name));
            let people: Vec<_> = people.map(|patient| patient.id.as_str()).collect();
            self.once(case, "patients", &people, case.patient.as_deref());
            let visits = case.patient.as_deref().and_then(|id| self.visits.get(id));
            let visits: Vec<_> = visits
                .into_iter()
                .flatten()
                .map(|v| v.id.as_str())
                .collect();
            self.once(case, "visits", &visits, case.visit.as_deref());
            let messages = self.outgoing().filter(|m| m.text.contains(&case.marker));
            let messages: Vec<_> = messages.map(|message| message.id.as_str()).collect();
            self.once(case, "messages", &messages, case.message.as_deref());
            self.visit_of(case);
        }
    }

    fn once(&mut self, case: &Case, what: &str, there: &[&str], answered: Option<&str>) {
        let family = &case.family;
        let expected = usize::from(answered.is_some());
        if there.len() > expected {
            let what = format!("case {family} has the {what} {there:?}, answered {answered:?}");
            self.find(Kind::Repeated, what, None);
        } else if answered.is_some_and(|id| !there.contains(&id)) {
            let what = format!("case {family}: of {what}, {answered:?} is not there");
            self.find(Kind::Lost, what, None);
        }
    }

    fn visit_of(&mut self, case: &Case) {
        let visit = case.patient.as_deref().and_then(|id| self.visits.get(id));
        let (Some(&visit), Some(starts_at)) = (visit.and_then(|all| all.first()), case.starts_at)
        else {
            return;
        };
        let (state, at) = (visit.state.clone(), visit.starts_at);
        if at != starts_at || state != case.state {
            let (family, wanted) = (&case.family, case.state);
            let what =
                format!("case {family}: its visit is {state} at {at}, not {wanted} at {starts_at}");
            self.find(Kind::Lost, what, None);
        }
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
