//! Statements for one row, made into statements for many.
//!
//! PostgreSQL takes some twenty microseconds for a statement, whatever it does, and
//! few more for each row. Commits of one shape (the same statements in the same order,
//! as two hundred reminders have that fall due together) are therefore done side by
//! side: the first statement of all of them as one, then the second, and so on.
//!
//! That is the same as one after the other as long as no commit sees what another of
//! them writes. So only statements take part that read nothing but the row they write,
//! and only commits that name their rows apart, by the tenant and the second parameter.
//! Where a row that was expected is missing, the group is taken back and done again one
//! by one, as ever.

use std::collections::HashMap;

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::super::Job;
use crate::sql::{Bound, Val};

/// Puts the writes of a group into steps: rows of one statement each.
pub(super) fn steps(jobs: &[Job]) -> Vec<Vec<&Bound>> {
    let mut steps = Vec::new();
    for shape in shapes(jobs) {
        if let [first, _, ..] = shape.as_slice()
            && are_apart(&shape)
        {
            let places = 0..first.writes.len();
            steps.extend(places.map(|place| column(&shape, place).collect()));
        } else {
            let writes = shape.iter().flat_map(|job| &job.writes);
            steps.extend(writes.map(|bound| vec![bound]));
        }
    }
    steps
}

fn column<'a>(shape: &[&'a Job], place: usize) -> impl Iterator<Item = &'a Bound> {
    shape.iter().filter_map(move |job| job.writes.get(place))
}

/// Puts together commits with the same statements in the same order; the shapes come
/// in the order of their first commits.
fn shapes(jobs: &[Job]) -> Vec<Vec<&Job>> {
    let mut shapes: Vec<Vec<&Job>> = Vec::new();
    for job in jobs {
        let same = |shape: &&mut Vec<&Job>| shape.first().is_some_and(|first| alike(first, job));
        match shapes.iter_mut().find(same) {
            Some(shape) => shape.push(job),
            None => shapes.push(vec![job]),
        }
    }
    shapes
}

fn alike(one: &Job, other: &Job) -> bool {
    let same = |(a, b): (&Bound, &Bound)| std::ptr::eq(a.sql, b.sql) && a.expect == b.expect;
    one.writes.len() == other.writes.len() && one.writes.iter().zip(&other.writes).all(same)
}

/// Tells whether commits of one shape change rows of their own and see no others.
fn are_apart(shape: &[&Job]) -> bool {
    let mut owners: HashMap<(Uuid, Uuid), usize> = HashMap::new();
    let places = shape.first().map_or(0, |first| first.writes.len());
    (0..places).all(|place| {
        let kind = column(shape, place)
            .next()
            .and_then(|bound| Kind::of(bound.sql.text));
        match kind {
            None => false,
            Some(Kind::Add { .. }) => true,
            Some(Kind::Put { .. } | Kind::Change { .. } | Kind::Remove { .. }) => {
                column(shape, place).enumerate().all(|(owner, bound)| {
                    let row = row_of(bound);
                    row.is_some_and(|row| *owners.entry(row).or_insert(owner) == owner)
                })
            }
        }
    })
}

/// Returns the row that a write names: its tenant and its second parameter.
fn row_of(bound: &Bound) -> Option<(Uuid, Uuid)> {
    match bound.params.as_slice() {
        [Val::Uuid(practice), Val::Uuid(row), ..] => Some((*practice, *row)),
        _ => None,
    }
}

/// A statement that can be made one for many, in its parts.
#[derive(Debug, PartialEq, Eq)]
enum Kind<'a> {
    /// `insert into … values (…)`: a new row, or an error.
    Add { head: &'a str, values: &'a str },
    /// The same with `on conflict (…)`: a row that may be there already.
    Put {
        head: &'a str,
        values: &'a str,
        conflict: &'a str,
    },
    /// `update … set … where …`.
    Change { head: &'a str, condition: &'a str },
    /// `delete from … where …`.
    Remove { head: &'a str, condition: &'a str },
}

impl<'a> Kind<'a> {
    /// Takes a statement apart; `None` where it reads other rows than its own, or where
    /// its second parameter does not name its row.
    fn of(text: &'a str) -> Option<Self> {
        if text.contains("select") {
            return None;
        }
        if text.starts_with("insert into ") {
            let (head, rest) = text.split_once(" values (")?;
            let end = closing(rest)?;
            let (values, rest) = (rest.get(..end)?, rest.get(end + 1..)?.trim());
            if rest.is_empty() {
                return Some(Self::Add { head, values });
            }
            let key = head.split_once(" (practice_id, ")?.1.split(',').next()?;
            let named = rest.starts_with(&format!("on conflict (practice_id, {key})"));
            return (named && !rest.contains('$') && values.starts_with("$1, $2")).then_some(
                Self::Put {
                    head,
                    values,
                    conflict: rest,
                },
            );
        }
        let (head, condition) = text.split_once(" where ")?;
        let rest = condition.strip_prefix("practice_id = $1 and ")?;
        // The second parameter ends there: `$21` is another one.
        let (key, after) = rest.split_once(" = $2")?;
        let is_name = |text: &str| text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if !is_name(key) || after.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        if head.starts_with("update ") {
            Some(Self::Change { head, condition })
        } else if head.starts_with("delete from ") {
            Some(Self::Remove { head, condition })
        } else {
            None
        }
    }
}

/// Writes a statement for as many rows as its array parameters hold. `types` are the
/// parameters of the statement for one row, as the server told them.
pub(super) fn for_many(text: &str, types: &[Type]) -> Option<String> {
    let kind = Kind::of(text)?;
    let arrays: Vec<String> = (1..)
        .zip(types)
        .map(|(number, kind)| format!("${number}::{}[]", kind.name()))
        .collect();
    let names: Vec<String> = (1..=types.len()).map(|n| format!("p{n}")).collect();
    let rows = format!(
        "unnest({}) as given ({})",
        arrays.join(", "),
        names.join(", ")
    );
    Some(match kind {
        Kind::Add { head, values } => format!("{head} select {} from {rows}", of_row(values)),
        Kind::Put {
            head,
            values,
            conflict,
        } => format!("{head} select {} from {rows} {conflict}", of_row(values)),
        Kind::Change { head, condition } => {
            format!("{} from {rows} where {}", of_row(head), of_row(condition))
        }
        Kind::Remove { head, condition } => {
            format!("{head} using {rows} where {}", of_row(condition))
        }
    })
}

/// Puts the columns of `given` in place of the parameters.
fn of_row(text: &str) -> String {
    text.replace('$', "given.p")
}

/// Returns where the parenthesis closes that stands open before a text.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    text.char_indices().find_map(|(at, letter)| {
        match letter {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        (open == 0).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::sql::Sql;

    static ADD: Sql = Sql::new(
        "add",
        "insert into fact (practice_id, fact_id) values ($1, coalesce($2, $1))",
    );
    static PUT: Sql = Sql::new(
        "put",
        "insert into timer (practice_id, enrolment_id, due_at) values ($1, $2, $3) \
         on conflict (practice_id, enrolment_id) do update set due_at = excluded.due_at",
    );
    static CHANGE: Sql = Sql::new(
        "change",
        "update task set done_at = $3 where practice_id = $1 and task_id = $2 and version = $4",
    );
    static REMOVE: Sql = Sql::new(
        "remove",
        "delete from timer where practice_id = $1 and enrolment_id = $2",
    );
    static LOOKS: Sql = Sql::new(
        "looks",
        "update task set done_at = $2 where practice_id = $1 and task_id in (select 1)",
    );

    fn job(writes: &[(&'static Sql, u128)]) -> Job {
        let bound = |(sql, row): &(&'static Sql, u128)| {
            let ids = [7, *row].map(|id| Val::Uuid(Uuid::from_u128(id)));
            Bound::one(sql, ids.to_vec())
        };
        Job {
            practice: Uuid::from_u128(7),
            writes: writes.iter().map(bound).collect(),
            audit: Vec::new(),
            reply: oneshot::channel().0,
        }
    }

    /// Names the steps, each with its number of rows.
    fn plan(jobs: &[Job]) -> Vec<(&'static str, usize)> {
        let named = |rows: Vec<&Bound>| (rows[0].sql.name, rows.len());
        steps(jobs).into_iter().map(named).collect()
    }

    #[test]
    fn each_kind_is_written_for_many_rows() {
        let written = [
            (&ADD, &[Type::UUID, Type::UUID][..]),
            (&PUT, &[Type::UUID, Type::UUID, Type::INT8]),
            (&CHANGE, &[Type::UUID, Type::UUID, Type::INT8, Type::INT8]),
            (&REMOVE, &[Type::UUID, Type::UUID]),
        ]
        .map(|(sql, types)| for_many(sql.text, types).unwrap());
        let expected = [
            "insert into fact (practice_id, fact_id) select given.p1, coalesce(given.p2, given.p1) \
             from unnest($1::uuid[], $2::uuid[]) as given (p1, p2)",
            "insert into timer (practice_id, enrolment_id, due_at) select given.p1, given.p2, given.p3 \
             from unnest($1::uuid[], $2::uuid[], $3::int8[]) as given (p1, p2, p3) \
             on conflict (practice_id, enrolment_id) do update set due_at = excluded.due_at",
            "update task set done_at = given.p3 \
             from unnest($1::uuid[], $2::uuid[], $3::int8[], $4::int8[]) as given (p1, p2, p3, p4) \
             where practice_id = given.p1 and task_id = given.p2 and version = given.p4",
            "delete from timer using unnest($1::uuid[], $2::uuid[]) as given (p1, p2) \
             where practice_id = given.p1 and enrolment_id = given.p2",
        ];
        assert_eq!(written, expected);
    }

    #[test]
    fn what_reads_other_rows_or_names_none_stays_for_one() {
        for text in [
            LOOKS.text,
            "insert into a (practice_id, b) values ($1, $2) on conflict (b) do nothing",
            "insert into a (practice_id, b) values ($1, $2) on conflict (practice_id, b) do update set c = $3",
            "update a set b = $2 where practice_id = $1 and c = $3",
            "update a set b = $3 where practice_id = $1 and c = $21",
            "delete from a where practice_id = $1",
            "select 1",
        ] {
            assert_eq!(Kind::of(text), None, "{text}");
        }
    }

    #[test]
    fn commits_of_one_shape_go_side_by_side() {
        let jobs = [1, 2, 3].map(|row| job(&[(&CHANGE, row), (&PUT, row), (&ADD, row)]));
        assert_eq!(plan(&jobs), [("change", 3), ("put", 3), ("add", 3)]);
    }

    #[test]
    fn shapes_keep_the_order_of_their_first_commits() {
        let jobs = [
            job(&[(&REMOVE, 1)]),
            job(&[(&CHANGE, 2)]),
            job(&[(&REMOVE, 3)]),
        ];
        assert_eq!(plan(&jobs), [("remove", 2), ("change", 1)]);
    }

    #[test]
    fn two_commits_that_name_one_row_go_one_after_the_other() {
        let jobs = [job(&[(&PUT, 1), (&ADD, 1)]), job(&[(&PUT, 1), (&ADD, 2)])];
        let expected = [("put", 1), ("add", 1), ("put", 1), ("add", 1)];
        assert_eq!(plan(&jobs), expected);
        // Also where they name it at different places.
        let crossed = [
            job(&[(&CHANGE, 1), (&REMOVE, 2)]),
            job(&[(&CHANGE, 2), (&REMOVE, 1)]),
        ];
        assert_eq!(plan(&crossed).len(), 4);
    }

    #[test]
    fn a_commit_may_name_its_own_row_twice() {
        let jobs = [1, 2].map(|row| job(&[(&CHANGE, row), (&CHANGE, row)]));
        assert_eq!(plan(&jobs), [("change", 2), ("change", 2)]);
    }

    #[test]
    fn commits_that_read_other_rows_go_one_after_the_other() {
        let jobs = [1, 2].map(|row| job(&[(&ADD, row), (&LOOKS, row)]));
        assert_eq!(plan(&jobs).len(), 4);
    }
}
