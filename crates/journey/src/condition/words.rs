//! A checked condition in words that a front desk reads.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::dotted_name;
use crate::variable::{self, Kind, Variable};

/// Returns a checked condition as a clause, such as `the visit is an
/// evaluation and is not confirmed`.
pub(super) fn clause(expression: &IdedExpr) -> String {
    say(expression, true).text
}

/// A clause and how its parts hang together, so that mixed "and" and "or"
/// stay readable without brackets.
struct Clause {
    text: String,
    joined_by: Option<&'static str>,
}

impl Clause {
    fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            joined_by: None,
        }
    }

    /// Returns the text to stand inside a join by `word`.
    fn inside(self, word: &str) -> String {
        match self.joined_by {
            Some(own) if own != word && own == "or" => format!("either {}", self.text),
            Some(own) if own != word => format!("both {}", self.text),
            _ => self.text,
        }
    }
}

/// Says that the expression is `so`, or that it is not. Negation moves inwards
/// (De Morgan), because "not (a and b)" is hard to hear.
fn say(expression: &IdedExpr, so: bool) -> Clause {
    if let Some(Kind::Flag { yes, no }) = variable_of(expression).map(|variable| variable.kind) {
        return Clause::plain(if so { yes } else { no });
    }
    match &expression.expr {
        Expr::Literal(LiteralValue::Boolean(flag)) => Clause::plain(if *flag.inner() == so {
            "always"
        } else {
            "never"
        }),
        Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_NOT, [inner]) => say(inner, !so),
            (operators::LOGICAL_AND, [left, right]) => {
                join(left, right, so, if so { "and" } else { "or" })
            }
            (operators::LOGICAL_OR, [left, right]) => {
                join(left, right, so, if so { "or" } else { "and" })
            }
            (operators::CONDITIONAL, [condition, then, otherwise]) => Clause::plain(format!(
                "{} where {}, and {} elsewhere",
                say(then, so).text,
                say(condition, true).text,
                say(otherwise, so).text
            )),
            (operators::IN, [left, right]) => Clause::plain(membership(left, right, so)),
            (_, [left, right]) => Clause::plain(comparison(call, left, right, so)),
            _ => Clause::plain(value(expression, None)),
        },
        _ => Clause::plain(value(expression, None)),
    }
}

fn join(left: &IdedExpr, right: &IdedExpr, so: bool, word: &'static str) -> Clause {
    Clause {
        text: format!(
            "{} {word} {}",
            say(left, so).inside(word),
            say(right, so).inside(word)
        ),
        joined_by: Some(word),
    }
}

fn membership(left: &IdedExpr, right: &IdedExpr, so: bool) -> String {
    let variable = variable_of(left);
    let elements = match &right.expr {
        Expr::List(list) => list
            .elements
            .iter()
            .map(|element| value(element, variable))
            .collect::<Vec<_>>(),
        _ => vec![value(right, variable)],
    };
    let (verb, word) = if so {
        ("is", " or ")
    } else {
        ("is neither", " nor ")
    };
    format!("{} {verb} {}", value(left, None), elements.join(word))
}

fn comparison(call: &CallExpr, left: &IdedExpr, right: &IdedExpr, so: bool) -> String {
    let operator = if so {
        call.func_name.as_str()
    } else {
        opposite(&call.func_name)
    };
    // A literal on the left reads backwards; the sense is the same.
    let (left, right, operator) = if matches!(left.expr, Expr::Literal(_)) {
        (right, left, mirrored(operator))
    } else {
        (left, right, operator)
    };
    if let (Some(Kind::Flag { .. }), Expr::Literal(LiteralValue::Boolean(flag))) =
        (variable_of(left).map(|variable| variable.kind), &right.expr)
    {
        return say(left, *flag.inner() == (operator == operators::EQUALS)).text;
    }
    let subject = value(left, variable_of(right));
    if is_instant(left) && dotted_name(right).as_deref() == Some("now") {
        return match operator {
            operators::GREATER | operators::GREATER_EQUALS => format!("{subject} lies ahead"),
            _ => format!("{subject} has passed"),
        };
    }
    let timely = is_instant(left) || is_clock(left);
    let relation = match operator {
        operators::EQUALS => "is",
        operators::NOT_EQUALS => "is not",
        operators::LESS if timely => "is before",
        operators::GREATER if timely => "is after",
        operators::LESS_EQUALS if timely => "is not after",
        operators::GREATER_EQUALS if timely => "is not before",
        operators::LESS => "is less than",
        operators::GREATER => "is more than",
        operators::LESS_EQUALS => "is at most",
        _ => "is at least",
    };
    format!("{subject} {relation} {}", value(right, variable_of(left)))
}

/// Says a value; `like` is the variable it is compared with, whose codes have words.
fn value(expression: &IdedExpr, like: Option<&'static Variable>) -> String {
    if let Some(variable) = variable_of(expression) {
        return variable.words.to_owned();
    }
    match &expression.expr {
        Expr::Literal(LiteralValue::Int(number)) => number.inner().to_string(),
        Expr::Literal(LiteralValue::String(text)) => match like.map(|variable| variable.kind) {
            Some(Kind::Choice(choices)) => choices
                .iter()
                .find(|(code, _)| *code == text.inner())
                .map_or_else(|| text.inner().to_owned(), |(_, words)| (*words).to_owned()),
            _ => text.inner().to_owned(),
        },
        Expr::Call(call) => calculation(call),
        // The checks let no other shape through.
        _ => String::new(),
    }
}

fn calculation(call: &CallExpr) -> String {
    match (call.func_name.as_str(), call.args.as_slice()) {
        (unit @ ("minutes" | "hours" | "days"), [amount]) => {
            let amount = value(amount, None);
            let unit = if amount == "1" {
                unit.trim_end_matches('s')
            } else {
                unit
            };
            format!("{amount} {unit}")
        }
        ("clock", [time]) => value(time, None),
        (operators::NEGATE, [inner]) => format!("minus {}", value(inner, None)),
        (operators::SUBSTRACT, [left, right]) if is_instant(left) && is_instant(right) => {
            if dotted_name(right).as_deref() == Some("now") {
                format!("the time until {}", value(left, None))
            } else if dotted_name(left).as_deref() == Some("now") {
                format!("the time since {}", value(right, None))
            } else {
                format!(
                    "the time from {} to {}",
                    value(right, None),
                    value(left, None)
                )
            }
        }
        (operators::ADD, [left, right]) if is_instant(left) => {
            format!("{} after {}", value(right, None), value(left, None))
        }
        (operators::SUBSTRACT, [left, right]) if is_instant(left) => {
            format!("{} before {}", value(right, None), value(left, None))
        }
        (name, [left, right]) => {
            let word = match name {
                operators::ADD => "plus",
                operators::SUBSTRACT => "minus",
                operators::MULTIPLY => "times",
                operators::DIVIDE => "divided by",
                _ => "modulo",
            };
            format!("{} {word} {}", value(left, None), value(right, None))
        }
        _ => String::new(),
    }
}

fn variable_of(expression: &IdedExpr) -> Option<&'static Variable> {
    let (_, variable) = variable::find(&dotted_name(expression)?)?;
    Some(variable)
}

fn is_instant(expression: &IdedExpr) -> bool {
    match &expression.expr {
        // An instant plus or minus a length is an instant; minus an instant it is none.
        Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::ADD, [left, _]) => is_instant(left),
            (operators::SUBSTRACT, [left, right]) => is_instant(left) && !is_instant(right),
            _ => false,
        },
        _ => matches!(
            variable_of(expression).map(|variable| variable.kind),
            Some(Kind::Instant)
        ),
    }
}

fn is_clock(expression: &IdedExpr) -> bool {
    matches!(
        variable_of(expression).map(|variable| variable.kind),
        Some(Kind::Clock)
    )
}

fn opposite(operator: &str) -> &str {
    match operator {
        operators::EQUALS => operators::NOT_EQUALS,
        operators::NOT_EQUALS => operators::EQUALS,
        operators::LESS => operators::GREATER_EQUALS,
        operators::GREATER_EQUALS => operators::LESS,
        operators::GREATER => operators::LESS_EQUALS,
        operators::LESS_EQUALS => operators::GREATER,
        other => other,
    }
}

fn mirrored(operator: &str) -> &str {
    match operator {
        operators::LESS => operators::GREATER,
        operators::GREATER => operators::LESS,
        operators::LESS_EQUALS => operators::GREATER_EQUALS,
        operators::GREATER_EQUALS => operators::LESS_EQUALS,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Condition;

    #[test]
    fn conditions_read_as_sentences() {
        for (source, expected) in [
            ("visit.kind == 'evaluation'", "the visit is an evaluation"),
            (
                "'evaluation' != visit.kind",
                "the visit is not an evaluation",
            ),
            (
                "visit.state in ['booked', 'confirmed']",
                "the visit is on the book or confirmed",
            ),
            (
                "!(visit.state in ['cancelled', 'void'])",
                "the visit is neither cancelled nor entered in error",
            ),
            (
                "!(visit.confirmed && plan.unbooked > 0)",
                "the visit is not confirmed or the number of plan visits not yet booked is at most 0",
            ),
            ("visit.confirmed == false", "the visit is not confirmed"),
            (
                "visit.kind == 'evaluation' && (visit.confirmed || patient.missed_before)",
                "the visit is an evaluation and either the visit is confirmed or the patient has missed a visit before",
            ),
            ("visit.start > now", "the visit lies ahead"),
            (
                "visit.start - now < hours(48)",
                "the time until the visit is less than 48 hours",
            ),
            (
                "now - entered >= days(1)",
                "the time since the start of the journey is at least 1 day",
            ),
            (
                "visit.start < plan.end - days(7)",
                "the visit is before 7 days before the end of the plan",
            ),
            ("3 <= visit.number", "the number of the visit is at least 3"),
            (
                "visit.time_of_day < clock('08:30')",
                "the time of the visit is before 08:30",
            ),
            (
                "patient.language == 'es'",
                "the patient's language is Spanish",
            ),
            ("true", "always"),
        ] {
            assert_eq!(
                Condition::compile(source).unwrap().words(),
                expected,
                "{source}"
            );
        }
    }
}
