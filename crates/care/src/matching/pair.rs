//! One description against one known person.

use jiff::civil::Date;

use crate::matching::fields::{self, Relation};
use crate::matching::finding::{Comparison, Doubt, Evidence, Guard, Outcome, Why};
use crate::matching::model::{Field, Model, PRIOR_BITS, probability};
use crate::matching::names::Parts;
use crate::matching::person::{Person, without_leading_zeros};

/// The posterior from which records are linked by themselves.
const LINK: f64 = 0.999;
/// The posterior from which a person is asked.
const REVIEW: f64 = 0.5;
/// What a birthday proves that one slip of the keyboard would make equal, or
/// that is the 1 January of a clerk, in bits.
const NEAR_BIRTH_DATE_BITS: f64 = 5.0;
/// What a phone or e-mail of several people proves at most, in bits.
const SHARED_BITS: f64 = 4.0;
/// What a fitting initial proves: a thirteenth of given names begin with it.
const INITIAL_BITS: f64 = 3.5;
/// Birthdays this many years apart are of two generations.
const GENERATION_YEARS: i16 = 14;

/// Compares a description with a known person.
///
/// The result does not depend on the order of the two. *Missing*: a field that
/// one side does not have proves nothing.
pub fn compare(a: &Person, b: &Person, model: &Model) -> Comparison {
    let pair = Pair::new(a, b, model);
    let guards = pair.guards();
    let bits = PRIOR_BITS + pair.evidence.iter().map(|e| e.bits).sum::<f64>();
    let posterior = probability(bits);
    Comparison {
        outcome: pair.outcome(posterior, &guards),
        bits,
        posterior,
        evidence: pair.evidence.to_vec(),
        guards,
    }
}

/// How the record numbers of two people relate.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbers {
    /// One in common, to the letter.
    Same,
    /// One in common but for leading zeros, which spreadsheets drop.
    ButForZeros,
    /// The same authority gave different ones.
    Conflict,
    /// No authority in common.
    Silent,
}

struct Pair<'a> {
    a: &'a Person,
    b: &'a Person,
    names: (Parts, Parts),
    evidence: [Evidence; 7],
    numbers: Numbers,
}

impl<'a> Pair<'a> {
    fn new(a: &'a Person, b: &'a Person, model: &Model) -> Self {
        let (names, family, given) = closest_names(a, b, model);
        let relations = [
            fields::birth_date(a, b),
            family,
            given,
            fields::address(a, b, true),
            fields::address(a, b, false),
            fields::zip(a, b),
            fields::sex(a, b),
        ];
        let mut at = Field::ALL.into_iter().zip(relations);
        let evidence = std::array::from_fn(|_| {
            let (field, relation) = at.next().unwrap_or((Field::Sex, Relation::Missing));
            let made_up =
                field == Field::BirthDate && relation == Relation::Same && born_on_new_year(a);
            let bits = weigh(field, relation, &names, model);
            Evidence {
                field,
                relation,
                bits: if made_up {
                    bits.min(NEAR_BIRTH_DATE_BITS)
                } else {
                    bits
                },
            }
        });
        Self {
            a,
            b,
            names,
            evidence,
            numbers: numbers(a, b),
        }
    }

    fn relation(&self, field: Field) -> Relation {
        self.evidence
            .iter()
            .find(|e| e.field == field)
            .map_or(Relation::Missing, |e| e.relation)
    }

    fn outcome(&self, posterior: f64, guards: &[Guard]) -> Outcome {
        let birth_date = self.relation(Field::BirthDate);
        let family = self.relation(Field::Family);
        let given = self.relation(Field::Given);
        let name_is_exact = family.is_exact_name() && given.is_exact_name();
        let has_address = self.has_address(&[Relation::Same, Relation::SharedAddress]);

        if self.numbers == Numbers::Same {
            return self.same_number();
        }
        let same_name = family.agrees() == Some(true) && given.agrees() == Some(true);
        if self.numbers == Numbers::ButForZeros && (same_name || birth_date == Relation::Same) {
            let all_agree = same_name && birth_date == Relation::Same;
            return if all_agree {
                Outcome::Same(Why::Number)
            } else {
                Outcome::Review
            };
        }
        if guards.iter().any(|guard| guard.separates()) {
            return Outcome::Separate;
        }
        let unguarded = guards.is_empty();
        if unguarded && name_is_exact && has_address && self.relation(Field::Sex) == Relation::Same
        {
            return Outcome::Same(Why::NameAndAddress);
        }
        if unguarded && posterior >= LINK {
            return Outcome::Same(Why::Evidence);
        }
        // Name, birthday and ZIP are worth a look whatever else differs.
        let three_agree = name_is_exact
            && birth_date == Relation::Same
            && self.relation(Field::Zip) == Relation::Same;
        if posterior >= REVIEW || three_agree {
            return Outcome::Review;
        }
        Outcome::Separate
    }

    /// The same number is the same person, unless name and birthday both say
    /// otherwise: then the authority gave a number twice, or a clerk mistyped it.
    /// A family shares its surname, so a different given name counts as well.
    fn same_number(&self) -> Outcome {
        let differs = |field| self.relation(field) == Relation::Different;
        let other_name = differs(Field::Family) || differs(Field::Given);
        if differs(Field::BirthDate) && other_name {
            Outcome::Quarantine(Doubt::ReusedNumber)
        } else {
            Outcome::Same(Why::Number)
        }
    }

    fn guards(&self) -> Vec<Guard> {
        let birth_date = self.relation(Field::BirthDate);
        let suffixes_differ = match (self.names.0.suffix, self.names.1.suffix) {
            (Some(left), Some(right)) => left != right,
            _ => false,
        };
        let general = [
            (birth_date != Relation::Same, Guard::BirthDate),
            (self.numbers == Numbers::Conflict, Guard::OtherNumber),
            (self.relation(Field::Sex) == Relation::Different, Guard::Sex),
            (suffixes_differ, Guard::Suffix),
            (
                born_on_new_year(self.a) && !self.has_address(&[Relation::Same]),
                Guard::NewYear,
            ),
            (
                self.is_generation(birth_date, suffixes_differ),
                Guard::Generation,
            ),
            (self.a.is_test() != self.b.is_test(), Guard::TestPatient),
        ];
        general
            .into_iter()
            .chain(self.name_guards(birth_date))
            .filter_map(|(stands, guard)| stands.then_some(guard))
            .collect()
    }

    fn name_guards(&self, birth_date: Relation) -> [(bool, Guard); 9] {
        use Relation::{Different, Initial, Missing, OtherMiddle, Same, SharedAddress};
        use Relation::{SharedSurname, Similar};
        let family = self.relation(Field::Family);
        let given = self.relation(Field::Given);
        let reached = self.has_address(&[Same]);
        let lives_near =
            self.has_address(&[Same, SharedAddress]) || self.relation(Field::Zip) == Same;
        let born_same = birth_date == Same;
        let is_twin = given == Different && born_same && family.agrees() == Some(true);
        let half_a_name = given == Different || family == Different;
        [
            (is_twin, Guard::Twins),
            (given == Different && !is_twin, Guard::OtherGiven),
            (given == Similar, Guard::SimilarGiven),
            (family == Similar && !reached, Guard::SimilarFamily),
            (matches!(given, Missing | Initial), Guard::NoGiven),
            (given == OtherMiddle, Guard::OtherMiddle),
            (
                matches!(family, Different | SharedSurname | Missing),
                Guard::FamilyChanged,
            ),
            (
                given == Different && !born_same && birth_date != Missing,
                Guard::Household,
            ),
            (half_a_name && born_same && !lives_near, Guard::Namesakes),
        ]
    }

    fn has_address(&self, relations: &[Relation]) -> bool {
        [Field::Phone, Field::Email]
            .into_iter()
            .any(|field| relations.contains(&self.relation(field)))
    }

    /// A slip that puts a birthday in another generation is still a slip, unless
    /// Jr and Sr say that there are two.
    fn is_generation(&self, birth_date: Relation, suffixes_differ: bool) -> bool {
        let years = |date: Option<Date>| date.map(Date::year);
        let apart = years(self.a.birth_date)
            .zip(years(self.b.birth_date))
            .is_some_and(|(x, y)| (x - y).abs() >= GENERATION_YEARS);
        match birth_date {
            Relation::Different => apart || suffixes_differ,
            Relation::OneDigit => apart && suffixes_differ,
            _ => false,
        }
    }
}

fn born_on_new_year(person: &Person) -> bool {
    person
        .birth_date
        .is_some_and(|born| (born.month(), born.day()) == (1, 1))
}

/// Picks the two names, current or former, that fit best.
fn closest_names(a: &Person, b: &Person, model: &Model) -> ((Parts, Parts), Relation, Relation) {
    let right = b.parts();
    a.parts()
        .into_iter()
        .flat_map(|left| {
            right
                .iter()
                .cloned()
                .map(move |right| (left.clone(), right))
        })
        .map(|names| {
            let (family, given) = if fields::swapped(&names.0, &names.1) {
                (Relation::Swapped, Relation::Swapped)
            } else {
                (
                    fields::family(&names.0, &names.1),
                    fields::given(&names.0, &names.1),
                )
            };
            let bits = weigh(Field::Family, family, &names, model)
                + weigh(Field::Given, given, &names, model);
            (bits, names, family, given)
        })
        .max_by(|x, y| x.0.total_cmp(&y.0))
        .map_or_else(
            || {
                (
                    (Parts::default(), Parts::default()),
                    Relation::Missing,
                    Relation::Missing,
                )
            },
            |(_, names, family, given)| (names, family, given),
        )
}

fn weigh(field: Field, relation: Relation, names: &(Parts, Parts), model: &Model) -> f64 {
    let odds = model.odds(field);
    match relation {
        Relation::Missing => 0.0,
        Relation::Different => odds.disagree(),
        Relation::OneDigit | Relation::DayMonth => NEAR_BIRTH_DATE_BITS,
        Relation::Initial => INITIAL_BITS,
        Relation::SharedAddress => odds.agree().min(SHARED_BITS),
        Relation::SharedSurname => odds.agree() / 2.0,
        _ if field == Field::Family => rarest_common(names, model),
        _ => odds.agree(),
    }
}

/// Weighs an agreeing family name by how rare it is: of two surnames in common
/// the rarer counts, of two spellings the more frequent.
fn rarest_common((left, right): &(Parts, Parts), model: &Model) -> f64 {
    let bits = |word: &String| model.family_odds(word).agree();
    let common = left
        .family
        .iter()
        .filter(|w| right.family.contains(w))
        .map(bits);
    let either = || left.family.iter().chain(&right.family).map(bits);
    common
        .max_by(f64::total_cmp)
        .or_else(|| either().min_by(f64::total_cmp))
        .unwrap_or_else(|| model.odds(Field::Family).agree())
}

fn numbers(a: &Person, b: &Person) -> Numbers {
    let mut found = Numbers::Silent;
    for left in a.known_identifiers() {
        for right in b.known_identifiers().filter(|r| r.system == left.system) {
            let (x, y) = (left.value.expose(), right.value.expose());
            if x == y {
                return Numbers::Same;
            }
            if without_leading_zeros(x) == without_leading_zeros(y) {
                found = Numbers::ButForZeros;
            } else if found == Numbers::Silent {
                found = Numbers::Conflict;
            }
        }
    }
    found
}
