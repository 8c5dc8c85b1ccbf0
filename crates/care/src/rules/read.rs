//! How each kind of value is read from TOML.
//!
//! The id of a rule says which kind its value is of. A value is read whole or
//! refused with the first thing that is wrong in it, at its place in the text.

use std::ops::Range;

use jiff::civil::{Date, Weekday};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::holiday::HolidayRule;
use super::hours::{Hours, Week};
use super::keyword::{Keyword, bare};
use super::value::{Cap, Counts, Number, Period, Value, Windows, Words};
use crate::consent::{Basis, ScopeMode};
use crate::purpose::{Purpose, Purposes};

/// What is wrong with a value, and where in the text.
pub(super) struct Fault {
    pub(super) span: Range<usize>,
    pub(super) field: String,
    pub(super) reason: String,
}

/// A value of the file with the name by which problems call it.
#[derive(Clone)]
pub(super) struct Node<'a> {
    pub(super) field: String,
    pub(super) value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Node<'a> {
    fn fault(&self, reason: impl Into<String>) -> Fault {
        Fault {
            span: self.value.span(),
            field: self.field.clone(),
            reason: reason.into(),
        }
    }

    pub(super) fn text(&self) -> Result<&'a str, Fault> {
        let text = self.value.get_ref().as_str();
        text.filter(|text| !text.trim().is_empty())
            .ok_or_else(|| self.fault("must be a text that is not empty"))
    }

    fn integer(&self, least: i64, most: i64) -> Result<i64, Fault> {
        let integer = self.value.get_ref().as_integer();
        integer
            .and_then(|integer| i64::from_str_radix(integer.as_str(), integer.radix()).ok())
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| self.fault(format!("must be a whole number from {least} to {most}")))
    }

    fn small(&self, least: i8, most: i8) -> Result<i8, Fault> {
        let number = self.integer(i64::from(least), i64::from(most))?;
        i8::try_from(number).map_err(|_| self.fault("is too large"))
    }

    fn texts(&self) -> Result<Vec<(Self, &'a str)>, Fault> {
        let list = self.value.get_ref().as_array();
        let list = list.ok_or_else(|| self.fault("must be a list of texts"))?;
        list.iter()
            .map(|value| {
                let node = Self {
                    field: self.field.clone(),
                    value,
                };
                node.text().map(|text| (node, text))
            })
            .collect()
    }

    fn members(&self, known: &[&str]) -> Result<Members<'a>, Fault> {
        let table = self.value.get_ref().as_table();
        let table = table.ok_or_else(|| self.fault("must be a table"))?;
        let unknown = table
            .keys()
            .find(|key| !known.is_empty() && !known.contains(&key.get_ref().as_ref()));
        match unknown {
            Some(key) => Err(Fault {
                span: key.span(),
                field: format!("{}.{}", self.field, key.get_ref()),
                reason: format!("is not one of {}", known.join(", ")),
            }),
            None => Ok(Members {
                node: self.clone(),
                table,
            }),
        }
    }
}

/// Reads a TOML local date, or the same in quotes.
pub(super) fn date_of(node: &Node<'_>) -> Result<Date, Fault> {
    let value = node.value.get_ref();
    let bare = value
        .as_datetime()
        .filter(|moment| moment.time.is_none() && moment.offset.is_none())
        .and_then(|moment| moment.date)
        .map(|date| date.to_string());
    let text = bare.or_else(|| value.as_str().map(str::to_owned));
    text.filter(|text| text.len() == 10)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| node.fault("must be a date of the calendar such as 2026-02-28"))
}

/// The members of a table value.
struct Members<'a> {
    node: Node<'a>,
    table: &'a DeTable<'a>,
}

impl<'a> Members<'a> {
    fn maybe(&self, name: &str) -> Option<Node<'a>> {
        self.table.get(name).map(|value| Node {
            field: format!("{}.{name}", self.node.field),
            value,
        })
    }

    fn must(&self, name: &str) -> Result<Node<'a>, Fault> {
        self.maybe(name).ok_or_else(|| Fault {
            field: format!("{}.{name}", self.node.field),
            ..self.node.fault("is missing")
        })
    }
}

impl Value {
    /// Reads the value of a rule; `None` where no rule has such an id.
    pub(super) fn read(rule_id: &str, node: &Node<'_>) -> Option<Result<Self, Fault>> {
        if let Some(number) = Number::from_code(rule_id) {
            let value = node.integer(0, 100_000);
            return Some(value.map(|value| Self::Number(number, value)));
        }
        if let Some(words) = Words::from_code(rule_id) {
            let text = node.text();
            return Some(text.map(|text| Self::Words(words, text.to_owned())));
        }
        let (family, rest) = rule_id.split_once('.')?;
        match (family, rest) {
            ("window", _) => Some(windows(node).map(Self::Windows)),
            ("cap", _) => Some(cap(node).map(Self::Cap)),
            ("holiday", _) => Some(holiday(node).map(Self::Holiday)),
            ("keywords", _) => {
                let set = rest.split('.').next()?;
                let keyword = Keyword::ALL.into_iter().find(|k| k.code() == set)?;
                Some(keywords(node).map(|words| Self::Keywords(keyword, words)))
            }
            ("consent", _) => {
                let purpose = rest.parse().ok()?;
                Some(basis(node).map(|basis| Self::Consent(purpose, basis)))
            }
            ("revocation", "scope_mode" | "scope_floor") => Some(scope(node).map(Self::Scope)),
            _ => None,
        }
    }
}

fn purposes(members: &Members<'_>) -> Result<Purposes, Fault> {
    let node = members.must("purposes")?;
    let texts = node.texts()?;
    if texts.is_empty() {
        return Err(node.fault("must name at least one purpose"));
    }
    texts
        .into_iter()
        .map(|(node, text)| {
            text.parse::<Purpose>()
                .map_err(|problem| node.fault(problem.to_string()))
        })
        .collect()
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

fn weekday_index(text: &str) -> Option<usize> {
    WEEKDAYS.iter().position(|(name, _)| *name == text)
}

fn windows(node: &Node<'_>) -> Result<Windows, Fault> {
    let members = node.members(&[])?;
    let mut days: [Option<Hours>; 7] = [None; 7];
    let mut holiday = Hours::ALL_DAY;
    for (key, value) in members.table {
        let key = key.get_ref().as_ref();
        let node = Node {
            field: format!("{}.{key}", node.field),
            value,
        };
        if key == "purposes" {
            continue;
        }
        let hours = Hours::parse(node.text()?)
            .ok_or_else(|| node.fault("must be hours such as 08:00-20:00, or closed"))?;
        if key == "holiday" {
            holiday = hours;
            continue;
        }
        let (first, last) = key.split_once('-').unwrap_or((key, key));
        let range = weekday_index(first)
            .zip(weekday_index(last))
            .filter(|(first, last)| first <= last)
            .ok_or_else(|| {
                node.fault("must be a weekday such as mon, or a span such as mon-fri")
            })?;
        for day in days.iter_mut().take(range.1 + 1).skip(range.0) {
            if day.replace(hours).is_some() {
                return Err(node.fault("gives hours to a weekday that has some already"));
            }
        }
    }
    let purposes = purposes(&members)?;
    let missing = days.iter().zip(WEEKDAYS).find(|(hours, _)| hours.is_none());
    if let Some((_, (name, _))) = missing {
        return Err(node.fault(format!("says nothing about {name}")));
    }
    let days = days.map(|hours| hours.unwrap_or(Hours::CLOSED));
    Ok(Windows {
        purposes,
        week: Week::new(days, holiday),
    })
}

fn cap(node: &Node<'_>) -> Result<Cap, Fault> {
    let members = node.members(&["purposes", "max", "per", "counts"])?;
    let max = members.must("max")?.integer(0, 1000)?;
    let per = members.must("per")?;
    let counts = members.must("counts")?;
    Ok(Cap {
        purposes: purposes(&members)?,
        max: u16::try_from(max).unwrap_or(u16::MAX),
        per: period(per.text()?)
            .ok_or_else(|| per.fault("must be a period such as 7 days or 24 hours, up to 366"))?,
        counts: match counts.text()? {
            "person" => Counts::Person,
            "address" => Counts::Address,
            "both" => Counts::Both,
            _ => return Err(counts.fault("is not one of person, address, both")),
        },
    })
}

fn period(text: &str) -> Option<Period> {
    let (count, unit) = text.split_once(' ')?;
    let count = count
        .parse()
        .ok()
        .filter(|count| (1..=366).contains(count))?;
    match unit {
        "day" | "days" => Some(Period::Days(count)),
        "hour" | "hours" => Some(Period::Hours(count)),
        _ => None,
    }
}

fn holiday(node: &Node<'_>) -> Result<HolidayRule, Fault> {
    let known = [
        "month",
        "day",
        "observed",
        "weekday",
        "nth",
        "on_or_after",
        "easter_days",
    ];
    let members = node.members(&known)?;
    if let Some(days) = members.maybe("easter_days") {
        let days = i16::from(days.small(-100, 100)?);
        return Ok(HolidayRule::Easter { days });
    }
    let month = members.must("month")?.small(1, 12)?;
    let Some(weekday) = members.maybe("weekday") else {
        let day = members.must("day")?;
        let number = day.small(1, 31)?;
        // 2028 is a leap year, so that 29 February is a date here.
        Date::new(2028, month, number).map_err(|_| day.fault("is no day of that month"))?;
        let observed = members.maybe("observed").map_or(Ok(false), |node| {
            let flag = node.value.get_ref().as_bool();
            flag.ok_or_else(|| node.fault("must be true or false"))
        })?;
        return Ok(HolidayRule::Fixed {
            month,
            day: number,
            observed,
        });
    };
    let name = weekday.text()?;
    let (_, day_of_week) = WEEKDAYS
        .into_iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| weekday.fault("must be a weekday such as mon"))?;
    if let Some(day) = members.maybe("on_or_after") {
        return Ok(HolidayRule::OnOrAfter {
            month,
            weekday: day_of_week,
            day: day.small(1, 25)?,
        });
    }
    let nth = members.must("nth")?;
    let number = nth.small(-1, 5)?;
    if number == 0 {
        return Err(nth.fault("must be 1 to 5, or -1 for the last"));
    }
    Ok(HolidayRule::Nth {
        month,
        weekday: day_of_week,
        nth: number,
    })
}

fn keywords(node: &Node<'_>) -> Result<Vec<String>, Fault> {
    let texts = node.texts()?;
    if texts.is_empty() {
        return Err(node.fault("must name at least one word"));
    }
    texts
        .into_iter()
        .map(|(node, text)| {
            let letters = !bare(text).is_empty();
            letters
                .then(|| text.to_owned())
                .ok_or_else(|| node.fault("holds a word without a letter"))
        })
        .collect()
}

fn basis(node: &Node<'_>) -> Result<Basis, Fault> {
    Basis::from_code(node.text()?).ok_or_else(|| {
        let known = Basis::ALL.map(Basis::code).join(", ");
        node.fault(format!("is not one of {known}"))
    })
}

fn scope(node: &Node<'_>) -> Result<ScopeMode, Fault> {
    ScopeMode::from_code(node.text()?)
        .ok_or_else(|| node.fault("is not one of category, brand_all"))
}
