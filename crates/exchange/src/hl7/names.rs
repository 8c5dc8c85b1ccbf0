//! Names of people: patients (XPN) and those who treat or refer them (XCN).
//!
//! Prefix, suffix and degree are left out: they belong to no greeting, and the
//! same person has them in one feed and not in the next.
//!
//! *Source*: HL7 v2.5.1 chapter 2.A, XPN, XCN, FN; table 0200.

use tendon_care::person::PersonName;

use super::notes::Notes;
use super::wire::Value;
use crate::record::ForeignKey;

/// Reads a name field such as PID-5: of several names the legal one, with the
/// nickname or the customary given name as the one to be called by.
pub fn read_person(field: Value<'_>, label: &str, notes: &mut Notes<'_>) -> Option<PersonName> {
    let names: Vec<Value<'_>> = field.repetitions().filter(|v| v.is_present()).collect();
    let chosen = names
        .iter()
        .filter_map(|name| Some((rank(*name)?, *name)))
        .min_by_key(|(rank, _)| *rank);
    let (_, chosen) = chosen?;
    let (family, given) = parts(chosen);
    if family.is_empty() && given.is_empty() {
        return None;
    }
    let name = match PersonName::parse(&family, &given) {
        Ok(name) => name,
        Err(error) => {
            notes.ignore(label, error.to_string());
            return None;
        }
    };
    let called = names
        .iter()
        .filter(|name| name.component(7).is_one_of(&["N", "D"]))
        .find_map(|name| name.component(2).some())
        .filter(|called| *called != given && !given.is_empty());
    match called {
        // A nickname that is too long is not worth a problem.
        Some(called) => name.clone().with_preferred(&called).ok().or(Some(name)),
        None => Some(name),
    }
}

/// Tells whether a name marks a record made for testing (`ZZTEST`, `ZZ-TEST`).
pub fn is_test(name: &PersonName) -> bool {
    let is_marked = |part: &str| {
        let letters: String = part.chars().filter(char::is_ascii_alphabetic).collect();
        let letters = letters.to_ascii_uppercase();
        letters.starts_with("ZZ") && letters.trim_start_matches('Z').starts_with("TEST")
    };
    is_marked(name.family()) || is_marked(name.given())
}

/// Reads an XCN, or a CE of the form `id^name`: the key and the display name of
/// a clinician, each as far as it is there.
pub fn read_clinician(value: Value<'_>, assigner: &str) -> (Option<ForeignKey>, Option<String>) {
    let key = value.component(1).some().map(|id| {
        let authority = value.component(9).subcomponent(1).some();
        ForeignKey {
            system: authority.unwrap_or_else(|| assigner.to_owned()),
            value: id,
        }
    });
    let family = value.component(2).subcomponent(1);
    let given = value.component(3).some().unwrap_or_default();
    let family = family.some().unwrap_or_default();
    let (family, given) = if given.is_empty() {
        at_comma(&family)
    } else {
        (family, given)
    };
    let name = format!("{given} {family}").trim().to_owned();
    (key, Some(name).filter(|name| !name.is_empty()))
}

/// Reads the display name of an XPN, such as a referrer's in PRD-2.
pub fn read_display(value: Value<'_>) -> Option<String> {
    let (family, given) = parts(value);
    Some(format!("{given} {family}").trim().to_owned()).filter(|name| !name.is_empty())
}

/// Ranks a name by its type, 0 best; `None` for one that is not the person's
/// own or not used any more (maiden, partner, pseudonym, former).
fn rank(name: Value<'_>) -> Option<u8> {
    match name.component(7).text().as_ref() {
        "L" => Some(0),
        "" | "U" | "R" => Some(1),
        "N" => Some(3),
        "A" => Some(4),
        "M" | "P" | "S" | "NOUSE" | "BAD" | "MSK" | "TEMP" | "F" => None,
        // Customary (D), adopted, at birth, and local codes.
        _ => Some(2),
    }
}

fn parts(name: Value<'_>) -> (String, String) {
    let text = |value: Value<'_>| value.some().unwrap_or_default();
    let surname = name.component(1);
    // FN: surname, own prefix ("van"), own surname, partner's prefix and name.
    let family = match surname.subcomponent(1).some() {
        Some(family) => family,
        None => join(
            &text(surname.subcomponent(2)),
            &text(surname.subcomponent(3)),
        ),
    };
    let given = join(&text(name.component(2)), &text(name.component(3)));
    if given.is_empty() {
        return at_comma(&family);
    }
    (family, given)
}

/// Parts `Family, Given`, as systems without components write it.
fn at_comma(text: &str) -> (String, String) {
    match text.split_once(',') {
        Some((family, given)) if !family.trim().is_empty() => {
            (family.trim().to_owned(), given.trim().to_owned())
        }
        _ => (text.to_owned(), String::new()),
    }
}

fn join(a: &str, b: &str) -> String {
    format!("{a} {b}").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::wire::Wire;
    use super::*;

    fn person(pid_5: &str) -> Option<PersonName> {
        let text = format!("MSH|^~\\&\rPID|||||{pid_5}");
        let wire = Wire::parse(&text).unwrap();
        read_person(wire.field("PID", 5), "PID-5", &mut Notes::new("test", 1))
    }

    fn full(pid_5: &str) -> Option<String> {
        person(pid_5).map(|name| format!("{}|{}", name.given(), name.family()))
    }

    #[test]
    fn prefixes_suffixes_and_degrees_are_left_out() {
        for (pid_5, expected) in [
            ("Reed^Sam^T^Jr^Mr.^MD^L", "Sam T|Reed"),
            ("O\\T\\Brien^Ana", "Ana|O&Brien"),
            ("EVERYMAN&&&&Aniston^ADAM^A", "ADAM A|EVERYMAN"),
            ("&van&Dyke^Dick", "Dick|van Dyke"),
            ("Reed, Sam", "Sam|Reed"),
            ("Reed", "|Reed"),
            ("^Sam", "Sam|"),
        ] {
            assert_eq!(full(pid_5).as_deref(), Some(expected), "{pid_5}");
        }
    }

    #[test]
    fn of_several_names_the_legal_one_is_taken() {
        let name = person("Smith^Samantha^^^^^M~Reed^Samantha^^^^^L~^Sam^^^^^N").unwrap();
        assert_eq!((name.family(), name.first()), ("Reed", "Sam"));
        let name = person("Reed^Sam^^^^^D~Reed^Samantha^^^^^L").unwrap();
        assert_eq!((name.given(), name.first()), ("Samantha", "Sam"));
        assert_eq!(full("Old^Name^^^^^NOUSE"), None);
    }

    #[test]
    fn a_name_that_says_nothing_is_none() {
        for pid_5 in ["", "\"\"", "^^^^^", "^^^Jr"] {
            assert_eq!(full(pid_5), None, "{pid_5}");
        }
        let long = "x".repeat(200);
        let text = format!("MSH|^~\\&\rPID|||||{long}");
        let wire = Wire::parse(&text).unwrap();
        let mut notes = Notes::new("test", 1);
        assert_eq!(read_person(wire.field("PID", 5), "PID-5", &mut notes), None);
        let problems = notes.take();
        assert_eq!(problems[0].field, "PID-5");
        assert!(!problems[0].reason.contains("xx"));
    }

    #[test]
    fn test_patients_are_known_by_their_mark() {
        for pid_5 in ["ZZTEST^ANNA", "ZZZTest^Anna", "Reed^ZZ-Test", "ZZ TEST^X"] {
            assert!(is_test(&person(pid_5).unwrap()), "{pid_5}");
        }
        for pid_5 in ["Testa^Anna", "Zzyzx^Ann", "Contest^Ann", "Test^Patient"] {
            assert!(!is_test(&person(pid_5).unwrap()), "{pid_5}");
        }
    }

    #[test]
    fn clinicians_have_a_key_and_a_name() {
        let read = |aip_3: &str| {
            let text = format!("MSH|^~\\&\rAIP|1||{aip_3}");
            let wire = Wire::parse(&text).unwrap();
            let (key, name) = read_clinician(wire.field("AIP", 3), "CLINIC");
            (key.map(|k| (k.system, k.value)), name)
        };
        let key = |s: &str, v: &str| Some((s.to_owned(), v.to_owned()));
        let name = |n: &str| Some(n.to_owned());
        assert_eq!(
            read("400^Mendez^Ana^B^^Dr^MD^^NPI&1.2&ISO~5^x"),
            (key("NPI", "400"), name("Ana Mendez"))
        );
        assert_eq!(
            read("1^Adams, Doug"),
            (key("CLINIC", "1"), name("Doug Adams"))
        );
        assert_eq!(read("^Mendez^Ana"), (None, name("Ana Mendez")));
        assert_eq!(read("7"), (key("CLINIC", "7"), None));
        assert_eq!(read(""), (None, None));
    }
}
