//! Conditions: CEL expressions over the table of variables, compiled once.
//!
//! cel parses and evaluates; the types are checked here, before a definition
//! is accepted, because cel itself only finds a wrong type when the patient is
//! due. A condition that needs a value nobody knows is [`Verdict::Unknown`],
//! and unknown counts as no: nothing is sent on a guess.

mod check;
mod words;

use std::sync::{Arc, LazyLock};

use cel::common::ast::{Expr, IdedExpr};
use cel::common::functions::Function;
use cel::common::types::{CelBool, CelInt, CelString, INT_TYPE, STRING_TYPE, Type};
use cel::common::value::CowVal;
use cel::context::VariableResolver;
use cel::{Context, Env, ExecutionError, Program};
use jiff::Timestamp;
use jiff::civil::Time;

use crate::facts::Scope;
use crate::variable::{self, Steadiness, Value, Variable};

/// A checked condition, ready to be asked again and again.
#[derive(Debug)]
pub struct Condition {
    source: String,
    program: Program,
    variables: Vec<(usize, &'static Variable)>,
    words: String,
}

/// What is wrong with a condition, and at which byte of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Bytes from the beginning of the condition.
    pub offset: usize,
    /// What is wrong, in words for the author.
    pub reason: String,
}

/// The answer to a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Yes,
    /// It does not hold.
    No,
    /// A value that it needs is not known; counts as no.
    Unknown,
}

/// A condition with the values it saw when it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The condition as written.
    pub source: String,
    /// The condition in words.
    pub words: String,
    /// The answer.
    pub verdict: Verdict,
    /// Each variable that it names, with its value in words.
    pub values: Vec<(&'static str, String)>,
}

impl Condition {
    /// Compiles and checks a condition, reporting every fault.
    pub fn compile(source: &str) -> Result<Self, Vec<Fault>> {
        let program = ENV.compile(source).map_err(|errors| {
            errors
                .errors
                .iter()
                .map(|error| Fault {
                    offset: offset_of(source, error.pos),
                    reason: format!("not a CEL expression: {}", error.msg),
                })
                .collect::<Vec<_>>()
        })?;
        check::check(&program, source)?;
        let mut variables = Vec::new();
        collect_variables(program.expression(), &mut variables);
        let words = words::clause(program.expression());
        Ok(Self {
            source: source.to_owned(),
            program,
            variables,
            words,
        })
    }

    /// Returns the condition as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the condition in words, such as `the visit is an evaluation`.
    pub fn words(&self) -> &str {
        &self.words
    }

    /// Tells whether the answer can change while an enrolment runs.
    pub fn can_change(&self) -> bool {
        self.variables
            .iter()
            .any(|(_, variable)| variable.steadiness == Steadiness::Changing)
    }

    /// Answers the condition for one subject at one instant.
    pub(crate) fn ask(&self, scope: &Scope<'_>) -> Verdict {
        let mut context = Context::with_env(Arc::clone(&ENV));
        context.set_variable_resolver(scope);
        match self.program.execute(&context) {
            Ok(cel::Value::Bool(true)) => Verdict::Yes,
            Ok(cel::Value::Bool(false)) => Verdict::No,
            // The types were checked, so what is left is a missing value or
            // arithmetic without an answer.
            Ok(_) | Err(_) => Verdict::Unknown,
        }
    }

    /// Answers the condition and keeps the values that it saw.
    pub(crate) fn see(&self, scope: &Scope<'_>) -> Seen {
        Seen {
            source: self.source.clone(),
            words: self.words.clone(),
            verdict: self.ask(scope),
            values: self
                .variables
                .iter()
                .map(|(index, variable)| (variable.name, scope.say(variable, scope.value(*index))))
                .collect(),
        }
    }
}

/// The CEL environment of all conditions: the standard one plus `minutes`,
/// `hours`, `days` and `clock`. Built once; building it costs more than
/// answering a thousand conditions.
static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let functions: [(&str, Type, Function); 4] = [
        ("minutes", INT_TYPE, |given| {
            length("minutes", &given, 60_000)
        }),
        ("hours", INT_TYPE, |given| {
            length("hours", &given, 3_600_000)
        }),
        ("days", INT_TYPE, |given| length("days", &given, 86_400_000)),
        ("clock", STRING_TYPE, |given| clock(&given)),
    ];
    let mut env = Env::stdlib();
    for (name, takes, function) in functions {
        // The names are free: a taken one would fail the tests below.
        let declared = env.add_overload(name, name, vec![takes], function);
        debug_assert!(declared.is_ok(), "{name} is declared once");
    }
    Arc::new(env)
});

/// Lets cel read the facts in place: instants and lengths as milliseconds,
/// times of day as seconds after midnight, codes as borrowed strings.
impl VariableResolver for Scope<'_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let (index, _) = variable::find(name)?;
        Some(match self.value(index)? {
            Value::Flag(flag) => CowVal::owned(CelBool::from(flag)),
            Value::Count(count) => CowVal::owned(CelInt::from(count)),
            Value::Code(code) => CowVal::owned(CelString::from(code)),
            Value::Instant(at) => CowVal::owned(CelInt::from(millis(at))),
            Value::Clock(time) => CowVal::owned(CelInt::from(seconds(time))),
        })
    }
}

fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

fn seconds(time: Time) -> i64 {
    i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second())
}

type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

fn length<'b, 'v>(name: &str, arguments: &[CowVal<'b, 'v>], unit: i64) -> Answer<'b, 'v> {
    arguments
        .first()
        .and_then(|argument| argument.downcast_ref::<CelInt>())
        .and_then(|amount| amount.inner().checked_mul(unit))
        .map(|length| CowVal::owned(CelInt::from(length)))
        .ok_or_else(|| ExecutionError::function_error(name, "no such length of time"))
}

fn clock<'b, 'v>(arguments: &[CowVal<'b, 'v>]) -> Answer<'b, 'v> {
    arguments
        .first()
        .and_then(|argument| argument.downcast_ref::<CelString>())
        .and_then(|text| parse_clock(text.inner()))
        .map(|time| CowVal::owned(CelInt::from(seconds(time))))
        .ok_or_else(|| ExecutionError::function_error("clock", "no such time of day"))
}

/// Reads a local time of day written as `HH:MM`.
pub(crate) fn parse_clock(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !two_digits(hour) || !two_digits(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// Returns the dotted name that an expression spells, such as `visit.start`.
fn dotted_name(expression: &IdedExpr) -> Option<String> {
    match &expression.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => Some(format!(
            "{}.{}",
            dotted_name(&select.operand)?,
            select.field
        )),
        _ => None,
    }
}

fn collect_variables(expression: &IdedExpr, found: &mut Vec<(usize, &'static Variable)>) {
    if let Some(variable) = dotted_name(expression).and_then(|name| variable::find(&name)) {
        if !found.contains(&variable) {
            found.push(variable);
        }
        return;
    }
    match &expression.expr {
        Expr::Call(call) => {
            for argument in &call.args {
                collect_variables(argument, found);
            }
        }
        Expr::List(list) => {
            for element in &list.elements {
                collect_variables(element, found);
            }
        }
        // The checks let no other shape through.
        _ => {}
    }
}

/// Turns cel's line and column (both from 1, in characters) into a byte offset.
fn offset_of(source: &str, (line, column): (isize, isize)) -> usize {
    let (Ok(line), Ok(column)) = (usize::try_from(line), usize::try_from(column)) else {
        return 0;
    };
    let before: usize = source
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let rest = source.get(before..).unwrap_or_default();
    before
        + rest
            .char_indices()
            .nth(column.saturating_sub(1))
            .map_or(rest.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    fn ts(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn facts() -> Facts {
        Facts::new(TimeZone::get("America/Chicago").unwrap())
            .with(variable::VISIT_KIND, "evaluation")
            .with(variable::VISIT_START, ts("2026-11-24T08:40:00-06:00"))
            .with(variable::VISIT_CONFIRMED, false)
            .with(variable::PLAN_UNBOOKED, 3)
    }

    fn verdict(source: &str) -> Verdict {
        let facts = facts();
        Condition::compile(source).unwrap().ask(&Scope {
            facts: &facts,
            entered: Some(ts("2026-11-01T12:00:00Z")),
            now: ts("2026-11-23T08:40:00-06:00"),
        })
    }

    #[test]
    fn conditions_read_the_facts() {
        for (source, expected) in [
            ("visit.kind == 'evaluation'", Verdict::Yes),
            ("visit.kind in ['recurring']", Verdict::No),
            ("!visit.confirmed && plan.unbooked > 2", Verdict::Yes),
            ("visit.start - now <= hours(24)", Verdict::Yes),
            ("visit.start - now < minutes(1440)", Verdict::No),
            ("now - entered > days(21)", Verdict::Yes),
            ("visit.time_of_day < clock('08:41')", Verdict::Yes),
            ("visit.time_of_day >= clock('08:41')", Verdict::No),
        ] {
            assert_eq!(verdict(source), expected, "{source}");
        }
    }

    #[test]
    fn a_missing_value_is_unknown_unless_the_rest_decides() {
        for (source, expected) in [
            ("patient.missed_before", Verdict::Unknown),
            ("!patient.missed_before", Verdict::Unknown),
            ("patient.missed_before && visit.confirmed", Verdict::No),
            ("patient.missed_before || !visit.confirmed", Verdict::Yes),
            ("plan.unbooked / 0 > 1", Verdict::Unknown),
        ] {
            assert_eq!(verdict(source), expected, "{source}");
        }
    }

    #[test]
    fn an_answer_carries_the_values_it_saw() {
        let facts = facts();
        let seen = Condition::compile("visit.kind == 'evaluation' && !patient.missed_before")
            .unwrap()
            .see(&Scope {
                facts: &facts,
                entered: None,
                now: ts("2026-11-23T08:40:00-06:00"),
            });
        assert_eq!(
            seen.values,
            [
                ("visit.kind", "an evaluation".to_owned()),
                ("patient.missed_before", "not known".to_owned())
            ]
        );
        assert_eq!(seen.verdict, Verdict::Unknown);
    }

    #[test]
    fn syntax_errors_point_into_the_text() {
        let faults = Condition::compile("visit.kind ==").unwrap_err();
        assert_eq!(faults.len(), 1);
        assert!(faults[0].offset >= 11, "{faults:?}");
        assert!(faults[0].reason.starts_with("not a CEL expression"));
    }

    #[test]
    fn steadiness_follows_the_variables() {
        let changes = |source| Condition::compile(source).unwrap().can_change();
        assert!(!changes("visit.kind == 'evaluation'"));
        assert!(changes("visit.kind == 'evaluation' && !visit.confirmed"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_compiler_panic(source in "[a-z.0-9'\"\\[\\]()!&|<>=+*/%?: {}-]{0,40}") {
            let _ = Condition::compile(&source);
        }
    }
}
