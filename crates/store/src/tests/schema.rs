//! A schema that is not the one of this program, and what opening does about it.

use std::sync::Arc;

use super::{Bench, Cleanup, on_both_engines, options, unique};
use crate::db::Db;
use crate::migrate::APPLIED;
use crate::sql::params;

async fn newest(bench: &Bench) -> i64 {
    let rows = bench.db.read(&APPLIED, params![]).await.unwrap();
    rows.last().unwrap().int(0).unwrap()
}

async fn refusal(bench: &Bench) -> String {
    let refused = Db::open_as_it_is(bench.options()).await.unwrap_err();
    refused.to_string()
}

async fn an_older_schema_is_left_as_it_is(bench: Bench) {
    Db::open_as_it_is(bench.options()).await.unwrap();
    let version = newest(&bench).await;
    let forget = format!("delete from schema_migration where version = {version}");
    bench.db.script(&forget).await.unwrap();
    let said = refusal(&bench).await;
    assert!(said.contains("older than this program"), "{said}");
    assert_eq!(newest(&bench).await, version - 1);
}

async fn a_newer_schema_is_refused(bench: Bench) {
    let newer = "insert into schema_migration values (9999, 'later', 'sum')";
    bench.db.script(newer).await.unwrap();
    let opened = Db::open(bench.options()).await.unwrap_err().to_string();
    for said in [refusal(&bench).await, opened] {
        assert!(said.contains("version 9999 is newer"), "{said}");
    }
}

async fn a_migration_that_was_changed_is_refused(bench: Bench) {
    let change = "update schema_migration set checksum = 'other' where version = 1";
    bench.db.script(change).await.unwrap();
    let opened = Db::open(bench.options()).await.unwrap_err().to_string();
    for said in [refusal(&bench).await, opened] {
        assert!(said.contains("migration base was changed"), "{said}");
    }
}

async fn what_is_none_of_ours_is_said_to_be_none(bench: Bench) {
    bench
        .db
        .script("drop table schema_migration")
        .await
        .unwrap();
    let said = refusal(&bench).await;
    assert!(said.contains("no database of Tendon"), "{said}");
}

#[tokio::test]
async fn a_file_of_another_program_stays_as_it_was() {
    let file = std::env::temp_dir().join(unique("theirs"));
    let _gone_in_the_end = Cleanup::of(&file);
    let theirs = rusqlite::Connection::open(&file).unwrap();
    theirs.execute_batch("create table note (text)").unwrap();
    drop(theirs);
    let before = std::fs::read(&file).unwrap();
    let url = format!("sqlite:{}", file.display());
    let refused = Db::open_as_it_is(options(url, &Arc::default())).await;
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("no database of Tendon"), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

on_both_engines!(what_is_none_of_ours_is_said_to_be_none);
on_both_engines!(an_older_schema_is_left_as_it_is);
on_both_engines!(a_newer_schema_is_refused);
on_both_engines!(a_migration_that_was_changed_is_refused);
