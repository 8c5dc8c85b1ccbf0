//! Reading the utterance files and counting what was got right.

/// One labelled utterance.
pub(crate) struct Row {
    pub expected: &'static str,
    pub language: &'static str,
    pub typo: bool,
    pub text: &'static str,
}

/// Reads `expected<TAB>language<TAB>typo or -<TAB>text`; `#` begins a comment.
pub(crate) fn read(file: &'static str) -> Vec<Row> {
    file.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut fields = line.splitn(4, '\t');
            let mut next = || {
                fields
                    .next()
                    .unwrap_or_else(|| panic!("too few fields: {line}"))
            };
            Row {
                expected: next(),
                language: next(),
                typo: next() == "typo",
                text: next(),
            }
        })
        .collect()
}

/// Asserts that at least `least` of the rows hold, naming the first that do not.
pub(crate) fn assert_share<'a>(
    what: &str,
    rows: impl Iterator<Item = &'a Row>,
    least: f64,
    holds: impl Fn(&Row) -> bool,
) {
    let rows: Vec<&Row> = rows.collect();
    assert!(!rows.is_empty(), "{what}: no rows");
    let misses: Vec<&str> = rows
        .iter()
        .filter(|row| !holds(row))
        .map(|row| row.text)
        .collect();
    let share = 1.0 - misses.len() as f64 / rows.len() as f64;
    println!("{what}: {share:.4} of {}", rows.len());
    let shown = misses
        .iter()
        .take(20)
        .copied()
        .collect::<Vec<_>>()
        .join("\n  ");
    assert!(
        share >= least,
        "{what}: {share:.4} of {} is below {least}:\n  {shown}",
        rows.len()
    );
}
