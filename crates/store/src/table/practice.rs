//! Practices, locations and clinicians.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use tendon_care::contact::Phone;
use tendon_care::id::{ClinicianId, Id, LocationId, PracticeId};
use tendon_care::practice::{Clinician, Location, OpenHours, Practice};

use crate::commit::{Binder, Commit, Write};
use crate::db::Db;
use crate::error::{CommitError, StoreError};
use crate::reader::Reader;
use crate::sql::{BadRow, Bound, Row, id, params, statements};

statements! {
    KEYS = "select practice_id, wrapped_key from practice";
    LIST = "select practice_id, name, time_zone, state, phone from practice order by created_at, practice_id";
    GET = "select practice_id, name, time_zone, state, phone from practice where practice_id = $1";
    INSERT = "insert into practice (practice_id, name, time_zone, state, phone, wrapped_key, created_at) \
              values ($1, $2, $3, $4, $5, $6, $7)";
    UPDATE = "update practice set name = $2, time_zone = $3, state = $4, phone = $5, version = version + 1 \
              where practice_id = $1";
    LOCATIONS = "select location_id, name, time_zone, phone, street, hours from location \
                 where practice_id = $1 order by name, location_id";
    LOCATION = "select location_id, name, time_zone, phone, street, hours from location \
                where practice_id = $1 and location_id = $2";
    PUT_LOCATION = "insert into location (practice_id, location_id, name, time_zone, phone, street, hours) \
                    values ($1, $2, $3, $4, $5, $6, $7) \
                    on conflict (practice_id, location_id) do update set name = excluded.name, \
                    time_zone = excluded.time_zone, phone = excluded.phone, street = excluded.street, \
                    hours = excluded.hours";
    CLINICIANS = "select clinician_id, display_name from clinician where practice_id = $1 \
                  order by display_name, clinician_id";
    PUT_CLINICIAN = "insert into clinician (practice_id, clinician_id, display_name) values ($1, $2, $3) \
                     on conflict (practice_id, clinician_id) do update set display_name = excluded.display_name";
}

/// Unwraps the data key of every practice.
pub(crate) async fn load_keys(db: &Db) -> Result<(), StoreError> {
    for row in db.read(&KEYS, params![]).await? {
        db.vault().learn(row.id(0)?, row.bytes(1)?)?;
    }
    Ok(())
}

/// A practice that is being added.
#[derive(Clone, Debug, PartialEq)]
pub struct PracticeNew {
    practice: Practice,
    /// Its data key, wrapped by the operator's.
    wrapped_key: Vec<u8>,
    created_at: Timestamp,
}

impl Db {
    /// Adds a practice with a data key of its own, and what it begins with, as one
    /// commit. Administration only: there is no tenant yet whose access could be
    /// asked for.
    pub async fn add_practice(
        &self,
        practice: &Practice,
        now: Timestamp,
        mut with: Commit,
    ) -> Result<(), CommitError> {
        let wrapped_key = self.vault().create(practice.id).map_err(StoreError::from)?;
        with.first(Write::PracticeNew(Box::new(PracticeNew {
            practice: practice.clone(),
            wrapped_key,
            created_at: now,
        })));
        self.commit(with).await
    }

    /// Has the data key of a practice at hand: another process may have added the
    /// practice since this one looked.
    pub(crate) async fn meet(&self, practice: PracticeId) -> Result<(), StoreError> {
        if self.vault().keys(practice).is_ok() {
            return Ok(());
        }
        load_keys(self).await
    }

    /// Returns the one row that a secret or an address leads to, whose first column
    /// names the practice, and meets that practice.
    pub(crate) async fn led_to(&self, rows: Vec<Row>) -> Result<Option<Row>, StoreError> {
        let row = rows.into_iter().next();
        if let Some(row) = &row {
            self.meet(row.id(0)?).await?;
        }
        Ok(row)
    }

    /// Returns every practice, oldest first: for workers and administration.
    pub async fn practices(&self) -> Result<Vec<Practice>, StoreError> {
        let rows = self.read(&LIST, params![]).await?;
        // Another node may have added one since this one started.
        load_keys(self).await?;
        Ok(rows.iter().map(practice).collect::<Result<_, _>>()?)
    }
}

impl Reader<'_> {
    /// Returns the practice itself.
    pub async fn practice(&self) -> Result<Option<Practice>, StoreError> {
        Ok(self
            .first(&GET, vec![self.tenant()])
            .await?
            .as_ref()
            .map(practice)
            .transpose()?)
    }

    /// Returns every location, by name.
    pub async fn locations(&self) -> Result<Vec<Location>, StoreError> {
        let rows = self.rows(&LOCATIONS, vec![self.tenant()]).await?;
        Ok(rows.iter().map(location_row).collect::<Result<_, _>>()?)
    }

    /// Returns one location.
    pub async fn location(&self, location: LocationId) -> Result<Option<Location>, StoreError> {
        let row = self
            .first(&LOCATION, vec![self.tenant(), id(location)])
            .await?;
        Ok(row.as_ref().map(location_row).transpose()?)
    }

    /// Returns every clinician, by name.
    pub async fn clinicians(&self) -> Result<Vec<Clinician>, StoreError> {
        let rows = self.rows(&CLINICIANS, vec![self.tenant()]).await?;
        let read = |row: &Row| -> Result<Clinician, BadRow> {
            Ok(Clinician {
                id: row.id::<ClinicianId>(0)?,
                display_name: row.text(1)?.to_owned(),
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}

pub(crate) fn update(practice: &Practice) -> Bound {
    Bound::one(
        &UPDATE,
        params![
            practice.id.uuid(),
            &practice.name,
            zone_name(&practice.time_zone),
            practice.state.clone(),
            practice.phone.as_ref().map(Phone::expose)
        ],
    )
}

pub(crate) fn insert(new: &PracticeNew) -> Bound {
    let practice = &new.practice;
    Bound::one(
        &INSERT,
        params![
            practice.id.uuid(),
            &practice.name,
            zone_name(&practice.time_zone),
            practice.state.clone(),
            practice.phone.as_ref().map(Phone::expose),
            new.wrapped_key.clone(),
            new.created_at
        ],
    )
}

pub(crate) fn location(binder: Binder<'_>, location: &Location) -> Bound {
    Bound::one(
        &PUT_LOCATION,
        params![
            binder.practice.uuid(),
            location.id.uuid(),
            &location.name,
            zone_name(&location.time_zone),
            location.phone.as_ref().map(Phone::expose),
            location.street.clone(),
            hours_text(&location.hours)
        ],
    )
}

pub(crate) fn clinician(binder: Binder<'_>, clinician: &Clinician) -> Bound {
    Bound::one(
        &PUT_CLINICIAN,
        params![
            binder.practice.uuid(),
            clinician.id.uuid(),
            &clinician.display_name
        ],
    )
}

fn practice(row: &Row) -> Result<Practice, BadRow> {
    Ok(Practice {
        id: row.id::<PracticeId>(0)?,
        name: row.text(1)?.to_owned(),
        time_zone: zone(row, 2)?,
        state: row.opt_text(3)?.map(str::to_owned),
        phone: phone(row, 4)?,
    })
}

fn location_row(row: &Row) -> Result<Location, BadRow> {
    Ok(Location {
        id: row.id(0)?,
        name: row.text(1)?.to_owned(),
        time_zone: zone(row, 2)?,
        phone: phone(row, 3)?,
        street: row.opt_text(4)?.map(str::to_owned),
        hours: row.parsed(5, "opening hours", hours_from_text)?,
    })
}

fn zone(row: &Row, column: usize) -> Result<TimeZone, BadRow> {
    row.parsed(column, "a time zone", |name| TimeZone::get(name).ok())
}

fn phone(row: &Row, column: usize) -> Result<Option<Phone>, BadRow> {
    row.opt_text(column)?
        .map(|text| Phone::from_e164(text).map_err(|_| row.nonsense(column, "a phone number")))
        .transpose()
}

fn zone_name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

/// Writes hours as seven entries from Monday, `08:00:00-18:00:00` or `-`.
fn hours_text(hours: &[Option<OpenHours>; 7]) -> String {
    let day = |open: &Option<OpenHours>| {
        open.map_or_else(
            || "-".to_owned(),
            |open| format!("{}-{}", open.from, open.until),
        )
    };
    hours.iter().map(day).collect::<Vec<_>>().join(" ")
}

fn hours_from_text(text: &str) -> Option<[Option<OpenHours>; 7]> {
    let mut hours = [None; 7];
    let mut days = text.split(' ');
    for slot in &mut hours {
        let day = days.next()?;
        if day != "-" {
            let (from, until) = day.split_once('-')?;
            let time = |text: &str| text.parse::<Time>().ok();
            *slot = Some(OpenHours {
                from: time(from)?,
                until: time(until)?,
            });
        }
    }
    Some(hours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;

    #[test]
    fn hours_round_trip() {
        let mut hours = [None; 7];
        hours[0] = Some(OpenHours {
            from: time(7, 30, 0, 0),
            until: time(18, 0, 0, 0),
        });
        assert_eq!(hours_from_text(&hours_text(&hours)), Some(hours));
        assert_eq!(hours_from_text("- - -"), None);
    }
}
