//! Instant search over patients.

use jiff::civil::Date;
use tendon_care::contact::Address;
use tendon_care::id::PatientId;

use crate::error::StoreError;
use crate::reader::Reader;
use crate::sql::{BadRow, Row, params, statements};

/// Finds by the longest word, walked in the index; of more hits than anybody reads, the
/// first by that word are sorted by name. `$second` and `$third` keep those who have the
/// other words as well.
macro_rules! by_words {
    ($second:literal, $third:literal) => {
        concat!(
            "select p.patient_id, p.given, p.family, p.preferred, p.birth_date, p.deceased_at is not null \
             from patient p where p.practice_id = $1 and p.merged_into is null and p.patient_id in \
             (select w.patient_id from patient_word w \
              where w.practice_id = $1 and w.word >= $2 and w.word < $3 \
              and ($4 = '' or ",
            $second,
            ") and ($6 = '' or ",
            $third,
            ") order by w.word, w.patient_id limit 400) \
             order by p.family, p.given, p.patient_id limit $8"
        )
    };
}

statements! {
    /// Who has the other words is gathered from the same index, where they lie side by
    /// side: looking each hit up would read a page for every one.
    BY_WORDS = by_words!(
        "w.patient_id in (select x.patient_id from patient_word x \
         where x.practice_id = $1 and x.word >= $4 and x.word < $5)",
        "w.patient_id in (select y.patient_id from patient_word y \
         where y.practice_id = $1 and y.word >= $6 and y.word < $7)"
    );
    /// A letter or two, which half the practice has, are looked up for each hit.
    BY_WORDS_AND_LETTERS = by_words!(
        "exists (select 1 from patient_word x where x.practice_id = $1 \
         and x.patient_id = w.patient_id and x.word >= $4 and x.word < $5)",
        "exists (select 1 from patient_word y where y.practice_id = $1 \
         and y.patient_id = w.patient_id and y.word >= $6 and y.word < $7)"
    );
    BY_BIRTH_DATE = "select p.patient_id, p.given, p.family, p.preferred, p.birth_date, \
                p.deceased_at is not null from patient p \
                where p.practice_id = $1 and p.merged_into is null and p.birth_date = $2 \
                order by p.family, p.given, p.patient_id limit $3";
    BY_ADDRESS = "select distinct p.patient_id, p.given, p.family, p.preferred, p.birth_date, \
                p.deceased_at is not null from contact_point c join patient p \
                on p.practice_id = c.practice_id and p.patient_id = c.patient_id \
                where c.practice_id = $1 and c.address_blind = $2 and p.merged_into is null \
                order by p.family, p.given, p.patient_id limit $3";
    PAGE = "select p.patient_id, p.given, p.family, p.preferred, p.birth_date, p.deceased_at is not null \
            from patient p where p.practice_id = $1 and p.merged_into is null and p.patient_id > $2 \
            order by p.patient_id limit $3";
    FIRST = "select p.patient_id, p.given, p.family, p.preferred, p.birth_date, p.deceased_at is not null \
             from patient p where p.practice_id = $1 and p.merged_into is null \
             order by p.family, p.given, p.patient_id limit $2";
    /// The difference of two counts that need no row, only the index.
    COUNT = "select (select count(*) from patient where practice_id = $1) \
             - (select count(*) from patient where practice_id = $1 and merged_into is not null)";
}

/// A word with fewer characters is had by too many to gather them.
const LETTERS: usize = 3;

/// A patient in a list of hits.
#[derive(Clone, PartialEq, Eq)]
pub struct PatientHit {
    /// The id.
    pub id: PatientId,
    /// The name for staff pages, preferred name first.
    pub name: String,
    /// The birthday, to tell namesakes apart.
    pub birth_date: Option<Date>,
    /// No longer alive.
    pub deceased: bool,
}

impl std::fmt::Debug for PatientHit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PatientHit({})", self.id)
    }
}

impl Reader<'_> {
    /// Finds patients whose names or numbers begin with each of the folded words;
    /// the three longest words count.
    pub async fn search_words(
        &self,
        words: &[String],
        limit: u16,
    ) -> Result<Vec<PatientHit>, StoreError> {
        let mut sorted: Vec<&str> = words.iter().map(String::as_str).collect();
        sorted.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        let part = |index: usize| sorted.get(index).copied().unwrap_or_default();
        let values = params![
            self.tenant_id(),
            part(0),
            past(part(0)),
            part(1),
            past(part(1)),
            part(2),
            past(part(2)),
            limit
        ];
        let mut others = sorted.iter().skip(1).take(2);
        let statement = if others.any(|word| word.chars().count() < LETTERS) {
            &BY_WORDS_AND_LETTERS
        } else {
            &BY_WORDS
        };
        let rows = self.rows(statement, values).await?;
        Ok(rows.iter().map(hit).collect::<Result<_, _>>()?)
    }

    /// Finds patients by birthday.
    pub async fn search_birth_date(
        &self,
        day: Date,
        limit: u16,
    ) -> Result<Vec<PatientHit>, StoreError> {
        let rows = self
            .rows(&BY_BIRTH_DATE, params![self.tenant_id(), day, limit])
            .await?;
        Ok(rows.iter().map(hit).collect::<Result<_, _>>()?)
    }

    /// Finds patients by a whole phone number or mail address.
    pub async fn search_address(
        &self,
        address: &Address,
        limit: u16,
    ) -> Result<Vec<PatientHit>, StoreError> {
        let blind = self.keys()?.blind(&address.comparable());
        let rows = self
            .rows(&BY_ADDRESS, params![self.tenant_id(), blind, limit])
            .await?;
        Ok(rows.iter().map(hit).collect::<Result<_, _>>()?)
    }

    /// Returns the first patients by name, for an empty search.
    pub async fn patients_first(&self, limit: u16) -> Result<Vec<PatientHit>, StoreError> {
        let rows = self.rows(&FIRST, params![self.tenant_id(), limit]).await?;
        Ok(rows.iter().map(hit).collect::<Result<_, _>>()?)
    }

    /// Returns a page of patients in the order of their ids, after one.
    pub async fn patients_page(
        &self,
        after: Option<PatientId>,
        limit: u16,
    ) -> Result<Vec<PatientHit>, StoreError> {
        let last = after.map_or(uuid::Uuid::nil(), tendon_care::id::Id::uuid);
        let rows = self
            .rows(&PAGE, params![self.tenant_id(), last, limit])
            .await?;
        Ok(rows.iter().map(hit).collect::<Result<_, _>>()?)
    }

    /// Counts patients.
    pub async fn patient_count(&self) -> Result<u64, StoreError> {
        let row = self.first(&COUNT, vec![self.tenant()]).await?;
        Ok(row.map(|row| row.small(0)).transpose()?.unwrap_or(0))
    }
}

/// Returns the first text after all that begin with `word`.
fn past(word: &str) -> String {
    let mut chars: Vec<char> = word.chars().collect();
    while let Some(last) = chars.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            chars.push(next);
            break;
        }
    }
    chars.into_iter().collect()
}

fn hit(row: &Row) -> Result<PatientHit, BadRow> {
    let given = row.opt_text(3)?.map_or(row.text(1), Ok)?;
    Ok(PatientHit {
        id: row.id(0)?,
        name: format!("{given} {}", row.text(2)?).trim().to_owned(),
        birth_date: row.opt_date(4)?,
        deceased: row.bool(5)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_is_the_end_of_a_prefix() {
        assert_eq!(past("mor"), "mos");
        assert_eq!(past("zz"), "z{");
        assert_eq!(past("\u{d7ff}"), "\u{e000}");
        assert_eq!(past(""), "");
    }
}
