//! Every layer of packs, worked out into what holds on each day.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};

use super::holiday::HolidayRule;
use super::hours::{Hours, Week};
use super::keyword::{Keyword, Keywords};
use super::value::{Cap, Number, Value, Words};
use super::{Jurisdiction, Rule, RulePack, RuleProblem};
use crate::consent::{Basis, ScopeMode, Terms};
use crate::purpose::Purpose;
use crate::zone::{State, States};

/// What the law and the practice say, for every day.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    first: DayRules,
    /// What changed later, in order.
    later: Vec<DayRules>,
}

impl Rules {
    /// Lays packs upon each other, lowest first, and checks that the outcome is
    /// whole: on every day from the first row on, each purpose has hours and a
    /// consent, every number and text is there, and no word has two meanings.
    ///
    /// *Errors*: every gap, named by its rule id and the day on which it opens.
    pub fn layered(packs: &[RulePack]) -> Result<Self, Vec<RuleProblem>> {
        let mut cuts = BTreeSet::new();
        for rule in packs.iter().flat_map(RulePack::rules) {
            cuts.insert(rule.effective_from);
            let after = rule.effective_to.and_then(|last| last.tomorrow().ok());
            cuts.extend(after);
        }
        let mut problems = Vec::new();
        let mut days = cuts.into_iter().filter_map(|day| {
            let in_force = in_force(packs, day);
            DayRules::collect(day, &in_force)
                .map_err(|gaps| problems.extend(gaps))
                .ok()
        });
        let first = days.next();
        let later: Vec<DayRules> = days.collect();
        // A gap that stays open is told once, on the day on which it opens.
        let mut told = BTreeSet::new();
        problems.retain(|problem| told.insert(problem.rule_id.clone()));
        if !problems.is_empty() {
            return Err(problems);
        }
        let first = first.ok_or_else(|| vec![gap("rule", None, "no pack has a row")])?;
        Ok(Self { first, later })
    }

    /// Returns the rules compiled in, without an operator's own.
    pub fn defaults() -> Result<Self, Vec<RuleProblem>> {
        Self::layered(&RulePack::defaults()?)
    }

    /// Returns what holds on a day; days before the first row use the first.
    pub fn for_date(&self, day: Date) -> &DayRules {
        let after = self.later.partition_point(|rules| rules.since <= day);
        after
            .checked_sub(1)
            .and_then(|at| self.later.get(at))
            .unwrap_or(&self.first)
    }

    /// Returns the day that lies so many business days after another: weekends
    /// and federal holidays are skipped. `None` beyond the calendar.
    pub fn business_days_after(&self, day: Date, count: i64) -> Option<Date> {
        let mut day = day;
        let mut left = count;
        while left > 0 {
            day = day.tomorrow().ok()?;
            let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            let holiday = self.for_date(day).is_holiday(day, States::default());
            left -= i64::from(!weekend && !holiday);
        }
        Some(day)
    }

    /// Returns the last day on which a revocation received on a day may be
    /// honoured (47 CFR 64.1200(a)(10)); staff screens show it as the deadline.
    pub fn revocation_deadline(&self, received: Date) -> Option<Date> {
        let days = self
            .for_date(received)
            .number(Number::RevocationBusinessDays);
        self.business_days_after(received, days)
    }
}

/// Returns the rows of the topmost layers that hold on a day.
fn in_force(packs: &[RulePack], day: Date) -> BTreeMap<(&str, Jurisdiction), &Rule> {
    packs
        .iter()
        .flat_map(RulePack::rules)
        .filter(|rule| rule.holds_on(day))
        .map(|rule| ((rule.id.as_str(), rule.jurisdiction), rule))
        .collect()
}

fn gap(rule_id: &str, since: Option<Date>, reason: &str) -> RuleProblem {
    let since = since.map_or_else(String::new, |since| format!(" from {since} on"));
    RuleProblem {
        pack: "all packs together".into(),
        line: 0,
        rule_id: Some(rule_id.into()),
        field: "effective_from".into(),
        reason: format!("{reason}{since}"),
    }
}

/// Hours of one purpose: everywhere, and narrowed by states.
#[derive(Clone, Debug, Default, PartialEq)]
struct Reach {
    everywhere: Option<Week>,
    states: Vec<(State, Week)>,
}

/// What holds from one day until the next change.
#[derive(Clone, Debug, PartialEq)]
pub struct DayRules {
    since: Date,
    reach: [Reach; 6],
    caps: Vec<(String, Jurisdiction, Cap)>,
    holidays: Vec<(Jurisdiction, HolidayRule)>,
    keywords: Keywords,
    terms: Terms,
    numbers: Vec<i64>,
    state_numbers: BTreeMap<(State, Number), i64>,
    words: Vec<String>,
}

impl DayRules {
    /// Returns the first day on which these rules hold.
    pub fn since(&self) -> Date {
        self.since
    }

    /// Returns the hours in which a message of the purpose may arrive on a local
    /// day: what the product, the nation and every one of the states allow.
    pub fn hours(&self, purpose: Purpose, states: States, day: Date) -> Hours {
        let Some(reach) = self.reach.get(purpose as usize) else {
            return Hours::CLOSED;
        };
        let weekday = day.weekday();
        let everywhere = reach.everywhere.unwrap_or(Week::ALWAYS);
        let mut hours = everywhere.on(weekday);
        let mut holiday = everywhere.holiday;
        for (_, week) in reach
            .states
            .iter()
            .filter(|(state, _)| states.contains(*state))
        {
            hours = hours.and(week.on(weekday));
            holiday = holiday.and(week.holiday);
        }
        let narrowed = hours.and(holiday);
        // Few windows mind holidays, and looking for one costs the most here.
        if narrowed != hours && self.is_holiday(day, states) {
            return narrowed;
        }
        hours
    }

    /// Tells whether a day is a holiday of the nation or of one of the states.
    pub fn is_holiday(&self, day: Date, states: States) -> bool {
        self.holidays.iter().any(|(jurisdiction, rule)| {
            let here = match jurisdiction {
                Jurisdiction::State(state) => states.contains(*state),
                Jurisdiction::Federal | Jurisdiction::Product => true,
            };
            here && rule.falls_on(day)
        })
    }

    /// Lists the caps that bind a purpose in any of the states, with their ids.
    pub fn caps(&self, purpose: Purpose, states: States) -> impl Iterator<Item = (&str, &Cap)> {
        self.caps
            .iter()
            .filter(move |(_, jurisdiction, cap)| {
                let here = match jurisdiction {
                    Jurisdiction::State(state) => states.contains(*state),
                    Jurisdiction::Federal | Jurisdiction::Product => true,
                };
                here && cap.purposes.contains(purpose)
            })
            .map(|(id, _, cap)| (id.as_str(), cap))
    }

    /// Returns the words with a fixed meaning.
    pub fn keywords(&self) -> &Keywords {
        &self.keywords
    }

    /// Returns what consent must satisfy, the scope of an unqualified STOP included.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Returns a number that holds everywhere.
    pub fn number(&self, number: Number) -> i64 {
        self.numbers
            .get(number as usize)
            .copied()
            .unwrap_or_default()
    }

    /// Returns a number as a state has it, else the one that holds everywhere.
    pub fn number_in(&self, number: Number, state: State) -> i64 {
        let own = self.state_numbers.get(&(state, number));
        own.copied().unwrap_or_else(|| self.number(number))
    }

    /// Returns a fixed text.
    pub fn words(&self, words: Words) -> &str {
        self.words
            .get(words as usize)
            .map(String::as_str)
            .unwrap_or_default()
    }

    fn collect(
        since: Date,
        rows: &BTreeMap<(&str, Jurisdiction), &Rule>,
    ) -> Result<Self, Vec<RuleProblem>> {
        let mut draft = Draft::default();
        // Products come before the nation and the nation before states, so a
        // later row is the more binding one.
        for rule in rows.values() {
            draft.add(rule);
        }
        draft.finish(since)
    }
}

/// Rules of a day that may still have holes.
#[derive(Default)]
struct Draft {
    reach: [Reach; 6],
    caps: Vec<(String, Jurisdiction, Cap)>,
    holidays: Vec<(Jurisdiction, HolidayRule)>,
    keywords: Keywords,
    mode: Option<ScopeMode>,
    least: [Option<Basis>; 6],
    numbers: BTreeMap<Number, i64>,
    state_numbers: BTreeMap<(State, Number), i64>,
    words: BTreeMap<Words, String>,
}

impl Draft {
    fn add(&mut self, rule: &Rule) {
        let jurisdiction = rule.jurisdiction;
        match &rule.value {
            Value::Windows(windows) => {
                for purpose in windows.purposes.iter() {
                    self.narrow(purpose, jurisdiction, windows.week);
                }
            }
            Value::Cap(cap) => self.caps.push((rule.id.clone(), jurisdiction, cap.clone())),
            Value::Holiday(holiday) => self.holidays.push((jurisdiction, *holiday)),
            Value::Keywords(keyword, words) => self.keywords.extend(*keyword, words),
            Value::Consent(purpose, basis) => {
                // The strictest of product, nation and states holds for everybody:
                // a consent is given once and must be good wherever the phone is.
                if let Some(least) = self.least.get_mut(*purpose as usize) {
                    *least = (*least).max(Some(*basis));
                }
            }
            Value::Scope(mode) => self.mode = self.mode.max(Some(*mode)),
            Value::Number(number, value) => match jurisdiction {
                Jurisdiction::State(state) => {
                    self.state_numbers.insert((state, *number), *value);
                }
                Jurisdiction::Product | Jurisdiction::Federal => {
                    self.numbers.insert(*number, *value);
                }
            },
            Value::Words(words, text) => {
                self.words.insert(*words, text.clone());
            }
        }
    }

    fn narrow(&mut self, purpose: Purpose, jurisdiction: Jurisdiction, week: Week) {
        let Some(reach) = self.reach.get_mut(purpose as usize) else {
            return;
        };
        match jurisdiction {
            Jurisdiction::Product | Jurisdiction::Federal => {
                reach.everywhere = Some(reach.everywhere.map_or(week, |known| known.and(week)));
            }
            Jurisdiction::State(state) => {
                match reach.states.iter_mut().find(|(known, _)| *known == state) {
                    Some((_, known)) => *known = known.and(week),
                    None => reach.states.push((state, week)),
                }
            }
        }
    }

    fn gaps(&self, since: Date) -> Vec<RuleProblem> {
        let mut gaps = Vec::new();
        let mut miss = |id: &str| gaps.push(gap(id, Some(since), "no row is in force"));
        for (purpose, reach) in Purpose::ALL.iter().zip(&self.reach) {
            if reach.everywhere.is_none() {
                miss(&format!("window.{}", purpose.code()));
            }
        }
        for (purpose, least) in Purpose::ALL.iter().zip(&self.least) {
            if least.is_none() && *purpose != Purpose::Safety {
                miss(&format!("consent.{}", purpose.code()));
            }
        }
        if self.mode.is_none() {
            miss("revocation.scope_mode");
        }
        for keyword in Keyword::ALL {
            if self.keywords.words(keyword).is_empty() {
                miss(&format!("keywords.{}", keyword.code()));
            }
        }
        for number in Number::ALL.iter().filter(|n| !self.numbers.contains_key(n)) {
            miss(number.code());
        }
        for words in Words::ALL.iter().filter(|w| !self.words.contains_key(w)) {
            miss(words.code());
        }
        gaps.extend(self.collisions(since));
        gaps
    }

    /// Finds words that two keyword sets share, such as a CANCEL that would both
    /// opt out and help.
    fn collisions(&self, since: Date) -> Vec<RuleProblem> {
        let mut collisions = Vec::new();
        for keyword in Keyword::ALL {
            for word in self.keywords.words(keyword) {
                let first = self.keywords.read(word);
                if first != Some(keyword) {
                    let id = format!("keywords.{}", keyword.code());
                    let reason = format!("{word} also means something else");
                    collisions.push(gap(&id, Some(since), &reason));
                }
            }
        }
        collisions
    }

    fn finish(self, since: Date) -> Result<DayRules, Vec<RuleProblem>> {
        let gaps = self.gaps(since);
        let Some(mode) = self.mode.filter(|_| gaps.is_empty()) else {
            return Err(gaps);
        };
        Ok(DayRules {
            since,
            reach: self.reach,
            caps: self.caps,
            holidays: self.holidays,
            keywords: self.keywords,
            terms: Terms {
                mode,
                least: self.least,
            },
            numbers: self.numbers.into_values().collect(),
            state_numbers: self.state_numbers,
            words: self.words.into_values().collect(),
        })
    }
}

#[cfg(test)]
mod tests;
