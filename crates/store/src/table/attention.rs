//! The attention that messages under a cap have taken: one number for each person,
//! and one for each address that several people have.
//!
//! What was sent is counted by reading the messages. That alone lets two nodes read
//! the same count and both send: this number is the precondition under which the
//! count is still true.

use std::collections::HashMap;

use tendon_care::id::{Id, PatientId};

use crate::commit::Binder;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Bound, Row, params, statements};
use crate::table::contact::AddressKey;

statements! {
    /// `$2` is the patient as bytes, and `$3` the same as an id.
    READ = "select whose, sends from attention where practice_id = $1 and (whose = $2 or whose in \
            (select address_blind from contact_point where practice_id = $1 and patient_id = $3 and shared))";
    /// Nothing is written where somebody else took attention since it was read.
    TAKE = "insert into attention (practice_id, whose, sends) values ($1, $2, 1) \
            on conflict (practice_id, whose) do update set sends = attention.sends + 1 \
            where attention.sends = $3";
}

/// The numbers of a patient and of the shared addresses, as they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attention(HashMap<Vec<u8>, i64>);

/// A message that counts against caps is about to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttentionTaken {
    /// To whom.
    pub patient: PatientId,
    /// Where to, if others have the address as well.
    pub shared: Option<AddressKey>,
    /// The numbers under which that was decided.
    pub seen: Attention,
}

impl Reader<'_> {
    /// Returns how often a patient and the patient's shared addresses were written
    /// to. To be read before the messages are counted: what is sent in between is
    /// then a conflict, and never overlooked.
    pub async fn attention(&self, patient: PatientId) -> Result<Attention, StoreError> {
        let bytes = patient.uuid().as_bytes().to_vec();
        let values = params![self.tenant_id(), bytes, patient.uuid()];
        let rows = self.rows(&READ, values).await?;
        let read = |row: &Row| -> Result<_, BadRow> { Ok((row.bytes(0)?.to_vec(), row.int(1)?)) };
        Ok(Attention(rows.iter().map(read).collect::<Result<_, _>>()?))
    }
}

pub(crate) fn take(binder: Binder<'_>, taken: &AttentionTaken, out: &mut Vec<Bound>) {
    let person = taken.patient.uuid().as_bytes().to_vec();
    let address = taken.shared.as_ref();
    let address = address.map(|key| binder.keys.blind(key.comparable()));
    for whose in [Some(person), address].into_iter().flatten() {
        let seen = taken.seen.0.get(&whose).copied().unwrap_or(0);
        let values = params![binder.practice.uuid(), whose, seen];
        out.push(Bound::one(&TAKE, values));
    }
}
