//! Registering a patient.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::Deserialize;
use tendon_care::Mint;
use tendon_care::contact::{Address, ContactPoint, Email, Line, Owner, Phone, Standing};
use tendon_care::language::Language;
use tendon_care::patient::{Identifier, Life, Patient, Region};
use tendon_care::person::{Mrn, PersonName, Sex};
use tendon_desk::Intake;
use utoipa::ToSchema;

use super::answers::WriteRefusals;
use super::caller::{EditPatient, May};
use super::input::Body;
use super::once::Acting;
use super::patient_wire::Patient as Shown;
use super::patients::known;
use super::problem::{FieldError, Kind, Problem};
use super::text::{Day, LanguageTag, PurposeCode, SexCode};
use crate::server::App;

/// More addresses than this would be a mistake of a machine.
const MOST_CONTACTS: usize = 12;

/// More numbers in other systems than this, too.
const MOST_IDENTIFIERS: usize = 20;

/// The earliest birthday that is taken.
const EARLIEST: Date = jiff::civil::date(1880, 1, 1);

/// A patient to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPatient {
    name: NewName,
    #[serde(default)]
    birth_date: Option<Day>,
    #[serde(default)]
    sex: Option<SexCode>,
    /// The language to write in; English where nothing is said.
    #[serde(default)]
    language: Option<LanguageTag>,
    /// Their own time zone (IANA); the clinic's where nothing is said.
    #[serde(default)]
    time_zone: Option<String>,
    /// Two-letter state.
    #[serde(default)]
    state: Option<String>,
    /// Five-digit ZIP.
    #[serde(default)]
    zip: Option<String>,
    /// Numbers in other systems; one that another patient has is refused.
    #[serde(default)]
    identifiers: Vec<NewIdentifier>,
    /// Phones and mailboxes, best first.
    #[serde(default)]
    contact_points: Vec<NewContactPoint>,
    /// What the patient agreed to on the intake form, for every address given.
    #[serde(default)]
    intake: Option<IntakeForm>,
}

/// The parts of a name. One of family and given may be left out, not both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewName {
    #[serde(default)]
    family: String,
    #[serde(default)]
    given: String,
    /// By what the person wants to be called.
    #[serde(default)]
    preferred: Option<String>,
}

/// A number or code under which another system knows the patient.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewIdentifier {
    /// Who assigned it; empty where that is not known.
    #[serde(default)]
    system: String,
    value: String,
}

/// A phone or a mailbox: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewContactPoint {
    /// As people write it; without `+` it is read as North American.
    #[serde(default)]
    phone: Option<String>,
    #[serde(default)]
    email: Option<String>,
    /// What kind of line, for phones.
    #[serde(default)]
    line: LineOfPhone,
}

/// What kind of line a phone is.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LineOfPhone {
    /// Texts and calls.
    Mobile,
    /// Calls only.
    Landline,
    /// Not known: a text is tried.
    #[default]
    Unknown,
}

/// What a new patient agreed to on the intake form.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IntakeForm {
    /// The purposes ticked.
    purposes: Vec<PurposeCode>,
    /// Which form, for whoever asks later.
    #[schema(example = "intake-2026")]
    form: String,
    /// The version of its wording.
    #[schema(example = "3")]
    wording_version: String,
}

/// Registers a patient
///
/// Nothing is sent because of it. Matching against known patients is the
/// importer's; here only a number that another patient has is refused.
#[utoipa::path(
    post,
    path = "/patients",
    tag = "patients",
    request_body(content = NewPatient, example = json!({
        "name": {"family": "Morales", "given": "Ana"},
        "birth_date": "1968-02-29",
        "language": "es",
        "state": "IL",
        "zip": "60601",
        "identifiers": [{"system": "ehr", "value": "000123"}],
        "contact_points": [{"phone": "312-555-0142", "line": "mobile"}],
        "intake": {"purposes": ["P1", "P2"], "form": "intake-2026", "wording_version": "3"}
    })),
    params(("Idempotency-Key" = Option<String>, Header, description = "A name for this request: asked again under it, nothing is done again.")),
    responses((status = 201, description = "The patient.", body = Shown), WriteRefusals),
    security(("bearer" = ["EditPatient"]))
)]
pub(crate) async fn register_patient(
    State(app): State<App>,
    by: May<EditPatient>,
    acting: Acting,
    Body(new): Body<NewPatient>,
) -> Result<Response, Problem> {
    let desk = app.desk();
    let house = desk.house(by.practice).await?;
    let today = desk.now().to_zoned(house.practice.time_zone.clone()).date();
    let (patient, intake) = new.checked(&desk.mint(), today)?;
    let id = acting
        .make(async |desk| {
            let id = patient.id;
            desk.register(&by, patient, &intake).await.map(|()| id)
        })
        .await?;
    let reader = desk.db().reader(&by);
    let patient = known(reader, id).await?;
    reader
        .looked_at(desk.now(), "patient", Some(patient.id), "")
        .await?;
    let headers = [(header::LOCATION, format!("/api/v1/patients/{id}"))];
    let body = Json(Shown::from(&patient));
    Ok((StatusCode::CREATED, headers, body).into_response())
}

/// Gathers everything that is wrong, so that one answer names it all.
#[derive(Default)]
pub(super) struct Wrong(pub(super) Vec<FieldError>);

impl Wrong {
    fn note(&mut self, field: impl Into<String>, reason: &str) {
        self.0.push(FieldError {
            field: field.into(),
            reason: reason.to_owned(),
        });
    }

    pub(super) fn or_none<T, E>(
        &mut self,
        field: &str,
        reason: &str,
        value: Result<T, E>,
    ) -> Option<T> {
        value.map_err(|_| self.note(field, reason)).ok()
    }
}

impl NewPatient {
    fn checked(self, mint: &Mint<'_>, today: Date) -> Result<(Patient, Intake), Problem> {
        let mut wrong = Wrong::default();
        let name = wrong.or_none("name", NAME, self.name.parse());
        let region = region(self.state.as_deref(), self.zip.as_deref(), &mut wrong);
        let born = self.birth_date.map(|day| day.0);
        if born.is_some_and(|day| day < EARLIEST || day > today) {
            wrong.note("birth_date", "is no day of birth");
        }
        let zone = self.time_zone;
        if zone
            .as_ref()
            .is_some_and(|name| jiff::tz::TimeZone::get(name).is_err())
        {
            wrong.note("time_zone", "is not a name such as America/Chicago");
        }
        let identifiers = identifiers(&self.identifiers, &mut wrong);
        let contact_points = contact_points(&self.contact_points, mint, &mut wrong);
        let intake = intake(self.intake, &contact_points, &mut wrong);
        match name {
            Some(name) if wrong.0.is_empty() => Ok((
                Patient {
                    id: mint.id(),
                    name,
                    birth_date: born,
                    sex: self.sex.map_or(Sex::Unknown, |sex| sex.0),
                    language: self.language.map_or(Language::English, |tag| tag.0),
                    time_zone: zone,
                    region,
                    life: Life::Living,
                    identifiers,
                    contact_points,
                    proxies: Vec::new(),
                    paused: false,
                },
                intake,
            )),
            _ => Err(Problem::fields(Kind::InvalidBody, wrong.0)),
        }
    }
}

/// What a name must be.
pub(super) const NAME: &str = "must have a family or a given part, each of at most 120 characters";

impl NewName {
    pub(super) fn parse(&self) -> Result<PersonName, tendon_care::person::InvalidPerson> {
        let name = PersonName::parse(&self.family, &self.given)?;
        match &self.preferred {
            Some(preferred) => name.with_preferred(preferred),
            None => Ok(name),
        }
    }
}

fn region(state: Option<&str>, zip: Option<&str>, wrong: &mut Wrong) -> Region {
    let state = state.map(|text| text.trim().to_uppercase());
    let zip = zip.map(|text| text.trim().to_owned());
    let letters = |text: &String| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    let digits = |text: &String| text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit());
    if !state.as_ref().is_none_or(letters) {
        wrong.note("state", "must be two letters");
    }
    if !zip.as_ref().is_none_or(digits) {
        wrong.note("zip", "must be five digits");
    }
    Region { state, zip }
}

fn identifiers(given: &[NewIdentifier], wrong: &mut Wrong) -> Vec<Identifier> {
    if given.len() > MOST_IDENTIFIERS {
        wrong.note("identifiers", "are too many");
        return Vec::new();
    }
    let mut read: Vec<Identifier> = Vec::new();
    for (index, one) in given.iter().enumerate() {
        let plain = one.system.chars().count() <= 200 && !one.system.chars().any(char::is_control);
        if !plain {
            let why = "must have at most 200 characters, none of them a control character";
            wrong.note(format!("identifiers[{index}].system"), why);
        }
        let field = format!("identifiers[{index}].value");
        let value = wrong.or_none(
            &field,
            "must have 1 to 64 characters",
            Mrn::parse(&one.value),
        );
        let system = one.system.trim().to_owned();
        let Some(value) = value else { continue };
        let number = Identifier { system, value };
        if read.contains(&number) {
            wrong.note(field, "is given twice");
        }
        read.push(number);
    }
    read
}

fn contact_points(
    given: &[NewContactPoint],
    mint: &Mint<'_>,
    wrong: &mut Wrong,
) -> Vec<ContactPoint> {
    if given.len() > MOST_CONTACTS {
        wrong.note("contact_points", "are too many");
        return Vec::new();
    }
    let mut points: Vec<ContactPoint> = Vec::new();
    for (index, one) in given.iter().enumerate() {
        let at = |part: &str| format!("contact_points[{index}]{part}");
        let address = match (&one.phone, &one.email) {
            (Some(text), None) => Phone::parse(text)
                .map(Address::Phone)
                .map_err(|_| (at(".phone"), "is not a valid phone number")),
            (None, Some(text)) => Email::parse(text)
                .map(Address::Email)
                .map_err(|_| (at(".email"), "is not a valid e-mail address")),
            _ => Err((at(""), "must have either phone or email")),
        };
        match address {
            Err((field, reason)) => wrong.note(field, reason),
            Ok(address) => {
                if points.iter().any(|known| known.address == address) {
                    wrong.note(at(""), "is given twice");
                }
                points.push(ContactPoint {
                    id: mint.id(),
                    owner: Owner::Patient,
                    address,
                    line: one.line.into(),
                    standing: Standing::Unverified,
                    shared: false,
                    rank: u16::try_from(index).unwrap_or(u16::MAX),
                });
            }
        }
    }
    points
}

impl From<LineOfPhone> for Line {
    fn from(line: LineOfPhone) -> Self {
        match line {
            LineOfPhone::Mobile => Self::Mobile,
            LineOfPhone::Landline => Self::Landline,
            LineOfPhone::Unknown => Self::Unknown,
        }
    }
}

fn intake(form: Option<IntakeForm>, points: &[ContactPoint], wrong: &mut Wrong) -> Intake {
    let Some(form) = form else {
        return Intake {
            agreed: Vec::new(),
            form: String::new(),
            wording_version: String::new(),
        };
    };
    for (field, text) in [
        ("intake.form", &form.form),
        ("intake.wording_version", &form.wording_version),
    ] {
        if text.trim().is_empty() || text.chars().count() > 200 {
            wrong.note(field, "must have 1 to 200 characters");
        }
    }
    let mut agreed: Vec<_> = form.purposes.iter().map(|purpose| purpose.0).collect();
    agreed.sort_unstable();
    agreed.dedup();
    if agreed.is_empty() {
        wrong.note("intake.purposes", "must name what was agreed to");
    }
    if points.is_empty() {
        wrong.note("intake", "needs a contact point that it is about");
    }
    Intake {
        agreed,
        form: form.form,
        wording_version: form.wording_version,
    }
}
