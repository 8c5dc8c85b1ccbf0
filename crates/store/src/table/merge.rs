//! Merging two patient records, and taking it back.
//!
//! A merge destroys nothing: the retired record stays as an alias row that
//! names its survivor, and the diff lists every row that was moved.

use jiff::Timestamp;
use tendon_care::id::{ConsentId, ConversationId, Id, MergeId, MessageId, PatientId};

use crate::commit::Binder;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::seal::Cell;
use crate::sql::{BadRow, Bound, Row, Sql, id, params, statements};

statements! {
    RETIRE = "update patient set merged_into = $3, version = version + 1 \
              where practice_id = $1 and patient_id = $2 and version = $4";
    ADD = "insert into merge (practice_id, merge_id, survivor, retired, merged_at, diff_sealed) \
           values ($1, $2, $3, $4, $5, $6)";
    UNDO = "update merge set undone_at = $3 where practice_id = $1 and merge_id = $2 and undone_at is null";
    GET = "select merge_id, survivor, retired, merged_at, undone_at, diff_sealed from merge \
           where practice_id = $1 and merge_id = $2";
    OF_PATIENT = "select merge_id, survivor, retired, merged_at, undone_at, diff_sealed from merge \
           where practice_id = $1 and (survivor = $2 or retired = $2) order by merged_at, merge_id";
    OWNED_TOUCHPOINTS = "select touchpoint_id from touchpoint where practice_id = $1 and patient_id = $2";
    OWNED_APPOINTMENTS = "select appointment_id from appointment where practice_id = $1 and patient_id = $2";
    OWNED_EPISODES = "select episode_id from episode where practice_id = $1 and patient_id = $2";
    OWNED_PLANS = "select plan_id from plan where practice_id = $1 and patient_id = $2";
    OWNED_REFERRALS = "select referral_id from referral where practice_id = $1 and patient_id = $2";
    OWNED_MESSAGES = "select message_id from message where practice_id = $1 and patient_id = $2";
    OWNED_TASKS = "select task_id from task where practice_id = $1 and patient_id = $2";
    OWNED_CONSENTS = "select consent_id from consent where practice_id = $1 and patient_id = $2";
    OWNED_ENROLMENTS = "select enrolment_id from enrolment where practice_id = $1 and patient_id = $2";
    MOVE_TOUCHPOINT = "update touchpoint set patient_id = $4 \
                       where practice_id = $1 and patient_id = $2 and touchpoint_id = $3";
    MOVE_APPOINTMENT = "update appointment set patient_id = $4, version = version + 1 \
                        where practice_id = $1 and patient_id = $2 and appointment_id = $3";
    MOVE_EPISODE = "update episode set patient_id = $4, version = version + 1 \
                    where practice_id = $1 and patient_id = $2 and episode_id = $3";
    MOVE_PLAN = "update plan set patient_id = $4 where practice_id = $1 and patient_id = $2 and plan_id = $3";
    MOVE_REFERRAL = "update referral set patient_id = $4 \
                     where practice_id = $1 and patient_id = $2 and referral_id = $3";
    MOVE_MESSAGE = "update message set patient_id = $4, version = version + 1 \
                    where practice_id = $1 and patient_id = $2 and message_id = $3";
    MOVE_TASK = "update task set patient_id = $4, version = version + 1 \
                 where practice_id = $1 and patient_id = $2 and task_id = $3";
    MOVE_CONSENT = "update consent set patient_id = $4 \
                    where practice_id = $1 and patient_id = $2 and consent_id = $3";
    /// A journey about the patient goes on about whom the patient turned out to be.
    MOVE_ENROLMENT = "update enrolment set patient_id = $4, version = version + 1, \
                      subject = case when subject = $2 then $4 else subject end \
                      where practice_id = $1 and patient_id = $2 and enrolment_id = $3";
    OWNED_CONVERSATIONS = "select conversation_id from conversation where practice_id = $1 and patient_id = $2";
    OWNED_LINKS = "select link_id from patient_link where practice_id = $1 and patient_id = $2";
    MOVE_CONVERSATION = "update conversation set patient_id = $4 \
                         where practice_id = $1 and patient_id = $2 and conversation_id = $3";
    MOVE_LINK = "update patient_link set patient_id = $4 \
                 where practice_id = $1 and patient_id = $2 and link_id = $3";
    /// Two threads of two records with one address: the one is told by the other.
    TWIN_THREADS = "select m.message_id, own.conversation_id, other.conversation_id from conversation own \
                    join conversation other on other.practice_id = own.practice_id \
                    and other.channel = own.channel and other.address_blind = own.address_blind \
                    and other.patient_id = $3 \
                    left join message m on m.practice_id = own.practice_id \
                    and m.conversation_id = own.conversation_id \
                    where own.practice_id = $1 and own.patient_id = $2 \
                    order by own.conversation_id, m.message_id";
    RESTRAND = "update consent set strand = $4 \
                where practice_id = $1 and patient_id = $2 and consent_id = $3";
    RETHREAD = "update message set conversation_id = $3, version = version + 1 \
                where practice_id = $1 and message_id = $2";
}

/// Each kind of thing that belongs to a patient: its name in a diff, and how to find and move it.
const OWNED: &[(&str, &Sql, &Sql)] = &[
    ("touchpoint", &OWNED_TOUCHPOINTS, &MOVE_TOUCHPOINT),
    ("appointment", &OWNED_APPOINTMENTS, &MOVE_APPOINTMENT),
    ("episode", &OWNED_EPISODES, &MOVE_EPISODE),
    ("plan", &OWNED_PLANS, &MOVE_PLAN),
    ("referral", &OWNED_REFERRALS, &MOVE_REFERRAL),
    ("message", &OWNED_MESSAGES, &MOVE_MESSAGE),
    ("task", &OWNED_TASKS, &MOVE_TASK),
    ("consent", &OWNED_CONSENTS, &MOVE_CONSENT),
    ("enrolment", &OWNED_ENROLMENTS, &MOVE_ENROLMENT),
    ("conversation", &OWNED_CONVERSATIONS, &MOVE_CONVERSATION),
    ("link", &OWNED_LINKS, &MOVE_LINK),
];

/// A record that is absorbed by another, or stands again on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatientRetired {
    /// The record.
    pub patient: PatientId,
    /// The version that was read.
    pub version: i64,
    /// By which; `None` to stand again.
    pub into: Option<PatientId>,
}

/// Things that change their patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repoint {
    /// Whose they are.
    pub from: PatientId,
    /// Whose they become.
    pub to: PatientId,
    /// The things, by kind and id, as [`Reader::belongings`] lists them.
    pub things: Vec<(String, uuid::Uuid)>,
}

/// A message that is put into another thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rethread {
    /// The message.
    pub message: MessageId,
    /// The thread it goes to.
    pub to: ConversationId,
}

/// An entry of a consent ledger that speaks for one strand only, or for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restrand {
    /// Whose ledger.
    pub patient: PatientId,
    /// The entry.
    pub consent: ConsentId,
    /// The record in which it counts; none for all of the patient's.
    pub strand: Option<PatientId>,
}

/// A thread of one record whose channel and address another record has a thread for, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwinThread {
    /// A message in it, where it has any.
    pub message: Option<MessageId>,
    /// The thread.
    pub own: ConversationId,
    /// The other record's thread.
    pub other: ConversationId,
}

/// A merge with what is needed to take it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergeRow {
    /// The id.
    pub id: MergeId,
    /// The record that stays.
    pub survivor: PatientId,
    /// The record that was absorbed.
    pub retired: PatientId,
    /// When.
    pub merged_at: Timestamp,
    /// When it was taken back.
    pub undone_at: Option<Timestamp>,
    /// What was changed, in `desk`'s stored shape; sealed at rest.
    pub diff: String,
}

impl Reader<'_> {
    /// Lists everything that belongs to a patient, by kind and id.
    pub async fn belongings(
        &self,
        patient: PatientId,
    ) -> Result<Vec<(String, uuid::Uuid)>, StoreError> {
        let mut things = Vec::new();
        for (kind, find, _) in OWNED {
            for row in self.rows(find, vec![self.tenant(), id(patient)]).await? {
                things.push(((*kind).to_owned(), row.id::<PatientId>(0)?.uuid()));
            }
        }
        Ok(things)
    }

    /// Lists the threads of `patient` that `other` has as well, message by message:
    /// a patient has one thread for each channel and address.
    pub async fn twin_threads(
        &self,
        patient: PatientId,
        other: PatientId,
    ) -> Result<Vec<TwinThread>, StoreError> {
        let rows = self
            .rows(
                &TWIN_THREADS,
                params![self.tenant_id(), patient.uuid(), other.uuid()],
            )
            .await?;
        let read = |row: &Row| -> Result<TwinThread, BadRow> {
            Ok(TwinThread {
                message: row.opt_id(0)?,
                own: row.id(1)?,
                other: row.id(2)?,
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Returns one merge.
    pub async fn merge(&self, merge: MergeId) -> Result<Option<MergeRow>, StoreError> {
        let row = self.first(&GET, vec![self.tenant(), id(merge)]).await?;
        row.as_ref().map(|row| self.merge_row(row)).transpose()
    }

    /// Returns the merges that a patient took part in, oldest first.
    pub async fn merges_of(&self, patient: PatientId) -> Result<Vec<MergeRow>, StoreError> {
        let rows = self
            .rows(&OF_PATIENT, vec![self.tenant(), id(patient)])
            .await?;
        rows.iter().map(|row| self.merge_row(row)).collect()
    }

    fn merge_row(&self, row: &Row) -> Result<MergeRow, StoreError> {
        let merge: MergeId = row.id(0)?;
        let read = || -> Result<MergeRow, BadRow> {
            Ok(MergeRow {
                id: merge,
                survivor: row.id(1)?,
                retired: row.id(2)?,
                merged_at: row.time(3)?,
                undone_at: row.opt_time(4)?,
                diff: String::new(),
            })
        };
        let diff = self.keys()?.open_text(cell(merge), row.bytes(5)?)?;
        Ok(MergeRow { diff, ..read()? })
    }
}

pub(crate) fn retire(binder: Binder<'_>, retired: &PatientRetired, out: &mut Vec<Bound>) {
    out.push(Bound::one(
        &RETIRE,
        params![
            binder.practice.uuid(),
            retired.patient.uuid(),
            retired.into.map(Id::uuid),
            retired.version
        ],
    ));
}

pub(crate) fn repoint(binder: Binder<'_>, repoint: &Repoint, out: &mut Vec<Bound>) {
    let (practice, from, to) = (
        binder.practice.uuid(),
        repoint.from.uuid(),
        repoint.to.uuid(),
    );
    for (kind, thing) in &repoint.things {
        let statement = OWNED
            .iter()
            .find(|(name, _, _)| name == kind)
            .map(|(_, _, move_it)| *move_it);
        // A thing that has gone meanwhile has nothing to be moved.
        out.extend(statement.map(|sql| Bound::any(sql, params![practice, from, *thing, to])));
    }
}

pub(crate) fn rethread(binder: Binder<'_>, thread: Rethread) -> Bound {
    Bound::one(
        &RETHREAD,
        params![
            binder.practice.uuid(),
            thread.message.uuid(),
            thread.to.uuid()
        ],
    )
}

pub(crate) fn restrand(binder: Binder<'_>, change: Restrand) -> Bound {
    Bound::one(
        &RESTRAND,
        params![
            binder.practice.uuid(),
            change.patient.uuid(),
            change.consent.uuid(),
            change.strand.map(Id::uuid)
        ],
    )
}

pub(crate) fn write(
    binder: Binder<'_>,
    row: &MergeRow,
    out: &mut Vec<Bound>,
) -> Result<(), StoreError> {
    let practice = binder.practice.uuid();
    if let Some(at) = row.undone_at {
        out.push(Bound::one(&UNDO, params![practice, row.id.uuid(), at]));
        return Ok(());
    }
    let diff = binder.keys.seal(cell(row.id), row.diff.as_bytes())?;
    out.push(Bound::one(
        &ADD,
        params![
            practice,
            row.id.uuid(),
            row.survivor.uuid(),
            row.retired.uuid(),
            row.merged_at,
            diff
        ],
    ));
    Ok(())
}

fn cell(merge: MergeId) -> Cell {
    Cell {
        table: "merge",
        column: "diff_sealed",
        row: merge.uuid(),
    }
}
