//! Are two records one person? The answer can be reviewed and undone.
//!
//! Certain rules speak first (same number, same name with birthday and address);
//! then every field is weighed (Fellegi and Sunter), and guards take away what
//! would be linked wrongly although everything fits: twins, fathers and sons of
//! one name, a parent's phone, birthdays that a clerk made up. A wrong link shows
//! one patient another's record, a missed one costs a merge later; so a guard
//! never links, and whatever is in doubt goes to a person.

mod fields;
mod finding;
#[cfg(test)]
mod labelled;
mod model;
mod names;
mod nicknames;
mod pair;
mod person;

pub use fields::Relation;
pub use finding::{Comparison, Doubt, Evidence, Guard, Outcome, Why};
pub use model::{Estimate, FamilyNames, Field, Model, Odds, PRIOR_BITS, Pattern};
pub use pair::compare;
pub use person::{BlockKey, Contact, Person, blocks};

/// What to do with a description, among everybody it could be.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict<K> {
    /// It is this person: link.
    Same {
        /// Who.
        who: K,
        /// By what.
        why: Why,
    },
    /// A person must look. Best suspect first.
    Review {
        /// Who it could be, with the evidence for the page.
        suspects: Vec<Suspect<K>>,
    },
    /// Nobody that is known: a new person.
    Separate,
    /// Not to be taken in until somebody has looked at the source.
    Quarantine {
        /// Whose record it contradicts, where it contradicts one.
        who: Option<K>,
        /// Why.
        why: Doubt,
    },
}

/// Somebody that a description could be.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect<K> {
    /// Who.
    pub who: K,
    /// What was compared, and what came of it.
    pub comparison: Comparison,
}

/// Decides who a description is, among the people found by [`blocks`].
///
/// The same number of the same authority decides alone. Otherwise an automatic
/// link needs one clear candidate: if another one cannot be told apart, both go
/// to review, because the records may be duplicates or twins.
pub fn decide<K: Clone>(candidate: &Person, known: &[(K, Person)], model: &Model) -> Verdict<K> {
    let mut suspects: Vec<Suspect<K>> = known
        .iter()
        .map(|(who, person)| Suspect {
            who: who.clone(),
            comparison: compare(candidate, person, model),
        })
        .filter(|s| s.comparison.outcome != Outcome::Separate)
        .collect();
    suspects.sort_by(|a, b| b.comparison.bits.total_cmp(&a.comparison.bits));

    for suspect in &suspects {
        if let Outcome::Quarantine(why) = suspect.comparison.outcome {
            return Verdict::Quarantine {
                who: Some(suspect.who.clone()),
                why,
            };
        }
    }
    let by_number = with_outcome(&suspects, Outcome::Same(Why::Number));
    if by_number.is_empty() && candidate.is_test() {
        return Verdict::Quarantine {
            who: None,
            why: Doubt::TestPatient,
        };
    }
    let certain = if by_number.is_empty() {
        with_outcome(&suspects, Outcome::Same(Why::NameAndAddress))
    } else {
        by_number
    };
    let clear = match certain.as_slice() {
        [one] => Some(*one),
        [] => leader(&suspects),
        _ => None,
    };
    match clear.map(|suspect| (suspect, suspect.comparison.outcome)) {
        Some((suspect, Outcome::Same(why))) => Verdict::Same {
            who: suspect.who.clone(),
            why,
        },
        _ if suspects.is_empty() => Verdict::Separate,
        _ => Verdict::Review { suspects },
    }
}

/// How far the best candidate must lead the next one: a thousand to one.
const CLEAR_LEAD_BITS: f64 = 10.0;

fn with_outcome<K>(suspects: &[Suspect<K>], outcome: Outcome) -> Vec<&Suspect<K>> {
    suspects
        .iter()
        .filter(|s| s.comparison.outcome == outcome)
        .collect()
}

/// Returns the first of the suspects, who are sorted, if it leads clearly.
fn leader<K>(suspects: &[Suspect<K>]) -> Option<&Suspect<K>> {
    match suspects {
        [best, next, ..] if best.comparison.bits - next.comparison.bits < CLEAR_LEAD_BITS => None,
        _ => suspects.first(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Address, Email, Phone};
    use crate::patient::Identifier;
    use crate::person::{Mrn, PersonName, Sex};
    use jiff::civil::{Date, date};
    use proptest::prelude::*;

    const BORN: Date = date(1961, 3, 14);

    fn person(family: &str, given: &str, born: Date) -> Person {
        Person {
            names: vec![PersonName::parse(family, given).unwrap()],
            birth_date: Some(born),
            sex: Sex::Female,
            ..Person::default()
        }
    }

    fn at(mut person: Person, phone: &str, shared: bool) -> Person {
        person.contacts.push(Contact {
            address: Address::Phone(Phone::parse(phone).unwrap()),
            shared,
        });
        person
    }

    fn mail(mut person: Person, mailbox: &str) -> Person {
        person.contacts.push(Contact {
            address: Address::Email(Email::parse(mailbox).unwrap()),
            shared: false,
        });
        person
    }

    fn number(mut person: Person, system: &str, value: &str) -> Person {
        person.identifiers.push(Identifier {
            system: system.to_owned(),
            value: Mrn::parse(value).unwrap(),
        });
        person
    }

    fn living(mut person: Person, zip: &str) -> Person {
        person.zip = Some(zip.to_owned());
        person
    }

    fn of(mut person: Person, sex: Sex) -> Person {
        person.sex = sex;
        person
    }

    fn outcome(a: &Person, b: &Person) -> Outcome {
        let model = Model::default();
        let there = compare(a, b, &model);
        assert_eq!(
            there.outcome,
            compare(b, a, &model).outcome,
            "order must not matter"
        );
        there.outcome
    }

    const PHONE: &str = "312-555-0142";

    #[test]
    fn one_number_is_one_person_unless_everything_else_differs() {
        let ana = number(person("Reyes", "Ana", BORN), "hill", "42");
        let same =
            |family, given, born| outcome(&ana, &number(person(family, given, born), "hill", "42"));
        let other = date(1990, 8, 30);
        assert_eq!(same("Reyes", "Ana", BORN), Outcome::Same(Why::Number));
        assert_eq!(same("Miller", "Ana", BORN), Outcome::Same(Why::Number));
        assert_eq!(same("Reyes", "Ana", other), Outcome::Same(Why::Number));
        assert_eq!(
            same("Chen", "Ana", other),
            Outcome::Quarantine(Doubt::ReusedNumber)
        );
        assert_eq!(
            same("Reyes", "Oscar", other),
            Outcome::Quarantine(Doubt::ReusedNumber)
        );
        let elsewhere = number(person("Chen", "Bo", other), "lake", "42");
        assert_eq!(outcome(&ana, &elsewhere), Outcome::Separate);
        let unsaid = |p| number(p, "", "42");
        assert_eq!(
            outcome(
                &unsaid(person("Reyes", "Ana", BORN)),
                &unsaid(person("Chen", "Bo", other))
            ),
            Outcome::Separate
        );
    }

    #[test]
    fn dropped_zeros_are_the_same_number_when_the_name_says_so() {
        let long = number(person("Reyes", "Ana", BORN), "hill", "00042");
        let bare = |family, born| number(person(family, "Ana", born), "hill", "42");
        assert_eq!(
            outcome(&long, &bare("Reyes", BORN)),
            Outcome::Same(Why::Number)
        );
        assert_eq!(outcome(&long, &bare("Chen", BORN)), Outcome::Review);
        assert_eq!(
            outcome(&long, &bare("Chen", date(1990, 8, 30))),
            Outcome::Separate
        );
    }

    #[test]
    fn certain_rules_and_the_table_link_what_is_clear() {
        let ana = at(person("Reyes", "Ana", BORN), PHONE, true);
        assert_eq!(outcome(&ana, &ana), Outcome::Same(Why::NameAndAddress));
        let plain = person("Reyes", "Ana", BORN);
        assert_eq!(outcome(&plain, &plain), Outcome::Same(Why::Evidence));
        let typo = at(person("Reyez", "Ana", BORN), PHONE, false);
        assert_eq!(
            outcome(&at(person("Reyes", "Ana", BORN), PHONE, false), &typo),
            Outcome::Same(Why::Evidence)
        );
    }

    #[test]
    fn name_birthday_and_zip_are_looked_at_whatever_else_differs() {
        let one = living(
            mail(at(person("Smith", "Ana", BORN), PHONE, false), "a@x.org"),
            "60601",
        );
        let two = living(
            mail(
                at(person("Smith", "Ana", BORN), "312-555-0199", false),
                "b@x.org",
            ),
            "60601-1234",
        );
        assert_eq!(outcome(&of(one, Sex::Male), &two), Outcome::Review);
    }

    #[test]
    fn a_conflicting_number_or_an_unsure_birthday_never_links() {
        let one = number(at(person("Reyes", "Ana", BORN), PHONE, false), "hill", "42");
        let two = number(at(person("Reyes", "Ana", BORN), PHONE, false), "hill", "43");
        assert_eq!(outcome(&one, &two), Outcome::Review);
        for near in [date(1961, 3, 15), date(1916, 3, 14), date(1961, 3, 41 - 10)] {
            let other = mail(at(person("Reyes", "Ana", near), PHONE, false), "ana@x.org");
            let ana = mail(at(person("Reyes", "Ana", BORN), PHONE, false), "ana@x.org");
            assert_eq!(outcome(&ana, &other), Outcome::Review, "{near}");
        }
    }

    #[test]
    fn families_are_kept_apart() {
        let home = |p: Person| living(mail(at(p, PHONE, false), "home@x.org"), "60601");
        let child = date(2015, 6, 9);
        // Parent and child with one phone, one mailbox, one ZIP.
        assert_eq!(
            outcome(
                &home(person("Reyes", "Ana", BORN)),
                &home(person("Reyes", "Mia", child))
            ),
            Outcome::Separate
        );
        // Father and son of one name.
        let father = of(home(person("Reyes Sr", "Luis", BORN)), Sex::Male);
        let son = of(
            home(person("Reyes Jr", "Luis", date(1988, 11, 2))),
            Sex::Male,
        );
        assert_eq!(outcome(&father, &son), Outcome::Separate);
        let unmarked = of(home(person("Reyes", "Luis", date(1988, 11, 2))), Sex::Male);
        assert_eq!(outcome(&father, &unmarked), Outcome::Separate);
        // Twins: to a person, never by itself.
        let twin = |given, sex| of(home(person("Reyes", given, child)), sex);
        for (a, b) in [
            ("Mia", "Eva"),
            ("Jayden", "Jaylen"),
            ("Maria Elena", "Maria Isabel"),
        ] {
            assert_eq!(
                outcome(&twin(a, Sex::Female), &twin(b, Sex::Female)),
                Outcome::Review,
                "{a} {b}"
            );
        }
        assert_eq!(
            outcome(&twin("Daniel", Sex::Male), &twin("Daniela", Sex::Female)),
            Outcome::Review
        );
        assert_eq!(
            outcome(&twin("Baby A", Sex::Female), &twin("Baby B", Sex::Female)),
            Outcome::Review
        );
    }

    #[test]
    fn namesakes_are_not_worth_a_look() {
        let plain = |family, given| person(family, given, BORN);
        assert_eq!(
            outcome(&plain("Smith", "Ana"), &plain("Smith", "Eva")),
            Outcome::Separate
        );
        assert_eq!(
            outcome(&plain("Smith", "Ana"), &plain("Chen", "Ana")),
            Outcome::Separate
        );
        let near = |p| living(at(p, PHONE, false), "60601");
        assert_eq!(
            outcome(&near(plain("Smith", "Ana")), &near(plain("Chen", "Ana"))),
            Outcome::Review,
            "a married name"
        );
    }

    #[test]
    fn a_birthday_on_1_january_proves_little() {
        let ali = |given| person("Ali", given, date(1985, 1, 1));
        assert_eq!(outcome(&ali("Amina"), &ali("Amina")), Outcome::Review);
        let home = |p| at(p, PHONE, true);
        assert_eq!(
            outcome(&home(ali("Amina")), &home(ali("Amina"))),
            Outcome::Review
        );
        let own = |p| at(p, PHONE, false);
        assert_eq!(
            outcome(&own(ali("Amina")), &own(ali("Amina"))),
            Outcome::Same(Why::NameAndAddress)
        );
        assert_eq!(outcome(&ali("Amina"), &ali("Fatima")), Outcome::Separate);
    }

    #[test]
    fn the_evidence_can_be_read() {
        let one = at(person("García López", "Bill", BORN), PHONE, true);
        let two = at(person("López", "William", date(1961, 3, 15)), PHONE, false);
        let found = compare(&one, &two, &Model::default());
        let words: Vec<_> = found
            .evidence
            .iter()
            .map(|e| (e.field.words(), e.relation.words()))
            .collect();
        assert_eq!(
            words,
            [
                ("birthday", "one digit differs"),
                ("family name", "one of two surnames"),
                ("given name", "short form of the same name"),
                ("phone", "same, but several people have it"),
                ("e-mail", "not given"),
                ("ZIP", "not given"),
                ("sex", "same"),
            ]
        );
        assert_eq!(found.guards, [Guard::BirthDate]);
        let sum: f64 = found.evidence.iter().map(|e| e.bits).sum();
        assert!((found.bits - (PRIOR_BITS + sum)).abs() < 1e-9);
        assert!((found.evidence[3].bits - 4.0).abs() < 1e-9);
    }

    #[test]
    fn among_several_one_must_be_clear() {
        let model = Model::default();
        let ana = at(person("Reyes", "Ana", BORN), PHONE, false);
        let bob = at(
            person("Chen", "Bob", date(1950, 5, 5)),
            "312-555-0199",
            false,
        );
        let verdict = decide(&ana, &[(1, bob.clone()), (2, ana.clone())], &model);
        assert_eq!(
            verdict,
            Verdict::Same {
                who: 2,
                why: Why::NameAndAddress
            }
        );
        let Verdict::Review { suspects } =
            decide(&ana, &[(1, ana.clone()), (2, ana.clone())], &model)
        else {
            panic!("two equal people are duplicates");
        };
        assert_eq!(suspects.len(), 2);
        assert_eq!(decide(&ana, &[(1, bob)], &model), Verdict::Separate);
        assert_eq!(decide::<u8>(&ana, &[], &model), Verdict::Separate);
    }

    #[test]
    fn test_patients_stay_out_unless_they_are_known() {
        let model = Model::default();
        let zz = number(person("ZZTEST", "Ana", BORN), "hill", "9");
        assert_eq!(
            decide::<u8>(&zz, &[], &model),
            Verdict::Quarantine {
                who: None,
                why: Doubt::TestPatient
            }
        );
        assert_eq!(
            decide(&zz, &[(1, zz.clone())], &model),
            Verdict::Same {
                who: 1,
                why: Why::Number
            }
        );
    }

    fn any_person() -> impl Strategy<Value = Person> {
        let names = prop::sample::select(vec![
            "Reyes",
            "Reyez",
            "García López",
            "López",
            "Chen",
            "Baby",
            "Ana",
            "",
        ]);
        let phones = prop::option::of((
            prop::sample::select(vec![PHONE, "312-555-0199"]),
            any::<bool>(),
        ));
        let days = prop::option::of((1950_i16..1953, 1_i8..4, 1_i8..4));
        let numbers = prop::option::of(prop::sample::select(vec!["1", "01", "2"]));
        (names.clone(), names, days, phones, numbers).prop_map(|(family, given, day, phone, id)| {
            let mut person = Person {
                names: PersonName::parse(family, given).into_iter().collect(),
                birth_date: day.and_then(|(y, m, d)| Date::new(y, m, d).ok()),
                ..Person::default()
            };
            if let Some((text, shared)) = phone {
                person = at(person, text, shared);
            }
            match id {
                Some(value) => number(person, "hill", value),
                None => person,
            }
        })
    }

    proptest! {
        #[test]
        fn comparing_is_symmetric_and_links_only_what_agrees(a in any_person(), b in any_person()) {
            let model = Model::default();
            let (there, back) = (compare(&a, &b, &model), compare(&b, &a, &model));
            prop_assert_eq!(there.outcome, back.outcome);
            prop_assert!((there.bits - back.bits).abs() < 1e-9);
            prop_assert!((0.0..=1.0).contains(&there.posterior));
            if let Outcome::Same(Why::Evidence | Why::NameAndAddress) = there.outcome {
                prop_assert_eq!(a.birth_date, b.birth_date);
                prop_assert!(a.birth_date.is_some());
                prop_assert!(there.guards.is_empty());
            }
        }
    }
}
