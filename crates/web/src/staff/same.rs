//! Records that may be one person: compared, merged, kept apart, taken apart.

use axum::extract::State;
use axum::response::Redirect;
use tendon_care::appointment::VisitState;
use tendon_care::contact::{Address, Owner};
use tendon_care::id::{MergeId, PatientId};
use tendon_care::patient::Patient;
use tendon_desk::DeskError;

use super::patient::written;
use super::view::View;
use crate::pages::frame::Section;
use crate::pages::moment;
use crate::pages::parts::dotted;
use crate::pages::same::{Candidate, Merged, Record, Same};
use crate::pages::urls::Url;
use crate::server::App;
use crate::server::forgery::Fields;
use crate::server::page::Page;
use crate::server::path::{Both, Of};
use crate::server::refusal::Refusal;
use crate::server::said::{self, Said};
use crate::server::session::Staff;

/// Records that are compared on one page; the others move up as these are settled.
const MOST: usize = 8;

/// Shows the records beside each other.
pub(crate) async fn page(
    State(app): State<App>,
    staff: Staff,
    Of(patient): Of<PatientId>,
) -> Result<Page<Same>, Refusal> {
    let view = View::of(&app, &staff).await?;
    let reader = staff.reader(&app);
    let patient = reader.root_of(patient).await?;
    let record = record(&app, &staff, &view, patient).await?;
    let mut doubts = Vec::new();
    let open = app.desk().doubts_about(staff.access(), patient).await?;
    for doubt in open.into_iter().take(MOST) {
        doubts.push(Candidate {
            record: self::record(&app, &staff, &view, doubt.other).await?,
            percent: percent(doubt.posterior),
            evidence: doubt.evidence,
        });
    }
    let mut merged = Vec::new();
    for merge in reader.merges_of(patient).await? {
        if merge.survivor == patient && merge.undone_at.is_none() {
            let other = person(&app, &staff, merge.retired).await?;
            staff.looked_at(&app, "chart", Some(merge.retired)).await?;
            merged.push(Merged {
                id: merge.id,
                name: other.name.full(),
                at: view.at(merge.merged_at),
            });
        }
    }
    Ok(Page(Same {
        frame: staff.frame(&app, Section::Patients).await?,
        now: view.now,
        record,
        doubts,
        merged,
    }))
}

/// Takes the verdict on two records.
pub(crate) async fn settle(
    State(app): State<App>,
    staff: Staff,
    Of(patient): Of<PatientId>,
    fields: Fields,
) -> Result<Redirect, Refusal> {
    let other = fields.get("other").and_then(|text| text.parse().ok());
    let other = other.ok_or_else(|| DeskError::invalid("other", "must be a patient"))?;
    let access = staff.access();
    let said = match fields.get("verdict") {
        Some("same") => {
            app.desk().merge(access, patient, other).await?;
            Said::Merged
        }
        Some("different") => {
            app.desk().keep_apart(access, patient, other).await?;
            Said::KeptApart
        }
        _ => return Err(DeskError::invalid("verdict", "must be `same` or `different`").into()),
    };
    Ok(back(patient, said))
}

/// Takes a merge back.
pub(crate) async fn undo(
    State(app): State<App>,
    staff: Staff,
    Both(patient, merge): Both<PatientId, MergeId>,
) -> Result<Redirect, Refusal> {
    app.desk().unmerge(staff.access(), merge).await?;
    Ok(back(patient, Said::Unmerged))
}

fn back(patient: PatientId, said: Said) -> Redirect {
    Redirect::to(&said::add(&Url::PatientSame(patient).to_string(), said))
}

async fn person(app: &App, staff: &Staff, patient: PatientId) -> Result<Patient, Refusal> {
    let row = staff.reader(app).patient(patient).await?;
    Ok(row.ok_or(Refusal::NotFound)?.value)
}

/// Reads what a record is compared by. The look is on record.
async fn record(
    app: &App,
    staff: &Staff,
    view: &View,
    patient: PatientId,
) -> Result<Record, Refusal> {
    let person = person(app, staff, patient).await?;
    staff.looked_at(app, "chart", Some(patient)).await?;
    let visits = staff.reader(app).appointments_of(patient).await?;
    let day = |at| moment::short(view.at(at).date(), view.now.date());
    let came = visits.iter().filter(|visit| took_place(&visit.state));
    let came: Vec<_> = came.map(|visit| visit.starts_at).collect();
    let ahead = visits
        .iter()
        .filter(|visit| visit.is_open() && visit.starts_at > view.instant());
    let next = ahead.map(|visit| visit.starts_at).min();
    let numbers = person.identifiers.iter();
    let (mut phones, mut mailboxes) = (Vec::new(), Vec::new());
    let own = person.contact_points.iter();
    for point in own.filter(|point| point.owner == Owner::Patient) {
        match &point.address {
            Address::Phone(phone) => phones.push(written(phone.expose())),
            Address::Email(email) => mailboxes.push(email.expose().to_owned()),
        }
    }
    Ok(Record {
        id: patient,
        name: person.name.full(),
        born: person
            .birth_date
            .map(|born| born.strftime("%b %-d, %Y").to_string())
            .unwrap_or_default(),
        numbers: dotted(numbers.map(|number| number.value.expose())),
        phones: dotted(phones),
        mailboxes: dotted(mailboxes),
        visits: match came.iter().max() {
            Some(last) => format!("{}, last on {}", came.len(), day(*last)),
            None => "none yet".to_owned(),
        },
        next: next.map(day).unwrap_or_default(),
    })
}

const fn took_place(state: &VisitState) -> bool {
    matches!(
        state,
        VisitState::Arrived { .. } | VisitState::InProgress { .. } | VisitState::Completed { .. }
    )
}

/// Returns a share in whole per cent.
fn percent(share: f64) -> u8 {
    let whole = (share.clamp(0.0, 1.0) * 100.0).round();
    (0..=100_u8)
        .find(|percent| f64::from(*percent) >= whole)
        .unwrap_or(100)
}
