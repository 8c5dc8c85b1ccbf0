//! Reads tables and prints what they hold and how fast that went:
//! `cargo run --release -p tendon-exchange --example read_csv -- [--repeat N] PATH…`
//!
//! The files are read into memory first and then N times from there, so that
//! the rate is that of the code and not of the disk. No value is printed.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Instant;

use tendon_exchange::csv::{self, Options};
use tendon_exchange::source;

fn main() -> std::io::Result<()> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let mut repeat = 1;
    if args.first().is_some_and(|first| first == "--repeat") {
        repeat = args.get(1).and_then(|n| n.parse().ok()).unwrap_or(1);
        args.drain(..args.len().min(2));
    }
    let (sources, problems) = source::walk(&args, source::CSV);
    for problem in problems {
        println!("{}: {}", problem.source, problem.reason);
    }
    let mut contents = Vec::new();
    for source in sources {
        let mut bytes = Vec::new();
        source.open()?.read_to_end(&mut bytes)?;
        contents.push((source.name, bytes));
    }
    for (name, bytes) in &contents {
        print_counts(name, bytes);
    }
    print_rate(&contents, repeat);
    Ok(())
}

fn print_counts(name: &str, bytes: &[u8]) {
    let mut reader = match csv::open(bytes, name, &Options::default()) {
        Ok(reader) => reader,
        Err(problem) => return println!("{name}\n          {}", problem.reason),
    };
    let mut records: BTreeMap<&str, u64> = BTreeMap::new();
    let mut problems: BTreeMap<String, u64> = BTreeMap::new();
    for item in reader.by_ref() {
        if let Some(record) = &item.record {
            *records.entry(record.kind()).or_default() += 1;
        }
        for problem in item.problems {
            let words = [problem.severity.word(), &problem.field, &problem.reason];
            *problems.entry(words.join(" | ")).or_default() += 1;
        }
    }
    println!("{name}\n          layout {}", reader.layout_name());
    println!("{:>9}  rows", reader.tally().rows);
    for (skip, count) in &reader.tally().skipped {
        println!("{count:>9}  skipped: {}", skip.word());
    }
    for (kind, count) in records {
        println!("{count:>9}  record {kind}");
    }
    for (problem, count) in problems {
        println!("{count:>9}  {problem}");
    }
}

fn print_rate(contents: &[(String, Vec<u8>)], repeat: u32) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a measurement reads the clock; nothing else here does"
    )]
    let started = Instant::now();
    let mut rows = 0;
    for _ in 0..repeat {
        for (name, bytes) in contents {
            if let Ok(mut reader) = csv::open(bytes.as_slice(), name, &Options::default()) {
                reader.by_ref().for_each(drop);
                rows += reader.tally().rows;
            }
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let bytes: usize = contents.iter().map(|(_, bytes)| bytes.len()).sum();
    println!(
        "{rows} rows in {seconds:.3} s = {:.0} rows/s, {:.0} MB/s",
        rows as f64 / seconds,
        bytes as f64 * f64::from(repeat) / 1e6 / seconds
    );
}
