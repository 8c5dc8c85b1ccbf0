//! Patients as sources describe them: added, changed, never guessed away.
//!
//! | a source says | and so |
//! |---|---|
//! | a value | it replaces what is stored |
//! | nothing | what is stored stays |
//! | clear | what is stored goes; sex and language fall back to unknown and English |
//! | other addresses than before | its own old ones go, those of other sources stay |
//! | dead | everything is stopped in the same commit |
//! | alive, of one who is recorded as dead | nothing; staff decide. A default in an export must not write to a family |
//! | out of use | automation is paused; only staff lift that |
//! | anything under a number that a merge has retired | it fills gaps; addresses and a death count, names and pauses do not |
//! | a guardian | is kept, and never written to before somebody has verified them |

use std::collections::{BTreeSet, HashSet};

use serde::{Deserialize, Serialize};
use tendon_care::consent::{Act, Basis, Entry as ConsentEntry, Evidence, EvidenceRef};
use tendon_care::contact::{ContactPoint, Owner, Standing};
use tendon_care::id::{Id, PatientId};
use tendon_care::language::Language;
use tendon_care::matching::{Contact, Person, blocks};
use tendon_care::patient::{Authority, Identifier, Life, Patient, Proxy, Region};
use tendon_care::person::Sex;
use tendon_care::purpose::Purpose;
use tendon_care::touchpoint::Fact;
use tendon_exchange::Severity;
use tendon_exchange::field::Field;
use tendon_exchange::record::{ContactRecord, PatientRecord, ProxyRecord, Said};
use tendon_store::{AddressKey, ConsentRow, Write};

use super::entry::{Entry, PATIENT, Slot};
use super::places::only_zone;
use super::report::Verdict;
use super::scene::Scene;
use super::shelf::{Index, KeyState, Known};
use super::work::{Fresh, Told, Work, alias};

/// The addresses that a source said last, version 1, as JSON; sealed at rest.
/// They tell which addresses of a patient are the source's to take away.
#[derive(Default, Serialize, Deserialize)]
struct SaidV1 {
    addresses: Vec<String>,
}

/// The version of the words by which a number is given: there were none.
const NO_WORDING: &str = "number-given";

/// Returns a description as matching sees it.
pub(super) fn described(said: &PatientRecord) -> Person {
    let contacts = match &said.contact_points {
        Said::Value(contacts) => contacts.as_slice(),
        Said::Nothing | Said::Clear => &[],
    };
    let zip = match &said.region {
        Said::Value(region) => region.zip.clone(),
        Said::Nothing | Said::Clear => None,
    };
    Person {
        names: said.name.iter().cloned().collect(),
        birth_date: value(&said.birth_date).copied(),
        sex: value(&said.sex).copied().unwrap_or_default(),
        contacts: contacts
            .iter()
            .map(|contact| Contact {
                address: contact.address.clone(),
                shared: false,
            })
            .collect(),
        zip,
        identifiers: said.identifiers.clone(),
    }
}

fn value<T>(said: &Said<T>) -> Option<&T> {
    match said {
        Said::Value(value) => Some(value),
        Said::Nothing | Said::Clear => None,
    }
}

/// Makes a patient of a description; `None` without a name.
pub(super) fn new_patient(
    scene: &Scene,
    index: &Index,
    entry: &Entry,
    said: &PatientRecord,
    told: &mut Told,
) -> Option<Patient> {
    let name = said.name.clone()?;
    let mut patient = Patient {
        id: scene.desk.mint().id(),
        name,
        birth_date: None,
        sex: Sex::Unknown,
        language: Language::English,
        time_zone: None,
        region: Region::default(),
        life: Life::Living,
        identifiers: Vec::new(),
        contact_points: Vec::new(),
        proxies: Vec::new(),
        paused: said.inactive,
    };
    if said.deceased == Said::Value(true) {
        patient.life = Life::Deceased {
            learnt_at: scene.now,
        };
    }
    describe(scene, index, entry, said, &mut patient, told);
    Some(patient)
}

/// Why somebody without a name is not added.
pub(super) const NAMELESS: &str = "is missing: nobody can be added without a name";

/// Writes what was said into a patient, addresses and death excepted.
fn describe(
    scene: &Scene,
    index: &Index,
    entry: &Entry,
    said: &PatientRecord,
    patient: &mut Patient,
    told: &mut Told,
) {
    if let Some(name) = &said.name {
        patient.name = name.clone();
    }
    match &said.birth_date {
        Said::Value(day) if *day > scene.today => {
            let reason = "lies in the future";
            told.problem(entry, Field::BirthDate, reason, Severity::Ignored);
        }
        Said::Value(day) => patient.birth_date = Some(*day),
        Said::Clear => patient.birth_date = None,
        Said::Nothing => {}
    }
    match said.sex {
        Said::Value(sex) => patient.sex = sex,
        Said::Clear => patient.sex = Sex::Unknown,
        Said::Nothing => {}
    }
    match &said.language {
        Said::Value(tag) => patient.language = Language::from_foreign(tag).unwrap_or_default(),
        Said::Clear => patient.language = Language::default(),
        Said::Nothing => {}
    }
    match &said.region {
        Said::Value(region) => {
            patient.region = region.clone();
            let zone = region.zip.as_deref().and_then(only_zone);
            patient.time_zone = zone.map(|zone| zone.iana().to_owned());
        }
        Said::Clear => {
            patient.region = Region::default();
            patient.time_zone = None;
        }
        Said::Nothing => {}
    }
    add_numbers(index, entry, said, patient, told);
    for proxy in &said.proxies {
        add_proxy(scene, proxy, patient);
    }
}

/// Adds further numbers, unless they are another patient's.
fn add_numbers(
    index: &Index,
    entry: &Entry,
    said: &PatientRecord,
    patient: &mut Patient,
    told: &mut Told,
) {
    let known = patient.identifiers.iter();
    let mut known: HashSet<Identifier> = known.cloned().collect();
    for number in &said.identifiers {
        if !names_somebody(number) || !known.insert(number.clone()) {
            continue;
        }
        match index.holder(&number.system, number.value.expose()) {
            Some(other) if other != patient.id => told.problem(
                entry,
                Field::Identifier,
                "a further number is on file for another patient",
                Severity::Ignored,
            ),
            _ => patient.identifiers.push(number.clone()),
        }
    }
}

/// Returns what is left of a description under a number that a merge has retired:
/// it fills what the survivor lacks, and neither renames nor pauses anybody.
fn retired(said: &PatientRecord, survivor: &Patient) -> PatientRecord {
    let mut left = said.clone();
    left.name = None;
    left.inactive = false;
    left.language = Said::Nothing;
    if survivor.birth_date.is_some() || left.birth_date == Said::Clear {
        left.birth_date = Said::Nothing;
    }
    if survivor.sex != Sex::Unknown {
        left.sex = Said::Nothing;
    }
    if survivor.region != Region::default() || left.region == Said::Clear {
        left.region = Said::Nothing;
    }
    left
}

/// Tells whether a number can stand for a person: fillers such as 0000, and
/// numbers without an authority, are no key of anybody's.
fn names_somebody(number: &Identifier) -> bool {
    let alone = Person {
        identifiers: vec![number.clone()],
        ..Person::default()
    };
    !blocks(&alone).is_empty()
}

/// Adds one who speaks for the patient, once; verified by nobody yet.
fn add_proxy(scene: &Scene, said: &ProxyRecord, patient: &mut Patient) {
    let known = patient.proxies.iter().find(|proxy| {
        proxy.relation == said.relation && proxy.name.search_words() == said.name.search_words()
    });
    let id = known.map_or_else(|| scene.desk.mint().id(), |proxy| proxy.id);
    if known.is_none() {
        patient.proxies.push(Proxy {
            id,
            name: said.name.clone(),
            relation: said.relation,
            authority: Authority::Unverified,
        });
    }
    for contact in &said.contact_points {
        add_address(scene, contact, Owner::Proxy(id), patient);
    }
}

/// Adds an address, once for each owner. Returns whether it is new.
fn add_address(scene: &Scene, said: &ContactRecord, owner: Owner, patient: &mut Patient) -> bool {
    let text = said.address.comparable();
    let mut known = patient
        .contact_points
        .iter_mut()
        .filter(|point| point.owner == owner && point.address.comparable() == text);
    if let Some(point) = known.next() {
        if said.line != tendon_care::contact::Line::Unknown {
            point.line = said.line;
        }
        return false;
    }
    // What is known of the address, such as a stranger who answered, is known of it wherever it stands.
    let standing = patient
        .contact_points
        .iter()
        .find(|point| point.address.comparable() == text)
        .map_or(Standing::Unverified, |point| point.standing);
    let rank = u16::try_from(patient.contact_points.len()).unwrap_or(u16::MAX);
    patient.contact_points.push(ContactPoint {
        id: scene.desk.mint().id(),
        owner,
        address: said.address.clone(),
        line: said.line,
        standing,
        shared: false,
        rank,
    });
    true
}

impl Work<'_> {
    /// Takes what a source says of the patient.
    pub(super) fn person(&mut self, fresh: &Fresh, said: &PatientRecord) {
        let slot = fresh.entry.slot();
        let before = self.change.chart.patient.value.clone();
        let left;
        let said = if self.is_retired(&said.key) {
            left = retired(said, &before);
            &left
        } else {
            said
        };
        let mut after = before.clone();
        let entry = &fresh.entry;
        describe(
            self.scene,
            self.index,
            entry,
            said,
            &mut after,
            &mut self.told,
        );
        self.addresses(&slot, said, &mut after);
        if said.inactive && !after.paused {
            after.paused = true;
            self.note(Fact::AutomationPaused { paused: true }, self.scene.now);
        }
        let died = self.death(entry, said, &mut after);
        if after != before {
            self.change.set_patient(after.clone());
            self.address_writes(entry, &before, &after);
            if !self.is_new && !died {
                self.note(Fact::PatientChanged {}, self.scene.now);
            }
        }
        if died {
            let now = self.scene.now;
            self.change.stop_everything("deceased");
            self.change.write(Write::TasksOfPatientDone(after.id, now));
            self.change.happened_at(Fact::PatientDeceased {}, now);
        }
        let body = self.words_to_keep(&slot, said);
        self.remember(fresh, Some(after.id.uuid()), body);
        self.aliases(said, after.id);
        let created = (PATIENT, Verdict::Created);
        let verdict = match fresh.last() {
            None if self.is_new && !self.told.verdicts.contains(&created) => created.1,
            Some(_) if fresh.is_repeat() => Verdict::Unchanged,
            _ => Verdict::Updated,
        };
        self.told.verdict(entry, verdict);
    }

    /// Adds the patient of this decision, as the record describes them.
    pub(super) fn registered(&mut self, entry: &Entry) {
        let before = self.change.chart.patient.value.clone();
        let now = self.scene.now;
        let Some(said) = entry.person() else {
            return;
        };
        let slot = Slot::patient(&said.key);
        let mut after = before.clone();
        self.addresses(&slot, said, &mut after);
        self.change
            .write(Write::PatientNew(Box::new(after.clone()), now));
        self.change.chart.patient.value = after.clone();
        self.quiet(Fact::PatientRegistered {}, now);
        if let Life::Deceased { .. } = after.life {
            self.quiet(Fact::PatientDeceased {}, now);
        }
        let nowhere = Patient {
            contact_points: Vec::new(),
            ..before
        };
        self.address_writes(entry, &nowhere, &after);
        // A description that came along with a visit is no word of the patient's
        // own record, which may yet come and say more.
        if !matches!(entry.record, tendon_exchange::Record::Patient(_)) {
            let known = Known::key_of(after.id.uuid(), KeyState::Own);
            self.change.write(alias(&slot, &known, after.id));
            self.told.learnt.insert(slot, known);
            self.aliases(said, after.id);
            self.told.verdicts.push((PATIENT, Verdict::Created));
        }
    }

    /// Returns the addresses that this source has said last, as they are kept.
    fn words_to_keep(&self, slot: &Slot, said: &PatientRecord) -> Option<String> {
        let addresses = match &said.contact_points {
            Said::Value(contacts) => texts(contacts).into_iter().collect(),
            Said::Clear => Vec::new(),
            Said::Nothing => {
                let mut own = self
                    .said
                    .iter()
                    .filter(|row| row.system == slot.key.system && row.value == slot.key.value);
                return own.next().and_then(|row| row.body.clone());
            }
        };
        serde_json::to_string(&SaidV1 { addresses }).ok()
    }

    /// Learns of a death; tells whether it is news.
    fn death(&mut self, entry: &Entry, said: &PatientRecord, after: &mut Patient) -> bool {
        match (&said.deceased, after.life) {
            (Said::Value(true), Life::Living) => {
                after.life = Life::Deceased {
                    learnt_at: self.scene.now,
                };
                true
            }
            (Said::Value(false) | Said::Clear, Life::Deceased { .. }) => {
                let reason =
                    "says alive of a patient who is recorded as dead; only staff change that";
                self.told
                    .problem(entry, Field::Deceased, reason, Severity::Ignored);
                false
            }
            _ => false,
        }
    }

    /// Replaces the addresses that this source said before by those it says now.
    fn addresses(&mut self, slot: &Slot, said: &PatientRecord, after: &mut Patient) {
        let now_said: &[ContactRecord] = match &said.contact_points {
            Said::Nothing => return,
            Said::Clear => &[],
            Said::Value(contacts) => contacts,
        };
        let said_now: BTreeSet<String> = texts(now_said);
        let words = |own: bool| {
            self.said
                .iter()
                .filter(move |row| {
                    (row.system == slot.key.system && row.value == slot.key.value) == own
                })
                .flat_map(|row| read_addresses(row.body.as_deref()))
                .collect::<BTreeSet<String>>()
        };
        let (own_before, of_others) = (words(true), words(false));
        after.contact_points.retain(|point| {
            let text = point.address.comparable();
            point.owner != Owner::Patient
                || said_now.contains(&text)
                || !own_before.contains(&text)
                || of_others.contains(&text)
        });
        for contact in now_said {
            add_address(self.scene, contact, Owner::Patient, after);
        }
        // The patient's own come first, in the order in which this source names them.
        let place = |point: &ContactPoint| {
            let text = point.address.comparable();
            let named = now_said
                .iter()
                .position(|said| said.address.comparable() == text);
            (point.owner != Owner::Patient, named.unwrap_or(usize::MAX))
        };
        after
            .contact_points
            .sort_by_key(|point| (place(point), point.rank));
        for (rank, point) in after.contact_points.iter_mut().enumerate() {
            point.rank = u16::try_from(rank).unwrap_or(u16::MAX);
        }
    }

    /// Gives what follows from addresses that came or went: who shares them, and
    /// the consent that lies in giving a number (only an adult's own).
    fn address_writes(&mut self, entry: &Entry, before: &Patient, after: &Patient) {
        let key =
            |point: &ContactPoint| (point.owner == Owner::Patient, point.address.comparable());
        let all = |patient: &Patient| patient.contact_points.iter().map(key).collect();
        let (had, has): (BTreeSet<_>, BTreeSet<_>) = (all(before), all(after));
        for point in before.contact_points.iter().chain(&after.contact_points) {
            if had.contains(&key(point)) != has.contains(&key(point)) {
                let address = AddressKey::new(&point.address);
                self.change.write(Write::AddressShared(address));
            }
        }
        if after.is_minor(self.scene.today) || after.life != Life::Living {
            return;
        }
        for point in &after.contact_points {
            if !had.contains(&key(point)) && point.owner == Owner::Patient {
                self.number_given(entry, point, after);
            }
        }
    }

    fn number_given(&mut self, entry: &Entry, point: &ContactPoint, patient: &Patient) {
        let id = self.scene.desk.mint().id();
        let place = format!("{} {}", entry.origin.source, entry.origin.position);
        let given = ConsentEntry {
            id,
            person: Owner::Patient,
            address: point.address.clone(),
            captured_at: self.scene.now,
            captured_by: self.scene.access.actor,
            evidence: Evidence::Feed(EvidenceRef::new(place)),
            act: Act::Granted {
                purpose: Purpose::Care,
                channel: None,
                basis: Basis::NumberGiven,
                wording_version: NO_WORDING.to_owned(),
                language: patient.language,
                unencrypted_warning_version: None,
            },
        };
        let strand = self.change.strand();
        self.change.write(Write::Consent(Box::new(ConsentRow {
            patient: patient.id,
            strand,
            entry: given,
        })));
        let purpose = Purpose::Care;
        self.quiet(
            Fact::ConsentGranted {
                consent: id,
                purpose,
            },
            self.scene.now,
        );
    }

    /// Notes further keys of the patient that nobody has noted yet.
    fn aliases(&mut self, said: &PatientRecord, patient: PatientId) {
        for key in &said.aliases {
            let slot = Slot::patient(key);
            if self.known(&slot).is_none() {
                let known = Known::key_of(patient.uuid(), KeyState::Own);
                self.change.write(alias(&slot, &known, patient));
                self.told.learnt.insert(slot, known);
            }
        }
    }
}

fn texts(contacts: &[ContactRecord]) -> BTreeSet<String> {
    contacts
        .iter()
        .map(|contact| contact.address.comparable())
        .collect()
}

fn read_addresses(body: Option<&str>) -> Vec<String> {
    let read = body.and_then(|text| serde_json::from_str::<SaidV1>(text).ok());
    read.unwrap_or_default().addresses
}
