//! What a practice's database holds about a patient, in the words of `exchange`.

use anyhow::Context as _;
use jiff::Timestamp;
use tendon_care::appointment::{Appointment, VisitState};
use tendon_care::episode::{Episode, EpisodeState};
use tendon_care::id::{Id, PatientId};
use tendon_care::patient::{Life, Patient};
use tendon_care::plan::Plan;
use tendon_care::practice::{Clinician, Location};
use tendon_care::referral::Referral;
use tendon_exchange::record::{
    AppointmentRecord, ClinicianRecord, ContactRecord, EpisodeRecord, ForeignKey, LocationRecord,
    Moment, PatientRecord, PlanRecord, ReferralRecord, Said, VisitStatus,
};
use tendon_store::Reader;

/// How many patients are read at once.
const PAGE: u16 = 500;

/// The keys that a format gives to things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// `Patient/<uuid>` under the system `fhir:`.
    Fhir,
    /// The number in the practice's records, and the bare id of everything else.
    Plain,
}

impl Keys {
    fn of(self, kind: &str, id: impl Id) -> ForeignKey {
        let uuid = id.uuid().to_string();
        match self {
            Self::Fhir => ForeignKey {
                system: "fhir:".to_owned(),
                value: format!("{kind}/{uuid}"),
            },
            Self::Plain => ForeignKey {
                system: "riverside".to_owned(),
                value: uuid,
            },
        }
    }

    fn patient(self, patient: &Patient) -> ForeignKey {
        match (self, patient.identifiers.first()) {
            (Self::Plain, Some(number)) => ForeignKey {
                system: number.system.clone(),
                value: number.value.expose().to_owned(),
            },
            _ => self.of("Patient", patient.id),
        }
    }
}

/// Reads every patient's id, page by page.
pub(super) async fn patients(reader: Reader<'_>) -> anyhow::Result<Vec<PatientId>> {
    let mut all: Vec<PatientId> = Vec::new();
    loop {
        let page = reader.patients_page(all.last().copied(), PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page.iter().map(|hit| hit.id));
    }
}

/// A patient with everything that is exported.
pub(super) struct Chart {
    keys: Keys,
    patient: Patient,
    pub(super) visits: Vec<Appointment>,
    episodes: Vec<Episode>,
    plans: Vec<Plan>,
    referrals: Vec<Referral>,
}

impl Chart {
    pub(super) async fn read(
        reader: Reader<'_>,
        patient: PatientId,
        keys: Keys,
    ) -> anyhow::Result<Self> {
        let known = reader.patient(patient).await?;
        let visits = reader.appointments_of(patient).await?;
        let episodes = reader.episodes(patient).await?;
        Ok(Self {
            keys,
            patient: known.context("a patient that was listed is gone")?.value,
            visits: visits.into_iter().map(|visit| visit.value).collect(),
            episodes: episodes.into_iter().map(|episode| episode.value).collect(),
            plans: reader.plans(patient).await?,
            referrals: reader.referrals(patient).await?,
        })
    }

    /// Returns the patient as of a moment, dead or alive.
    pub(super) fn person(&self, deceased: bool, changed_at: Option<Timestamp>) -> PatientRecord {
        let patient = &self.patient;
        let contacts = patient.contact_points.iter().map(|point| ContactRecord {
            address: point.address.clone(),
            line: point.line,
        });
        PatientRecord {
            key: self.keys.patient(patient),
            aliases: Vec::new(),
            identifiers: patient.identifiers.clone(),
            name: Some(patient.name.clone()),
            birth_date: patient.birth_date.into(),
            sex: Said::Value(patient.sex),
            language: Said::Value(patient.language.tag().to_owned()),
            region: Said::Value(patient.region.clone()),
            contact_points: Said::Value(contacts.collect()),
            deceased: Said::Value(deceased),
            proxies: Vec::new(),
            changed_at: changed_at.map(Moment::Exact),
            inactive: false,
        }
    }

    pub(super) const fn is_dead(&self) -> bool {
        matches!(self.patient.life, Life::Deceased { .. })
    }

    /// Returns a visit as it stands.
    pub(super) fn visit(&self, visit: &Appointment) -> AppointmentRecord {
        let (status, status_at) = status(&visit.state);
        let exact = |at: Timestamp| Some(Moment::Exact(at));
        AppointmentRecord {
            key: self.keys.of("Appointment", visit.id),
            patient: self.keys.patient(&self.patient),
            patient_record: None,
            location: Some(self.keys.of("Location", visit.location)),
            location_name: None,
            clinician: visit
                .clinician
                .map(|clinician| self.keys.of("Practitioner", clinician)),
            clinician_name: None,
            episode: visit
                .episode
                .map(|episode| self.keys.of("EpisodeOfCare", episode)),
            kind: Some(visit.kind),
            starts_at: exact(visit.starts_at),
            minutes: Some(visit.minutes),
            status: Some(status),
            booked_at: exact(visit.booked_at),
            status_at: status_at.map(Moment::Exact),
            changed_at: exact(status_at.unwrap_or(visit.booked_at)),
            moved: false,
        }
    }

    /// Returns courses of care that have begun. Those that have not yet are told by
    /// their referrals.
    pub(super) fn episodes(&self) -> impl Iterator<Item = EpisodeRecord> + '_ {
        let began = |episode: &&Episode| {
            !matches!(
                episode.state,
                EpisodeState::Referred { .. }
                    | EpisodeState::Contacted { .. }
                    | EpisodeState::EvalScheduled { .. }
                    | EpisodeState::Lost { .. }
            )
        };
        self.episodes
            .iter()
            .filter(began)
            .map(|episode| EpisodeRecord {
                key: self.keys.of("EpisodeOfCare", episode.id),
                patient: self.keys.patient(&self.patient),
                started_at: Some(Moment::Exact(self.first_visit(episode))),
                ended: match episode.state {
                    EpisodeState::Discharged { at, how } => Some((Moment::Exact(at), how)),
                    _ => None,
                },
                on_hold: matches!(episode.state, EpisodeState::OnHold { .. }),
            })
    }

    fn first_visit(&self, episode: &Episode) -> Timestamp {
        let visits = self.visits.iter();
        let own = visits.filter(|visit| visit.episode == Some(episode.id));
        let done = own.filter(|visit| matches!(visit.state, VisitState::Completed { .. }));
        let first = done.map(|visit| visit.starts_at).min();
        first.unwrap_or_else(|| episode.state.at())
    }

    pub(super) fn plans(&self) -> impl Iterator<Item = PlanRecord> + '_ {
        self.plans.iter().map(|plan| PlanRecord {
            key: self.keys.of("CarePlan", plan.id),
            patient: self.keys.patient(&self.patient),
            episode: Some(self.keys.of("EpisodeOfCare", plan.episode)),
            visits: Some(plan.visits),
            visits_per_week: Some(plan.visits_per_week),
            authorised_visits: plan.authorised_visits,
            starts_on: Some(plan.starts_on),
            ends_on: Some(plan.ends_on),
        })
    }

    pub(super) fn referrals(&self) -> impl Iterator<Item = ReferralRecord> + '_ {
        self.referrals.iter().map(|referral| ReferralRecord {
            key: self.keys.of("ServiceRequest", referral.id),
            patient: self.keys.patient(&self.patient),
            referrer: referral.referrer.clone(),
            received_at: Some(Moment::Exact(referral.received_at)),
            cancelled: false,
        })
    }
}

/// Returns where a visit stands, and since when where that is known.
pub(super) const fn status(state: &VisitState) -> (VisitStatus, Option<Timestamp>) {
    match *state {
        VisitState::Booked => (VisitStatus::Booked, None),
        VisitState::Confirmed { at } => (VisitStatus::Confirmed, Some(at)),
        VisitState::Arrived { at } => (VisitStatus::Arrived, Some(at)),
        VisitState::InProgress { at } => (VisitStatus::InProgress, Some(at)),
        VisitState::Completed { at } => (VisitStatus::Completed, Some(at)),
        VisitState::Cancelled { at, by, .. } => (VisitStatus::Cancelled(by), Some(at)),
        VisitState::NoShow { at, .. } => (VisitStatus::NoShow, Some(at)),
        VisitState::Void { at } => (VisitStatus::Void, Some(at)),
    }
}

pub(super) fn place(location: &Location, keys: Keys) -> LocationRecord {
    LocationRecord {
        key: keys.of("Location", location.id),
        aliases: Vec::new(),
        name: location.name.clone(),
        region: tendon_care::patient::Region::default(),
    }
}

pub(super) fn clinician(clinician: &Clinician, keys: Keys) -> ClinicianRecord {
    ClinicianRecord {
        key: keys.of("Practitioner", clinician.id),
        aliases: Vec::new(),
        display_name: clinician.display_name.clone(),
    }
}
