//! Reads HL7 v2 files and prints what they hold and how fast that went:
//! `cargo run --release -p tendon-exchange --example read_hl7 -- [--repeat N] PATH…`
//!
//! The files are read into memory first and then N times from there, so that
//! the rate is that of the code and not of the disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tendon_exchange::hl7::{self, Piece, Wire};

fn main() -> std::io::Result<()> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let mut repeat = 1;
    if args.first().is_some_and(|first| first == "--repeat") {
        repeat = args.get(1).and_then(|n| n.parse().ok()).unwrap_or(1);
        args.drain(..args.len().min(2));
    }
    let mut files = Vec::new();
    for path in &args {
        gather(Path::new(path), &mut files)?;
    }
    files.sort();
    let mut contents = Vec::new();
    for path in files {
        let bytes = std::fs::read(&path)?;
        contents.push((path.display().to_string(), bytes));
    }
    print_counts(&contents);
    print_rates(&contents, repeat);
    Ok(())
}

fn gather(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            gather(&entry?.path(), files)?;
        }
    } else if path
        .extension()
        .is_some_and(|ext| ext != "md" && ext != "csv")
    {
        files.push(path.to_owned());
    }
    Ok(())
}

fn print_counts(contents: &[(String, Vec<u8>)]) {
    let mut records: BTreeMap<&str, u64> = BTreeMap::new();
    let mut problems: BTreeMap<String, u64> = BTreeMap::new();
    let mut types: BTreeMap<String, u64> = BTreeMap::new();
    let mut skipped: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, bytes) in contents {
        let mut reader = hl7::read(bytes.as_slice(), name);
        for item in reader.by_ref() {
            if let Some(record) = &item.record {
                *records.entry(record.kind()).or_default() += 1;
            }
            for problem in item.problems {
                let words = [problem.severity.word(), &problem.field, &problem.reason];
                *problems.entry(words.join(" | ")).or_default() += 1;
            }
        }
        for (kind, count) in &reader.tally().by_type {
            *types.entry(kind.clone()).or_default() += count;
        }
        for (skip, count) in &reader.tally().skipped {
            *skipped.entry(skip.word()).or_default() += count;
        }
    }
    for (kind, count) in types {
        println!("{count:>9}  message {kind}");
    }
    for (reason, count) in skipped {
        println!("{count:>9}  skipped: {reason}");
    }
    for (kind, count) in records {
        println!("{count:>9}  record {kind}");
    }
    for (problem, count) in problems {
        println!("{count:>9}  {problem}");
    }
}

fn print_rates(contents: &[(String, Vec<u8>)], repeat: u32) {
    let bytes: usize = contents.iter().map(|(_, bytes)| bytes.len()).sum();
    rate("cut and parsed", bytes, repeat, || {
        let mut messages = 0;
        for (_, bytes) in contents {
            for piece in hl7::split(bytes.as_slice()) {
                let Piece::Message(message) = piece else {
                    continue;
                };
                let text = String::from_utf8_lossy(&message);
                let segments = Wire::parse(&text).map_or(0, |wire| wire.segments().count());
                messages += u64::from(segments > 0);
            }
        }
        messages
    });
    rate("cut, parsed and mapped", bytes, repeat, || {
        let mut messages = 0;
        for (name, bytes) in contents {
            let mut reader = hl7::read(bytes.as_slice(), name);
            reader.by_ref().for_each(drop);
            messages += reader.tally().messages;
        }
        messages
    });
}

fn rate(what: &str, bytes: usize, repeat: u32, mut run: impl FnMut() -> u64) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a measurement reads the clock; nothing else here does"
    )]
    let started = Instant::now();
    let messages: u64 = (0..repeat).map(|_| run()).sum();
    let seconds = started.elapsed().as_secs_f64();
    let megabytes = bytes as f64 * f64::from(repeat) / 1e6;
    println!(
        "{what}: {messages} messages in {seconds:.3} s = {:.0} messages/s, {:.0} MB/s",
        messages as f64 / seconds,
        megabytes / seconds
    );
}
