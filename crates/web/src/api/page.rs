//! Lists, page by page: `{"items": […], "next": cursor|null}`.

use axum::Json;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tendon_care::access::Access;
use tendon_care::id::{Id, PatientId};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::problem::{Kind, Problem};
use super::text::{As, Text};
use crate::server::App;

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Page<T: ToSchema> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// Give it as `cursor` for the next page; `null` on the last one.
    pub(crate) next: Option<String>,
}

/// [`Limit`] on the wire.
pub(crate) type LimitNumber = As<Limit>;

/// How many items a page may have: 1 to 200, 50 where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(u16);

impl Limit {
    const MOST: u16 = 200;

    /// Returns the number, 50 where none was given.
    pub(crate) fn of(given: Option<As<Self>>) -> u16 {
        given.map_or(50, |As(Self(limit))| limit)
    }
}

impl Text for Limit {
    const NAME: &'static str = "Limit";

    fn write(&self) -> std::borrow::Cow<'static, str> {
        self.0.to_string().into()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse()
            .ok()
            .filter(|limit| (1..=Self::MOST).contains(limit))
            .map(Self)
    }

    fn wanted() -> String {
        format!("a number from 1 to {}", Self::MOST)
    }

    fn describe() -> ObjectBuilder {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(Self::MOST))
            .default(Some(50.into()))
    }
}

/// Where a page ended. Its text is bound to the list and filters that it belongs
/// to and carries a checksum: a cut, mixed-up or invented one is refused rather
/// than read as some other place. It grants nothing, so it needs no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The moment of the last item.
    pub(crate) at: Timestamp,
    /// The id of the last item.
    pub(crate) id: uuid::Uuid,
}

/// The first byte, changed with the meaning of the others.
const VERSION: u8 = 1;

impl Cursor {
    /// Marks the place after an item.
    pub(crate) fn after(at: Timestamp, id: impl Id) -> Self {
        Self { at, id: id.uuid() }
    }

    /// Writes it for one list, with the filters that were asked for.
    pub(crate) fn write(self, list: &str) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(self.at.as_millisecond().to_be_bytes());
        bytes.extend(self.id.as_bytes());
        let sum = checksum(list, &bytes);
        bytes.extend(sum);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads what [`Cursor::write`] gave for the same list and filters.
    pub(crate) fn read(text: Option<&str>, list: &str) -> Result<Option<Self>, Problem> {
        let Some(text) = text else { return Ok(None) };
        let refused = "is not one that this list with these filters gave";
        parse(text, list)
            .map(Some)
            .ok_or_else(|| Problem::field(Kind::InvalidQuery, "cursor", refused))
    }
}

fn parse(text: &str, list: &str) -> Option<Cursor> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (body, sum) = bytes.split_at_checked(25)?;
    if sum != checksum(list, body) || body.first() != Some(&VERSION) {
        return None;
    }
    let millis = i64::from_be_bytes(body.get(1..9)?.try_into().ok()?);
    Some(Cursor {
        at: Timestamp::from_millisecond(millis).ok()?,
        id: uuid::Uuid::from_slice(body.get(9..25)?).ok()?,
    })
}

fn checksum(list: &str, body: &[u8]) -> [u8; 8] {
    let mut hash = Sha256::new();
    hash.update(list.len().to_be_bytes());
    hash.update(list);
    hash.update(body);
    let sum: [u8; 32] = hash.finalize().into();
    sum.first_chunk().copied().unwrap_or_default()
}

impl<T: ToSchema> Page<T> {
    /// Makes the only page of a short list.
    pub(crate) fn whole(items: impl Iterator<Item = T>) -> Self {
        Self {
            items: items.collect(),
            next: None,
        }
    }

    /// Notes who was shown how many of these, and answers with them.
    pub(crate) async fn shown(
        self,
        app: &App,
        by: &Access,
        entity: &'static str,
        patient: Option<PatientId>,
    ) -> Result<Json<Self>, Problem> {
        let detail = format!("listed={}", self.items.len());
        let reader = app.desk().db().reader(by);
        reader
            .looked_at(app.desk().now(), entity, patient, &detail)
            .await?;
        Ok(Json(self))
    }

    /// Makes a page of rows that were read with one more than the limit, which
    /// tells whether there are others.
    pub(crate) fn of<R>(
        mut rows: Vec<R>,
        limit: u16,
        list: &str,
        place: impl Fn(&R) -> Cursor,
        item: impl FnMut(R) -> T,
    ) -> Self {
        let more = rows.len() > usize::from(limit);
        rows.truncate(limit.into());
        let next = rows
            .last()
            .filter(|_| more)
            .map(|last| place(last).write(list));
        Self {
            items: rows.into_iter().map(item).collect(),
            next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cursor(millis: i64, id: u128) -> Cursor {
        Cursor {
            at: Timestamp::from_millisecond(millis).unwrap(),
            id: uuid::Uuid::from_u128(id),
        }
    }

    #[test]
    fn limits_are_numbers_from_1_to_200() {
        for (text, limit) in [("1", Some(1)), ("200", Some(200)), ("50", Some(50))] {
            assert_eq!(Limit::read(text).map(|Limit(n)| n), limit);
        }
        for text in ["0", "201", "-1", "", "1.5", "ten", "99999999999"] {
            assert_eq!(Limit::read(text), None, "{text}");
        }
        assert_eq!(Limit::of(None), 50);
    }

    proptest! {
        #[test]
        fn a_cursor_is_read_back_and_nothing_else_is(
            millis in -62_000_000_000_000_i64..250_000_000_000_000,
            id: u128,
            at in 0_usize..44,
            other in "[A-Za-z0-9_-]",
        ) {
            let cursor = cursor(millis, id);
            let text = cursor.write("tasks state=open");
            prop_assert_eq!(parse(&text, "tasks state=open"), Some(cursor));
            prop_assert_eq!(parse(&text, "tasks state=done"), None);
            let mut changed = text.clone();
            changed.replace_range(at..=at, &other);
            if changed != text {
                prop_assert_eq!(parse(&changed, "tasks state=open"), None);
            }
        }

        #[test]
        fn no_text_is_a_panic(text in "\\PC{0,60}") {
            prop_assert_eq!(parse(&text, "tasks"), None);
        }
    }

    #[test]
    fn a_page_goes_on_only_where_there_is_more() {
        let page = |rows: Vec<u16>| {
            Page::<u16>::of(rows, 2, "l", |row| cursor(i64::from(*row), 0), |row| row)
        };
        assert_eq!(page(vec![1, 2]).next, None);
        let full = page(vec![1, 2, 3]);
        assert_eq!(full.items, [1, 2]);
        assert_eq!(parse(&full.next.unwrap(), "l"), Some(cursor(2, 0)));
    }
}
