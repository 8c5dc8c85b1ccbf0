//! Patients with their names, numbers, addresses and representatives.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tendon_care::id::{Id, PatientId};
use tendon_care::language::Language;
use tendon_care::matching::{self, BlockKey};
use tendon_care::patient::{Authority, Identifier, Life, Patient, Proxy, Region, Relation};
use tendon_care::person::{Mrn, PersonName, Sex, search_words};

use super::contact;
use super::source::{MOST_AT_ONCE, padded};
use crate::commit::{Binder, Versioned};
use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Bound, Row, hex, id, one_of_some, params, statements};

statements! {
    GET = "select patient_id, family, given, preferred, birth_date, sex, language, time_zone, state, zip, \
           deceased_at, paused, version, merged_into from patient where practice_id = $1 and patient_id = $2";
    GET_SOME = concat!("select patient_id, family, given, preferred, birth_date, sex, language, time_zone, state, \
                zip, deceased_at, paused, version, merged_into from patient where practice_id = $1 \
                and patient_id ", one_of_some!());
    SURVIVOR = "select merged_into from patient where practice_id = $1 and patient_id = $2";
    IS_SURVIVOR = "select merged_into from patient where practice_id = $1 and merged_into = $2 limit 1";
    RETIRED_OF_SOME = concat!("select patient_id, merged_into from patient where practice_id = $1 \
                       and merged_into is not null and patient_id ", one_of_some!());
    SURVIVORS_OF_SOME = concat!("select distinct merged_into from patient where practice_id = $1 \
                         and merged_into ", one_of_some!());
    IDENTIFIERS = "select system, value, patient_id from patient_identifier where practice_id = $1 and patient_id = $2 \
                   order by system, value";
    PROXIES = "select proxy_id, family, given, relation, authority, authority_at, patient_id from proxy \
               where practice_id = $1 and patient_id = $2 order by proxy_id";
    PROXIES_OF_SOME = concat!("select proxy_id, family, given, relation, authority, authority_at, patient_id \
                       from proxy where practice_id = $1 and patient_id ", one_of_some!(), " order by proxy_id");
    BY_IDENTIFIER = "select patient_id from patient_identifier \
                     where practice_id = $1 and system = $2 and value = $3";
    BY_BLOCK = "select patient_id from patient_block where practice_id = $1 and block = $2 limit 200";
    /// A join, and not `block in (…)`: PostgreSQL plans once for all values, and then
    /// compares every block of the practice with each of them.
    BY_BLOCKS = "with wanted (block) as (values ($3), ($4), ($5), ($6), ($7), ($8), ($9), ($10), ($11), ($12), ($13), ($14), \
                 ($15), ($16), ($17), ($18), ($19), ($20), ($21), ($22), ($23), ($24), ($25), \
                 ($26), ($27), ($28), ($29), ($30), ($31), ($32), ($33), ($34)) \
                 select distinct b.patient_id from wanted w cross join patient_block b \
                 where b.practice_id = $1 and b.block = w.block limit $2";
    BY_IDENTIFIERS = "select value, patient_id from patient_identifier \
                      where practice_id = $1 and system = $2 and value in ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, \
                      $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34)";
    /// People to compare a description with; a retired record points at who it is.
    SOME = concat!("select patient_id, family, given, preferred, birth_date, sex, language, time_zone, state, zip, \
            deceased_at, paused, merged_into from patient where practice_id = $1 \
            and patient_id ", one_of_some!());
    NUMBERS_OF_SOME = concat!("select system, value, patient_id from patient_identifier \
                       where practice_id = $1 and patient_id ", one_of_some!(), " order by system, value");
    INSERT = "insert into patient (practice_id, patient_id, family, given, preferred, birth_date, sex, \
              language, time_zone, state, zip, deceased_at, paused, created_at) \
              values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    UPDATE = "update patient set family = $3, given = $4, preferred = $5, birth_date = $6, sex = $7, \
              language = $8, time_zone = $9, state = $10, zip = $11, deceased_at = $12, paused = $13, \
              version = version + 1 \
              where practice_id = $1 and patient_id = $2 and version = $14";
    CLEAR_WORDS = "delete from patient_word where practice_id = $1 and patient_id = $2";
    ADD_WORD = "insert into patient_word (practice_id, word, patient_id) values ($1, $2, $3)";
    CLEAR_BLOCKS = "delete from patient_block where practice_id = $1 and patient_id = $2";
    ADD_BLOCK = "insert into patient_block (practice_id, block, patient_id) values ($1, $2, $3)";
    CLEAR_IDENTIFIERS = "delete from patient_identifier where practice_id = $1 and patient_id = $2";
    ADD_IDENTIFIER = "insert into patient_identifier (practice_id, system, value, patient_id) \
                      values ($1, $2, $3, $4)";
    CLEAR_PROXIES = "delete from proxy where practice_id = $1 and patient_id = $2";
    ADD_PROXY = "insert into proxy (practice_id, proxy_id, patient_id, family, given, relation, authority, \
                 authority_at) values ($1, $2, $3, $4, $5, $6, $7, $8)";
}

impl Reader<'_> {
    /// Returns a patient with addresses, numbers and representatives.
    pub async fn patient(
        &self,
        patient: PatientId,
    ) -> Result<Option<Versioned<Patient>>, StoreError> {
        let key = || vec![self.tenant(), id(patient)];
        let Some(row) = self.first(&GET, key()).await? else {
            return Ok(None);
        };
        let mut value = patient_row(&row)?;
        for row in self.rows(&IDENTIFIERS, key()).await? {
            value.identifiers.push(identifier(&row)?);
        }
        for row in self.rows(&PROXIES, key()).await? {
            value.proxies.push(proxy(&row)?);
        }
        value.contact_points = self.contact_points(patient).await?;
        Ok(Some(Versioned {
            value,
            version: row.int(12)?,
        }))
    }

    /// Returns the record into which this one was merged, where it was.
    pub async fn survivor_of(&self, patient: PatientId) -> Result<Option<PatientId>, StoreError> {
        let row = self
            .first(&SURVIVOR, vec![self.tenant(), id(patient)])
            .await?;
        Ok(row.map(|row| row.opt_id(0)).transpose()?.flatten())
    }

    /// Tells whether another record was merged into this one.
    pub async fn is_survivor(&self, patient: PatientId) -> Result<bool, StoreError> {
        let row = self
            .first(&IS_SURVIVOR, vec![self.tenant(), id(patient)])
            .await?;
        Ok(row.is_some())
    }

    /// Finds the patient who has a number of another system.
    pub async fn patient_by_identifier(
        &self,
        system: &str,
        value: &Mrn,
    ) -> Result<Option<PatientId>, StoreError> {
        let row = self
            .first(
                &BY_IDENTIFIER,
                params![self.tenant_id(), system, value.expose()],
            )
            .await?;
        Ok(row.map(|row| row.id(0)).transpose()?)
    }

    /// Follows merges to the record that stands for the patient today.
    pub async fn root_of(&self, patient: PatientId) -> Result<PatientId, StoreError> {
        let mut root = patient;
        // Merges never close a circle; the bound only keeps a damaged file from
        // hanging a worker.
        for _ in 0..64 {
            match self.survivor_of(root).await? {
                Some(survivor) => root = survivor,
                None => break,
            }
        }
        Ok(root)
    }

    /// Finds which of some records were merged into others, each with the record that
    /// stands for the patient today.
    pub async fn roots_of_retired(
        &self,
        patients: &[PatientId],
    ) -> Result<Vec<(PatientId, PatientId)>, StoreError> {
        let mut found = Vec::new();
        for some in patients.chunks(MOST_AT_ONCE) {
            let mut bound = params![self.tenant_id()];
            bound.extend(padded(some.iter().map(|id| id.uuid())));
            for row in self.rows(&RETIRED_OF_SOME, bound).await? {
                found.push((row.id(0)?, self.root_of(row.id(1)?).await?));
            }
        }
        Ok(found)
    }

    /// Finds who has which of these numbers of one system.
    pub async fn patients_by_identifiers(
        &self,
        system: &str,
        values: &[String],
    ) -> Result<Vec<(String, PatientId)>, StoreError> {
        let mut found = Vec::new();
        for some in values.chunks(MOST_AT_ONCE) {
            let mut bound = params![self.tenant_id(), system];
            bound.extend(padded(some.iter()));
            for row in self.rows(&BY_IDENTIFIERS, bound).await? {
                found.push((row.text(0)?.to_owned(), row.id(1)?));
            }
        }
        Ok(found)
    }

    /// Finds patients who share any blocking key with a candidate, at most 400.
    pub async fn patients_in_blocks(
        &self,
        blocks: &[BlockKey],
    ) -> Result<Vec<PatientId>, StoreError> {
        let keys = blocks
            .iter()
            .map(|block| self.blind_block(block))
            .collect::<Result<Vec<_>, _>>()?;
        let mut found = BTreeSet::new();
        for some in keys.chunks(MOST_AT_ONCE) {
            let mut bound = params![self.tenant_id(), 400_i64];
            bound.extend(padded(some.iter()));
            for row in self.rows(&BY_BLOCKS, bound).await? {
                found.insert(row.id(0)?);
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Returns people as matching compares them, those who were merged as whom
    /// they were merged into.
    pub async fn people(
        &self,
        patients: &[PatientId],
    ) -> Result<Vec<(PatientId, matching::Person)>, StoreError> {
        let mut found: BTreeMap<PatientId, Patient> = BTreeMap::new();
        let mut ids: Vec<PatientId> = patients.to_vec();
        while !ids.is_empty() {
            let retired = self.some(&ids, &mut found).await?;
            let mut roots = Vec::new();
            for patient in retired {
                roots.push(self.root_of(patient).await?);
            }
            roots.retain(|root| !found.contains_key(root));
            ids = roots;
        }
        let people = found.iter();
        Ok(people
            .map(|(id, person)| (*id, as_matched(person)))
            .collect())
    }

    /// Reads some patients with numbers and addresses; returns those who are retired.
    async fn some(
        &self,
        ids: &[PatientId],
        found: &mut BTreeMap<PatientId, Patient>,
    ) -> Result<Vec<PatientId>, StoreError> {
        let mut retired = Vec::new();
        for some in ids.chunks(MOST_AT_ONCE) {
            let mut bound = params![self.tenant_id()];
            bound.extend(padded(some.iter().map(|id| id.uuid())));
            for row in self.rows(&SOME, bound.clone()).await? {
                if row.is_null(12) {
                    found.insert(row.id(0)?, patient_row(&row)?);
                } else {
                    retired.push(row.id(0)?);
                }
            }
            for row in self.rows(&NUMBERS_OF_SOME, bound.clone()).await? {
                if let Some(person) = found.get_mut(&row.id(2)?) {
                    person.identifiers.push(identifier(&row)?);
                }
            }
            for (patient, point) in self.contact_points_of(bound).await? {
                if let Some(person) = found.get_mut(&patient) {
                    person.contact_points.push(point);
                }
            }
        }
        Ok(retired)
    }

    /// Finds patients who share a blocking key with a candidate, at most 200 a key.
    pub async fn patients_in_block(&self, block: &BlockKey) -> Result<Vec<PatientId>, StoreError> {
        let key = self.blind_block(block)?;
        let rows = self.rows(&BY_BLOCK, params![self.tenant_id(), key]).await?;
        Ok(rows.iter().map(|row| row.id(0)).collect::<Result<_, _>>()?)
    }

    pub(crate) fn tenant_id(&self) -> uuid::Uuid {
        self.access().practice.uuid()
    }

    fn blind_block(&self, block: &BlockKey) -> Result<String, StoreError> {
        Ok(blind_text(&self.keys()?.blind(&block.expose())))
    }
}

/// Blocking keys are made of birthdays, phones and mail addresses: they are kept blind.
fn blind_text(bytes: &[u8]) -> String {
    hex(bytes)
}

/// Returns a patient as matching sees one.
pub fn as_matched(patient: &Patient) -> matching::Person {
    matching::Person {
        names: vec![patient.name.clone()],
        birth_date: patient.birth_date,
        sex: patient.sex,
        contacts: patient
            .contact_points
            .iter()
            .map(|point| matching::Contact {
                address: point.address.clone(),
                shared: point.shared,
            })
            .collect(),
        zip: patient.region.zip.clone(),
        identifiers: patient.identifiers.clone(),
    }
}

pub(crate) fn insert(
    binder: Binder<'_>,
    patient: &Patient,
    now: Timestamp,
    out: &mut Vec<Bound>,
) -> Result<(), StoreError> {
    let mut values = head(binder, patient);
    values.push(now.into());
    out.push(Bound::one(&INSERT, values));
    belongings(binder, patient, out)
}

pub(crate) fn update(
    binder: Binder<'_>,
    patient: &Versioned<Patient>,
    out: &mut Vec<Bound>,
) -> Result<(), StoreError> {
    let mut values = head(binder, patient);
    values.push(patient.version.into());
    out.push(Bound::one(&UPDATE, values));
    let key = || params![binder.practice.uuid(), patient.id.uuid()];
    for clear in [
        &CLEAR_WORDS,
        &CLEAR_BLOCKS,
        &CLEAR_IDENTIFIERS,
        &CLEAR_PROXIES,
    ] {
        out.push(Bound::any(clear, key()));
    }
    belongings(binder, patient, out)
}

fn head(binder: Binder<'_>, patient: &Patient) -> Vec<crate::sql::Val> {
    let deceased_at = match patient.life {
        Life::Living => None,
        Life::Deceased { learnt_at } => Some(learnt_at),
    };
    params![
        binder.practice.uuid(),
        patient.id.uuid(),
        patient.name.family(),
        patient.name.given(),
        patient.name.preferred(),
        patient.birth_date,
        patient.sex.code(),
        patient.language.tag(),
        patient.time_zone.clone(),
        patient.region.state.clone(),
        patient.region.zip.clone(),
        deceased_at,
        patient.paused
    ]
}

fn belongings(
    binder: Binder<'_>,
    patient: &Patient,
    out: &mut Vec<Bound>,
) -> Result<(), StoreError> {
    let (practice, me) = (binder.practice.uuid(), patient.id.uuid());
    let numbers = patient
        .identifiers
        .iter()
        .flat_map(|number| search_words(number.value.expose()));
    let words: BTreeSet<String> = patient
        .name
        .search_words()
        .into_iter()
        .chain(numbers)
        .collect();
    for word in words {
        out.push(Bound::one(&ADD_WORD, params![practice, word, me]));
    }
    let blocks: BTreeSet<String> = matching::blocks(&as_matched(patient))
        .iter()
        .map(|block| blind_text(&binder.keys.blind(&block.expose())))
        .collect();
    for block in blocks {
        out.push(Bound::one(&ADD_BLOCK, params![practice, block, me]));
    }
    for number in &patient.identifiers {
        out.push(Bound::one(
            &ADD_IDENTIFIER,
            params![practice, &number.system, number.value.expose(), me],
        ));
    }
    for proxy in &patient.proxies {
        let (authority, at) = authority_columns(proxy.authority);
        out.push(Bound::one(
            &ADD_PROXY,
            params![
                practice,
                proxy.id.uuid(),
                me,
                proxy.name.family(),
                proxy.name.given(),
                relation_code(proxy.relation),
                authority,
                at
            ],
        ));
    }
    contact::replace(binder, patient, out)
}

pub(crate) fn patient_row(row: &Row) -> Result<Patient, BadRow> {
    let name = PersonName::parse(row.text(1)?, row.text(2)?)
        .and_then(|name| name.with_preferred(row.opt_text(3).ok().flatten().unwrap_or_default()))
        .map_err(|_| row.nonsense(1, "a name"))?;
    Ok(Patient {
        id: row.id(0)?,
        name,
        birth_date: row.opt_date(4)?,
        sex: Sex::from_foreign(row.text(5)?),
        language: row.parsed(6, "a language", |tag| tag.parse::<Language>().ok())?,
        time_zone: row.opt_text(7)?.map(str::to_owned),
        region: Region {
            state: row.opt_text(8)?.map(str::to_owned),
            zip: row.opt_text(9)?.map(str::to_owned),
        },
        life: row
            .opt_time(10)?
            .map_or(Life::Living, |learnt_at| Life::Deceased { learnt_at }),
        identifiers: Vec::new(),
        contact_points: Vec::new(),
        proxies: Vec::new(),
        paused: row.bool(11)?,
    })
}

pub(crate) fn identifier(row: &Row) -> Result<Identifier, BadRow> {
    Ok(Identifier {
        system: row.text(0)?.to_owned(),
        value: row.parsed(1, "a record number", |text| Mrn::parse(text).ok())?,
    })
}

pub(crate) fn proxy(row: &Row) -> Result<Proxy, BadRow> {
    let at = row.opt_time(5)?;
    let authority = match (row.text(4)?, at) {
        ("unverified", _) => Authority::Unverified,
        ("verified", Some(at)) => Authority::Verified { at },
        ("suspended", Some(at)) => Authority::Suspended { at },
        ("no_contact", _) => Authority::NoContact,
        _ => return Err(row.nonsense(4, "an authority")),
    };
    Ok(Proxy {
        id: row.id(0)?,
        name: PersonName::parse(row.text(1)?, row.text(2)?)
            .map_err(|_| row.nonsense(1, "a name"))?,
        relation: row.parsed(3, "a relation", relation_from_code)?,
        authority,
    })
}

const fn authority_columns(authority: Authority) -> (&'static str, Option<Timestamp>) {
    match authority {
        Authority::Unverified => ("unverified", None),
        Authority::Verified { at } => ("verified", Some(at)),
        Authority::Suspended { at } => ("suspended", Some(at)),
        Authority::NoContact => ("no_contact", None),
    }
}

const RELATIONS: [(Relation, &str); 4] = [
    (Relation::Guardian, "guardian"),
    (Relation::Partner, "partner"),
    (Relation::HealthAgent, "health_agent"),
    (Relation::Carer, "carer"),
];

fn relation_code(relation: Relation) -> &'static str {
    RELATIONS
        .iter()
        .find(|(r, _)| *r == relation)
        .map_or("carer", |(_, code)| code)
}

fn relation_from_code(text: &str) -> Option<Relation> {
    RELATIONS
        .iter()
        .find(|(_, code)| *code == text)
        .map(|(relation, _)| *relation)
}
