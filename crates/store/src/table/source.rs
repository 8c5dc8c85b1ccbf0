//! What foreign sources said last about each of their things, and pairs of
//! records that a person must look at.

use jiff::Timestamp;
use tendon_care::id::{Id, PatientId};
use uuid::Uuid;

use crate::commit::Binder;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::seal::Cell;
use crate::sql::{BadRow, Bound, Row, Val, params, statements};

statements! {
    GET = "select kind, system, value, entity_id, patient_id, hash, changed_at from source_record \
           where practice_id = $1 and kind = $2 and system = $3 and value = $4";
    /// Many keys of one kind and namespace at once; a shorter list repeats its last value.
    MANY = "select kind, system, value, entity_id, patient_id, hash, changed_at from source_record \
            where practice_id = $1 and kind = $2 and system = $3 and value in ($4, $5, $6, $7, $8, $9, $10, \
            $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, \
            $30, $31, $32, $33, $34, $35)";
    OF_ENTITY = "select system, value, patient_id, body_sealed from source_record \
                 where practice_id = $1 and entity_id = $2 and kind = $3 order by system, value";
    PUT = "insert into source_record (practice_id, kind, system, value, entity_id, patient_id, hash, \
           changed_at, body_sealed) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
           on conflict (practice_id, kind, system, value) do update set entity_id = excluded.entity_id, \
           patient_id = excluded.patient_id, hash = excluded.hash, changed_at = excluded.changed_at, \
           body_sealed = excluded.body_sealed";
    /// A doubt names the records as they were found; each may have been merged since.
    REVIEWS_ABOUT = "with recursive own (patient_id) as \
                     (select patient_id from patient where practice_id = $1 and patient_id = $2 \
                     union select p.patient_id from own join patient p on p.merged_into = own.patient_id \
                     where p.practice_id = $1 and p.merged_into is not null) \
                     select patient_a, patient_b, posterior, evidence, found_at from match_review \
                     where practice_id = $1 and settled_at is null \
                     and patient_a in (select patient_id from own) \
                     union select patient_a, patient_b, posterior, evidence, found_at from match_review \
                     where practice_id = $1 and settled_at is null \
                     and patient_b in (select patient_id from own) \
                     order by 3 desc, 5, 1, 2";
    PUT_REVIEW = "insert into match_review (practice_id, patient_a, patient_b, posterior, evidence, found_at, \
                  settled_at, verdict) values ($1, $2, $3, $4, $5, $6, $7, $8) \
                  on conflict (practice_id, patient_a, patient_b) do update set \
                  settled_at = excluded.settled_at, verdict = excluded.verdict";
    SETTLE_REVIEW = "update match_review set settled_at = $4, verdict = $5 \
                     where practice_id = $1 and patient_a = $2 and patient_b = $3 and settled_at is null";
}

/// What a source said last about one of its things.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceRow {
    /// The kind of thing, such as `patient` or `Observation`.
    pub kind: String,
    /// The namespace of the key.
    pub system: String,
    /// The key in it.
    pub value: String,
    /// The thing here, where it became one.
    pub entity: Option<Uuid>,
    /// The patient it is about.
    pub patient: Option<PatientId>,
    /// A hash of what was said: the same one again changes nothing.
    pub hash: Vec<u8>,
    /// The source's own time of change.
    pub changed_at: Option<Timestamp>,
    /// The source text, where it is kept; sealed at rest.
    pub body: Option<String>,
}

impl std::fmt::Debug for SourceRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SourceRow({}, {}, …)", self.kind, self.system)
    }
}

/// One source's word on a thing.
#[derive(Clone, PartialEq, Eq)]
pub struct SaidOf {
    /// The namespace of the key.
    pub system: String,
    /// The key in it.
    pub value: String,
    /// The text that is kept of it.
    pub body: Option<String>,
}

impl std::fmt::Debug for SaidOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SaidOf({}, …)", self.system)
    }
}

/// So many values fit the statements that look for many at once.
pub(crate) const MOST_AT_ONCE: usize = 32;

/// Fills a list of values up by repeating the last one.
pub(crate) fn padded<T: Into<Val>>(
    some: impl DoubleEndedIterator<Item = T> + Clone,
) -> impl Iterator<Item = Val> {
    let last = some.clone().next_back().map(Into::into);
    some.map(Into::into)
        .chain(std::iter::repeat(last).flatten())
        .take(MOST_AT_ONCE)
}

/// Two records that may be one person.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchReviewRow {
    /// One of them, the smaller id.
    pub a: PatientId,
    /// The other.
    pub b: PatientId,
    /// The probability that they are one person.
    pub posterior: f64,
    /// Why, field by field, without values.
    pub evidence: String,
    /// When it was found.
    pub found_at: Timestamp,
    /// When and how it was settled.
    pub settled: Option<(Timestamp, MatchVerdict)>,
}

/// What was found about two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchVerdict {
    /// They are one person.
    Same,
    /// They are two.
    Different,
}

impl MatchVerdict {
    /// Returns the stored form.
    const fn code(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
        }
    }
}

impl Reader<'_> {
    /// Returns what a source said last, without the text.
    pub async fn source(
        &self,
        kind: &str,
        system: &str,
        value: &str,
    ) -> Result<Option<SourceRow>, StoreError> {
        let row = self
            .first(&GET, params![self.tenant_id(), kind, system, value])
            .await?;
        Ok(row.as_ref().map(source).transpose()?)
    }

    /// Returns what a source said last about many of its things, without the
    /// texts; things never spoken of are left out.
    pub async fn sources(
        &self,
        kind: &str,
        system: &str,
        values: &[String],
    ) -> Result<Vec<SourceRow>, StoreError> {
        let mut found = Vec::new();
        for some in values.chunks(MOST_AT_ONCE) {
            let mut bound = params![self.tenant_id(), kind, system];
            bound.extend(padded(some.iter()));
            for row in self.rows(&MANY, bound).await? {
                found.push(source(&row)?);
            }
        }
        Ok(found)
    }

    /// Returns the keys under which sources know one thing, with the texts that
    /// are kept of each.
    pub async fn sources_of(&self, kind: &str, entity: Uuid) -> Result<Vec<SaidOf>, StoreError> {
        let rows = self
            .rows(&OF_ENTITY, params![self.tenant_id(), entity, kind])
            .await?;
        let keys = self.keys()?;
        rows.iter()
            .map(|row| {
                let owner = row
                    .opt_id::<PatientId>(2)?
                    .map_or(self.tenant_id(), Id::uuid);
                let body = if row.is_null(3) {
                    None
                } else {
                    Some(keys.open_text(body_cell(owner), row.bytes(3)?)?)
                };
                Ok(SaidOf {
                    system: row.text(0)?.to_owned(),
                    value: row.text(1)?.to_owned(),
                    body,
                })
            })
            .collect()
    }

    /// Returns the pairs that wait for a person and of whom one is this patient, or was
    /// merged into them; the likeliest first.
    pub async fn reviews_about(
        &self,
        patient: PatientId,
    ) -> Result<Vec<MatchReviewRow>, StoreError> {
        let bound = params![self.tenant_id(), patient.uuid()];
        let rows = self.rows(&REVIEWS_ABOUT, bound).await?;
        let read = |row: &Row| -> Result<MatchReviewRow, BadRow> {
            Ok(MatchReviewRow {
                a: row.id(0)?,
                b: row.id(1)?,
                posterior: row.real(2)?,
                evidence: row.text(3)?.to_owned(),
                found_at: row.time(4)?,
                settled: None,
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}

pub(crate) fn upsert(binder: Binder<'_>, row: &SourceRow) -> Result<Bound, StoreError> {
    // A thing that is only kept is bound to its patient, or else to the practice.
    let owner = row.patient.map_or(binder.practice.uuid(), Id::uuid);
    let body = row
        .body
        .as_ref()
        .map(|text| binder.keys.seal(body_cell(owner), text.as_bytes()))
        .transpose()?;
    Ok(Bound::one(
        &PUT,
        params![
            binder.practice.uuid(),
            &row.kind,
            &row.system,
            &row.value,
            row.entity,
            row.patient.map(Id::uuid),
            row.hash.clone(),
            row.changed_at,
            body
        ],
    ))
}

pub(crate) fn review(binder: Binder<'_>, row: &MatchReviewRow) -> Bound {
    let (at, verdict) = match row.settled {
        Some((at, verdict)) => (Some(at), Some(verdict.code())),
        None => (None, None),
    };
    Bound::one(
        &PUT_REVIEW,
        params![
            binder.practice.uuid(),
            row.a.uuid(),
            row.b.uuid(),
            row.posterior,
            &row.evidence,
            row.found_at,
            at,
            verdict
        ],
    )
}

/// Settles a doubt that is open; a conflict where somebody else has.
pub(crate) fn settle_review(
    binder: Binder<'_>,
    (a, b): (PatientId, PatientId),
    at: Timestamp,
    verdict: MatchVerdict,
) -> Bound {
    let (a, b) = (a.min(b).uuid(), a.max(b).uuid());
    let values = params![binder.practice.uuid(), a, b, at, verdict.code()];
    Bound::one(&SETTLE_REVIEW, values)
}

fn body_cell(owner: Uuid) -> Cell {
    Cell {
        table: "source_record",
        column: "body_sealed",
        row: owner,
    }
}

fn source(row: &Row) -> Result<SourceRow, BadRow> {
    Ok(SourceRow {
        kind: row.text(0)?.to_owned(),
        system: row.text(1)?.to_owned(),
        value: row.text(2)?.to_owned(),
        entity: row.opt_id::<PatientId>(3)?.map(Id::uuid),
        patient: row.opt_id(4)?,
        hash: row.bytes(5)?.to_vec(),
        changed_at: row.opt_time(6)?,
        body: None,
    })
}
