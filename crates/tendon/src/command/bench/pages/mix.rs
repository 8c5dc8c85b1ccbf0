//! Which pages a clinic asks for and how often, and a whole address for each.

use jiff::ToSpan as _;
use tendon_care::id::{ConversationId, MessageId};

use super::super::dice::{Dice, For};
use super::super::town::names::COMMON;
use super::super::town::{Course, Kind, Town, mrn, phone};

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Today,
    SearchCommonName,
    SearchRareName,
    SearchTwoWords,
    SearchPhone,
    SearchBirthday,
    SearchNumber,
    Patients,
    Patient,
    PatientLong,
    InboxWaiting,
    InboxAll,
    Thread,
    Messages,
    MessagesFiltered,
    MessagesOlder,
    Message,
    Settings,
    Audit,
    AuditFiltered,
    Portal,
    ApiPatients,
    ApiSearch,
    ApiTimeline,
    ApiAppointments,
    ApiMessages,
    ApiTasks,
}

/// Every kind with its name and its share of a hundred: what a front desk, its
/// therapists, its patients and a program that reads along ask for in a morning.
pub(super) const MIX: [(Ask, &str, u32); 27] = [
    (Ask::Today, "today", 16),
    (Ask::SearchCommonName, "search_common_name", 6),
    (Ask::SearchRareName, "search_rare_name", 6),
    (Ask::SearchTwoWords, "search_two_words", 4),
    (Ask::SearchPhone, "search_phone", 3),
    (Ask::SearchBirthday, "search_birthday", 3),
    (Ask::SearchNumber, "search_number", 3),
    (Ask::Patients, "patients", 3),
    (Ask::Patient, "patient", 15),
    (Ask::PatientLong, "patient_long", 3),
    (Ask::InboxWaiting, "inbox_waiting", 5),
    (Ask::InboxAll, "inbox_all", 2),
    (Ask::Thread, "thread", 5),
    (Ask::Messages, "messages", 3),
    (Ask::MessagesFiltered, "messages_filtered", 2),
    (Ask::MessagesOlder, "messages_older", 2),
    (Ask::Message, "message", 4),
    (Ask::Settings, "settings", 2),
    (Ask::Audit, "audit", 1),
    (Ask::AuditFiltered, "audit_filtered", 1),
    (Ask::Portal, "portal", 5),
    (Ask::ApiPatients, "api_patients", 1),
    (Ask::ApiSearch, "api_search", 1),
    (Ask::ApiTimeline, "api_timeline", 1),
    (Ask::ApiAppointments, "api_appointments", 1),
    (Ask::ApiMessages, "api_messages", 1),
    (Ask::ApiTasks, "api_tasks", 1),
];

/// Who sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Staff,
    Patient,
    Program,
}

/// A request, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) ask: Ask,
    pub(super) name: &'static str,
    pub(super) who: Who,
    pub(super) path: String,
    /// What is searched for, where it is a search.
    pub(super) search: Option<String>,
}

/// Draws requests about a town.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker<'a> {
    pub(super) town: &'a Town,
    /// The path of a patient's page.
    pub(super) portal: &'a str,
}

impl Asker<'_> {
    /// Draws the request of a number. The first ones ask for each kind once: what
    /// is slow at first shall not be missed.
    pub(super) fn request(&self, number: u32) -> Request {
        let mut dice = Dice::new(self.town.seed, For::Request, u64::from(number));
        let first = usize::try_from(number)
            .ok()
            .and_then(|place| MIX.get(place));
        let (ask, name, _) = first.copied().unwrap_or_else(|| drawn(&mut dice));
        let who = match ask {
            Ask::Portal => Who::Patient,
            Ask::ApiPatients
            | Ask::ApiSearch
            | Ask::ApiTimeline
            | Ask::ApiAppointments
            | Ask::ApiMessages
            | Ask::ApiTasks => Who::Program,
            _ => Who::Staff,
        };
        let search = self.search(ask, &mut dice);
        let path = match search {
            Some(_) => "/patients".to_owned(),
            None => self.path(ask, &mut dice),
        };
        Request {
            ask,
            name,
            who,
            path,
            search,
        }
    }

    fn search(&self, ask: Ask, dice: &mut Dice) -> Option<String> {
        let course = self.somebody(dice);
        let person = self.town.person(&course).ok()?;
        let (family, given) = (person.name.family(), person.name.given());
        let start = |name: &str, length: usize| name.chars().take(length).collect::<String>();
        Some(match ask {
            Ask::SearchCommonName => start(dice.pick(&COMMON), 3).to_lowercase(),
            Ask::SearchRareName => family.to_lowercase(),
            Ask::SearchTwoWords => format!("{} {}", start(given, 3), start(family, 4)),
            Ask::SearchPhone => {
                let digits = phone(course.number);
                digits.trim_start_matches("+1").to_owned()
            }
            Ask::SearchBirthday => person.birth_date?.strftime("%m/%d/%Y").to_string(),
            Ask::SearchNumber => mrn(course.number),
            _ => return None,
        })
    }

    fn path(&self, ask: Ask, dice: &mut Dice) -> String {
        let course = self.somebody(dice);
        let patient = self.town.patient_id(&course);
        let today = self.town.present.to_zoned(self.town.zone.clone()).date();
        let ago = |days: u32| today.saturating_sub(i64::from(days).days());
        match ask {
            Ask::Today => "/".to_owned(),
            Ask::Patient => format!("/patients/{patient}"),
            Ask::PatientLong => {
                let first = self.town.courses.first().unwrap_or(&course);
                format!("/patients/{}", self.town.patient_id(first))
            }
            Ask::InboxWaiting => "/inbox".to_owned(),
            Ask::InboxAll => "/inbox?show=all".to_owned(),
            Ask::Thread => {
                let thread: ConversationId =
                    self.town
                        .id(course.number, Kind::Thread, 0, course.registered);
                format!("/inbox/{thread}")
            }
            Ask::Messages => "/messages".to_owned(),
            Ask::MessagesFiltered => {
                let state = dice.pick(&["delivered", "held", "failed", "dropped"]);
                format!("/messages?state={state}&channel=sms&journey=visit-reminder")
            }
            Ask::MessagesOlder => {
                let from = 30 + dice.below(700);
                format!("/messages?from={}&to={}", ago(from), ago(from - 7))
            }
            Ask::Message => self.message(dice),
            Ask::Settings => {
                let of = [
                    "",
                    "/locations",
                    "/templates",
                    "/journeys",
                    "/users",
                    "/carriers",
                ];
                format!("/settings{}", dice.pick(&of))
            }
            Ask::Audit => "/audit".to_owned(),
            Ask::AuditFiltered => format!("/audit?about={patient}"),
            Ask::Portal => self.portal.to_owned(),
            Ask::ApiSearch => format!("/api/v1/patients?q={}", dice.pick(&COMMON).to_lowercase()),
            Ask::ApiTimeline => format!("/api/v1/patients/{patient}/timeline"),
            Ask::ApiAppointments => format!(
                "/api/v1/appointments?from={}T00:00:00Z",
                ago(dice.below(400))
            ),
            Ask::ApiMessages => "/api/v1/messages?limit=100".to_owned(),
            Ask::ApiTasks => "/api/v1/tasks".to_owned(),
            Ask::ApiPatients => "/api/v1/patients?limit=100".to_owned(),
            _ => "/patients".to_owned(),
        }
    }

    fn somebody(&self, dice: &mut Dice) -> Course {
        let all = u32::try_from(self.town.courses.len()).unwrap_or(1).max(1);
        let place = usize::try_from(dice.below(all)).unwrap_or(0);
        let course = self.town.courses.get(place).or(self.town.courses.first());
        course.copied().unwrap_or_default()
    }

    /// Finds somebody's reminder; where the drawn one had none, the first patient's.
    fn message(&self, dice: &mut Dice) -> String {
        let course = self.somebody(dice);
        let first = self.town.courses.first().copied().unwrap_or_default();
        let sent = [course, first].into_iter().find_map(|course| {
            let mut visits = (0..course.count).filter_map(|index| self.town.visit(&course, index));
            visits.find_map(|visit| Some((course.number, visit.index, visit.reminded?)))
        });
        let (number, index, at) = sent.unwrap_or_default();
        let message: MessageId = self.town.id(number, Kind::Message, index, at);
        format!("/messages/{message}")
    }
}

fn drawn(dice: &mut Dice) -> (Ask, &'static str, u32) {
    let mut left = dice.below(100);
    for entry in MIX {
        match left.checked_sub(entry.2) {
            Some(rest) => left = rest,
            None => return entry,
        }
    }
    (Ask::Today, "today", 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    #[test]
    fn the_shares_are_of_a_hundred_and_every_kind_has_one() {
        assert_eq!(MIX.iter().map(|(_, _, share)| share).sum::<u32>(), 100);
        assert!(MIX.iter().all(|(_, _, share)| *share > 0));
    }

    #[test]
    fn requests_are_those_of_the_shares_and_the_same_each_time() {
        let present = "2026-11-03T13:50:00Z".parse().unwrap();
        let zone = TimeZone::get("America/Chicago").unwrap();
        let town = Town::new(7, 300, present, &zone);
        let asker = Asker {
            town: &town,
            portal: "/portal/x",
        };
        let requests: Vec<Request> = (0..3_000).map(|n| asker.request(n)).collect();
        assert_eq!(asker.request(2_999), requests[2_999]);
        let first: Vec<Ask> = requests.iter().take(MIX.len()).map(|r| r.ask).collect();
        assert_eq!(first, MIX.map(|(ask, _, _)| ask));
        for (ask, name, share) in MIX {
            let found = requests.iter().filter(|r| r.ask == ask).count();
            let wanted = 30 * share as usize;
            assert!(
                found.abs_diff(wanted) < wanted / 2 + 15,
                "{name}: {found} of {wanted}"
            );
        }
        assert!(requests.iter().all(|r| r.path.starts_with('/')));
        let searches = requests.iter().filter(|r| r.search.is_some());
        assert!(searches.clone().all(|r| r.path == "/patients"));
        assert!(searches.count() > 600);
    }
}
