//! Contact points: sealed, found by a blind index.

use jiff::Timestamp;
use tendon_care::contact::{Address, ContactPoint, Email, Line, Owner, Phone, Standing};
use tendon_care::id::{ContactPointId, Id, PatientId};
use tendon_care::patient::Patient;

use crate::commit::Binder;
use crate::error::StoreError;
use crate::reader::Reader;
use crate::seal::{Cell, PracticeKeys};
use crate::sql::{BadRow, Bound, Row, Val, id, one_of_some, params, statements};

/// A column of the strictest that is known of an address in other patients' records,
/// where nothing is known of it here.
macro_rules! learnt {
    ($column:literal) => {
        concat!(
            "(select other.",
            $column,
            " from contact_point other \
             where $10 = 'unverified' and other.practice_id = $1 and other.address_blind = $7 \
             and other.patient_id <> $3 and other.standing in ('wrong_party', 'invalid', 'blocked') \
             order by case other.standing when 'wrong_party' then 0 when 'invalid' then 1 else 2 end, \
             other.standing_at, other.contact_point_id limit 1)"
        )
    };
}

statements! {
    OF_PATIENT = "select contact_point_id, proxy_id, kind, address_sealed, line, standing, standing_at, \
                  shared, rank, patient_id from contact_point where practice_id = $1 and patient_id = $2 \
                  order by rank, contact_point_id";
    OF_SOME = concat!("select contact_point_id, proxy_id, kind, address_sealed, line, standing, standing_at, \
               shared, rank, patient_id from contact_point where practice_id = $1 \
               and patient_id ", one_of_some!(), " order by rank, contact_point_id");
    HOLDERS = "select distinct patient_id from contact_point where practice_id = $1 and address_blind = $2 \
               order by patient_id";
    CLEAR = "delete from contact_point where practice_id = $1 and patient_id = $2";
    /// An address that another patient has is shared, whatever the value says; and what
    /// was learnt of it there, as that it is a wrong number, holds here as well, until
    /// somebody proves it.
    ADD = concat!("insert into contact_point (practice_id, contact_point_id, patient_id, proxy_id, kind, \
           address_sealed, address_blind, hint, line, standing, standing_at, shared, rank) \
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce(", learnt!("standing"), ", $10), \
           coalesce(", learnt!("standing_at"), ", $11), $12 or exists (select 1 from contact_point other \
           where other.practice_id = $1 and other.address_blind = $7 and other.patient_id <> $3), $13)");
    STANDING = "update contact_point set standing = $3, standing_at = $4 \
                where practice_id = $1 and contact_point_id = $2";
    ADDRESS_STANDING = "update contact_point set standing = $3, standing_at = $4 \
                        where practice_id = $1 and address_blind = $2";
    /// What is known of an address is part of the patient: a change of the record
    /// that was begun before must be decided again, or it would bring the old
    /// standing back.
    TOUCH_OWNER = "update patient set version = version + 1 where practice_id = $1 and patient_id in \
                   (select patient_id from contact_point where practice_id = $1 and contact_point_id = $2)";
    TOUCH_HOLDERS = "update patient set version = version + 1 where practice_id = $1 and patient_id in \
                     (select patient_id from contact_point where practice_id = $1 and address_blind = $2)";
    /// Shared when the rows of one address belong to more than one patient.
    SHARED = "update contact_point set shared = (select count(distinct other.patient_id) > 1 \
              from contact_point other where other.practice_id = $1 and other.address_blind = $2) \
              where practice_id = $1 and address_blind = $2";
}

/// The address of a write that touches everyone who has it.
#[derive(Clone, PartialEq, Eq)]
pub struct AddressKey(String);

impl AddressKey {
    /// Names an address.
    pub fn new(address: &Address) -> Self {
        Self(address.comparable())
    }
}

impl AddressKey {
    pub(crate) fn comparable(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for AddressKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AddressKey(…)")
    }
}

impl Reader<'_> {
    /// Returns a patient's addresses, best first.
    pub async fn contact_points(
        &self,
        patient: PatientId,
    ) -> Result<Vec<ContactPoint>, StoreError> {
        let rows = self
            .rows(&OF_PATIENT, vec![self.tenant(), id(patient)])
            .await?;
        let keys = self.keys()?;
        rows.iter().map(|row| contact_point(row, &keys)).collect()
    }

    /// Returns the addresses of the patients that `bound` lists after the tenant.
    pub(crate) async fn contact_points_of(
        &self,
        bound: Vec<Val>,
    ) -> Result<Vec<(PatientId, ContactPoint)>, StoreError> {
        let rows = self.rows(&OF_SOME, bound).await?;
        let keys = self.keys()?;
        rows.iter()
            .map(|row| Ok((row.id(9)?, contact_point(row, &keys)?)))
            .collect()
    }

    /// Finds every patient who has an address.
    pub async fn patients_at(&self, address: &Address) -> Result<Vec<PatientId>, StoreError> {
        let blind = self.keys()?.blind(&address.comparable());
        let rows = self
            .rows(&HOLDERS, params![self.tenant_id(), blind])
            .await?;
        Ok(rows.iter().map(|row| row.id(0)).collect::<Result<_, _>>()?)
    }
}

/// Replaces a patient's addresses by those of the value.
pub(crate) fn replace(
    binder: Binder<'_>,
    patient: &Patient,
    out: &mut Vec<Bound>,
) -> Result<(), StoreError> {
    out.push(Bound::any(
        &CLEAR,
        params![binder.practice.uuid(), patient.id.uuid()],
    ));
    for point in &patient.contact_points {
        let text = point.address.comparable();
        let exact = match &point.address {
            Address::Phone(phone) => phone.expose(),
            Address::Email(email) => email.expose(),
        };
        let proxy = match point.owner {
            Owner::Patient => None,
            Owner::Proxy(proxy) => Some(proxy.uuid()),
        };
        let (standing, at) = standing_columns(point.standing);
        out.push(Bound::one(
            &ADD,
            params![
                binder.practice.uuid(),
                point.id.uuid(),
                patient.id.uuid(),
                proxy,
                kind(&point.address),
                binder.keys.seal(cell(point.id), exact.as_bytes())?,
                binder.keys.blind(&text),
                point.address.hint(),
                line_code(point.line),
                standing,
                at,
                point.shared,
                point.rank
            ],
        ));
    }
    Ok(())
}

pub(crate) fn standing(
    binder: Binder<'_>,
    point: ContactPointId,
    standing: Standing,
) -> [Bound; 2] {
    let (code, at) = standing_columns(standing);
    let key = || params![binder.practice.uuid(), point.uuid()];
    let values = [key(), params![code, at]].concat();
    [
        Bound::one(&STANDING, values),
        Bound::any(&TOUCH_OWNER, key()),
    ]
}

pub(crate) fn address_standing(
    binder: Binder<'_>,
    key: &AddressKey,
    standing: Standing,
) -> [Bound; 2] {
    let (code, at) = standing_columns(standing);
    let holders = || params![binder.practice.uuid(), binder.keys.blind(&key.0)];
    let values = [holders(), params![code, at]].concat();
    [
        Bound::any(&ADDRESS_STANDING, values),
        Bound::any(&TOUCH_HOLDERS, holders()),
    ]
}

pub(crate) fn shared(binder: Binder<'_>, key: &AddressKey) -> Bound {
    Bound::any(
        &SHARED,
        params![binder.practice.uuid(), binder.keys.blind(&key.0)],
    )
}

fn cell(point: ContactPointId) -> Cell {
    Cell {
        table: "contact_point",
        column: "address_sealed",
        row: point.uuid(),
    }
}

pub(crate) fn contact_point(row: &Row, keys: &PracticeKeys) -> Result<ContactPoint, StoreError> {
    let point: ContactPointId = row.id(0)?;
    let text = keys.open_text(cell(point), row.bytes(3)?)?;
    let address = match row.text(2)? {
        "phone" => Phone::from_e164(&text).map(Address::Phone),
        _ => Email::parse(&text).map(Address::Email),
    };
    Ok(ContactPoint {
        id: point,
        owner: row.opt_id(1)?.map_or(Owner::Patient, Owner::Proxy),
        address: address.map_err(|_| row.nonsense(3, "an address"))?,
        line: row.parsed(4, "a kind of line", line_from_code)?,
        standing: standing_from(row, 5, 6)?,
        shared: row.bool(7)?,
        rank: row.small(8)?,
    })
}

/// Opens the phone of a contact point's row.
pub(crate) fn open_phone(
    keys: &PracticeKeys,
    point: ContactPointId,
    sealed: &[u8],
) -> Result<Option<Phone>, StoreError> {
    let text = keys.open_text(cell(point), sealed)?;
    Ok(Phone::from_e164(&text).ok())
}

const fn kind(address: &Address) -> &'static str {
    match address {
        Address::Phone(_) => "phone",
        Address::Email(_) => "email",
    }
}

const LINES: [(Line, &str); 3] = [
    (Line::Mobile, "mobile"),
    (Line::Landline, "landline"),
    (Line::Unknown, "unknown"),
];

fn line_code(line: Line) -> &'static str {
    LINES
        .iter()
        .find(|(l, _)| *l == line)
        .map_or("unknown", |(_, code)| code)
}

fn line_from_code(text: &str) -> Option<Line> {
    LINES
        .iter()
        .find(|(_, code)| *code == text)
        .map(|(line, _)| *line)
}

const fn standing_columns(standing: Standing) -> (&'static str, Option<Timestamp>) {
    match standing {
        Standing::Unverified => ("unverified", None),
        Standing::Verified { at } => ("verified", Some(at)),
        Standing::WrongParty { at } => ("wrong_party", Some(at)),
        Standing::Invalid { at } => ("invalid", Some(at)),
        Standing::Blocked { at } => ("blocked", Some(at)),
    }
}

fn standing_from(row: &Row, code: usize, at: usize) -> Result<Standing, BadRow> {
    Ok(match (row.text(code)?, row.opt_time(at)?) {
        ("unverified", _) => Standing::Unverified,
        ("verified", Some(at)) => Standing::Verified { at },
        ("wrong_party", Some(at)) => Standing::WrongParty { at },
        ("invalid", Some(at)) => Standing::Invalid { at },
        ("blocked", Some(at)) => Standing::Blocked { at },
        _ => return Err(row.nonsense(code, "a standing")),
    })
}
