//! How two values of one field relate, before anything is weighed.

use jiff::civil::Date;

use crate::matching::names::Parts;
use crate::matching::nicknames::same_name;
use crate::matching::person::{Person, day_month_swapped};
use crate::person::Sex;

/// How two values relate. The words stand on the review page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The same.
    Same,
    /// A short form of the other: Bill and William.
    Nickname,
    /// One record uses the middle name as first.
    MiddleName,
    /// Family and given name stand in each other's place.
    Swapped,
    /// One of two surnames: `García López` and `López`.
    OneSurname,
    /// Two surnames each, and only one in common.
    SharedSurname,
    /// The same first name, and different middle names.
    OtherMiddle,
    /// Almost the same spelling.
    Similar,
    /// Only an initial, which fits.
    Initial,
    /// One digit differs, or two neighbours are exchanged.
    OneDigit,
    /// Day and month are exchanged.
    DayMonth,
    /// The same address, which several people have.
    SharedAddress,
    /// Different.
    Different,
    /// One side does not say.
    Missing,
}

impl Relation {
    /// Returns the words for the review page.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Nickname => "short form of the same name",
            Self::MiddleName => "middle name used as first name",
            Self::Swapped => "family and given name exchanged",
            Self::OneSurname => "one of two surnames",
            Self::SharedSurname => "one surname in common, one different",
            Self::OtherMiddle => "same first name, different middle names",
            Self::Similar => "almost the same spelling",
            Self::Initial => "initial fits",
            Self::OneDigit => "one digit differs",
            Self::DayMonth => "day and month exchanged",
            Self::SharedAddress => "same, but several people have it",
            Self::Different => "different",
            Self::Missing => "not given",
        }
    }

    /// Tells whether the two agree: `None` where one is missing, and for half
    /// agreements, which estimation must not count on either side.
    pub const fn agrees(self) -> Option<bool> {
        match self {
            Self::Same
            | Self::Nickname
            | Self::MiddleName
            | Self::Swapped
            | Self::OneSurname
            | Self::OtherMiddle
            | Self::Similar
            | Self::SharedAddress => Some(true),
            Self::Different => Some(false),
            Self::SharedSurname
            | Self::Initial
            | Self::OneDigit
            | Self::DayMonth
            | Self::Missing => None,
        }
    }

    /// The same word in both, so that the name itself is proven.
    pub(super) const fn is_exact_name(self) -> bool {
        matches!(self, Self::Same | Self::Nickname)
    }
}

/// The spelling similarity from which two names count as one. *Source*: Winkler
/// 1990, with the threshold of Tendon's table.
const SIMILAR: f64 = 0.92;

fn similar(a: &str, b: &str) -> bool {
    strsim::jaro_winkler(a, b) >= SIMILAR
}

/// Compares birthdays, fillers counting as missing.
pub(super) fn birth_date(a: &Person, b: &Person) -> Relation {
    let (Some(a), Some(b)) = (a.known_birth_date(), b.known_birth_date()) else {
        return Relation::Missing;
    };
    if a == b {
        Relation::Same
    } else if day_month_swapped(a) == Some(b) {
        Relation::DayMonth
    } else if is_one_slip(a, b) {
        Relation::OneDigit
    } else {
        Relation::Different
    }
}

/// One of the eight digits differs, two neighbours are exchanged, or the
/// century is wrong (`26` read as 2026 instead of 1926).
fn is_one_slip(left: Date, right: Date) -> bool {
    let digits = |d: Date| format!("{:04}{:02}{:02}", d.year(), d.month(), d.day()).into_bytes();
    let (old, new) = (digits(left), digits(right));
    let wrong: Vec<(usize, (&u8, &u8))> = old
        .iter()
        .zip(&new)
        .enumerate()
        .filter(|(_, (from, to))| from != to)
        .collect();
    let same_day = (left.month(), left.day()) == (right.month(), right.day());
    let century = same_day && (left.year() - right.year()).abs() == 100;
    century
        || match wrong.as_slice() {
            [_] => true,
            [(at, one), (next, two)] => *next == at + 1 && *one == (two.1, two.0),
            _ => false,
        }
}

/// Compares the surnames of two names.
pub(super) fn family(a: &Parts, b: &Parts) -> Relation {
    let (left, right) = (&a.family, &b.family);
    if left.is_empty() || right.is_empty() {
        return Relation::Missing;
    }
    let (joined_left, joined_right) = (left.concat(), right.concat());
    let within = |few: &[String], many: &[String]| {
        few.iter()
            .all(|w| w.chars().count() > 1 && many.contains(w))
    };
    if joined_left == joined_right {
        Relation::Same
    } else if within(left, right) || within(right, left) {
        Relation::OneSurname
    } else if similar(&joined_left, &joined_right) {
        Relation::Similar
    } else if left.iter().any(|l| right.iter().any(|r| similar(l, r))) {
        // `Smith-Jones` and `Smyth` share one; two surnames each share half.
        if left.len() == 1 || right.len() == 1 {
            Relation::Similar
        } else {
            Relation::SharedSurname
        }
    } else {
        Relation::Different
    }
}

/// Compares the given names of two names. `Baby Girl` says nothing.
pub(super) fn given(a: &Parts, b: &Parts) -> Relation {
    let (Some(first_a), Some(first_b)) = (a.given.first(), b.given.first()) else {
        return Relation::Missing;
    };
    if a.unnamed || b.unnamed {
        return Relation::Missing;
    }
    let prefers = |who: &Parts, first: &str| {
        who.preferred
            .as_deref()
            .is_some_and(|p| p == first || same_name(p, first))
    };
    if first_a == first_b || a.given.concat() == b.given.concat() {
        return middle(a, b);
    }
    if is_initial(first_a, first_b) || is_initial(first_b, first_a) {
        return Relation::Initial;
    }
    if same_name(first_a, first_b) || prefers(a, first_b) || prefers(b, first_a) {
        return Relation::Nickname;
    }
    let later = |who: &Parts, first: &str| who.given.iter().skip(1).any(|w| w == first);
    if later(a, first_b) || later(b, first_a) {
        return Relation::MiddleName;
    }
    if similar(first_a, first_b) {
        return Relation::Similar;
    }
    Relation::Different
}

/// Tells apart brothers called `José Luis` and `José Antonio`.
fn middle(a: &Parts, b: &Parts) -> Relation {
    let (Some(left), Some(right)) = (a.given.get(1), b.given.get(1)) else {
        return Relation::Same;
    };
    let fits = a.given.concat() == b.given.concat()
        || left == right
        || is_initial(left, right)
        || is_initial(right, left)
        || similar(left, right)
        || same_name(left, right);
    if fits {
        Relation::Same
    } else {
        Relation::OtherMiddle
    }
}

fn is_initial(short: &str, long: &str) -> bool {
    short.chars().count() == 1 && long.starts_with(short)
}

/// Tells whether family and given name stand in each other's place.
pub(super) fn swapped(a: &Parts, b: &Parts) -> bool {
    !a.family.is_empty() && !a.given.is_empty() && a.family == b.given && a.given == b.family
}

/// Compares addresses of one kind: one in common is enough.
pub(super) fn address(a: &Person, b: &Person, phones: bool) -> Relation {
    use crate::contact::Address;
    let of_kind = |p: &Person| -> Vec<(String, bool)> {
        p.contacts
            .iter()
            .filter(|c| matches!(c.address, Address::Phone(_)) == phones)
            .map(|c| (c.address.comparable(), c.shared))
            .collect()
    };
    let (left, right) = (of_kind(a), of_kind(b));
    if left.is_empty() || right.is_empty() {
        return Relation::Missing;
    }
    let mut common = left
        .iter()
        .flat_map(|(l, ls)| {
            right
                .iter()
                .filter(move |(r, _)| l == r)
                .map(move |(_, rs)| *ls || *rs)
        })
        .peekable();
    if common.peek().is_none() {
        Relation::Different
    } else if common.all(|shared| shared) {
        Relation::SharedAddress
    } else {
        Relation::Same
    }
}

pub(super) fn zip(a: &Person, b: &Person) -> Relation {
    same_or_not(a.zip5(), b.zip5())
}

/// Compares sex; only recorded female and male can disagree.
pub(super) fn sex(a: &Person, b: &Person) -> Relation {
    let known = |s: Sex| matches!(s, Sex::Female | Sex::Male).then_some(s);
    same_or_not(known(a.sex), known(b.sex))
}

fn same_or_not<T: PartialEq>(a: Option<T>, b: Option<T>) -> Relation {
    match (a, b) {
        (Some(a), Some(b)) if a == b => Relation::Same,
        (Some(_), Some(_)) => Relation::Different,
        _ => Relation::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::PersonName;
    use jiff::civil::date;

    fn parts(family: &str, given: &str) -> Parts {
        Parts::of(&PersonName::parse(family, given).unwrap())
    }

    #[test]
    fn surnames() {
        use Relation::{Different, Missing, OneSurname, Same, SharedSurname, Similar};
        for (a, b, relation) in [
            ("O'Brien", "OBRIEN", Same),
            ("de la Cruz", "Cruz", Same),
            ("Smith-Jones", "Smith Jones", Same),
            ("Smith-Jones", "Jones", OneSurname),
            ("García López", "López", OneSurname),
            ("García López", "García Ruiz", SharedSurname),
            ("Gonzalez", "Gonzales", Similar),
            ("Smith-Jones", "Smiht", Similar),
            ("Chen", "Okafor", Different),
            ("Li", "Lu", Different),
            ("", "Chen", Missing),
        ] {
            assert_eq!(family(&parts(a, "x"), &parts(b, "x")), relation, "{a} {b}");
            assert_eq!(family(&parts(b, "x"), &parts(a, "x")), relation, "{b} {a}");
        }
    }

    #[test]
    fn given_names() {
        use Relation::{
            Different, Initial, MiddleName, Missing, Nickname, OtherMiddle, Same, Similar,
        };
        for (a, b, relation) in [
            ("Mary Ann", "Maryann", Same),
            ("Mary Ann", "Mary", Same),
            ("John A", "John Albert", Same),
            ("José Luis", "José Antonio", OtherMiddle),
            ("Bill", "William", Nickname),
            ("J.", "John", Initial),
            ("Grace", "Anna Grace", MiddleName),
            ("Jayden", "Jaylen", Similar),
            ("Emma", "Olivia", Different),
            ("Baby Boy", "Liam", Missing),
        ] {
            assert_eq!(given(&parts("x", a), &parts("x", b)), relation, "{a} {b}");
            assert_eq!(given(&parts("x", b), &parts("x", a)), relation, "{b} {a}");
        }
        let chema = Parts::of(
            &PersonName::parse("Núñez", "José María")
                .unwrap()
                .with_preferred("Chema")
                .unwrap(),
        );
        assert_eq!(given(&chema, &parts("Núñez", "Chema")), Nickname);
    }

    #[test]
    fn birthdays() {
        use Relation::{DayMonth, Different, Missing, OneDigit, Same};
        let born = |d| Person {
            birth_date: Some(d),
            ..Person::default()
        };
        let base = date(1961, 3, 4);
        for (other, relation) in [
            (base, Same),
            (date(1961, 4, 3), DayMonth),
            (date(1961, 3, 5), OneDigit),
            (date(1916, 3, 4), OneDigit),
            (date(2061, 3, 4), OneDigit),
            (date(1961, 3, 15), Different),
            (date(1990, 8, 30), Different),
            (date(1900, 1, 1), Missing),
        ] {
            assert_eq!(birth_date(&born(base), &born(other)), relation, "{other}");
        }
    }
}
