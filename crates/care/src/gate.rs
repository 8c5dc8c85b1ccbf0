//! The one place where it is decided whether a message may go.
//!
//! [`decide`] is pure: it is handed everything it looks at, and the time. It runs
//! at dispatch and never earlier, because between asking for a message and sending
//! it people die, revoke, confirm and fall asleep. The checks and their order are
//! those of [`Step`]; each leaves a line in the decision's chain, so that a page
//! can tell anybody why a message went, waits or will never come.

mod caps;
mod quiet;
mod request;

use std::borrow::Cow;

use jiff::Timestamp;

use self::caps::Whose;
use self::quiet::Quiet;
pub use self::request::{Expects, Origin, Request, Sent, SentThere, Subject, TEXT_THEN_EMAIL};
use crate::appointment::VisitState;
use crate::consent::{Ask, Standing};
use crate::contact::{self, Channel, ContactPoint, Owner};
use crate::decision::{Check, Decision, Finding, Outcome, Reason, Step};
use crate::id::ContactPointId;
use crate::patient::{Life, Recipient};
use crate::purpose::Purpose;
use crate::rules::{Counts, DayRules, Rules};
use crate::zone::Place;

/// Decides what becomes of a message now.
pub fn decide(request: &Request<'_>, rules: &Rules, now: Timestamp) -> Decision {
    let mut gate = Gate {
        request,
        rules,
        day: rules.for_date(request.place.local_date(now)),
        now,
        chain: Vec::with_capacity(Step::ALL.len()),
    };
    let outcome = gate
        .run()
        .unwrap_or_else(|Dropped(reason)| Outcome::Drop { reason });
    Decision {
        outcome,
        chain: gate.chain,
    }
}

/// The check that ends a run for good.
struct Dropped(Reason);

/// A run through the checks.
struct Gate<'a> {
    request: &'a Request<'a>,
    rules: &'a Rules,
    day: &'a DayRules,
    now: Timestamp,
    chain: Vec<Check>,
}

/// An address and the channel by which to reach it.
type Candidate<'a> = (Channel, &'a ContactPoint);

impl<'a> Gate<'a> {
    fn run(&mut self) -> Result<Outcome, Dropped> {
        self.alive()?;
        self.not_paused()?;
        self.subject()?;
        self.recipient()?;
        let candidates = self.contact_points()?;
        let (channel, point) = self.consent(&candidates)?;
        self.expiry()?;
        let place = self.request.place.clone().with_address(&point.address);
        let quiet = Quiet {
            rules: self.rules,
            purpose: self.request.purpose,
            place: &place,
        };
        let opens = self.quiet_hours(&quiet)?;
        // The caps are looked at from the hour at which it could go, so that a held
        // message wakes once and the page can say when.
        let capped = self.caps(&quiet, point.id, opens)?;
        Ok(match capped {
            Some((until, reason)) => Outcome::Hold { until, reason },
            None if opens > self.now => Outcome::Hold {
                until: opens,
                reason: Reason::QuietHours,
            },
            None => Outcome::Send {
                contact_point: point.id,
                channel,
            },
        })
    }

    fn note(&mut self, step: Step, finding: Finding, detail: impl Into<Cow<'static, str>>) {
        self.chain.push(Check {
            step,
            finding,
            detail: detail.into(),
        });
    }

    fn drop<T>(
        &mut self,
        step: Step,
        reason: Reason,
        detail: impl Into<Cow<'static, str>>,
    ) -> Result<T, Dropped> {
        self.note(step, Finding::Failed, detail);
        Err(Dropped(reason))
    }

    /// A safety answer: the reply to a red flag, and the replies that the law
    /// demands. It goes back at once to whoever wrote.
    fn is_safety_answer(&self) -> bool {
        self.request.purpose == Purpose::Safety && self.answers().is_some()
    }

    fn answers(&self) -> Option<ContactPointId> {
        match self.request.origin {
            Origin::Answer { to } | Origin::StaffAnswer { to } => Some(to),
            Origin::Automation | Origin::Staff => None,
        }
    }

    fn alive(&mut self) -> Result<(), Dropped> {
        if let Life::Deceased { learnt_at } = self.request.life {
            let detail = format!("learnt at {learnt_at}");
            return self.drop(Step::Alive, Reason::Deceased, detail);
        }
        self.note(Step::Alive, Finding::Passed, "");
        Ok(())
    }

    fn not_paused(&mut self) -> Result<(), Dropped> {
        let finding = match self.request.origin {
            _ if !self.request.paused => Finding::Passed,
            Origin::Staff | Origin::StaffAnswer { .. } => Finding::Exempt,
            _ if self.is_safety_answer() => Finding::Exempt,
            _ => return self.drop(Step::NotPaused, Reason::Paused, "paused"),
        };
        self.note(Step::NotPaused, finding, "");
        Ok(())
    }

    fn subject(&mut self) -> Result<(), Dropped> {
        let Subject::Visit {
            visit,
            planned_for,
            expects,
        } = self.request.subject
        else {
            self.note(
                Step::Subject,
                Finding::Exempt,
                "about nothing that can change",
            );
            return Ok(());
        };
        let state = visit.state.code();
        if let Some(reason) = contradiction(&visit.state, expects) {
            return self.drop(Step::Subject, reason, format!("the visit is {state}"));
        }
        if visit.starts_at != planned_for {
            let detail = format!("planned for {planned_for}, begins {}", visit.starts_at);
            return self.drop(Step::Subject, Reason::VisitMoved, detail);
        }
        self.note(Step::Subject, Finding::Passed, state);
        Ok(())
    }

    fn recipient(&mut self) -> Result<(), Dropped> {
        let (finding, detail) = match self.request.recipient {
            // A child who writes "chest pain" is told to call 911, whoever speaks
            // for the child.
            _ if self.is_safety_answer() => (Finding::Exempt, "who wrote is answered"),
            Recipient::Nobody => {
                return self.drop(Step::Recipient, Reason::NoRecipient, "nobody");
            }
            Recipient::Patient => (Finding::Passed, "patient"),
            Recipient::Proxy(_) => (Finding::Passed, "representative"),
        };
        self.note(Step::Recipient, finding, detail);
        Ok(())
    }

    /// Lists the usable addresses to which somebody carries messages, best channel
    /// and best rank first.
    fn contact_points(&mut self) -> Result<Vec<Candidate<'a>>, Dropped> {
        let request = self.request;
        let mut candidates: Vec<Candidate<'a>> = Vec::new();
        for channel in request.channels {
            let from = candidates.len();
            let usable = request
                .contact_points
                .iter()
                .filter(|point| self.may_use(*channel, point));
            candidates.extend(usable.map(|point| (*channel, point)));
            if let Some(added) = candidates.get_mut(from..) {
                added.sort_by_key(|(_, point)| point.rank);
            }
        }
        if candidates.is_empty() {
            let detail = format!("0 of {}", request.contact_points.len());
            return self.drop(Step::ContactPoint, Reason::NoContactPoint, detail);
        }
        let usable = candidates.len();
        candidates.retain(|(channel, _)| request.carried.contains(channel));
        if candidates.is_empty() {
            let detail = format!("0 of {usable} carried");
            return self.drop(Step::ContactPoint, Reason::NoCarrier, detail);
        }
        let detail = format!("{} usable", candidates.len());
        self.note(Step::ContactPoint, Finding::Passed, detail);
        Ok(candidates)
    }

    fn may_use(&self, channel: Channel, point: &ContactPoint) -> bool {
        if self.answers().is_some_and(|to| to != point.id) {
            return false;
        }
        if self.is_safety_answer() {
            // Who wrote "wrong number" gets the one neutral answer.
            let wrong_party = matches!(point.standing, contact::Standing::WrongParty { .. });
            return point.takes(channel) || (wrong_party && channel.reaches(&point.address));
        }
        let owner = match self.request.recipient {
            Recipient::Patient => Owner::Patient,
            Recipient::Proxy(proxy) => Owner::Proxy(proxy),
            Recipient::Nobody => return false,
        };
        point.owner == owner && point.takes(channel)
    }

    /// Takes the first address that may be used for this purpose.
    fn consent(&mut self, candidates: &[Candidate<'a>]) -> Result<Candidate<'a>, Dropped> {
        let mut refused: Option<Standing> = None;
        for (channel, point) in candidates.iter().copied() {
            let standing = self.request.ledger.standing(&Ask {
                person: point.owner,
                purpose: self.request.purpose,
                channel,
                address: &point.address,
                at: self.now,
                terms: self.day.terms(),
            });
            if let Some(finding) = self.admits(standing) {
                let by = match standing {
                    Standing::Allowed { by } => format!(" by {by}"),
                    _ => String::new(),
                };
                let detail = format!("{} {}{by}", channel.code(), standing.code());
                self.note(Step::Consent, finding, detail);
                return Ok((channel, point));
            }
            refused.get_or_insert(standing);
        }
        let (reason, detail) = match refused.unwrap_or(Standing::NeverGiven) {
            Standing::Revoked { by } => (Reason::ConsentRevoked, format!("revoked by {by}")),
            Standing::Blocked { by } => (Reason::CarrierBlocked, format!("blocked by {by}")),
            Standing::NeverGiven | Standing::Allowed { .. } => {
                (Reason::ConsentMissing, "never given".to_owned())
            }
        };
        self.drop(Step::Consent, reason, detail)
    }

    /// Safety needs no yes, and only its answers may follow a no: the confirmation
    /// of a STOP is one of them.
    fn admits(&self, standing: Standing) -> Option<Finding> {
        match standing {
            Standing::Allowed { .. } => Some(Finding::Passed),
            Standing::NeverGiven if self.request.purpose == Purpose::Safety => {
                Some(Finding::Exempt)
            }
            Standing::Revoked { .. } if self.is_safety_answer() => Some(Finding::Exempt),
            _ => None,
        }
    }

    fn expiry(&mut self) -> Result<(), Dropped> {
        let detail = format!("until {}", self.request.expires_at);
        if self.now >= self.request.expires_at {
            return self.drop(Step::Expiry, Reason::Expired, detail);
        }
        self.note(Step::Expiry, Finding::Passed, detail);
        Ok(())
    }

    /// Returns the first instant from now on that is a decent hour everywhere.
    fn quiet_hours(&mut self, quiet: &Quiet<'_>) -> Result<Timestamp, Dropped> {
        if self.is_safety_answer() {
            self.note(Step::QuietHours, Finding::Exempt, "answers at once");
            return Ok(self.now);
        }
        let Some(opens) = quiet.next_open(self.now) else {
            return self.drop(Step::QuietHours, Reason::NeverOpen, "no open hour in sight");
        };
        if opens == self.now {
            self.note(Step::QuietHours, Finding::Passed, "open");
            return Ok(opens);
        }
        let detail = format!("opens {opens}");
        if opens >= self.request.expires_at {
            return self.drop(Step::QuietHours, Reason::QuietHours, detail);
        }
        self.note(Step::QuietHours, Finding::Held, detail);
        Ok(opens)
    }

    /// Returns when every cap has room in an open hour, and which cap was the last
    /// to free; `None` where there is room at once.
    fn caps(
        &mut self,
        quiet: &Quiet<'_>,
        point: ContactPointId,
        at: Timestamp,
    ) -> Result<Option<(Timestamp, Reason)>, Dropped> {
        if self.answers().is_some() {
            self.note(Step::Caps, Finding::Exempt, "answers are not counted");
            return Ok(None);
        }
        let Some(full) = self.fullest(quiet.place, point, at) else {
            self.note(Step::Caps, Finding::Passed, "");
            return Ok(None);
        };
        // Messages only leave the count as time goes on, so what has room when the
        // last cap frees has room at every later open hour.
        let until = full.frees_at.and_then(|frees| quiet.next_open(frees));
        let limit = format!("{} of {} used", full.rule_id, full.max);
        match until.filter(|until| *until < self.request.expires_at) {
            Some(until) => {
                self.note(Step::Caps, Finding::Held, format!("{limit}; free {until}"));
                Ok(Some((until, full.reason)))
            }
            None => self.drop(Step::Caps, full.reason, limit),
        }
    }

    /// Returns the used-up cap that frees last.
    fn fullest(
        &self,
        place: &Place,
        point: ContactPointId,
        at: Timestamp,
    ) -> Option<caps::Full<'a>> {
        let there = self.request.sent_to_address.iter();
        let there = there
            .filter(move |sent| sent.contact_point == point)
            .map(|there| there.sent);
        let person = self.request.sent_to_person.iter().copied();
        self.day
            .caps(self.request.purpose, place.states())
            .flat_map(|cap| {
                let of_person = (cap.1.counts != Counts::Address)
                    .then(|| caps::check(cap, Whose::Person, person.clone(), place, at));
                let of_address = (cap.1.counts != Counts::Person)
                    .then(|| caps::check(cap, Whose::Household, there.clone(), place, at));
                [of_person.flatten(), of_address.flatten()]
            })
            .flatten()
            // A cap that never frees outlasts every other; of two that free
            // together the first named wins, and the person's before the household's.
            .reduce(|one, other| {
                let never = |full: &caps::Full<'_>| full.frees_at.is_none();
                if !never(&one) && (never(&other) || other.frees_at > one.frees_at) {
                    other
                } else {
                    one
                }
            })
    }
}

/// Tells why a visit in this state makes the message moot.
fn contradiction(state: &VisitState, expects: Expects) -> Option<Reason> {
    match (expects, state) {
        (Expects::Open, VisitState::Booked | VisitState::Confirmed { .. })
        | (Expects::Unconfirmed, VisitState::Booked)
        | (Expects::Missed, VisitState::NoShow { .. })
        | (Expects::Cancelled, VisitState::Cancelled { .. })
        | (Expects::Completed, VisitState::Completed { .. }) => None,
        (Expects::Unconfirmed, VisitState::Confirmed { .. }) => Some(Reason::VisitConfirmed),
        (_, VisitState::Cancelled { .. } | VisitState::Void { .. }) => Some(Reason::VisitCancelled),
        _ => Some(Reason::VisitChanged),
    }
}

#[cfg(test)]
mod tests;
