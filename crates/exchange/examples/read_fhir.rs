//! Reads FHIR files and prints what they hold and how fast that went:
//! `cargo run --release -p tendon-exchange --example read_fhir -- PATH…`

use std::collections::BTreeMap;
use std::time::Instant;

use tendon_exchange::{fhir, source};

fn main() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a measurement reads the clock; nothing else here does"
    )]
    let started = Instant::now();
    let (sources, unreadable) = source::walk(std::env::args_os().skip(1), source::FHIR);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut problems: BTreeMap<String, u64> = BTreeMap::new();
    let mut resources = 0;
    for found in &sources {
        let Ok(file) = found.open() else { continue };
        let mut reader = fhir::read(file, &found.name);
        for item in reader.by_ref() {
            if let Some(record) = &item.record {
                *counts.entry(record.kind().to_owned()).or_default() += 1;
            }
            for problem in item.problems {
                let words = [problem.severity.word(), &problem.field, &problem.reason];
                *problems.entry(words.join(" | ")).or_default() += 1;
            }
        }
        resources += reader.resources();
        for (kind, count) in reader.passed_over() {
            *counts.entry(format!("passed over: {kind}")).or_default() += count;
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    for (kind, count) in counts {
        println!("{count:>9}  {kind}");
    }
    for (problem, count) in problems {
        println!("{count:>9}  {problem}");
    }
    println!(
        "{resources} resources of {} files ({} unreadable) in {seconds:.3} s: {:.0} a second",
        sources.len(),
        unreadable.len(),
        resources as f64 / seconds
    );
}
