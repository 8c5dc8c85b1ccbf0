//! The timeline.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tendon_care::id::{Id, PatientId, TouchpointId};
use tendon_care::touchpoint::{Fact, Touchpoint};

use crate::commit::Binder;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Bound, Row, params, statements};

statements! {
    /// Newest first; the cursor is the moment and id of the last row of the page before.
    PAGE = "select touchpoint_id, patient_id, happened_at, code, detail, backfilled from touchpoint \
            where practice_id = $1 and patient_id = $2 \
            and (happened_at < $3 or (happened_at = $3 and touchpoint_id < $4)) \
            order by happened_at desc, touchpoint_id desc limit $5";
    INSERT = "insert into touchpoint (practice_id, patient_id, happened_at, touchpoint_id, code, detail, \
              backfilled) values ($1, $2, $3, $4, $5, $6, $7)";
}

impl Reader<'_> {
    /// Returns a page of a patient's timeline, newest first, before a cursor.
    pub async fn timeline(
        &self,
        patient: PatientId,
        before: Option<(Timestamp, TouchpointId)>,
        limit: u16,
    ) -> Result<Vec<Touchpoint>, StoreError> {
        let (at, after) = before.map_or((Timestamp::MAX, uuid::Uuid::max()), |(at, touchpoint)| {
            (at, touchpoint.uuid())
        });
        let rows = self
            .rows(
                &PAGE,
                params![self.tenant_id(), patient.uuid(), at, after, limit],
            )
            .await?;
        Ok(rows.iter().map(touchpoint).collect::<Result<_, _>>()?)
    }
}

pub(crate) fn insert(binder: Binder<'_>, touchpoint: &Touchpoint) -> Bound {
    // A stored fact is the JSON object of its fields; the code stands beside it.
    let fields: BTreeMap<_, _> = touchpoint.fact.fields().into_iter().collect();
    let detail = serde_json::to_string(&fields).unwrap_or_default();
    Bound::one(
        &INSERT,
        params![
            binder.practice.uuid(),
            touchpoint.patient.uuid(),
            touchpoint.happened_at,
            touchpoint.id.uuid(),
            touchpoint.fact.code(),
            detail,
            touchpoint.backfilled
        ],
    )
}

fn touchpoint(row: &Row) -> Result<Touchpoint, BadRow> {
    let fields: BTreeMap<String, String> = row.parsed(4, "the fields of a fact", |text| {
        serde_json::from_str(text).ok()
    })?;
    let fact = row.parsed(3, "a fact", |code| {
        Fact::from_fields(code, |name| fields.get(name).map(String::as_str))
    })?;
    Ok(Touchpoint {
        id: row.id(0)?,
        patient: row.id(1)?,
        happened_at: row.time(2)?,
        fact,
        backfilled: row.bool(5)?,
    })
}
