//! What a list says about each of its patients and visits, read for the whole
//! list at once.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use tendon_care::contact::Phone;
use tendon_care::id::{AppointmentId, ContactPointId, Id, PatientId};
use tendon_care::language::Language;
use uuid::Uuid;

use super::contact::open_phone;
use super::source::MOST_AT_ONCE;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Row, Val, params, statements};

statements! {
    /// The first phone that works is the one to call; the episode is the latest.
    CARDS = "select p.patient_id, p.given, p.family, p.preferred, p.birth_date, p.deceased_at is not null, \
            p.paused, p.language, \
            (select i.value from patient_identifier i where i.practice_id = p.practice_id \
             and i.patient_id = p.patient_id order by i.system, i.value limit 1), \
            c.contact_point_id, c.address_sealed, c.hint, \
            (select e.state from episode e where e.practice_id = p.practice_id \
             and e.patient_id = p.patient_id order by e.episode_id desc limit 1), \
            (select min(a.starts_at) from appointment a where a.practice_id = p.practice_id \
             and a.patient_id = p.patient_id and a.state in ('booked', 'confirmed') and a.starts_at >= $2) \
            from patient p left join contact_point c on c.practice_id = p.practice_id and c.contact_point_id = \
            (select d.contact_point_id from contact_point d where d.practice_id = p.practice_id \
             and d.patient_id = p.patient_id and d.kind = 'phone' and d.standing in ('unverified', 'verified') \
             order by d.rank, d.contact_point_id limit 1) \
            where p.practice_id = $1 and p.patient_id in ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, \
            $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34)";
    /// The plan that a visit belongs to, when a journey next looks at the visit, what was
    /// written about it and how those before it went.
    AHEAD = "select a.appointment_id, \
            (select n.visits from plan n where n.practice_id = a.practice_id and n.episode_id = a.episode_id \
             order by n.plan_id desc limit 1), \
            (select min(t.due_at) from enrolment e join timer t on t.practice_id = e.practice_id \
             and t.enrolment_id = e.enrolment_id where e.practice_id = a.practice_id \
             and e.subject = a.appointment_id and e.ended_at is null), \
            (select count(*) from message m where m.practice_id = a.practice_id \
             and m.appointment_id = a.appointment_id and m.handed_over_at is not null), \
            (select count(*) from appointment b where b.practice_id = a.practice_id \
             and b.patient_id = a.patient_id and b.starts_at < a.starts_at and b.state = 'completed'), \
            (select count(*) from appointment b where b.practice_id = a.practice_id \
             and b.patient_id = a.patient_id and b.starts_at < a.starts_at and b.state = 'noshow') \
            from appointment a where a.practice_id = $1 and a.appointment_id in ($2, $3, $4, $5, $6, $7, $8, $9, \
            $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, \
            $30, $31, $32, $33)";
}

/// A patient in a list.
#[derive(Clone, PartialEq, Eq)]
pub struct PatientCard {
    /// Who.
    pub id: PatientId,
    /// The name for staff pages, preferred name first.
    pub name: String,
    /// The birthday.
    pub birth_date: Option<Date>,
    /// No longer alive.
    pub deceased: bool,
    /// All automation is paused.
    pub paused: bool,
    /// The language to write in.
    pub language: Language,
    /// The first record number.
    pub mrn: Option<String>,
    /// The first phone that works.
    pub phone: Option<Phone>,
    /// Its end: `•••0142`.
    pub hint: Option<String>,
    /// The code of the latest episode's state.
    pub episode: Option<String>,
    /// The next visit.
    pub next: Option<Timestamp>,
}

impl std::fmt::Debug for PatientCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PatientCard({})", self.id)
    }
}

/// What a list says about a visit besides the visit itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VisitAhead {
    /// Visits on the plan that it belongs to.
    pub planned: Option<u16>,
    /// When a journey next looks at it.
    pub wakes_at: Option<Timestamp>,
    /// Messages about it that went out.
    pub messages_sent: u64,
    /// Visits completed before it.
    pub completed_before: u64,
    /// Visits missed before it.
    pub missed_before: u64,
}

impl Reader<'_> {
    /// Returns the cards of these patients, in no order; who is unknown is left out.
    pub async fn cards(
        &self,
        patients: &[PatientId],
        now: Timestamp,
    ) -> Result<HashMap<PatientId, PatientCard>, StoreError> {
        let keys = self.keys()?;
        let mut cards = HashMap::with_capacity(patients.len());
        for some in patients.chunks(MOST_AT_ONCE) {
            let mut bound = params![self.tenant_id(), now];
            bound.extend(filled_up(some));
            for row in self.rows(&CARDS, bound).await? {
                let mut card = card(&row)?;
                if let Some(point) = row.opt_id::<ContactPointId>(9)? {
                    card.phone = open_phone(&keys, point, row.bytes(10)?)?;
                }
                cards.insert(card.id, card);
            }
        }
        Ok(cards)
    }

    /// Returns what lists say about these visits.
    pub async fn visits_ahead(
        &self,
        visits: &[AppointmentId],
    ) -> Result<HashMap<AppointmentId, VisitAhead>, StoreError> {
        let mut ahead = HashMap::with_capacity(visits.len());
        for some in visits.chunks(MOST_AT_ONCE) {
            let mut bound = params![self.tenant_id()];
            bound.extend(filled_up(some));
            for row in self.rows(&AHEAD, bound).await? {
                let planned = row
                    .opt_int(1)?
                    .and_then(|visits| u16::try_from(visits).ok());
                let visit = VisitAhead {
                    planned,
                    wakes_at: row.opt_time(2)?,
                    messages_sent: row.small(3)?,
                    completed_before: row.small(4)?,
                    missed_before: row.small(5)?,
                };
                ahead.insert(row.id(0)?, visit);
            }
        }
        Ok(ahead)
    }
}

/// Fills a list of ids up by repeating the last one.
pub(super) fn filled_up<I: Id>(some: &[I]) -> impl Iterator<Item = Val> {
    let last = some.last().map_or(Uuid::nil(), |id| id.uuid());
    some.iter()
        .map(|id| id.uuid())
        .chain(std::iter::repeat(last))
        .take(MOST_AT_ONCE)
        .map(Val::from)
}

fn card(row: &Row) -> Result<PatientCard, BadRow> {
    let given = row.opt_text(3)?.map_or(row.text(1), Ok)?;
    Ok(PatientCard {
        id: row.id(0)?,
        name: format!("{given} {}", row.text(2)?).trim().to_owned(),
        birth_date: row.opt_date(4)?,
        deceased: row.bool(5)?,
        paused: row.bool(6)?,
        language: row.parsed(7, "a language", |tag| tag.parse().ok())?,
        mrn: row.opt_text(8)?.map(str::to_owned),
        phone: None,
        hint: row.opt_text(11)?.map(str::to_owned),
        episode: row.opt_text(12)?.map(str::to_owned),
        next: row.opt_time(13)?,
    })
}
