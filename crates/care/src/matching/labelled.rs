//! A labelled practice, made by a seeded generator: families, twins, fathers and
//! sons of one name, shared phones, birthdays that a clerk made up. Each known
//! person comes again as a feed would write them, and strangers come who look
//! like somebody. The truth is known, so precision and recall can be counted.

use std::collections::HashMap;

use jiff::ToSpan;
use jiff::civil::Date;

use super::*;
use crate::contact::{Address, Email, Phone};
use crate::person::{PersonName, Sex};

/// SplitMix64 (Steele, Lea and Flood, 2014): all the randomness there is.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    fn in_100(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

const FEMALE: &[&str] = &[
    "Mary",
    "Patricia",
    "Jennifer",
    "Linda",
    "Elizabeth",
    "Barbara",
    "Susan",
    "Jessica",
    "Sarah",
    "Margaret",
    "Karen",
    "Nancy",
    "Emma",
    "Olivia",
    "Sofia",
    "Isabella",
    "Guadalupe",
    "Maria Elena",
    "Maria Isabel",
    "Dolores",
    "Rosa",
    "Carmen",
    "Teresa",
    "Veronica",
    "Amina",
    "Fatima",
    "Mei",
    "Grace",
    "Hannah",
    "Anna",
    "Daniela",
    "Victoria",
    "Katherine",
    "Deborah",
    "Samantha",
    "Zoë",
];
const MALE: &[&str] = &[
    "James",
    "Robert",
    "John",
    "Michael",
    "William",
    "David",
    "Richard",
    "Joseph",
    "Thomas",
    "Christopher",
    "Daniel",
    "Matthew",
    "Anthony",
    "Steven",
    "Jose Luis",
    "Jose Antonio",
    "Jesús",
    "Francisco",
    "Luis",
    "Carlos",
    "Ignacio",
    "Mohamed",
    "Wei",
    "Jayden",
    "Jaylen",
    "Liam",
    "Noah",
    "Edward",
    "Samuel",
    "Benjamin",
    "Alexander",
    "Kenneth",
    "Ronald",
    "Timothy",
    "Eric",
    "Lawrence",
];
const FREQUENT: &[&str] = &[
    "Smith",
    "Johnson",
    "Garcia",
    "Martinez",
    "Brown",
    "Lee",
    "Rodriguez",
    "Miller",
    "Hernandez",
    "Nguyen",
    "Lopez",
    "Gonzalez",
    "Gonzales",
    "Johnston",
    "Martin",
    "Harris",
    "Harrison",
];
const SYLLABLES: &[&str] = &[
    "bar", "ker", "lin", "mon", "tes", "vak", "zor", "del", "fen", "gri", "hol", "jan", "kow",
    "ski", "ton", "wel", "ran", "dor", "pes", "cha",
];

fn surname(dice: &mut Dice) -> String {
    if dice.in_100(25) {
        return (*dice.pick(FREQUENT)).to_owned();
    }
    let (a, b, c) = (
        *dice.pick(SYLLABLES),
        *dice.pick(SYLLABLES),
        *dice.pick(SYLLABLES),
    );
    let mut name = if dice.in_100(50) {
        format!("{a}{b}")
    } else {
        format!("{a}{b}{c}")
    };
    name[..1].make_ascii_uppercase();
    match dice.below(100) {
        0..8 => format!("{name} {}", dice.pick(FREQUENT)),
        8..11 => format!("{name}-{}", dice.pick(FREQUENT)),
        11..13 => format!("de la {name}"),
        _ => name,
    }
}

fn birthday(dice: &mut Dice, from: i16, years: usize) -> Date {
    let year = from + i16::try_from(dice.below(years)).unwrap();
    let first = Date::new(year, 1, 1).unwrap();
    if dice.in_100(3) {
        return first;
    }
    first + i64::try_from(dice.below(365)).unwrap().days()
}

fn phone(dice: &mut Dice) -> Phone {
    let area = ["312", "773", "915", "206", "404"][dice.below(5)];
    Phone::from_e164(&format!("+1{area}{:07}", 2_000_000 + dice.below(7_999_999))).unwrap()
}

#[derive(Clone)]
struct Human {
    family: String,
    given: String,
    sex: Sex,
    born: Date,
    phone: Phone,
    email: Option<Email>,
    zip: String,
    phone_is_shared: bool,
}

impl Human {
    fn new(dice: &mut Dice, family: &str, born: Date, home: &Phone, zip: &str) -> Self {
        let sex = if dice.in_100(55) {
            Sex::Female
        } else {
            Sex::Male
        };
        let given = (*dice.pick(if sex == Sex::Female { FEMALE } else { MALE })).to_owned();
        Self {
            family: family.to_owned(),
            given,
            sex,
            born,
            phone: home.clone(),
            email: None,
            zip: zip.to_owned(),
            phone_is_shared: false,
        }
    }

    fn with_mail(mut self, dice: &mut Dice) -> Self {
        let text = format!("p{}@example.org", dice.below(100_000_000));
        self.email = Some(Email::parse(&text).unwrap());
        self
    }

    fn person(&self) -> Person {
        let email = self.email.iter().map(|e| Contact {
            address: Address::Email(e.clone()),
            shared: false,
        });
        Person {
            names: vec![PersonName::parse(&self.family, &self.given).unwrap()],
            birth_date: Some(self.born),
            sex: self.sex,
            contacts: email
                .chain([Contact {
                    address: Address::Phone(self.phone.clone()),
                    shared: self.phone_is_shared,
                }])
                .collect(),
            zip: Some(self.zip.clone()),
            identifiers: vec![],
        }
    }
}

/// One or two grown-ups, and sometimes children: brothers and sisters, twins,
/// a son who has his father's name.
fn household(dice: &mut Dice) -> Vec<Human> {
    let (family, home) = (surname(dice), phone(dice));
    let zip = format!("606{:02}", dice.below(40));
    let born = birthday(dice, 1940, 55);
    let mut people = vec![Human::new(dice, &family, born, &home, &zip).with_mail(dice)];
    if dice.in_100(40) {
        let born = birthday(dice, 1940, 55);
        let own = if dice.in_100(70) {
            phone(dice)
        } else {
            home.clone()
        };
        people.push(Human::new(dice, &family, born, &own, &zip).with_mail(dice));
    }
    if dice.in_100(25) {
        let born = birthday(dice, 2000, 20);
        people.push(Human::new(dice, &family, born, &home, &zip));
        let again = if dice.in_100(25) {
            born
        } else {
            birthday(dice, 2000, 20)
        };
        people.push(Human::new(dice, &family, again, &home, &zip));
    }
    if dice.in_100(5) {
        let mut junior = people[0].clone();
        junior.born = birthday(dice, 1996, 10);
        people.push(junior);
    }
    let shared = people.iter().filter(|p| p.phone == home).count() > 1;
    // A practice learns that a phone is shared only when it has seen both.
    for human in &mut people {
        human.phone_is_shared = shared && dice.in_100(80);
    }
    // Two children of one name and birthday are one child written down twice.
    people.dedup_by(|a, b| a.given == b.given && a.born == b.born);
    people
}

fn typo(dice: &mut Dice, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 4 {
        return text.to_owned();
    }
    let at = 1 + dice.below(letters.len() - 2);
    match dice.below(4) {
        0 => drop(letters.remove(at)),
        1 => letters.swap(at, at + 1),
        2 => letters.insert(at, letters[at]),
        _ => letters[at] = char::from(b'a' + u8::try_from(dice.below(26)).unwrap()),
    }
    letters.into_iter().collect()
}

fn short_form(dice: &mut Dice, given: &str) -> String {
    let pairs = [
        ("William", "Bill"),
        ("Robert", "Bob"),
        ("Margaret", "Peggy"),
        ("Elizabeth", "Liz"),
        ("Francisco", "Paco"),
        ("Guadalupe", "Lupita"),
        ("Jesús", "Chuy"),
        ("James", "Jim"),
        ("Deborah", "Debbie"),
        ("Ignacio", "Nacho"),
        ("Michael", "Mike"),
        ("Katherine", "Kathy"),
    ];
    let known = pairs.iter().find(|(full, _)| *full == given);
    known.map_or_else(
        || middle_initial(dice, given),
        |(_, short)| (*short).to_owned(),
    )
}

fn middle_initial(dice: &mut Dice, given: &str) -> String {
    if given.contains(' ') {
        return given.to_owned();
    }
    format!(
        "{given} {}",
        char::from(b'A' + u8::try_from(dice.below(26)).unwrap())
    )
}

/// Writes a person down again the way feeds do.
fn written_again(dice: &mut Dice, human: &Human) -> Human {
    let mut again = human.clone();
    if dice.in_100(6) {
        again.family = typo(dice, &again.family);
    }
    if dice.in_100(4) {
        again.given = typo(dice, &again.given);
    }
    if dice.in_100(12) {
        again.given = short_form(dice, &again.given);
    }
    if dice.in_100(40) {
        again.family = again.family.to_uppercase();
    }
    if let Some((first, _)) = again.family.clone().split_once([' ', '-'])
        && dice.in_100(30)
        && first != "de"
        && first != "DE"
    {
        again.family = first.to_owned();
    }
    if human.sex == Sex::Female && dice.in_100(2) {
        again.family = surname(dice);
    }
    if dice.in_100(3) {
        let (y, m, d) = (again.born.year(), again.born.month(), again.born.day());
        again.born = Date::new(y, d, m).unwrap_or_else(|_| again.born + 1.day());
    }
    if dice.in_100(20) {
        again.phone = phone(dice);
        again.phone_is_shared = false;
    }
    if dice.in_100(30) {
        again.email = None;
    }
    if dice.in_100(12) {
        again.zip = format!("606{:02}", dice.below(40));
    }
    again
}

#[derive(Debug, Default)]
struct Score {
    pairs: usize,
    linked: usize,
    linked_wrongly: usize,
    reviewed_rightly: usize,
    reviewed_in_vain: usize,
    missed: usize,
    duplicates: usize,
    strangers: usize,
}

struct Practice {
    people: Vec<Human>,
    blocks: HashMap<String, Vec<usize>>,
}

impl Practice {
    fn new(people: Vec<Human>) -> Self {
        let mut index: HashMap<String, Vec<usize>> = HashMap::new();
        for (who, human) in people.iter().enumerate() {
            for key in blocks(&human.person()) {
                index.entry(key.expose()).or_default().push(who);
            }
        }
        Self {
            people,
            blocks: index,
        }
    }

    fn found(&self, person: &Person) -> Vec<(usize, Person)> {
        let mut who: Vec<usize> = blocks(person)
            .iter()
            .flat_map(|key| {
                self.blocks
                    .get(&key.expose())
                    .into_iter()
                    .flatten()
                    .copied()
            })
            .collect();
        who.sort_unstable();
        who.dedup();
        who.into_iter()
            .map(|w| (w, self.people[w].person()))
            .collect()
    }

    fn judge(&self, person: &Person, truth: Option<usize>, score: &mut Score) {
        let known = self.found(person);
        score.pairs += known.len();
        match decide(person, &known, &Model::default()) {
            Verdict::Same { who, .. } => {
                score.linked += 1;
                score.linked_wrongly += usize::from(Some(who) != truth);
            }
            Verdict::Review { suspects } => {
                let right = suspects.iter().any(|s| Some(s.who) == truth);
                score.reviewed_rightly += usize::from(right);
                score.reviewed_in_vain += usize::from(!right);
            }
            Verdict::Separate => score.missed += usize::from(truth.is_some()),
            Verdict::Quarantine { .. } => panic!("no numbers and no test patients here"),
        }
    }
}

#[test]
fn links_are_right_and_hardly_anybody_is_missed() {
    let mut dice = Dice(20_261_122);
    let mut people = Vec::new();
    let mut strangers = Vec::new();
    while people.len() < 6_000 {
        let mut family = household(&mut dice);
        // Some relatives are not patients yet: a twin, a son, a wife.
        if family.len() > 1 && dice.in_100(50) {
            strangers.extend(family.pop());
        }
        people.extend(family);
    }
    for _ in 0..1_000 {
        strangers.extend(household(&mut dice).into_iter().next());
    }
    let practice = Practice::new(people);
    let mut score = Score::default();
    for (who, human) in practice.people.iter().enumerate() {
        let again = written_again(&mut dice, human);
        practice.judge(&again.person(), Some(who), &mut score);
        score.duplicates += 1;
    }
    for human in &strangers {
        practice.judge(&human.person(), None, &mut score);
        score.strangers += 1;
    }

    let share = |part: usize, whole: usize| part as f64 / whole as f64;
    let right = score.linked - score.linked_wrongly;
    let precision = share(right, score.linked);
    let recall = share(right + score.reviewed_rightly, score.duplicates);
    let alone = share(right, score.duplicates);
    let in_vain = share(score.reviewed_in_vain, score.duplicates + score.strangers);
    println!(
        "{score:?} precision {precision:.5} recall {recall:.4} without help {alone:.4} in vain {in_vain:.4}"
    );
    assert!(
        score.pairs > 15_000,
        "too few pairs to say anything: {score:?}"
    );
    assert!(precision >= 0.999, "{score:?}");
    assert!(recall >= 0.95, "{score:?}");
    assert!(alone >= 0.80, "too much is left to people: {score:?}");
    assert!(in_vain <= 0.02, "people are asked in vain: {score:?}");
}
