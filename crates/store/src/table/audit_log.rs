//! Reading and verifying the audit trail.

use jiff::Timestamp;
use tendon_care::id::{Id, PatientId, PracticeId};
use uuid::Uuid;

use crate::audit::Hashed;
use crate::db::Db;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Row, id, params, statements};

statements! {
    PAGE = "select seq, recorded_at, actor, role, action, entity, entity_id, patient_id, purpose, detail \
            from audit where practice_id = $1 and seq < $2 and ($3 = '' or action = $3) \
            and ($4 = '' or actor = $4) and recorded_at >= $6 and recorded_at < $7 order by seq desc limit $5";
    /// On its own, so that it is planned for the entries of one patient.
    PAGE_OF_PATIENT = "select seq, recorded_at, actor, role, action, entity, entity_id, patient_id, purpose, detail \
            from audit where practice_id = $1 and patient_id = $8 and seq < $2 and ($3 = '' or action = $3) \
            and ($4 = '' or actor = $4) and recorded_at >= $6 and recorded_at < $7 order by seq desc limit $5";
    PAGE_OF_THING = "select seq, recorded_at, actor, role, action, entity, entity_id, patient_id, purpose, detail \
            from audit where practice_id = $1 and entity_id = $8 and seq < $2 and ($3 = '' or action = $3) \
            and ($4 = '' or actor = $4) and recorded_at >= $6 and recorded_at < $7 order by seq desc limit $5";
    WALK = "select seq, recorded_at, actor, role, action, entity, entity_id, patient_id, purpose, detail, \
            prev_hash, hash from audit where practice_id = $1 and seq > $2 order by seq limit 1000";
    HEAD = "select seq, hash from audit_head where practice_id = $1";
}

/// One row of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// Its place.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who: a user's, token's or patient's id, or a worker's name.
    pub actor: String,
    /// As what.
    pub role: String,
    /// FHIR's letter.
    pub action: String,
    /// What kind of thing.
    pub entity: String,
    /// Which thing.
    pub entity_id: Option<Uuid>,
    /// Whose data.
    pub patient: Option<PatientId>,
    /// Why (HL7 PurposeOfUse).
    pub purpose: String,
    /// More, without personal data.
    pub detail: String,
}

/// Which entries of the trail are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only before this place.
    pub before: Option<i64>,
    /// FHIR's letter of what was done; empty for all.
    pub action: String,
    /// The id or name of who did it; empty for all.
    pub actor: String,
    /// What it was done to.
    pub about: AuditAbout,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
    /// At most so many.
    pub limit: u16,
}

/// What entries of the trail are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditAbout {
    /// Whatever it is.
    #[default]
    Anything,
    /// The data of one patient.
    Patient(PatientId),
    /// One thing of any kind.
    Thing(Uuid),
}

impl AuditAbout {
    /// Reads an id such as `msg_…`, with or without what its kind begins with; `None`
    /// for what is no id.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(patient) = text.parse::<PatientId>() {
            return Some(Self::Patient(patient));
        }
        let digits = text.rsplit('_').next().unwrap_or_default();
        Uuid::try_parse(digits).ok().map(Self::Thing)
    }
}

/// Where the chain is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit trail is broken at row {seq}")]
pub struct ChainBreak {
    /// The first row that does not fit.
    pub seq: i64,
}

impl Reader<'_> {
    /// Returns a page of the trail, newest first.
    pub async fn audit_page(&self, filter: &AuditFilter) -> Result<Vec<AuditLine>, StoreError> {
        let mut values = params![
            self.tenant_id(),
            filter.before.unwrap_or(i64::MAX),
            &filter.action,
            &filter.actor,
            filter.limit,
            filter.from.unwrap_or(Timestamp::MIN),
            filter.until.unwrap_or(Timestamp::MAX)
        ];
        let page = match filter.about {
            AuditAbout::Anything => &PAGE,
            AuditAbout::Patient(patient) => {
                values.push(id(patient));
                &PAGE_OF_PATIENT
            }
            AuditAbout::Thing(thing) => {
                values.push(thing.into());
                &PAGE_OF_THING
            }
        };
        let rows = self.rows(page, values).await?;
        Ok(rows.iter().map(line).collect::<Result<_, _>>()?)
    }
}

impl Db {
    /// Returns how many rows the trail of a practice has grown to.
    pub async fn audit_length(&self, practice: PracticeId) -> Result<i64, StoreError> {
        let head = self.read(&HEAD, params![practice.uuid()]).await?;
        Ok(head.first().map(|row| row.int(0)).transpose()?.unwrap_or(0))
    }

    /// Walks the whole chain of a practice; the answer is the number of rows.
    pub async fn verify_audit(
        &self,
        practice: PracticeId,
    ) -> Result<Result<u64, ChainBreak>, StoreError> {
        let (mut last, mut hash, mut count) = (0_i64, Vec::new(), 0_u64);
        loop {
            let rows = self.read(&WALK, params![practice.uuid(), last]).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                let line = line(row)?;
                let fits = line.seq == last + 1
                    && row.bytes(10)? == hash
                    && stored_hash(&line, &hash) == row.bytes(11)?;
                if !fits {
                    return Ok(Err(ChainBreak { seq: line.seq }));
                }
                last = line.seq;
                hash = row.bytes(11)?.to_vec();
                count += 1;
            }
        }
        // A trail whose end was cut off still has the head that it grew to.
        let head = self.read(&HEAD, params![practice.uuid()]).await?;
        let ends_right = match head.first() {
            Some(head) => head.int(0)? == last && head.bytes(1)? == hash,
            None => last == 0,
        };
        Ok(if ends_right {
            Ok(count)
        } else {
            Err(ChainBreak { seq: last + 1 })
        })
    }
}

fn stored_hash(line: &AuditLine, prev: &[u8]) -> Vec<u8> {
    let hashed = Hashed {
        seq: line.seq,
        at: line.at,
        texts: [
            &line.actor,
            &line.role,
            &line.action,
            &line.entity,
            &line.purpose,
            &line.detail,
        ],
        entity_id: line.entity_id,
        patient: line.patient.map(Id::uuid),
    };
    hashed.over(prev)
}

fn line(row: &Row) -> Result<AuditLine, BadRow> {
    Ok(AuditLine {
        seq: row.int(0)?,
        at: row.time(1)?,
        actor: row.text(2)?.to_owned(),
        role: row.text(3)?.to_owned(),
        action: row.text(4)?.to_owned(),
        entity: row.text(5)?.to_owned(),
        entity_id: row.opt_id::<PatientId>(6)?.map(Id::uuid),
        patient: row.opt_id(7)?,
        purpose: row.text(8)?.to_owned(),
        detail: row.text(9)?.to_owned(),
    })
}
