//! What staff change about a patient: who they are, how they are reached, who
//! speaks for them, what they agreed to, and that they died.

mod consents;
mod contacts;
mod life;
mod proxies;

use jiff::civil::Date;
use tendon_care::access::{Access, Permission};
use tendon_care::id::PatientId;
use tendon_care::language::Language;
use tendon_care::patient::{Patient, Region};
use tendon_care::person::{PersonName, Sex};
use tendon_care::touchpoint::Fact;
use tendon_store::Action;

pub use self::consents::{Given, Proof, TakenBack};
pub(crate) use self::consents::{withdraw_meant, write_entry};
pub use self::contacts::NewContact;
pub use self::proxies::{NewProxy, ProxyAct};
use crate::change::{Change, Origin};
use crate::desk::Desk;
use crate::error::DeskError;
use crate::settings;

/// The earliest birthday that is taken.
const EARLIEST: Date = jiff::civil::date(1880, 1, 1);

/// A change of who a patient is; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct PatientEdit {
    /// The version of the record that the editor saw; a newer one is refused.
    pub seen: Option<i64>,
    /// The name.
    pub name: Option<PersonName>,
    /// The birthday; `Some(None)` for one that is not known after all.
    pub birth_date: Option<Option<Date>>,
    /// Sex as recorded.
    pub sex: Option<Sex>,
    /// The language to write in.
    pub language: Option<Language>,
    /// Their own time zone; `Some(None)` for the clinic's.
    pub time_zone: Option<Option<String>>,
    /// State and ZIP.
    pub region: Option<Region>,
}

impl Desk {
    /// Changes who a patient is.
    pub async fn edit_patient(
        &self,
        access: &Access,
        patient: PatientId,
        edit: &PatientEdit,
    ) -> Result<(), DeskError> {
        self.edit(access, patient, "record", |change| {
            let seen = edit.seen.unwrap_or(change.chart.patient.version);
            if seen != change.chart.patient.version {
                return Err(DeskError::Stale("the record was changed meanwhile"));
            }
            let today = change
                .now()
                .to_zoned(change.house().practice.time_zone.clone())
                .date();
            edited(&change.chart.patient.value, edit, today)
        })
        .await
    }

    /// Replaces a patient by what `decide` returns, with the fact and the audit row
    /// that go with it; an equal value changes nothing.
    pub(super) async fn edit(
        &self,
        access: &Access,
        patient: PatientId,
        what: &'static str,
        decide: impl Fn(&mut Change<'_>) -> Result<Patient, DeskError>,
    ) -> Result<(), DeskError> {
        access.require(Permission::EditPatient)?;
        self.change(access, patient, Origin::Live, |change| {
            let after = decide(change)?;
            if after == change.chart.patient.value {
                return Ok(());
            }
            change.set_patient(after);
            change.happened(Fact::PatientChanged {});
            change.audit(Action::Update, "patient", what);
            Ok(())
        })
        .await
    }
}

fn edited(before: &Patient, edit: &PatientEdit, today: Date) -> Result<Patient, DeskError> {
    let mut after = before.clone();
    if let Some(name) = &edit.name {
        after.name = name.clone();
    }
    if let Some(birth_date) = edit.birth_date {
        if birth_date.is_some_and(|day| day > today || day < EARLIEST) {
            return Err(DeskError::invalid("birth_date", "is no day of birth"));
        }
        after.birth_date = birth_date;
    }
    if let Some(sex) = edit.sex {
        after.sex = sex;
    }
    if let Some(language) = edit.language {
        after.language = language;
    }
    if let Some(zone) = &edit.time_zone {
        let known = zone
            .as_ref()
            .is_none_or(|name| jiff::tz::TimeZone::get(name).is_ok());
        if !known {
            return Err(DeskError::invalid(
                "time_zone",
                "is not a name such as America/Chicago",
            ));
        }
        after.time_zone.clone_from(zone);
    }
    if let Some(region) = &edit.region {
        after.region = checked(region)?;
    }
    Ok(after)
}

/// Takes a state that exists and a ZIP of five digits.
pub(crate) fn checked(region: &Region) -> Result<Region, DeskError> {
    let state = region.state.as_deref().map(settings::state).transpose()?;
    let digits = |zip: &String| zip.len() == 5 && zip.bytes().all(|b| b.is_ascii_digit());
    if region.zip.as_ref().is_some_and(|zip| !digits(zip)) {
        return Err(DeskError::invalid("zip", "must be five digits"));
    }
    Ok(Region {
        state,
        zip: region.zip.clone(),
    })
}
