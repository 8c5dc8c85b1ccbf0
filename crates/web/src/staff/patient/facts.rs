//! The panels beside the timeline: plan, book, addresses, consents, what lies ahead.

use jiff::Timestamp;
use tendon_care::appointment::{Appointment, CancelledBy, VisitState};
use tendon_care::consent::{Act as Said, Ask, Ledger, Standing as Agreed};
use tendon_care::contact::{Address, Channel, ContactPoint, Owner, Standing};
use tendon_care::episode::EpisodeState;
use tendon_care::id::{ContactPointId, PatientId};
use tendon_care::patient::{Authority, Patient as Person, Relation};
use tendon_care::plan::Plan;
use tendon_care::purpose::Purpose;
use tendon_desk::{Foreseen, PlannedKey, PlannedLine, PlannedWhat};
use tendon_store::{Reader, Versioned};

use crate::chart::Segment;
use crate::pages::icon::Icon;
use crate::pages::moment;
use crate::pages::parts::{Act, Chip, Tone, dotted};
use crate::pages::patient::{
    ConsentFacts, ContactFacts, PlanFacts, Planned, ProxyFacts, VisitFacts,
};
use crate::pages::urls::{Link, Name, PlannedId, Url};
use crate::server::App;
use crate::server::refusal::Refusal;
use crate::server::session::Staff;
use crate::staff::view::{self, View};

/// Days that are looked ahead.
const AHEAD_DAYS: u16 = 30;

/// Lists what will happen unless somebody changes it.
pub(super) async fn planned(
    app: &App,
    staff: &Staff,
    patient: PatientId,
    view: &View,
) -> Result<Vec<Planned>, Refusal> {
    let lines = app
        .desk()
        .planned(staff.access(), patient, AHEAD_DAYS)
        .await?;
    Ok(lines.iter().filter_map(|line| ahead(line, view)).collect())
}

fn ahead(line: &PlannedLine, view: &View) -> Option<Planned> {
    let id = match &line.key {
        PlannedKey::Message(message) => PlannedId::Message(*message),
        PlannedKey::Step { enrolment, step } => PlannedId::Step(*enrolment, Name::parse(step)?),
    };
    let title = match line.what {
        PlannedWhat::Message { .. } => line.journey.as_ref().map_or_else(
            || "Message".to_owned(),
            |(journey, _)| view.journey_title(journey),
        ),
        PlannedWhat::Task { kind } => format!("Task: {}", view::task_words(kind)),
    };
    let version = line
        .journey
        .as_ref()
        .map(|(_, version)| format!("Version {version}."));
    let condition = if line.conditional {
        "Only if that still holds by then."
    } else {
        ""
    };
    let words = [
        line.words.as_str(),
        condition,
        version.as_deref().unwrap_or_default(),
    ];
    Some(Planned {
        id,
        at: view.at(line.leaves_at),
        title,
        detail: line
            .template
            .as_deref()
            .map(view::spaced)
            .unwrap_or_default(),
        because: words
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
        held: match line.foreseen {
            Foreseen::Goes => None,
            Foreseen::Waits(reason) => Some(format!("waits: {}", lower(reason.words()))),
            Foreseen::Dropped(reason) => Some(format!("will not go: {}", lower(reason.words()))),
        },
    })
}

/// Begins a sentence small, for use within another one.
fn lower(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

/// Draws the plan of the episode that is under way, or of the last one.
pub(super) async fn plan(
    reader: Reader<'_>,
    patient: PatientId,
    visits: &[Versioned<Appointment>],
    view: &View,
) -> Result<Option<PlanFacts>, Refusal> {
    let plans = reader.plans(patient).await?;
    let Some(plan) = plans.last() else {
        return Ok(None);
    };
    let episode = reader.episode(plan.episode).await?;
    let runs = episode.is_some_and(|episode| !is_over(&episode.state));
    Ok(Some(drawn(plan, visits, view.instant(), runs)))
}

/// Tells whether nothing more of the plan will be booked.
const fn is_over(state: &EpisodeState) -> bool {
    matches!(
        state,
        EpisodeState::Discharged { .. }
            | EpisodeState::Lost { .. }
            | EpisodeState::Maintenance { .. }
    )
}

fn drawn(plan: &Plan, visits: &[Versioned<Appointment>], now: Timestamp, runs: bool) -> PlanFacts {
    let of = visits
        .iter()
        .filter(|visit| visit.episode == Some(plan.episode));
    let mut segments: Vec<Segment> = of.filter_map(|visit| segment(visit, now)).collect();
    let kept = segments
        .iter()
        .filter(|segment| **segment != Segment::Missed)
        .count();
    let left = usize::from(plan.visits).saturating_sub(kept);
    let done = segments
        .iter()
        .filter(|segment| **segment == Segment::Done)
        .count();
    // After the end of the care nothing is left to book.
    segments.extend(std::iter::repeat_n(
        Segment::Left,
        if runs { left } else { 0 },
    ));
    PlanFacts {
        visits: segments,
        planned: plan.visits,
        per_week: plan.visits_per_week,
        ends: plan.ends_on,
        authorised_left: plan
            .authorised_visits
            .map(|visits| visits.saturating_sub(u16::try_from(done).unwrap_or(u16::MAX))),
    }
}

/// Returns what a visit is on the plan; nothing where it counts for nothing.
fn segment(visit: &Appointment, now: Timestamp) -> Option<Segment> {
    match visit.state {
        VisitState::Completed { .. }
        | VisitState::InProgress { .. }
        | VisitState::Arrived { .. } => Some(Segment::Done),
        VisitState::NoShow { .. } => Some(Segment::Missed),
        VisitState::Cancelled { late: true, by, .. } if by != CancelledBy::Clinic => {
            Some(Segment::Missed)
        }
        VisitState::Booked | VisitState::Confirmed { .. } if visit.starts_at >= now => {
            Some(Segment::Booked)
        }
        _ => None,
    }
}

/// Lists the visits on the book with what can be done about them.
pub(super) fn visits(
    visits: &[Versioned<Appointment>],
    view: &View,
    may_edit: bool,
) -> Vec<VisitFacts> {
    let now = view.instant();
    let ahead = visits
        .iter()
        .filter(|visit| visit.is_open() && visit.starts_at > now);
    ahead
        .map(|visit| {
            let confirmed = matches!(visit.state, VisitState::Confirmed { .. });
            let mut acts = Vec::new();
            if may_edit && !confirmed {
                acts.push(Act::post("Said yes", Url::VisitConfirm(visit.id)).quiet());
            }
            if may_edit {
                acts.push(Act::post("Cannot come", Url::VisitCancel(visit.id)).quiet());
            }
            VisitFacts {
                at: view.visit_at(visit),
                with: view.with_and_where(visit),
                chip: if confirmed {
                    Chip::new(Tone::Good, "confirmed")
                } else {
                    Chip::new(Tone::Plain, "booked")
                },
                acts,
            }
        })
        .collect()
}

/// Lists the addresses.
pub(super) fn contacts(person: &Person, view: &View) -> Vec<ContactFacts> {
    person
        .contact_points
        .iter()
        .map(|point| contact(point, person, view))
        .collect()
}

fn contact(point: &ContactPoint, person: &Person, view: &View) -> ContactFacts {
    let (icon, address, link) = match &point.address {
        Address::Phone(phone) => (
            Icon::Phone,
            written(phone.expose()),
            Some(Link::call(phone.expose())),
        ),
        Address::Email(email) => (Icon::Mail, email.expose().to_owned(), None),
    };
    let owner = match point.owner {
        Owner::Patient => String::new(),
        Owner::Proxy(proxy) => person
            .proxies
            .iter()
            .find(|known| known.id == proxy)
            .map_or_else(String::new, |proxy| format!("of {}", proxy.name.full())),
    };
    let shared = if point.shared {
        "several patients have it: no name is written"
    } else {
        ""
    };
    let on = |at: Timestamp| moment::short(view.at(at).date(), view.now.date());
    let chip = match point.standing {
        Standing::Unverified => Chip::new(Tone::Plain, "not tried"),
        Standing::Verified { at } => Chip::new(Tone::Good, format!("answered {}", on(at))),
        Standing::WrongParty { at } => {
            Chip::new(Tone::Bad, format!("wrong person since {}", on(at)))
        }
        Standing::Invalid { at } => Chip::new(Tone::Bad, format!("does not work since {}", on(at))),
        Standing::Blocked { at } => Chip::new(Tone::Bad, format!("blocked since {}", on(at))),
    };
    ContactFacts {
        icon,
        address,
        link,
        detail: dotted([owner.as_str(), shared]),
        chip,
    }
}

/// Writes a North American number as people read it.
pub(crate) fn written(e164: &str) -> String {
    let digits = e164.strip_prefix("+1").filter(|rest| rest.len() == 10);
    let parts = digits.and_then(|d| Some((d.get(..3)?, d.get(3..6)?, d.get(6..)?)));
    parts.map_or_else(
        || e164.to_owned(),
        |(area, exchange, line)| format!("({area}) {exchange}-{line}"),
    )
}

/// Lists the addresses for which a consent can be recorded.
pub(super) fn reachable(person: &Person) -> Vec<(ContactPointId, String)> {
    person
        .contact_points
        .iter()
        .map(|point| (point.id, point.address.hint()))
        .collect()
}

/// Says for each purpose whether it may be written about, and how that is known.
pub(super) async fn consents(
    app: &App,
    staff: &Staff,
    person: &Person,
    view: &View,
) -> Result<Vec<ConsentFacts>, Refusal> {
    let ledger = app
        .desk()
        .whole_ledger(staff.access(), person.id, &person.contact_points)
        .await?;
    if ledger.entries().is_empty() {
        return Ok(vec![]);
    }
    let purposes = Purpose::ALL
        .into_iter()
        .filter(|purpose| *purpose != Purpose::Safety);
    Ok(purposes
        .map(|purpose| consent(&ledger, person, purpose, view))
        .collect())
}

fn consent(ledger: &Ledger, person: &Person, purpose: Purpose, view: &View) -> ConsentFacts {
    let rules = view.house.rules.for_date(view.now.date());
    let mut standings: Vec<(Agreed, &ContactPoint)> = person
        .contact_points
        .iter()
        .map(|point| {
            let channel = match point.address {
                Address::Phone(_) => Channel::Sms,
                Address::Email(_) => Channel::Email,
            };
            let ask = Ask {
                person: point.owner,
                purpose,
                channel,
                address: &point.address,
                at: view.instant(),
                terms: rules.terms(),
            };
            (ledger.standing(&ask), point)
        })
        .collect();
    standings.sort_by_key(|(standing, _)| !standing.is_allowed());
    let chip = match standings.first().map(|(standing, _)| *standing) {
        Some(Agreed::Allowed { .. }) => Chip::new(Tone::Good, "agreed"),
        Some(Agreed::Revoked { .. }) => Chip::new(Tone::Bad, "wants none"),
        Some(Agreed::Blocked { .. }) => Chip::new(Tone::Bad, "blocked"),
        Some(Agreed::NeverGiven) | None => Chip::new(Tone::Plain, "not asked"),
    };
    let told = standings
        .first()
        .map(|(standing, point)| told(ledger, *standing, point, view));
    ConsentFacts {
        purpose: purpose.words(),
        chip,
        detail: told.unwrap_or_default(),
    }
}

/// Says which entry of the ledger decides: how, where and when.
fn told(ledger: &Ledger, standing: Agreed, point: &ContactPoint, view: &View) -> String {
    let (Agreed::Allowed { by } | Agreed::Revoked { by } | Agreed::Blocked { by }) = standing
    else {
        return String::new();
    };
    let entries = ledger.entries();
    let Some(entry) = entries.iter().find(|entry| entry.id == by) else {
        return String::new();
    };
    let how = match &entry.act {
        Said::Granted { basis, .. } => view::spaced(basis.code()),
        Said::Revoked { via, .. } => format!("by {}", via.code()),
        Said::CarrierBlocked | Said::CarrierLifted => "by the carrier".to_owned(),
    };
    let day = moment::short(view.at(entry.captured_at).date(), view.now.date());
    dotted([how, point.address.hint(), day])
}

/// Lists who speaks for the patient.
pub(super) fn proxies(person: &Person) -> Vec<ProxyFacts> {
    let relation = |relation| match relation {
        Relation::Guardian => "guardian",
        Relation::Partner => "partner",
        Relation::HealthAgent => "power of attorney",
        Relation::Carer => "carer",
    };
    let chip = |authority| match authority {
        Authority::Unverified => Chip::new(Tone::Warn, "not verified"),
        Authority::Verified { .. } => Chip::new(Tone::Good, "verified"),
        Authority::Suspended { .. } => Chip::new(Tone::Plain, "suspended"),
        Authority::NoContact => Chip::new(Tone::Bad, "no contact"),
    };
    let each = person.proxies.iter().map(|proxy| ProxyFacts {
        name: proxy.name.full(),
        relation: relation(proxy.relation).to_owned(),
        chip: chip(proxy.authority),
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use jiff::civil::date;
    use tendon_care::appointment::VisitKind;
    use tendon_care::id::{AppointmentId, EpisodeId, Id as _, LocationId, PlanId};

    use super::*;

    fn visit(n: u8, state: VisitState, episode: EpisodeId) -> Versioned<Appointment> {
        let at = Timestamp::UNIX_EPOCH;
        let value = Appointment {
            id: AppointmentId::from_parts(at, [n; 10]),
            patient: PatientId::from_parts(at, [1; 10]),
            episode: Some(episode),
            location: LocationId::from_parts(at, [1; 10]),
            clinician: None,
            kind: VisitKind::Recurring,
            starts_at: at + SignedDuration::from_hours(24 * i64::from(n)),
            minutes: 40,
            booked_at: at,
            state,
        };
        Versioned { value, version: 1 }
    }

    #[test]
    fn a_plan_is_drawn_with_what_became_of_each_visit() {
        let at = Timestamp::UNIX_EPOCH;
        let episode = EpisodeId::from_parts(at, [1; 10]);
        let other = EpisodeId::from_parts(at, [2; 10]);
        let late = |by| VisitState::Cancelled { at, by, late: true };
        let visits = [
            visit(1, VisitState::Completed { at }, episode),
            visit(2, VisitState::NoShow { at, inferred: true }, episode),
            visit(3, late(CancelledBy::Clinic), episode),
            visit(4, late(CancelledBy::Patient), episode),
            visit(9, VisitState::Booked, episode),
            visit(9, VisitState::Completed { at }, other),
        ];
        let plan = Plan {
            id: PlanId::from_parts(at, [1; 10]),
            episode,
            visits: 4,
            visits_per_week: 2,
            starts_on: date(1970, 1, 1),
            ends_on: date(1970, 3, 1),
            authorised_visits: Some(3),
        };
        let now = at + SignedDuration::from_hours(24 * 5);
        let over = drawn(&plan, &visits, now, false);
        let drawn = drawn(&plan, &visits, now, true);
        use Segment::{Booked, Done, Left, Missed};
        assert_eq!(drawn.visits, [Done, Missed, Missed, Booked, Left, Left]);
        assert_eq!(drawn.authorised_left, Some(2));
        assert!(!over.visits.contains(&Left), "nothing is left to book");
    }

    #[test]
    fn a_number_is_written_as_it_is_read() {
        assert_eq!(written("+13125550142"), "(312) 555-0142");
        assert_eq!(written("+442071838750"), "+442071838750");
        assert_eq!(lower("The visit was moved"), "the visit was moved");
    }
}
