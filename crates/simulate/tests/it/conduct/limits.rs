//! The limits, in our own words.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::{Date, time};
use jiff::{SignedDuration, Timestamp};
use tendon_care::contact::Address;
use tendon_care::id::MessageId;
use tendon_care::purpose::Purpose;
use tendon_store::HandedOver;

use super::facts::{Facts, History, Standing, Stop};

/// Where the practice is.
pub const HOME: &str = "America/Chicago";

/// What must not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    Hours,
    CareADay,
    CareAWeek,
    AnyADay,
    AnyAWeek,
    HouseholdADay,
    HouseholdAWeek,
    Dead,
    Stopped,
    WrongNumber,
    VisitGone,
    VisitMoved,
}

impl Limit {
    pub const ALL: [Self; 12] = [
        Self::Hours,
        Self::CareADay,
        Self::CareAWeek,
        Self::AnyADay,
        Self::AnyAWeek,
        Self::HouseholdADay,
        Self::HouseholdAWeek,
        Self::Dead,
        Self::Stopped,
        Self::WrongNumber,
        Self::VisitGone,
        Self::VisitMoved,
    ];
}

/// A message that should not have gone, and what it was.
#[derive(Debug)]
pub struct Breach {
    pub limit: Limit,
    pub message: MessageId,
    #[expect(dead_code, reason = "printed by the test that finds one")]
    pub because: String,
}

/// The time allowed for the one answer to a stop or to a wrong number.
const LAST_WORD: SignedDuration = SignedDuration::from_mins(5);

/// Returns every message that should not have gone.
pub fn breaches(facts: &Facts) -> Vec<Breach> {
    let mut found = Vec::new();
    for sent in &facts.sent {
        let history = &facts.people[&sent.patient];
        let mut breach = |limit, because: String| {
            found.push(Breach {
                limit,
                message: sent.message,
                because,
            });
        };
        if let Some(because) = at_night(facts, sent) {
            breach(Limit::Hours, because);
        }
        if history.died_at.is_some_and(|died| sent.at > died) {
            breach(Limit::Dead, format!("died {:?}", history.died_at));
        }
        let address = facts.address(sent).map(Address::comparable);
        if let Some(stop) = against_a_stop(history, sent, address.as_deref()) {
            breach(Limit::Stopped, format!("{stop:?}"));
        }
        if let Some(because) = beside_the_visit(history, sent) {
            breach(because.0, because.1);
        }
    }
    wrong_numbers(facts, &mut found);
    caps(facts, &mut found);
    found
}

/// Returns the zone that a phone's area code speaks of.
pub fn zone_of(address: &Address) -> &'static str {
    match address {
        Address::Phone(phone) if phone.expose().starts_with("+1206") => "America/Los_Angeles",
        _ => HOME,
    }
}

/// Messages leave between 8 and 20, at the practice and wherever the phone is at home.
fn at_night(facts: &Facts, sent: &HandedOver) -> Option<String> {
    if sent.reply {
        return None;
    }
    let away = facts.address(sent).map_or(HOME, zone_of);
    BTreeSet::from([HOME, away]).into_iter().find_map(|zone| {
        let local = sent.at.in_tz(zone).unwrap().time();
        let decent = local >= time(8, 0, 0, 0) && local < time(20, 0, 0, 0);
        (!decent).then(|| format!("{local} in {zone}"))
    })
}

/// After a stop goes nothing but the one confirmation, and what saves lives.
fn against_a_stop<'h>(
    history: &'h History,
    sent: &HandedOver,
    address: Option<&str>,
) -> Option<&'h Stop> {
    let safety = sent.reply && sent.purpose == Purpose::Safety;
    history.stops.iter().find(|stop| {
        let last_word = sent.reply && sent.at <= stop.at + LAST_WORD;
        stop.holds(address, sent.at) && !(last_word || safety)
    })
}

/// A reminder speaks of a visit that stands, at the time at which it stands.
fn beside_the_visit(history: &History, sent: &HandedOver) -> Option<(Limit, String)> {
    let (visit, planned_for) = sent.visit.filter(|_| !sent.reply)?;
    let standing = history.standing(visit, sent.at);
    let template = sent.template.as_deref().unwrap_or_default();
    let right = match template {
        "missed-visit" => standing == Some(Standing::Missed),
        "early-check" => standing == Some(Standing::Done),
        // Who has said yes is not asked again, but may be told once more.
        _ if !sent.asks && standing == Some(Standing::Confirmed(planned_for)) => true,
        _ => standing == Some(Standing::Open(planned_for)),
    };
    let limit = match standing {
        Some(Standing::Open(_) | Standing::Confirmed(_)) => Limit::VisitMoved,
        _ => Limit::VisitGone,
    };
    (!right).then(|| (limit, format!("{template} while {standing:?}")))
}

/// A number that is somebody else's gets nothing but the one apology, under whatever
/// record and as whosever contact it is on file.
fn wrong_numbers(facts: &Facts, found: &mut Vec<Breach>) {
    let mut wrong: HashMap<String, Timestamp> = HashMap::new();
    for (point, at) in facts.people.values().flat_map(|history| &history.wrong) {
        let address = facts.addresses[point].comparable();
        let since = wrong.entry(address).or_insert(*at);
        *since = (*since).min(*at);
    }
    for sent in &facts.sent {
        let address = facts.address(sent).map(Address::comparable);
        let Some(since) = address.and_then(|address| wrong.get(&address)) else {
            continue;
        };
        let apology = sent.reply && sent.at <= *since + LAST_WORD;
        if sent.at > *since && !apology {
            found.push(Breach {
                limit: Limit::WrongNumber,
                message: sent.message,
                because: format!("wrong since {since}, {:?} at {}", sent.template, sent.at),
            });
        }
    }
}

type Log<'f> = BTreeMap<Date, Vec<&'f HandedOver>>;

/// At most one care message a day and three in seven days for each person; two and
/// six of any kind for each person and for each address, whoever shares it.
fn caps(facts: &Facts, found: &mut Vec<Breach>) {
    let mut people: BTreeMap<_, Vec<&HandedOver>> = BTreeMap::new();
    let mut households: BTreeMap<String, Vec<&HandedOver>> = BTreeMap::new();
    for sent in facts.sent.iter().filter(|sent| !sent.reply) {
        people.entry(sent.patient).or_default().push(sent);
        if let Some(address) = facts.address(sent) {
            households
                .entry(address.comparable())
                .or_default()
                .push(sent);
        }
    }
    for sent in people.values() {
        let care = by_day(sent, |sent| sent.purpose == Purpose::Care);
        over(&care, (1, Limit::CareADay), (3, Limit::CareAWeek), found);
        let any = by_day(sent, |_| true);
        over(&any, (2, Limit::AnyADay), (6, Limit::AnyAWeek), found);
    }
    for sent in households.values() {
        let any = by_day(sent, |_| true);
        let (day, week) = ((2, Limit::HouseholdADay), (6, Limit::HouseholdAWeek));
        over(&any, day, week, found);
    }
}

fn by_day<'f>(sent: &[&'f HandedOver], counts: fn(&HandedOver) -> bool) -> Log<'f> {
    let mut days = Log::new();
    for one in sent.iter().filter(|one| counts(one)) {
        let day = one.at.in_tz(HOME).unwrap().date();
        days.entry(day).or_default().push(one);
    }
    days
}

fn over(
    days: &Log<'_>,
    (a_day, day_limit): (usize, Limit),
    (a_week, week_limit): (usize, Limit),
    found: &mut Vec<Breach>,
) {
    for (day, messages) in days {
        let week: usize = days
            .iter()
            .filter(|(other, _)| (0..7).contains(&day.since(**other).unwrap().get_days()))
            .map(|(_, messages)| messages.len())
            .sum();
        let counts = [
            (messages.len(), a_day, day_limit),
            (week, a_week, week_limit),
        ];
        for (count, most, limit) in counts {
            if count > most {
                found.extend(messages.iter().map(|sent| Breach {
                    limit,
                    message: sent.message,
                    because: format!("{count} to {day}"),
                }));
            }
        }
    }
}
