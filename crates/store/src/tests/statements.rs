//! Every statement runs on both engines, and both schemas are the same.

use std::collections::BTreeMap;

use super::{Bench, on_both_engines};
use crate::sql::{Sql, Val};
use crate::table as t;

fn all() -> Vec<&'static Sql> {
    [
        crate::audit::ALL,
        crate::backup::ALL,
        crate::claim::ALL,
        crate::engine::postgres::ALL,
        crate::engine::sqlite::ALL,
        crate::migrate::ALL,
        t::appointment::ALL,
        t::attention::ALL,
        t::audit_log::ALL,
        t::card::ALL,
        t::consent::ALL,
        t::contact::ALL,
        t::conversation::ALL,
        t::decision::ALL,
        t::enrolment::ALL,
        t::episode::ALL,
        t::ledger::ALL,
        t::handed_over::ALL,
        t::link::ALL,
        t::merge::ALL,
        t::message::ALL,
        t::message_list::ALL,
        t::outbox::ALL,
        t::parked::ALL,
        t::patient::ALL,
        t::practice::ALL,
        t::proxy::ALL,
        t::referral::ALL,
        t::search::ALL,
        t::setting::ALL,
        t::signin::ALL,
        t::silent::ALL,
        t::source::ALL,
        t::staff::ALL,
        t::stray::ALL,
        t::task::ALL,
        t::today::ALL,
        t::touchpoint::ALL,
    ]
    .concat()
}

/// The list above must have every module that declares statements.
#[test]
fn every_module_with_statements_is_listed() {
    fn count(dir: &std::path::Path) -> usize {
        std::fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                if path.is_dir() {
                    count(&path)
                } else {
                    let text = std::fs::read_to_string(&path).unwrap();
                    usize::from(text.lines().any(|line| line == "statements! {"))
                }
            })
            .sum()
    }
    let declared = count(std::path::Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src"
    )));
    let modules: std::collections::BTreeSet<_> = all()
        .iter()
        .map(|sql| sql.name.rsplit_once("::").unwrap().0.to_owned())
        .collect();
    assert_eq!(modules.len(), declared);
}

fn only_postgres(sql: &Sql) -> bool {
    sql.text.contains("for update")
}

fn only_sqlite(sql: &Sql) -> bool {
    sql.text.contains("sqlite_master")
}

fn parameters(sql: &Sql) -> usize {
    (1..40)
        .rev()
        .find(|n| sql.text.contains(&format!("${n}")))
        .unwrap_or(0)
}

/// Executes everything with nulls: a null in a key is refused by a constraint,
/// which proves that the statement was parsed, planned and run.
async fn every_statement_runs(bench: Bench) {
    for sql in all() {
        let postgres = bench.db.is_postgres();
        if (only_postgres(sql) && !postgres) || (only_sqlite(sql) && postgres) {
            continue;
        }
        let params = vec![Val::Null; parameters(sql)];
        let outcome = bench
            .db
            .returning(crate::sql::Bound::any(sql, params))
            .await;
        if let Err(error) = outcome {
            let cause = std::error::Error::source(&error)
                .map(|cause| {
                    format!(
                        "{cause} {}",
                        cause.source().map_or(String::new(), ToString::to_string)
                    )
                })
                .unwrap_or_default();
            // A limit of null is what SQLite calls a mismatch of types.
            let refusals = [
                "null value in column",
                "NOT NULL constraint failed",
                "datatype mismatch",
            ];
            let constraint = refusals.iter().any(|refusal| cause.contains(refusal));
            assert!(constraint, "{}: {cause}", sql.name);
        }
    }
}
on_both_engines!(every_statement_runs);

/// What is written for many rows at once is taken by the server, with the types it told.
#[tokio::test]
async fn statements_for_many_rows_are_taken() {
    let Some(bench) = super::postgres("for_many").await else {
        return;
    };
    let mut taken = std::collections::BTreeSet::new();
    for sql in all().into_iter().filter(|sql| !only_sqlite(sql)) {
        if bench.db.prepare_for_many(sql).await.unwrap() {
            taken.insert(sql.name);
        }
    }
    // Those of a reminder that falls due.
    for wanted in [
        "tendon_store::table::enrolment::UPDATE",
        "tendon_store::table::enrolment::SET_TIMER",
        "tendon_store::table::message::INSERT",
        "tendon_store::table::outbox::PUT",
        "tendon_store::table::touchpoint::INSERT",
        "tendon_store::audit::INSERT",
    ] {
        assert!(taken.contains(wanted), "{wanted} of {taken:?}");
    }
}

static SQLITE_COLUMNS: Sql = Sql::new(
    "test::sqlite_columns",
    "select m.name, p.name, lower(p.type), p.\"notnull\" from sqlite_master m \
           join pragma_table_info(m.name) p where m.type = 'table' and m.name not like 'sqlite_%' order by 1, 2",
);
static POSTGRES_COLUMNS: Sql = Sql::new(
    "test::postgres_columns",
    "select c.table_name::text, c.column_name::text, coalesce(c.domain_name, c.data_type)::text, \
           (c.is_nullable = 'NO') from information_schema.columns c where c.table_schema = 'public' order by 1, 2",
);
static SQLITE_INDEXES: Sql = Sql::new(
    "test::sqlite_indexes",
    "select name from sqlite_master where type = 'index' and name not like 'sqlite_%' order by 1",
);
static POSTGRES_INDEXES: Sql = Sql::new(
    "test::postgres_indexes",
    "select indexname::text from pg_indexes where schemaname = 'public' \
           and indexname not like '%_pkey' order by 1",
);

/// PostgreSQL looks nothing up by its lease: a claim answers what it took.
const ONLY_SQLITE: [&str; 2] = ["outbox_lease", "timer_lease"];

type Schema = BTreeMap<(String, String), (String, bool)>;

async fn columns(bench: &Bench, sql: &'static Sql) -> Schema {
    let rows = bench.db.read(sql, vec![]).await.unwrap();
    let text = |row: &crate::sql::Row, column| row.text(column).unwrap().to_owned();
    rows.iter()
        .map(|row| {
            (
                (text(row, 0), text(row, 1)),
                (text(row, 2), row.bool(3).unwrap()),
            )
        })
        .collect()
}

#[tokio::test]
async fn both_engines_migrate_to_the_same_schema() {
    let sqlite = super::sqlite("schema").await;
    let Some(postgres) = super::postgres("schema").await else {
        return;
    };
    assert_eq!(
        columns(&sqlite, &SQLITE_COLUMNS).await,
        columns(&postgres, &POSTGRES_COLUMNS).await
    );
    let names = async |bench: &Bench, sql| -> Vec<String> {
        let rows = bench.db.read(sql, vec![]).await.unwrap();
        rows.iter()
            .map(|row| row.text(0).unwrap().to_owned())
            .collect()
    };
    let mut both = names(&sqlite, &SQLITE_INDEXES).await;
    both.retain(|name| !ONLY_SQLITE.contains(&name.as_str()));
    assert_eq!(both, names(&postgres, &POSTGRES_INDEXES).await);
    let listed: Vec<&str> = crate::backup::TABLES
        .iter()
        .map(|(name, _)| *name)
        .collect();
    let tables: std::collections::BTreeSet<_> = columns(&sqlite, &SQLITE_COLUMNS)
        .await
        .into_keys()
        .map(|(table, _)| table)
        .collect();
    for table in tables.iter().filter(|table| *table != "schema_migration") {
        assert!(
            listed.contains(&table.as_str()),
            "{table} is missing in backup::TABLES"
        );
    }
}
