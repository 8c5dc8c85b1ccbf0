//! Tells PostgreSQL's planner of tables that grow.
//!
//! PostgreSQL counts rows by itself a minute late. Until then it plans for a handful: it
//! takes the tenant key for selective, and reads all of a practice for every look-up of
//! a patient. So whoever writes has the rows counted, first when a table has a few
//! hundred and then each time there are twice as many.

use std::collections::HashMap;

use deadpool_postgres::Pool;

use super::super::Job;

/// Rows of a table that are worth the first count.
const FIRST: u64 = 250;

/// Counts the rows that this node has added, by table.
#[derive(Debug, Default)]
pub(super) struct Growth(HashMap<&'static str, Rows>);

#[derive(Debug, Default)]
struct Rows {
    added: u64,
    told: u64,
}

impl Growth {
    /// Counts what a group adds; returns the tables whose rows are to be counted.
    pub(super) fn count(&mut self, group: &[Job]) -> Vec<&'static str> {
        let writes = group.iter().flat_map(|job| &job.writes);
        let tables = writes.filter_map(|bound| added_to(bound.sql.text));
        let mut due = Vec::new();
        for table in tables {
            let rows = self.0.entry(table).or_default();
            rows.added += 1;
            if rows.added >= FIRST.max(rows.told * 2) {
                rows.told = rows.added;
                due.push(table);
            }
        }
        due
    }
}

/// Returns the table that a statement adds rows to.
fn added_to(text: &'static str) -> Option<&'static str> {
    text.strip_prefix("insert into ")?.split(' ').next()
}

/// Has the rows of a table counted.
pub(super) async fn gather_statistics(pool: Pool, table: &'static str) {
    let Ok(client) = pool.get().await else {
        return;
    };
    // Plans are slower without, and nothing else is wrong.
    if let Err(error) = client.batch_execute(&format!("analyze {table}")).await {
        tracing::warn!(table, error = %error, "statistics not gathered");
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;
    use uuid::Uuid;

    use super::*;
    use crate::sql::{Bound, Sql};

    static ADD: Sql = Sql::new("add", "insert into message (practice_id) values ($1)");
    static CHANGE: Sql = Sql::new("change", "update message set state = $2");

    fn group(sql: &'static Sql, writes: u64) -> [Job; 1] {
        let bound = || Bound::one(sql, Vec::new());
        [Job {
            practice: Uuid::nil(),
            writes: (0..writes).map(|_| bound()).collect(),
            audit: Vec::new(),
            reply: oneshot::channel().0,
        }]
    }

    #[test]
    fn a_table_is_counted_whenever_it_has_doubled() {
        let mut growth = Growth::default();
        let due: Vec<_> = [FIRST - 1, 1, FIRST - 1, 1, FIRST, FIRST]
            .map(|added| growth.count(&group(&ADD, added)).len())
            .to_vec();
        assert_eq!(due, [0, 1, 0, 1, 0, 1]);
    }

    #[test]
    fn changes_are_no_growth() {
        assert!(
            Growth::default()
                .count(&group(&CHANGE, 10 * FIRST))
                .is_empty()
        );
    }
}
