//! The template engine, shut in: users write templates, so a template can print
//! the few variables it is given and branch on them, and nothing else.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use tendon_care::language::Language;
use tendon_care::segment::{MAX_PARTS, segments, to_gsm_friendly};

use super::meta::Meta;
use super::part::Part;
use super::values::Values;

/// Steps after which a template is stopped. The longest shipped one takes
/// fewer than two hundred.
const FUEL: u64 = 5_000;

/// The longest text that is not shortened.
const TEXT_UNITS: usize = 160;

/// Templates by name. No filters, functions, tests or loader exist in it.
#[derive(Clone, Debug)]
pub(super) struct Engine(Environment<'static>);

/// A template that could not be read or rendered. It holds no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// The kind of failure, in the engine's words.
    pub what: String,
    /// Where, from 1; 0 where the engine does not know.
    pub line: usize,
}

impl Engine {
    pub(super) fn new() -> Self {
        let mut environment = Environment::empty();
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(20);
        environment.set_auto_escape_callback(|name| match name.rsplit_once('.') {
            Some((_, "html")) => AutoEscape::Html,
            _ => AutoEscape::None,
        });
        // Printing what is not there fails; asking whether it is there does not,
        // because names and links are optional. A misspelt question is caught
        // when the template is checked: every variable must be declared.
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_debug(false);
        Self(environment)
    }

    pub(super) fn add(&mut self, name: &str, source: &str) -> Result<(), Failure> {
        self.0
            .add_template_owned(name.to_owned(), source.to_owned())
            .map_err(|error| failure(&error))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get_template(name).is_ok()
    }

    pub(super) fn source(&self, name: &str) -> Option<String> {
        self.0
            .get_template(name)
            .ok()
            .map(|t| t.source().to_owned())
    }

    /// Returns the variables that a template reads.
    pub(super) fn variables(&self, name: &str) -> Vec<String> {
        let mut names: Vec<String> = self
            .0
            .get_template(name)
            .map(|template| template.undeclared_variables(false).into_iter().collect())
            .unwrap_or_default();
        names.sort();
        names
    }

    pub(super) fn render(&self, name: &str, values: Value) -> Result<String, Failure> {
        let template = self.0.get_template(name).map_err(|error| failure(&error))?;
        let text = template.render(values).map_err(|error| failure(&error))?;
        Ok(text.trim().to_owned())
    }

    /// Renders one part. A text that is too long loses what its message names
    /// as least needed, one variable after the other, until it fits.
    pub(super) fn render_fitting(
        &self,
        name: &str,
        meta: &Meta,
        values: &Values,
        part: Part,
        language: Language,
    ) -> Result<String, Failure> {
        let render = |left_out| {
            self.render(
                name,
                values.for_template(&meta.variables, left_out, part, language),
            )
        };
        if part != Part::Sms {
            return render(&[]);
        }
        let mut text = to_gsm_friendly(&render(&[])?);
        for count in 1..=meta.shorten.len() {
            if fits(&text) {
                break;
            }
            text = to_gsm_friendly(&render(meta.shorten.get(..count).unwrap_or_default())?);
        }
        Ok(text)
    }
}

fn fits(text: &str) -> bool {
    let seg = segments(text);
    seg.units <= TEXT_UNITS && seg.parts <= MAX_PARTS
}

fn failure(error: &minijinja::Error) -> Failure {
    Failure {
        what: error.kind().to_string(),
        line: error.line().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(name: &str, source: &str) -> Result<String, Failure> {
        let mut engine = Engine::new();
        engine.add(name, source)?;
        engine.render(name, Value::from_pairs([("clinic", "Hill & <Sons>")]))
    }

    #[test]
    fn only_html_is_escaped() {
        assert_eq!(
            render("x.html", "{{ clinic }}").unwrap(),
            "Hill &amp; &lt;Sons&gt;"
        );
        assert_eq!(render("x.sms", "{{ clinic }}").unwrap(), "Hill & <Sons>");
    }

    #[test]
    fn what_is_not_there_cannot_be_printed_but_asked_for() {
        assert_eq!(render("x.sms", "\n{{ link }}").unwrap_err().line, 2);
        assert_eq!(
            render("x.sms", "a{% if link %} {{ link }}{% endif %}").unwrap(),
            "a"
        );
    }

    #[test]
    fn nothing_outside_can_be_reached_and_nothing_runs_for_ever() {
        for source in [
            "{{ clinic|upper }}",
            "{{ clinic|safe }}",
            "{{ range(9) }}",
            "{{ debug() }}",
            "{% include 'etc/passwd' %}",
            "{% if clinic is defined %}{% endif %}",
        ] {
            assert!(render("x.sms", source).is_err(), "{source}");
        }
        let bomb = "{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(1) }}";
        assert!(render("x.sms", bomb).is_err());
        let many = "{% set a = [1,2,3,4,5,6,7,8,9,0] %}{% for b in a %}{% for c in a %}{% for d in a %}{% for e in a %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}";
        assert_eq!(
            render("x.sms", many).unwrap_err().what,
            "engine ran out of fuel"
        );
    }
}
