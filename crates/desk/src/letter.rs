//! The values that go into a message about a visit.

use jiff::Timestamp;
use tendon_care::appointment::Appointment;
use tendon_care::contact::Phone;
use tendon_care::patient::Patient;

use crate::house::House;
use crate::wording::Values;

/// Gathers what a message may say: the least, and no name where several people
/// read the same phone.
pub(crate) fn values(
    house: &House,
    patient: &Patient,
    visit: Option<&Appointment>,
    now: Timestamp,
    link: Option<String>,
    shared: bool,
) -> Values {
    let place = visit.and_then(|visit| house.locations.get(&visit.location));
    let zone = place.map_or(&house.practice.time_zone, |place| &place.time_zone);
    let phone = place
        .and_then(|place| place.phone.as_ref())
        .or(house.practice.phone.as_ref());
    let mut values = Values::new(
        house.practice.name.clone(),
        phone.map(as_written).unwrap_or_default(),
        now.to_zoned(zone.clone()),
    );
    values.first_name = (!shared).then(|| patient.name.first().to_owned());
    values.visit = visit.map(|visit| visit.starts_at.to_zoned(zone.clone()));
    values.link = link;
    values
}

/// Writes a North American number the way a clinic writes it: `312-555-0142`.
fn as_written(phone: &Phone) -> String {
    let text = phone.expose();
    let parts = text
        .strip_prefix("+1")
        .filter(|rest| rest.len() == 10)
        .and_then(|rest| {
            Some(format!(
                "{}-{}-{}",
                rest.get(..3)?,
                rest.get(3..6)?,
                rest.get(6..)?
            ))
        });
    parts.unwrap_or_else(|| text.to_owned())
}
