//! Practitioner, PractitionerRole and Location.

use crate::record::{ClinicianRecord, LocationRecord, Record};

use super::codes::all;
use super::context::{Context, Path, missing};
use super::person::read_region;
use super::reference::Target;
use super::shape::{HumanName, Location, Practitioner, PractitionerRole};

/// A longer name of a clinician or place is refused, not cut.
const MAX_NAME_CHARS: usize = 200;

/// Maps a Practitioner.
pub(super) fn practitioner(ctx: &mut Context<'_>, practitioner: &Practitioner) -> Option<Record> {
    let identity = ctx.identify("Practitioner", &practitioner.id, &practitioner.identifier)?;
    let names = ctx.many(&practitioner.name, Path::new("name"));
    let old =
        |name: &HumanName| matches!(name.r#use.get().map(String::as_str), Some("old" | "maiden"));
    let name = names
        .iter()
        .map(|(_, name)| *name)
        .min_by_key(|name| old(name));
    let display_name = name.map(display).unwrap_or_default();
    let display_name = fitting(&display_name).or_else(|| {
        ctx.reject("name", "gives no name of a usable length");
        None
    })?;
    Some(Record::Clinician(ClinicianRecord {
        key: identity.key,
        aliases: identity.aliases,
        display_name,
    }))
}

/// Maps a PractitionerRole to its practitioner, so that visits which name the
/// role find the person. `Err` where the role does not name the person in
/// words: it is kept as a document then.
pub(super) fn practitioner_role(
    ctx: &mut Context<'_>,
    role: &PractitionerRole,
) -> Result<Option<Record>, ()> {
    let path = Path::new("practitioner");
    let person = role.practitioner.get().ok_or(())?;
    let display = ctx.text(&person.display, path.then("display"));
    let display_name = display.and_then(fitting).ok_or(())?;
    let Some(Target::Key(_, key)) = ctx.resolve(person, path, Some("Practitioner")) else {
        return Err(());
    };
    let Some(own) = ctx.identify("PractitionerRole", &role.id, &role.identifier) else {
        return Ok(None);
    };
    let mut aliases = vec![own.key];
    aliases.extend(own.aliases);
    Ok(Some(Record::Clinician(ClinicianRecord {
        key,
        aliases,
        display_name,
    })))
}

/// Maps a Location. A kind of place, such as "the patient's home", is one as
/// well: visits refer to it.
pub(super) fn location(ctx: &mut Context<'_>, location: &Location) -> Option<Record> {
    let identity = ctx.identify("Location", &location.id, &location.identifier)?;
    let name = ctx.text(&location.name, Path::new("name"));
    let name = name.or(ctx.text(&location.description, Path::new("description")));
    let Some(name) = name.and_then(fitting) else {
        ctx.reject("name", missing(&location.name));
        return None;
    };
    let path = Path::new("address");
    let address = ctx.one(&location.address, path);
    Some(Record::Location(LocationRecord {
        key: identity.key,
        aliases: identity.aliases,
        name,
        region: address
            .and_then(|address| read_region(ctx, address, path))
            .unwrap_or_default(),
    }))
}

/// Tidies a display name; `None` when it is empty or too long.
pub(super) fn fitting(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (1..=MAX_NAME_CHARS)
        .contains(&text.chars().count())
        .then_some(text)
}

/// Writes a professional's name as on the door: the text, or prefix, given,
/// family and suffix.
pub(super) fn display(name: &HumanName) -> String {
    if let Some(text) = name.text.get().filter(|text| !text.trim().is_empty()) {
        return text.clone();
    }
    let parts = all(&name.prefix)
        .chain(all(&name.given))
        .chain(name.family.get())
        .chain(all(&name.suffix));
    parts.cloned().collect::<Vec<_>>().join(" ")
}
