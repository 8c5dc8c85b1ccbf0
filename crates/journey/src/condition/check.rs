//! The types of a condition, checked before it is accepted.
//!
//! The language is CEL's core without macros, maps and member functions: what
//! is left out is refused by name, so that an author knows.

use cel::Program;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::{Fault, dotted_name, parse_clock};
use crate::variable::{self, Kind, VARIABLES, Variable};

/// The type of an expression. Texts keep their value and codes their variable,
/// so that a misspelt code is found here and not on the day it matters.
#[derive(Clone, Debug)]
enum Type {
    Flag,
    Count,
    Code(&'static Variable),
    Text(String),
    Instant,
    Length,
    Clock,
    List(Vec<(u64, Type)>),
}

impl Type {
    const fn words(&self) -> &'static str {
        match self {
            Self::Flag => "a yes or no",
            Self::Count => "a number",
            Self::Code(_) => "a code",
            Self::Text(_) => "a text",
            Self::Instant => "a point in time",
            Self::Length => "a length of time",
            Self::Clock => "a time of day",
            Self::List(_) => "a list",
        }
    }
}

/// The operators that put two of a kind in order.
const COMPARISONS: [&str; 6] = [
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::LESS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::GREATER_EQUALS,
];

/// Checks a parsed condition, reporting every fault that does not follow from
/// another one.
pub(super) fn check(program: &Program, source: &str) -> Result<(), Vec<Fault>> {
    let mut checker = Checker {
        program,
        source,
        faults: Vec::new(),
    };
    let root = program.expression();
    if let Some(found) = checker.type_of(root) {
        checker.want_flag(place(root), &found, "a condition");
    }
    if checker.faults.is_empty() {
        Ok(())
    } else {
        Err(checker.faults)
    }
}

struct Checker<'a> {
    program: &'a Program,
    source: &'a str,
    faults: Vec<Fault>,
}

impl Checker<'_> {
    /// Returns the type, or `None` once a fault below it has been reported.
    fn type_of(&mut self, expression: &IdedExpr) -> Option<Type> {
        if let Some(name) = dotted_name(expression) {
            return self.variable(place(expression), &name);
        }
        match &expression.expr {
            Expr::Literal(literal) => self.literal(expression.id, literal),
            Expr::Call(call) => self.call(expression.id, call),
            Expr::List(list) => {
                let elements: Vec<_> = list
                    .elements
                    .iter()
                    .map(|element| Some((place(element), self.type_of(element)?)))
                    .collect();
                elements
                    .into_iter()
                    .collect::<Option<Vec<_>>>()
                    .map(Type::List)
            }
            Expr::Select(_) => self.fault(
                expression.id,
                "has() is not available: a value that is not known counts as no",
            ),
            _ => self.fault(
                expression.id,
                "maps, objects and loops are not available in conditions",
            ),
        }
    }

    fn variable(&mut self, id: u64, name: &str) -> Option<Type> {
        let Some((_, variable)) = variable::find(name) else {
            let reason = format!("unknown variable {name}{}", suggestions(name));
            return self.fault(id, reason);
        };
        Some(match variable.kind {
            Kind::Flag { .. } => Type::Flag,
            Kind::Count => Type::Count,
            Kind::Choice(_) => Type::Code(variable),
            Kind::Instant => Type::Instant,
            Kind::Clock => Type::Clock,
        })
    }

    fn literal(&mut self, id: u64, literal: &LiteralValue) -> Option<Type> {
        match literal {
            LiteralValue::Boolean(_) => Some(Type::Flag),
            LiteralValue::Int(_) => Some(Type::Count),
            LiteralValue::String(text) => Some(Type::Text(text.inner().to_owned())),
            _ => self.fault(
                id,
                "only yes or no, whole numbers and texts can be written in conditions",
            ),
        }
    }

    fn call(&mut self, id: u64, call: &CallExpr) -> Option<Type> {
        if call.target.is_some() {
            let reason = format!("unknown function .{}()", call.func_name);
            return self.fault(id, reason);
        }
        // Every argument is checked before the first fault stops the call.
        let types: Vec<_> = call.args.iter().map(|a| self.type_of(a)).collect();
        let types = types.into_iter().collect::<Option<Vec<_>>>()?;
        let name = call.func_name.as_str();
        match (name, types.as_slice()) {
            ("clock", [Type::Text(text)]) if parse_clock(text).is_some() => Some(Type::Clock),
            ("clock", _) => self.fault(id, "clock takes a time of day such as clock('08:30')"),
            ("minutes" | "hours" | "days", [Type::Count]) => Some(Type::Length),
            ("minutes" | "hours" | "days", _) => {
                let reason = format!("{name} takes a whole number such as {name}(2)");
                self.fault(id, reason)
            }
            (operators::LOGICAL_NOT, [Type::Flag])
            | (operators::LOGICAL_AND | operators::LOGICAL_OR, [Type::Flag, Type::Flag]) => {
                Some(Type::Flag)
            }
            (operators::LOGICAL_NOT, [other]) => {
                self.want_flag(id, other, "!");
                None
            }
            (operators::LOGICAL_AND | operators::LOGICAL_OR, [left, right]) => {
                for (argument, found) in call.args.iter().zip([left, right]) {
                    self.want_flag(place(argument), found, "&& and ||");
                }
                None
            }
            (operators::CONDITIONAL, [Type::Flag, Type::Flag, Type::Flag]) => Some(Type::Flag),
            (operators::CONDITIONAL, _) => self.fault(id, "? : takes three conditions"),
            (operators::NEGATE, [Type::Count]) => Some(Type::Count),
            (_, [left, right]) => self.binary(id, name, left, right),
            _ => {
                let reason = format!("unknown function {name}()");
                self.fault(id, reason)
            }
        }
    }

    fn binary(&mut self, id: u64, name: &str, left: &Type, right: &Type) -> Option<Type> {
        use Type as T;
        match (name, left, right) {
            (operators::EQUALS | operators::NOT_EQUALS, T::Code(variable), T::Text(text))
            | (operators::EQUALS | operators::NOT_EQUALS, T::Text(text), T::Code(variable)) => {
                self.known_code(id, variable, text)
            }
            (operators::IN, T::Code(variable), T::List(elements)) => {
                for (at, element) in elements {
                    match element {
                        T::Text(text) => {
                            self.known_code(*at, variable, text);
                        }
                        other => {
                            let reason = format!("{} cannot be among codes", other.words());
                            self.fault(*at, reason);
                        }
                    }
                }
                Some(T::Flag)
            }
            (operators::IN, T::Count, T::List(elements))
                if elements.iter().all(|(_, e)| matches!(e, T::Count)) =>
            {
                Some(T::Flag)
            }
            (operators::EQUALS | operators::NOT_EQUALS, T::Flag, T::Flag) => Some(T::Flag),
            (comparison, T::Count, T::Count)
            | (comparison, T::Instant, T::Instant)
            | (comparison, T::Length, T::Length)
            | (comparison, T::Clock, T::Clock)
                if COMPARISONS.contains(&comparison) =>
            {
                Some(T::Flag)
            }
            (
                operators::ADD
                | operators::SUBSTRACT
                | operators::MULTIPLY
                | operators::DIVIDE
                | operators::MODULO,
                T::Count,
                T::Count,
            ) => Some(T::Count),
            (operators::SUBSTRACT, T::Instant, T::Instant)
            | (operators::ADD | operators::SUBSTRACT, T::Length, T::Length) => Some(T::Length),
            (operators::ADD | operators::SUBSTRACT, T::Instant, T::Length) => Some(T::Instant),
            _ => {
                let reason = match sign(name) {
                    Some(sign) => {
                        format!("{} {sign} {} makes no sense", left.words(), right.words())
                    }
                    None => format!("unknown function {name}()"),
                };
                self.fault(id, reason)
            }
        }
    }

    fn known_code(&mut self, id: u64, variable: &Variable, text: &str) -> Option<Type> {
        let Kind::Choice(choices) = variable.kind else {
            return Some(Type::Flag);
        };
        if choices.iter().any(|(code, _)| *code == text) {
            return Some(Type::Flag);
        }
        let known: Vec<_> = choices.iter().map(|(code, _)| *code).collect();
        let reason = format!(
            "{} is never '{text}'; it is one of {}",
            variable.name,
            known.join(", ")
        );
        self.fault(id, reason)
    }

    fn want_flag(&mut self, id: u64, found: &Type, who: &str) {
        if !matches!(found, Type::Flag) {
            let reason = format!("{who} must be a yes or no, and this is {}", found.words());
            self.fault(id, reason);
        }
    }

    fn fault(&mut self, id: u64, reason: impl Into<String>) -> Option<Type> {
        let characters = self
            .program
            .source_info()
            .offset_for(id)
            .and_then(|(start, _)| usize::try_from(start).ok())
            .unwrap_or(0);
        let offset = self
            .source
            .char_indices()
            .nth(characters)
            .map_or(0, |(at, _)| at);
        self.faults.push(Fault {
            offset,
            reason: reason.into(),
        });
        None
    }
}

/// Returns the node at which an expression begins: cel places `visit.start` at
/// its dot.
fn place(expression: &IdedExpr) -> u64 {
    match &expression.expr {
        Expr::Select(select) => place(&select.operand),
        _ => expression.id,
    }
}

/// Names the variables that begin like an unknown one.
fn suggestions(name: &str) -> String {
    let group = name.split('.').next().unwrap_or_default();
    let known: Vec<_> = VARIABLES
        .iter()
        .map(|variable| variable.name)
        .filter(|known| known.split('.').next() == Some(group))
        .collect();
    if known.is_empty() {
        String::new()
    } else {
        format!("; there is {}", known.join(", "))
    }
}

/// Returns an operator as it is written.
fn sign(name: &str) -> Option<&'static str> {
    Some(match name {
        operators::ADD => "+",
        operators::SUBSTRACT => "-",
        operators::MULTIPLY => "*",
        operators::DIVIDE => "/",
        operators::MODULO => "%",
        operators::EQUALS => "==",
        operators::NOT_EQUALS => "!=",
        operators::LESS => "<",
        operators::LESS_EQUALS => "<=",
        operators::GREATER => ">",
        operators::GREATER_EQUALS => ">=",
        operators::IN => "in",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Condition;

    /// Each fault as `offset: reason`.
    fn faults(source: &str) -> Vec<String> {
        match Condition::compile(source) {
            Ok(_) => Vec::new(),
            Err(faults) => faults
                .into_iter()
                .map(|fault| format!("{}: {}", fault.offset, fault.reason))
                .collect(),
        }
    }

    #[test]
    fn sound_conditions_pass() {
        for source in [
            "true",
            "visit.confirmed == false",
            "'evaluation' == visit.kind",
            "visit.state in ['booked', 'confirmed']",
            "visit.number in [1, 2, 3]",
            "plan.unbooked * 2 > plan.visits - 1",
            "visit.start + hours(2) < plan.end - days(1)",
            "visit.start - now > hours(1) + minutes(30)",
            "visit.confirmed ? plan.unbooked == 0 : true",
            "visit.number > -1",
        ] {
            assert_eq!(faults(source), [""; 0], "{source}");
        }
    }

    #[test]
    fn a_misspelt_code_is_found_and_the_right_ones_named() {
        assert_eq!(
            faults("visit.kind in ['evaluation', 'reccuring']"),
            ["29: visit.kind is never 'reccuring'; it is one of evaluation, recurring"]
        );
    }

    #[test]
    fn unknown_variables_are_named_with_their_neighbours() {
        let found = faults("referral.call");
        assert_eq!(
            found,
            ["0: unknown variable referral.call; there is referral.received_at, referral.called"]
        );
        assert_eq!(faults("weather"), ["0: unknown variable weather"]);
    }

    #[test]
    fn every_fault_is_reported_once() {
        let found = faults("weather && visit.colour && plan.visits");
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn wrong_types_are_told_in_words() {
        for (source, part) in [
            ("plan.visits", "must be a yes or no, and this is a number"),
            ("!plan.visits", "must be a yes or no, and this is a number"),
            ("plan.visits && true", "&& and || must be a yes or no"),
            (
                "visit.start > 3",
                "a point in time > a number makes no sense",
            ),
            (
                "visit.start + visit.start > now",
                "a point in time + a point in time",
            ),
            ("visit.kind > 'a'", "a code > a text makes no sense"),
            (
                "visit.time_of_day < clock('8:30')",
                "clock takes a time of day",
            ),
            ("now - entered > hours('2')", "hours takes a whole number"),
            ("plan.visits > 1.5", "only yes or no, whole numbers"),
            ("has(visit.start)", "has() is not available"),
            ("[1, 2].exists(x, x > 1)", "loops are not available"),
            (
                "visit.kind.startsWith('e')",
                "unknown function .startsWith()",
            ),
            ("size('abc') > 1", "unknown function size()"),
        ] {
            let found = faults(source);
            assert!(
                found.len() == 1 && found[0].contains(part),
                "{source}: {found:?}"
            );
        }
    }
}
