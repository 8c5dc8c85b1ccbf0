//! Patient and RelatedPerson.
//!
//! A resource is the whole truth of its source, so a `telecom` that is there
//! replaces what was known; one that is absent says nothing. The social
//! security number is never read, streets are not kept.

use tendon_care::contact::{Address as ContactAddress, Email, Line, Phone};
use tendon_care::patient::{Identifier as KnownBy, Relation};
use tendon_care::person::{Mrn, PersonName, Sex};

use crate::record::{
    ContactRecord, ForeignKey, MergeRecord, Moment, PatientRecord, ProxyRecord, Record, Said,
};

use super::codes::{all, codes, extension, url, words};
use super::context::{Context, Path};
use super::element::{Field, Many};
use super::reference::{Target, is_ssn};
use super::region;
use super::shape::{
    Address, Communication, ContactPoint, HumanName, Identifier, Meta, Patient, PatientContact,
    PatientLink, RelatedPerson,
};

/// Maps a Patient and the merges that its links tell of.
pub(super) fn patient(ctx: &mut Context<'_>, patient: &Patient) -> Vec<Record> {
    if extension(&patient.extension, url::ANIMAL).is_some() {
        ctx.reject("extension", "says that the patient is an animal");
        return Vec::new();
    }
    let Some(identity) = ctx.identify("Patient", &patient.id, &patient.identifier) else {
        return Vec::new();
    };
    let changed_at = ctx.changed_at(&patient.meta);
    let key = identity.key.clone();
    let merges = merges(ctx, &patient.link, &key, changed_at);
    let record = PatientRecord {
        key: identity.key,
        aliases: identity.aliases,
        identifiers: identifiers(ctx, &patient.identifier),
        name: name(ctx, &patient.name, Path::new("name")),
        birth_date: ctx
            .birthday(&patient.birth_date, Path::new("birthDate"))
            .into(),
        sex: sex(ctx, patient).into(),
        language: language(ctx, &patient.communication).into(),
        region: region_of(ctx, &patient.address).into(),
        contact_points: if patient.telecom.is_present() {
            Said::Value(telecom(
                ctx,
                &patient.telecom,
                Path::new("telecom"),
                changed_at,
            ))
        } else {
            Said::Nothing
        },
        deceased: deceased(ctx, patient).into(),
        proxies: contacts(ctx, &patient.contact, changed_at),
        changed_at,
        // A record that was replaced is the merge's to retire: whom it became is not
        // out of use.
        inactive: ctx.one(&patient.active, Path::new("active")) == Some(&false)
            || is_test(&patient.meta),
    };
    std::iter::once(Record::Patient(Box::new(record)))
        .chain(merges.into_iter().map(Record::Merge))
        .collect()
}

/// Maps a RelatedPerson to an update of its patient that says nothing but this
/// proxy; the contract has no record of their own for carers.
pub(super) fn related_person(ctx: &mut Context<'_>, person: &RelatedPerson) -> Option<Record> {
    if ctx.one(&person.active, Path::new("active")) == Some(&false) {
        return None;
    }
    let Target::Key(_, key) = ctx.patient(&person.patient, "patient")? else {
        ctx.reject("patient", "lies inside this resource");
        return None;
    };
    let Some(name) = name(ctx, &person.name, Path::new("name")) else {
        ctx.reject("name", "gives nobody a name");
        return None;
    };
    let own = ctx.text(&person.id, Path::new("id"));
    let words = || name.search_words().join(" ");
    let teller = format!("RelatedPerson/{}", own.map_or_else(words, str::to_owned));
    ctx.teller = Some(teller.into());
    let proxy = ProxyRecord {
        name,
        relation: relation(&person.relationship),
        contact_points: telecom(ctx, &person.telecom, Path::new("telecom"), None),
    };
    Some(Record::Patient(Box::new(PatientRecord {
        key,
        aliases: Vec::new(),
        identifiers: Vec::new(),
        name: None,
        birth_date: Said::Nothing,
        sex: Said::Nothing,
        language: Said::Nothing,
        region: Said::Nothing,
        contact_points: Said::Nothing,
        deceased: Said::Nothing,
        proxies: vec![proxy],
        changed_at: None,
        inactive: false,
    })))
}

fn merges(
    ctx: &mut Context<'_>,
    links: &Many<PatientLink>,
    own: &ForeignKey,
    changed_at: Option<Moment>,
) -> Vec<MergeRecord> {
    let mut merges = Vec::new();
    for (index, link) in ctx.many(links, Path::new("link")) {
        let path = Path::new("link").at(index);
        let kind = ctx.text(&link.r#type, path.then("type"));
        let replaced = match kind {
            Some("replaced-by") => true,
            Some("replaces") => false,
            // "seealso" and "refer" link people without making them one.
            _ => continue,
        };
        let Some(other) = ctx.outside(&link.other, path.then("other"), "Patient") else {
            ctx.ignore(path, "names no patient to merge with");
            continue;
        };
        if other == *own {
            ctx.ignore(path, "merges the patient with itself");
            continue;
        }
        let (survivor, retired) = if replaced {
            (other, own.clone())
        } else {
            (own.clone(), other)
        };
        merges.push(MergeRecord {
            survivor,
            retired,
            survivor_record: None,
            changed_at,
        });
    }
    merges
}

fn identifiers(ctx: &mut Context<'_>, list: &Many<Identifier>) -> Vec<KnownBy> {
    let mut known = Vec::new();
    for (index, identifier) in ctx.many(list, Path::new("identifier")) {
        let path = Path::new("identifier").at(index);
        if is_ssn(identifier) {
            continue;
        }
        let system = ctx.text(&identifier.system, path.then("system"));
        // A value may be withheld by an extension; there is nothing to say then.
        let Some(value) = ctx.text(&identifier.value, path.then("value")) else {
            continue;
        };
        match Mrn::parse(value) {
            Ok(value) => known.push(KnownBy {
                system: system.unwrap_or_default().to_owned(),
                value,
            }),
            Err(error) => ctx.ignore(path.then("value"), &error.to_string()),
        }
    }
    known
}

/// Chooses the name of today: official before usual before unmarked, never one
/// that has ended, and a nickname only as the preferred form of another.
pub(super) fn name(
    ctx: &mut Context<'_>,
    names: &Many<HumanName>,
    path: Path<'_>,
) -> Option<PersonName> {
    let list = ctx.many(names, path);
    let rank = |name: &HumanName| match name.r#use.get().map(String::as_str) {
        Some("official") => 0,
        Some("usual") => 1,
        None => 2,
        Some("temp" | "anonymous") => 4,
        Some("nickname") => 5,
        Some("maiden" | "old") => 6,
        Some(_) => 3,
    };
    let ended = |name: &HumanName| name.period.get().is_some_and(|p| p.end.is_present());
    let (index, chosen) = list
        .iter()
        .min_by_key(|(_, name)| (ended(name), rank(name)))?;
    let person = match parse_name(chosen) {
        Ok(person) => person,
        Err(error) => {
            ctx.ignore(path.at(*index), &error.to_string());
            return None;
        }
    };
    let nickname = list
        .iter()
        .find(|(_, name)| rank(name) == 5 && !ended(name) && !std::ptr::eq(*name, *chosen));
    let Some((index, nickname)) = nickname else {
        return Some(person);
    };
    let short = given(nickname);
    let short = if short.is_empty() {
        nickname.text.get().cloned().unwrap_or_default()
    } else {
        short
    };
    match person.clone().with_preferred(&short) {
        Ok(person) => Some(person),
        Err(error) => {
            ctx.ignore(path.at(*index), &error.to_string());
            Some(person)
        }
    }
}

fn given(name: &HumanName) -> String {
    all(&name.given).cloned().collect::<Vec<_>>().join(" ")
}

/// Reads the parts, or the text as "Family, Given" or "Given Family".
fn parse_name(name: &HumanName) -> Result<PersonName, tendon_care::person::InvalidPerson> {
    let family = name.family.get().map_or("", String::as_str);
    let given = given(name);
    if !family.trim().is_empty() || !given.trim().is_empty() {
        return PersonName::parse(family, &given);
    }
    let text = name.text.get().map_or("", |text| text.trim());
    match text.split_once(',').or_else(|| {
        text.rsplit_once(char::is_whitespace)
            .map(|(given, family)| (family, given))
    }) {
        Some((family, given)) => PersonName::parse(family, given),
        None => PersonName::parse(text, ""),
    }
}

fn sex(ctx: &mut Context<'_>, patient: &Patient) -> Option<Sex> {
    let path = Path::new("gender");
    let text = ctx.text(&patient.gender, path)?;
    let sex = Sex::from_foreign(text);
    if sex == Sex::Unknown && !matches!(text.to_lowercase().as_str(), "unknown" | "u") {
        ctx.ignore(path, "is not male, female, other or unknown");
        return None;
    }
    Some(sex)
}

fn language(ctx: &mut Context<'_>, list: &Many<Communication>) -> Option<String> {
    let path = Path::new("communication");
    let list = ctx.many(list, path);
    let preferred = |(_, one): &&(usize, &Communication)| one.preferred.get() == Some(&true);
    let (index, chosen) = list.iter().find(preferred).or(list.first())?;
    let at = path.at(*index);
    let concept = ctx.one(&chosen.language, at.then("language"))?;
    let code = codes(&concept.coding).find(|code| !code.is_empty());
    code.or(concept.text.get().map(|text| text.trim()))
        .filter(|text| !text.is_empty() && text.chars().count() <= 64)
        .map(str::to_owned)
}

fn region_of(ctx: &mut Context<'_>, list: &Many<Address>) -> Option<tendon_care::patient::Region> {
    let path = Path::new("address");
    let list = ctx.many(list, path);
    // Where the patient lives decides the law, not where the bills go.
    let rank = |address: &Address| {
        let postal = address.r#type.get().is_some_and(|kind| kind == "postal");
        let order = match address.r#use.get().map(String::as_str) {
            Some("home") => 0,
            None => 1,
            Some("temp") => 2,
            Some("old" | "billing") => 4,
            Some(_) => 3,
        };
        (order == 4, postal, order)
    };
    let (index, address) = list.iter().min_by_key(|(_, address)| rank(address))?;
    read_region(ctx, address, path.at(*index))
}

/// Reads state and ZIP of an American address; a foreign one has neither.
pub(super) fn read_region(
    ctx: &mut Context<'_>,
    address: &Address,
    path: Path<'_>,
) -> Option<tendon_care::patient::Region> {
    let country = ctx.text(&address.country, path.then("country"));
    if !region::is_american(country) {
        return None;
    }
    let state = ctx.text(&address.state, path.then("state"));
    let zip = ctx.text(&address.postal_code, path.then("postalCode"));
    let region = region::region(state, zip);
    if state.is_some() && region.state.is_none() {
        ctx.ignore(path.then("state"), "is not a state of the United States");
    }
    if zip.is_some() && region.zip.is_none() {
        ctx.ignore(path.then("postalCode"), "is not a ZIP code");
    }
    (region.state.is_some() || region.zip.is_some()).then_some(region)
}

/// Reads phones and e-mails, best first: by rank, then mobile, then by use.
pub(super) fn telecom(
    ctx: &mut Context<'_>,
    list: &Many<ContactPoint>,
    path: Path<'_>,
    changed_at: Option<Moment>,
) -> Vec<ContactRecord> {
    let mut found: Vec<((u32, u8), ContactRecord)> = Vec::new();
    for (index, point) in ctx.many(list, path) {
        let at = path.at(index);
        let usage = point.r#use.get().map_or("", |usage| usage.trim());
        if usage == "old" || has_ended(ctx, point, at, changed_at) {
            continue;
        }
        let value = at.then("value");
        let Some((address, line)) = address(ctx, point, usage, at) else {
            continue;
        };
        let address = match address {
            Ok(address) => address,
            Err(error) => {
                ctx.ignore(value, &error.to_string());
                continue;
            }
        };
        let order = match usage {
            "mobile" => 0,
            "home" | "" => 1,
            "work" => 2,
            _ => 3,
        };
        let record = ContactRecord { address, line };
        let known = |(_, other): &((u32, u8), ContactRecord)| {
            other.address.comparable() == record.address.comparable()
        };
        if !found.iter().any(known) {
            found.push(((rank(ctx, point, at), order), record));
        }
    }
    found.sort_by_key(|(order, _)| *order);
    found.into_iter().map(|(_, record)| record).collect()
}

fn rank(ctx: &mut Context<'_>, point: &ContactPoint, at: Path<'_>) -> u32 {
    let path = at.then("rank");
    let Some(rank) = ctx.one(&point.rank, path) else {
        return u32::MAX;
    };
    // Whole numbers from 1; anything else says nothing about the order.
    super::care::whole(*rank).unwrap_or_else(|| {
        ctx.ignore(path, "is not a positive whole number");
        u32::MAX
    })
}

/// There is no clock here: an address has ended when its end is no later than
/// the source's own time of change.
fn has_ended(
    ctx: &mut Context<'_>,
    point: &ContactPoint,
    at: Path<'_>,
    changed_at: Option<Moment>,
) -> bool {
    let period = at.then("period");
    let end = ctx
        .one(&point.period, period)
        .and_then(|range| ctx.moment(&range.end, period.then("end")));
    match (end, changed_at) {
        (Some(end), Some(changed_at)) => super::time::not_after(end, changed_at),
        _ => false,
    }
}

type ParsedAddress = Result<ContactAddress, tendon_care::contact::InvalidAddress>;

/// Parses the value by its system; without a system an `@` makes it an e-mail.
fn address(
    ctx: &mut Context<'_>,
    point: &ContactPoint,
    usage: &str,
    at: Path<'_>,
) -> Option<(ParsedAddress, Line)> {
    let system = ctx.text(&point.system, at.then("system"));
    let text = ctx.text(&point.value, at.then("value"))?;
    let phone = |line| {
        let text = text.strip_prefix("tel:").unwrap_or(text);
        Some((Phone::parse(text).map(ContactAddress::Phone), line))
    };
    let landline = extension(&point.extension, url::LANDLINE)
        .is_some_and(|extension| extension.value_boolean.get() == Some(&true));
    match system {
        Some("sms") => phone(Line::Mobile),
        Some("phone") if landline => phone(Line::Landline),
        Some("phone") if usage == "mobile" => phone(Line::Mobile),
        // Many people have given their mobile as "home": a text is tried.
        Some("phone") => phone(Line::Unknown),
        None if !text.contains('@') => phone(Line::Unknown),
        Some("email") | None => {
            let text = text.strip_prefix("mailto:").unwrap_or(text);
            Some((Email::parse(text).map(ContactAddress::Email), Line::Unknown))
        }
        // Fax, pager and URL reach nobody.
        Some(_) => None,
    }
}

fn deceased(ctx: &mut Context<'_>, patient: &Patient) -> Option<bool> {
    // An unreadable time of death is still a death.
    if patient.deceased_date_time.is_present() {
        ctx.moment(&patient.deceased_date_time, Path::new("deceasedDateTime"));
        return Some(true);
    }
    ctx.one(&patient.deceased_boolean, Path::new("deceasedBoolean"))
        .copied()
}

fn contacts(
    ctx: &mut Context<'_>,
    list: &Many<PatientContact>,
    changed_at: Option<Moment>,
) -> Vec<ProxyRecord> {
    let mut proxies = Vec::new();
    for (index, contact) in ctx.many(list, Path::new("contact")) {
        let path = Path::new("contact").at(index);
        // Table 0131: employers, agencies and insurers speak for nobody.
        let office = all(&contact.relationship)
            .flat_map(|concept| codes(&concept.coding))
            .any(|code| matches!(code, "E" | "F" | "I" | "S"));
        if office || (contact.organization.is_present() && !contact.name.is_present()) {
            continue;
        }
        let named = path.then("name");
        let Some(name) = ctx.one(&contact.name, named) else {
            ctx.ignore(path, "names nobody");
            continue;
        };
        match parse_name(name) {
            Ok(name) => proxies.push(ProxyRecord {
                name,
                relation: relation(&contact.relationship),
                contact_points: telecom(ctx, &contact.telecom, path.then("telecom"), changed_at),
            }),
            Err(error) => ctx.ignore(named, &error.to_string()),
        }
    }
    proxies
}

/// Reads how a carer is related. *Source*: HL7 v3 RoleCode and RoleClass.
fn relation(list: &Many<super::shape::CodeableConcept>) -> Relation {
    const GUARDIAN: [&str; 11] = [
        "GUARD", "PRN", "MTH", "FTH", "NMTH", "NFTH", "STPPRN", "STPMTH", "STPFTH", "ADOPTP",
        "PRNFOST",
    ];
    const PARTNER: [&str; 6] = ["SPS", "HUSB", "WIFE", "DOMPART", "SIGOTHR", "partner"];
    const AGENT: [&str; 3] = ["HPOWATT", "DPOWATT", "POWATT"];
    let has = |wanted: &[&str]| {
        all(list)
            .flat_map(|concept| codes(&concept.coding))
            .any(|code| wanted.contains(&code))
    };
    let says = |wanted: &[&str]| {
        all(list)
            .flat_map(words)
            .any(|text| wanted.contains(&text.trim()))
    };
    if has(&AGENT) || says(&["power of attorney", "healthcare power of attorney"]) {
        Relation::HealthAgent
    } else if has(&GUARDIAN) || says(&["guardian", "parent", "mother", "father"]) {
        Relation::Guardian
    } else if has(&PARTNER) || says(&["spouse", "husband", "wife", "partner"]) {
        Relation::Partner
    } else {
        Relation::Carer
    }
}

/// Tells whether the source marks a record as a test (v3 ActReason `HTEST`).
fn is_test(meta: &Field<Meta>) -> bool {
    meta.get().is_some_and(|meta| {
        codes(&meta.tag)
            .chain(codes(&meta.security))
            .any(|code| code == "HTEST")
    })
}
