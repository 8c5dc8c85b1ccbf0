//! From the text of a pack to checked rows, or to every problem in it.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::read::{Fault, Node, date_of};
use super::{Jurisdiction, Rule, RuleProblem, Value};

/// No rule of this product is older; an earlier date is a slip of the hand.
const EARLIEST: Date = date(2000, 1, 1);

const FIELDS: [&str; 7] = [
    "rule_id",
    "jurisdiction",
    "value",
    "effective_from",
    "effective_to",
    "source",
    "verified_on",
];

/// Reads every row; problems come in the order of the lines.
pub(super) fn pack(name: &str, text: &str) -> Result<Vec<Rule>, Vec<RuleProblem>> {
    let mut file = File {
        name,
        text,
        problems: Vec::new(),
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or_default();
        file.report(span.start, None, "toml", error.message());
    }
    let rules = file.rows(document.get_ref());
    check_periods(&mut file, &rules);
    if file.problems.is_empty() {
        return Ok(rules);
    }
    file.problems.sort_by_key(|problem| problem.line);
    Err(file.problems)
}

struct File<'a> {
    name: &'a str,
    text: &'a str,
    problems: Vec<RuleProblem>,
}

impl File<'_> {
    fn line(&self, offset: usize) -> usize {
        let before = self.text.bytes().take(offset);
        1 + before.filter(|byte| *byte == b'\n').count()
    }

    fn report(&mut self, offset: usize, rule: Option<&str>, field: &str, reason: &str) {
        let line = self.line(offset);
        self.report_line(line, rule, field, reason);
    }

    fn report_line(&mut self, line: usize, rule: Option<&str>, field: &str, reason: &str) {
        self.problems.push(RuleProblem {
            pack: self.name.to_owned(),
            line,
            rule_id: rule.map(str::to_owned),
            field: field.to_owned(),
            reason: reason.to_owned(),
        });
    }

    fn rows(&mut self, document: &DeTable<'_>) -> Vec<Rule> {
        for key in document.keys().filter(|key| key.get_ref() != "rule") {
            self.report(key.span().start, None, key.get_ref(), "is not [[rule]]");
        }
        let Some(rows) = document.get("rule") else {
            return Vec::new();
        };
        let Some(list) = rows.get_ref().as_array() else {
            self.report(rows.span().start, None, "rule", "must be written [[rule]]");
            return Vec::new();
        };
        list.iter().filter_map(|row| self.row(row)).collect()
    }

    fn row(&mut self, row: &Spanned<DeValue<'_>>) -> Option<Rule> {
        let start = row.span().start;
        let Some(table) = row.get_ref().as_table() else {
            self.report(start, None, "rule", "must be a table");
            return None;
        };
        let id = table.get("rule_id").and_then(|id| id.get_ref().as_str());
        for key in table
            .keys()
            .filter(|key| !FIELDS.contains(&key.get_ref().as_ref()))
        {
            let reason = format!("is not one of {}", FIELDS.join(", "));
            self.report(key.span().start, id, key.get_ref(), &reason);
        }
        let mut cells = Cells {
            file: self,
            table,
            start,
            id,
        };
        cells.rule()
    }
}

/// The cells of one row.
struct Cells<'a, 'f, 't> {
    file: &'a mut File<'f>,
    table: &'a DeTable<'t>,
    start: usize,
    id: Option<&'a str>,
}

impl Cells<'_, '_, '_> {
    fn get<T>(
        &mut self,
        field: &str,
        read: impl FnOnce(&Node<'_>) -> Result<T, Fault>,
    ) -> Option<T> {
        let Some(value) = self.table.get(field) else {
            self.file.report(self.start, self.id, field, "is missing");
            return None;
        };
        let node = Node {
            field: field.to_owned(),
            value,
        };
        match read(&node) {
            Ok(read) => Some(read),
            Err(fault) => {
                let Fault {
                    span,
                    field,
                    reason,
                } = fault;
                self.file.report(span.start, self.id, &field, &reason);
                None
            }
        }
    }

    fn text(&mut self, field: &str) -> Option<String> {
        self.get(field, |node| node.text().map(str::to_owned))
    }

    fn date(&mut self, field: &str) -> Option<Date> {
        self.get(field, date_of)
    }

    fn complain<T>(&mut self, field: &str, reason: &str) -> Option<T> {
        let span = self.table.get(field).map(Spanned::span);
        let start = span.map_or(self.start, |span| span.start);
        self.file.report(start, self.id, field, reason);
        None
    }

    /// Reads every cell before giving up, so that all problems are reported.
    fn rule(&mut self) -> Option<Rule> {
        let id = self.text("rule_id");
        let jurisdiction = self.jurisdiction();
        let value = id.as_deref().and_then(|id| self.value(id));
        let period = self.period();
        let source = self.text("source");
        let verified_on = self.date("verified_on");
        let (effective_from, effective_to) = period?;
        Some(Rule {
            id: id?,
            jurisdiction: jurisdiction?,
            value: value?,
            effective_from,
            effective_to,
            source: source?,
            verified_on: verified_on?,
            line: self.file.line(self.start),
        })
    }

    fn jurisdiction(&mut self) -> Option<Jurisdiction> {
        let text = self.text("jurisdiction")?;
        Jurisdiction::from_code(&text)
            .or_else(|| self.complain("jurisdiction", "is not product, US or a state's code"))
    }

    fn value(&mut self, id: &str) -> Option<Value> {
        let read = self.get("value", |node| Value::read(id, node).transpose())?;
        read.or_else(|| self.complain("rule_id", "is no rule that this version knows"))
    }

    fn period(&mut self) -> Option<(Date, Option<Date>)> {
        let from = self.date("effective_from")?;
        if from < EARLIEST {
            return self.complain("effective_from", "is before 2000-01-01");
        }
        if !self.table.contains_key("effective_to") {
            return Some((from, None));
        }
        let to = self.date("effective_to")?;
        if to < from {
            return self.complain("effective_to", "is before effective_from");
        }
        Some((from, Some(to)))
    }
}

/// Reports rows of one rule and jurisdiction that overlap or leave a hole.
fn check_periods(file: &mut File<'_>, rules: &[Rule]) {
    let mut series: BTreeMap<(&str, Jurisdiction), Vec<&Rule>> = BTreeMap::new();
    for rule in rules {
        let key = (rule.id.as_str(), rule.jurisdiction);
        series.entry(key).or_default().push(rule);
    }
    for rows in series.values_mut() {
        rows.sort_by_key(|rule| rule.effective_from);
        for pair in rows.windows(2) {
            let [earlier, later] = pair else { continue };
            let after = earlier.effective_to.and_then(|last| last.tomorrow().ok());
            let reason = match after {
                Some(next) if next == later.effective_from => continue,
                Some(next) if next < later.effective_from => "leaves a hole after",
                _ => "overlaps",
            };
            let reason = format!("{reason} the row in line {}", earlier.line);
            file.report_line(later.line, Some(&later.id), "effective_from", &reason);
        }
    }
}

#[cfg(test)]
mod tests;
