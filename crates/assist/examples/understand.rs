//! Reads `context<TAB>text` lines and prints class, other classes and action.
//!
//! ```text
//! printf 'visit_prompt_open\tcant make it, sorry\n' | cargo run -p tendon-assist --example understand
//! ```

use std::io::{BufRead, Write};

use tendon_assist::{Context, Prompt, action_in_words, understand};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (code, text) = line.split_once('\t').unwrap_or(("none", &line));
        let prompt = Prompt::from_code(code).unwrap_or_default();
        let heard = understand(
            text,
            &Context {
                prompt,
                ..Context::default()
            },
        );
        let also: Vec<&str> = heard.also.iter().map(|class| class.code()).collect();
        let action = action_in_words(&heard);
        let rule = heard.matched.map_or("-", |matched| matched.rule);
        writeln!(out, "{}\t{}\t{action}\t{rule}", heard.class, also.join(";"))?;
    }
    Ok(())
}
