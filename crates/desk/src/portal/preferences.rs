//! What the reader of a link wants to hear about, and where.

use std::collections::BTreeSet;

use tendon_care::consent::{
    Act, Ask, Basis, Evidence, Extent, Ledger, RevokedVia, Standing, Terms,
};
use tendon_care::contact::{Address, Channel, ContactPoint, Owner};
use tendon_care::id::ContactPointId;
use tendon_care::patient::Patient;
use tendon_care::purpose::{Purpose, Purposes};
use tendon_store::Action;

use super::{Pass, PortalError, Visitor};
use crate::change::{Change, Origin};
use crate::desk::Desk;
use crate::dispatch::channel_of;
use crate::people::{withdraw_meant, write_entry};

/// The version of the words on the page.
const WORDING: &str = "portal-1";

/// One address, and whether anything comes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// The address.
    pub point: ContactPointId,
    /// How.
    pub channel: Channel,
    /// Its end, enough to recognise it.
    pub hint: String,
    /// Something may come there.
    pub on: bool,
}

/// What is agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// What the practice writes about, and whether it may.
    pub purposes: Vec<(Purpose, bool)>,
    /// The reader's addresses.
    pub ways: Vec<Way>,
}

/// What the reader ticked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What to hear about.
    pub purposes: Purposes,
    /// Where.
    pub ways: BTreeSet<ContactPointId>,
}

impl Desk {
    /// Returns what the reader of a link has agreed to. The look is audited.
    pub async fn portal_preferences(&self, pass: Pass<'_>) -> Result<Preferences, PortalError> {
        let visitor = self.verified(pass).await?;
        let reader = self.reader(&visitor.access);
        reader
            .looked_at(self.now(), "consent", Some(visitor.id()), "portal")
            .await?;
        let ledger = self.ledger_of(&visitor).await?;
        let house = self.house(visitor.access.practice).await?;
        let now = self.now();
        let today = now.to_zoned(house.practice.time_zone.clone()).date();
        let asked = Asked {
            ledger: &ledger,
            terms: house.rules.for_date(today).terms(),
            now,
        };
        let points: Vec<_> = own(&visitor.patient, owner(&visitor)).collect();
        let allowed = |purpose| points.iter().any(|point| asked.allowed(purpose, point));
        let used: Purposes = house
            .catalogue
            .names()
            .filter_map(|name| house.catalogue.meta(name))
            .map(|meta| meta.purpose)
            .collect();
        let purposes = choosable()
            .map(|purpose| (purpose, allowed(purpose)))
            .filter(|(purpose, on)| *on || used.contains(*purpose))
            .collect();
        let ways = points
            .iter()
            .map(|point| Way {
                point: point.id,
                channel: channel_of(&point.address),
                hint: point.address.hint(),
                on: choosable().any(|purpose| asked.allowed(purpose, point)),
            })
            .collect();
        Ok(Preferences { purposes, ways })
    }

    /// Writes what the reader ticked into the ledger: an entry for each difference
    /// and none where nothing changes. Promotion can be ended here and not begun,
    /// since it needs a signature.
    pub async fn set_portal_preferences(
        &self,
        pass: Pass<'_>,
        wanted: &Wanted,
    ) -> Result<(), PortalError> {
        let visitor = self.verified(pass).await?;
        let ledger = self.ledger_of(&visitor).await?;
        let (access, patient) = (&visitor.access, visitor.id());
        self.change(access, patient, Origin::Live, |change| {
            choose(change, &visitor, &ledger, wanted);
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// Returns what the gate will hear, so that the page never says otherwise.
    async fn ledger_of(&self, visitor: &Visitor) -> Result<Ledger, PortalError> {
        let points = &visitor.patient.contact_points;
        Ok(self
            .whole_ledger(&visitor.access, visitor.id(), points)
            .await?)
    }

    /// Stops everything, everywhere. The link alone is enough, however old it is.
    pub async fn portal_stop(&self, token: &str) -> Result<(), PortalError> {
        let visitor = self.link_holder(Pass::link(token)).await?;
        let (access, patient) = (&visitor.access, visitor.id());
        self.change(access, patient, Origin::Live, |change| {
            let owner = owner(&visitor);
            let all = change.chart.patient.value.clone();
            let sent_to = visitor.link.contact_point;
            let point = own(&all, owner)
                .find(|point| Some(point.id) == sent_to)
                .or_else(|| own(&all, owner).next())
                .or_else(|| all.contact_points.first());
            withdraw_meant(change, Purposes::ALL, None);
            change.audit(Action::Create, "consent", "revoked");
            // Nobody can be written to who has no address, and none is stopped.
            let Some(point) = point else {
                return Ok(());
            };
            let act = Act::Revoked {
                extent: Extent::Everything,
                via: RevokedVia::Page,
            };
            write_entry(change, point, Evidence::Page(visitor.link.id), act, None);
            Ok(())
        })
        .await?;
        Ok(())
    }
}

/// Whose choices are made: theirs to whom the link was sent.
fn owner(visitor: &Visitor) -> Owner {
    let mut points = visitor.patient.contact_points.iter();
    let sent_to = points.find(|point| Some(point.id) == visitor.link.contact_point);
    sent_to.map_or(Owner::Patient, |point| point.owner)
}

fn own(patient: &Patient, owner: Owner) -> impl Iterator<Item = &ContactPoint> {
    patient
        .contact_points
        .iter()
        .filter(move |point| point.owner == owner && point.standing.usable())
}

/// Everything but safety, which is never sent without need and never left out.
fn choosable() -> impl Iterator<Item = Purpose> {
    Purpose::ALL
        .into_iter()
        .filter(|purpose| *purpose != Purpose::Safety)
}

/// A question to a ledger, but for purpose and address.
struct Asked<'a> {
    ledger: &'a Ledger,
    terms: &'a Terms,
    now: jiff::Timestamp,
}

impl Asked<'_> {
    fn standing(&self, purpose: Purpose, point: &ContactPoint) -> Standing {
        let channel = match point.address {
            Address::Phone(_) => Channel::Sms,
            Address::Email(_) => Channel::Email,
        };
        self.ledger.standing(&Ask {
            person: point.owner,
            purpose,
            channel,
            address: &point.address,
            at: self.now,
            terms: self.terms,
        })
    }

    fn allowed(&self, purpose: Purpose, point: &ContactPoint) -> bool {
        self.standing(purpose, point).is_allowed()
    }
}

fn choose(change: &mut Change<'_>, visitor: &Visitor, ledger: &Ledger, wanted: &Wanted) {
    let house = change.house();
    let now = change.now();
    let today = now.to_zoned(house.practice.time_zone.clone()).date();
    let asked = Asked {
        ledger,
        terms: house.rules.for_date(today).terms(),
        now,
    };
    let patient = change.chart.patient.value.clone();
    let mut changed = false;
    let points: Vec<_> = own(&patient, owner(visitor)).collect();
    // What the page showed as on is no fresh yes: a tick is one where there was none.
    let was_on = |purpose| points.iter().any(|point| asked.allowed(purpose, point));
    for point in &points {
        let here = wanted.ways.contains(&point.id);
        let came_here = choosable().any(|purpose| asked.allowed(purpose, point));
        let mut ended = Purposes::default();
        for purpose in choosable() {
            let standing = asked.standing(purpose, point);
            match (here && wanted.purposes.contains(purpose), standing) {
                (false, Standing::Allowed { .. }) => ended = ended.with(purpose),
                (true, Standing::NeverGiven | Standing::Revoked { .. })
                    if purpose != Purpose::Marketing && !(came_here && was_on(purpose)) =>
                {
                    changed = true;
                    let act = granted(purpose, &patient);
                    write_entry(change, point, page(visitor), act, Some(purpose));
                }
                _ => {}
            }
        }
        if !ended.is_empty() {
            changed = true;
            let extent = Extent::Narrowed {
                purposes: ended,
                channel: None,
            };
            let via = RevokedVia::Page;
            let mut each = ended.iter();
            let one = each.next().filter(|_| each.next().is_none());
            write_entry(
                change,
                point,
                page(visitor),
                Act::Revoked { extent, via },
                one,
            );
        }
    }
    let unwanted: Purposes = choosable()
        .filter(|purpose| wanted.ways.is_empty() || !wanted.purposes.contains(*purpose))
        .collect();
    withdraw_meant(change, unwanted, None);
    if changed {
        change.audit(Action::Create, "consent", "preferences");
    }
}

fn page(visitor: &Visitor) -> Evidence {
    Evidence::Page(visitor.link.id)
}

fn granted(purpose: Purpose, patient: &Patient) -> Act {
    Act::Granted {
        purpose,
        channel: None,
        basis: Basis::Form,
        wording_version: WORDING.to_owned(),
        language: patient.language,
        unencrypted_warning_version: Some(WORDING.to_owned()),
    }
}
