//! What a source said, as a hash: the same word again changes nothing.
//!
//! Of a visit the status and the time are hashed once more on their own. A feed
//! repeats all of a visit whenever anything of it changes, so only a status that
//! the *source* has changed since its last word may undo what happened here
//! meanwhile, such as a patient who called off by text.

use sha2::{Digest, Sha256};
use tendon_exchange::record::{
    AppointmentRecord, ContactRecord, ForeignKey, Moment, PatientRecord, Record, Said, VisitStatus,
};

/// A hash of what was said, with those of its status and of its time.
///
/// *Shape*: 32 bytes, the first 16 of all, then 8 of the status, 8 of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    whole: [u8; 16],
    status: [u8; 8],
    time: [u8; 8],
}

impl Fingerprint {
    /// Hashes a record. When the source changed it does not count, and neither
    /// does the person that a visit carries along.
    pub(super) fn of(record: &Record) -> Self {
        let mut ink = Ink::default();
        ink.record(record);
        let (mut status, mut time) = (Ink::default(), Ink::default());
        if let Record::Appointment(visit) = record {
            status.status(visit.status);
            time.moment(visit.starts_at);
        }
        Self {
            whole: ink.dry(),
            status: status.dry(),
            time: time.dry(),
        }
    }

    /// Reads the stored form; `None` for a key that was noted before anything
    /// was said under it.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            whole: bytes.get(..16)?.try_into().ok()?,
            status: bytes.get(16..24)?.try_into().ok()?,
            time: bytes.get(24..32)?.try_into().ok()?,
        })
    }

    /// Writes the stored form.
    pub(super) fn write(self) -> Vec<u8> {
        [&self.whole[..], &self.status, &self.time].concat()
    }

    fn mark(self) -> Mark {
        let mut mark = Mark::default();
        mark.iter_mut()
            .zip(self.whole)
            .for_each(|(to, from)| *to = from);
        mark
    }

    /// Tells whether the source says another status than before.
    pub(super) fn says_other_status(self, before: Option<Self>) -> bool {
        before.is_none_or(|before| before.status != self.status)
    }

    /// Tells whether the source says another time than before.
    pub(super) fn says_other_time(self, before: Option<Self>) -> bool {
        before.is_none_or(|before| before.time != self.time)
    }
}

/// What one teller has said of one thing: the last word, and marks of those that
/// it replaced, the latest first.
///
/// *Shape*: the 32 bytes of the last word's hash, then 8 for each mark; nothing
/// for a key that was noted before anything was said under it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    last: Option<Fingerprint>,
    earlier: Vec<Mark>,
}

/// The first bytes of a hash of all that was said.
type Mark = [u8; 8];

/// So many replaced words are remembered. An older one that is read once more is
/// taken for news until its successors come.
const MOST_MARKS: usize = 24;

impl Heard {
    /// Reads the stored form.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let marks = bytes.get(32..).unwrap_or_default();
        Self {
            last: Fingerprint::read(bytes),
            earlier: marks.as_chunks().0.to_vec(),
        }
    }

    /// Writes the stored form.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = self.last.map(Fingerprint::write).unwrap_or_default();
        bytes.extend(self.earlier.iter().flatten());
        bytes
    }

    /// Returns what was said last.
    pub(super) const fn last(&self) -> Option<Fingerprint> {
        self.last
    }

    /// Tells whether a word was said, last or before.
    pub(super) fn holds(&self, print: Fingerprint) -> bool {
        self.last == Some(print) || self.earlier.contains(&print.mark())
    }

    /// Returns what was said once a word follows.
    pub(super) fn with(&self, print: Fingerprint) -> Self {
        if self.last == Some(print) {
            return self.clone();
        }
        let before = self.last.map(Fingerprint::mark);
        let earlier = before.into_iter().chain(self.earlier.iter().copied());
        let earlier = earlier.filter(|mark| *mark != print.mark());
        Self {
            last: Some(print),
            earlier: earlier.take(MOST_MARKS).collect(),
        }
    }
}

/// Gathers fields, each with its length, so that no two lists run into one.
#[derive(Default)]
struct Ink(Sha256);

impl Ink {
    fn dry<const N: usize>(self) -> [u8; N] {
        let digest = self.0.finalize();
        let mut out = [0; N];
        out.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        out
    }

    fn text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
    }

    fn opt(&mut self, value: Option<impl ToString>) {
        match value {
            Some(value) => self.text(&value.to_string()),
            None => self.0.update([0xff; 8]),
        }
    }

    fn said<T>(&mut self, said: &Said<T>, write: impl FnOnce(&mut Self, &T)) {
        match said {
            Said::Nothing => self.text("nothing"),
            Said::Clear => self.text("clear"),
            Said::Value(value) => {
                self.text("value");
                write(self, value);
            }
        }
    }

    fn key(&mut self, key: Option<&ForeignKey>) {
        self.opt(key.map(|key| &key.system));
        self.opt(key.map(|key| &key.value));
    }

    fn moment(&mut self, moment: Option<Moment>) {
        self.opt(moment.map(|moment| match moment {
            Moment::Exact(at) => at.to_string(),
            Moment::Local(at) => at.to_string(),
        }));
    }

    fn status(&mut self, status: Option<VisitStatus>) {
        self.opt(status.map(|status| match status {
            VisitStatus::Booked => "booked",
            VisitStatus::Confirmed => "confirmed",
            VisitStatus::Arrived => "arrived",
            VisitStatus::InProgress => "in_progress",
            VisitStatus::Completed => "completed",
            VisitStatus::Cancelled(by) => by.code(),
            VisitStatus::NoShow => "noshow",
            VisitStatus::Void => "void",
        }));
    }

    fn contacts(&mut self, contacts: &[ContactRecord]) {
        self.text(&contacts.len().to_string());
        for contact in contacts {
            self.text(&contact.address.comparable());
            self.text(match contact.line {
                tendon_care::contact::Line::Mobile => "mobile",
                tendon_care::contact::Line::Landline => "landline",
                tendon_care::contact::Line::Unknown => "unknown",
            });
        }
    }

    fn record(&mut self, record: &Record) {
        self.text(record.kind());
        match record {
            Record::Patient(person) => self.person(person),
            Record::Appointment(visit) => self.visit(visit),
            Record::Clinician(clinician) => self.text(&clinician.display_name),
            Record::Location(place) => {
                self.text(&place.name);
                self.opt(place.region.state.as_ref());
                self.opt(place.region.zip.as_ref());
            }
            Record::Episode(episode) => {
                self.key(Some(&episode.patient));
                self.moment(episode.started_at);
                self.moment(episode.ended.map(|(at, _)| at));
                self.opt(episode.ended.map(|(_, how)| how.code()));
                self.opt(Some(episode.on_hold));
            }
            Record::Plan(plan) => {
                self.key(Some(&plan.patient));
                self.key(plan.episode.as_ref());
                self.opt(plan.visits);
                self.opt(plan.visits_per_week);
                self.opt(plan.authorised_visits);
                self.opt(plan.starts_on);
                self.opt(plan.ends_on);
            }
            Record::Referral(referral) => {
                self.key(Some(&referral.patient));
                self.opt(referral.referrer.as_ref());
                self.moment(referral.received_at);
                self.opt(Some(referral.cancelled));
            }
            Record::Merge(merge) => {
                self.key(Some(&merge.survivor));
                self.key(Some(&merge.retired));
            }
            Record::Document(document) => {
                self.key(document.patient.as_ref());
                self.text(&document.json);
            }
        }
    }

    fn person(&mut self, person: &PatientRecord) {
        self.text(&person.aliases.len().to_string());
        person
            .aliases
            .iter()
            .for_each(|alias| self.key(Some(alias)));
        self.text(&person.identifiers.len().to_string());
        for identifier in &person.identifiers {
            self.text(&identifier.system);
            self.text(identifier.value.expose());
        }
        let name = person.name.as_ref();
        self.opt(name.map(tendon_care::person::PersonName::family));
        self.opt(name.map(tendon_care::person::PersonName::given));
        self.opt(name.and_then(|name| name.preferred()));
        self.said(&person.birth_date, |ink, date| ink.text(&date.to_string()));
        self.said(&person.sex, |ink, sex| ink.text(sex.code()));
        self.said(&person.language, |ink, tag| ink.text(tag));
        self.said(&person.region, |ink, region| {
            ink.opt(region.state.as_ref());
            ink.opt(region.zip.as_ref());
        });
        self.said(&person.contact_points, |ink, contacts| {
            ink.contacts(contacts);
        });
        self.said(&person.deceased, |ink, dead| ink.opt(Some(*dead)));
        self.text(&person.proxies.len().to_string());
        for proxy in &person.proxies {
            self.text(proxy.name.family());
            self.text(proxy.name.given());
            self.contacts(&proxy.contact_points);
        }
        self.opt(Some(person.inactive));
    }

    fn visit(&mut self, visit: &AppointmentRecord) {
        self.key(Some(&visit.patient));
        self.key(visit.location.as_ref());
        self.opt(visit.location_name.as_ref());
        self.key(visit.clinician.as_ref());
        self.opt(visit.clinician_name.as_ref());
        self.key(visit.episode.as_ref());
        self.opt(visit.kind.map(tendon_care::appointment::VisitKind::code));
        self.moment(visit.starts_at);
        self.opt(visit.minutes);
        self.status(visit.status);
        self.moment(visit.booked_at);
        self.moment(visit.status_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use tendon_care::appointment::CancelledBy;
    use tendon_care::person::{PersonName, Sex};

    fn key(value: &str) -> ForeignKey {
        ForeignKey {
            system: "ehr".into(),
            value: value.into(),
        }
    }

    fn visit() -> AppointmentRecord {
        AppointmentRecord {
            key: key("9"),
            patient: key("7"),
            patient_record: None,
            location: None,
            location_name: None,
            clinician: None,
            clinician_name: None,
            episode: None,
            kind: None,
            starts_at: Some(Moment::Local(date(2028, 2, 29).at(9, 0, 0, 0))),
            minutes: Some(40),
            status: Some(VisitStatus::Booked),
            booked_at: None,
            status_at: None,
            changed_at: None,
            moved: false,
        }
    }

    fn print(visit: AppointmentRecord) -> Fingerprint {
        Fingerprint::of(&Record::Appointment(Box::new(visit)))
    }

    #[test]
    fn status_and_time_are_told_apart_from_the_rest() {
        let first = print(visit());
        let longer = print(AppointmentRecord {
            minutes: Some(60),
            ..visit()
        });
        assert_ne!(first, longer);
        assert!(!longer.says_other_status(Some(first)));
        assert!(!longer.says_other_time(Some(first)));
        let off = print(AppointmentRecord {
            status: Some(VisitStatus::Cancelled(CancelledBy::Patient)),
            ..visit()
        });
        assert!(off.says_other_status(Some(first)) && !off.says_other_time(Some(first)));
        assert!(first.says_other_time(None));
        let later = print(AppointmentRecord {
            changed_at: Some(Moment::Exact(jiff::Timestamp::UNIX_EPOCH)),
            ..visit()
        });
        assert_eq!(first, later, "when it was said changes nothing");
    }

    #[test]
    fn the_stored_form_round_trips() {
        let first = print(visit());
        assert_eq!(Fingerprint::read(&first.write()), Some(first));
        assert_eq!(Fingerprint::read(&[]), None);
    }

    #[test]
    fn every_field_of_a_person_counts() {
        let person = || PatientRecord {
            key: key("7"),
            aliases: vec![],
            identifiers: vec![],
            name: Some(PersonName::parse("Reed", "Sam").unwrap()),
            birth_date: Said::Nothing,
            sex: Said::Nothing,
            language: Said::Nothing,
            region: Said::Nothing,
            contact_points: Said::Nothing,
            deceased: Said::Nothing,
            proxies: vec![],
            changed_at: None,
            inactive: false,
        };
        let print = |change: fn(&mut PatientRecord)| {
            let mut person = person();
            change(&mut person);
            Fingerprint::of(&Record::Patient(Box::new(person))).write()
        };
        let mut prints = vec![
            print(|_| ()),
            print(|p| p.birth_date = Said::Clear),
            print(|p| p.birth_date = Said::Value(date(1960, 1, 1))),
            print(|p| p.sex = Said::Value(Sex::Male)),
            print(|p| p.language = Said::Value("es".into())),
            print(|p| p.region = Said::Clear),
            print(|p| p.contact_points = Said::Clear),
            print(|p| p.contact_points = Said::Value(vec![])),
            print(|p| p.deceased = Said::Value(true)),
            print(|p| p.inactive = true),
            print(|p| p.aliases = vec![key("8")]),
            print(|p| p.name = Some(PersonName::parse("Ree", "dSam").unwrap())),
            print(|p| p.name = None),
        ];
        let all = prints.len();
        prints.sort();
        prints.dedup();
        assert_eq!(prints.len(), all);
    }

    #[test]
    fn replaced_words_are_remembered_and_the_last_is_told_apart() {
        let print = |minutes| {
            print(AppointmentRecord {
                minutes: Some(minutes),
                ..visit()
            })
        };
        let heard = Heard::default().with(print(1)).with(print(2));
        assert_eq!(Heard::read(&heard.write()), heard);
        assert_eq!(heard.last(), Some(print(2)));
        assert!(heard.holds(print(1)) && heard.holds(print(2)) && !heard.holds(print(3)));
        let back = heard.with(print(1));
        assert_eq!(back.last(), Some(print(1)));
        assert_eq!(back.with(print(1)), back);
        let many = (1..100).fold(heard, |heard, minutes| heard.with(print(minutes)));
        assert!(many.holds(print(99)) && !many.holds(print(2)));
        assert!(many.write().len() < 300);
    }
}
