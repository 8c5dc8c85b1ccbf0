//! Names that are common enough to belong to nobody.

/// Given names with the sex they are mostly given to (`f` or `m`), English.
pub(crate) const GIVEN_EN: &[(&str, char)] = &[
    ("Emma", 'f'),
    ("Grace", 'f'),
    ("Hannah", 'f'),
    ("Joan", 'f'),
    ("Karen", 'f'),
    ("Linda", 'f'),
    ("Megan", 'f'),
    ("Nora", 'f'),
    ("Olivia", 'f'),
    ("Paula", 'f'),
    ("Ruth", 'f'),
    ("Susan", 'f'),
    ("Tara", 'f'),
    ("Wendy", 'f'),
    ("Alice", 'f'),
    ("Beth", 'f'),
    ("Diane", 'f'),
    ("Helen", 'f'),
    ("Adam", 'm'),
    ("Brian", 'm'),
    ("Carl", 'm'),
    ("Daniel", 'm'),
    ("Eric", 'm'),
    ("Frank", 'm'),
    ("George", 'm'),
    ("Henry", 'm'),
    ("Ian", 'm'),
    ("James", 'm'),
    ("Kevin", 'm'),
    ("Liam", 'm'),
    ("Mark", 'm'),
    ("Noah", 'm'),
    ("Owen", 'm'),
    ("Paul", 'm'),
    ("Ryan", 'm'),
    ("Sam", 'm'),
];

/// Given names, Spanish.
pub(crate) const GIVEN_ES: &[(&str, char)] = &[
    ("Ana", 'f'),
    ("Carmen", 'f'),
    ("Elena", 'f'),
    ("Lucía", 'f'),
    ("María José", 'f'),
    ("Rosa", 'f'),
    ("Sofía", 'f'),
    ("Teresa", 'f'),
    ("Andrés", 'm'),
    ("Carlos", 'm'),
    ("Diego", 'm'),
    ("Javier", 'm'),
    ("José", 'm'),
    ("Luis", 'm'),
    ("Miguel", 'm'),
    ("Pedro", 'm'),
];

/// Family names, English.
pub(crate) const FAMILY_EN: &[&str] = &[
    "Adams",
    "Baker",
    "Brandt",
    "Carter",
    "Chapman",
    "Cole",
    "Davis",
    "Ellis",
    "Fischer",
    "Foster",
    "Grant",
    "Hayes",
    "Hughes",
    "Irwin",
    "Jensen",
    "Kim",
    "Lambert",
    "Larsen",
    "Mason",
    "Meyer",
    "Nguyen",
    "O'Brien",
    "Okafor",
    "Olsen",
    "Palmer",
    "Patel",
    "Quinn",
    "Reed",
    "Rossi",
    "Schmidt",
    "Singh",
    "Stone",
    "Turner",
    "Underwood",
    "Vance",
    "Walsh",
    "Weber",
    "Wong",
    "Young",
    "Zimmer",
];

/// Family names, Spanish.
pub(crate) const FAMILY_ES: &[&str] = &[
    "Álvarez",
    "Castillo",
    "Delgado",
    "Flores",
    "García López",
    "Gómez",
    "Herrera",
    "Jiménez",
    "Marín",
    "Morales",
    "Núñez",
    "Ortega",
    "Peña",
    "Ramírez",
    "Ruiz",
    "Salazar",
    "Torres",
    "Vega",
];

/// Who sends patients.
pub(crate) const REFERRERS: &[&str] = &[
    "Dr. Alvin Hart",
    "Dr. Miriam Stein",
    "Lakeside Orthopedics",
    "Dr. Joan Abbott",
    "Prairie Family Medicine",
    "Dr. Samuel Iyer",
    "self-referred",
];

/// Where patients live.
pub(crate) const ZIPS: &[&str] = &["60622", "60647", "60614", "60657", "60618", "60642"];

/// Who sees patients; a larger practice goes on with initials.
const CLINICIANS: [&str; 12] = [
    "Dr. Chen",
    "J. Patel",
    "M. Ortiz",
    "Dr. Walsh",
    "A. Novak",
    "T. Brooks",
    "Dr. Okafor",
    "L. Jensen",
    "R. Gómez",
    "S. Weber",
    "Dr. Singh",
    "K. Turner",
];

/// Returns the name of a clinician.
pub(crate) fn clinician(number: usize) -> String {
    CLINICIANS.get(number).map_or_else(
        || {
            let family = FAMILY_EN.get(number % FAMILY_EN.len()).unwrap_or(&"Cole");
            let initial = ('A'..='Z').cycle().nth(number / FAMILY_EN.len());
            format!("{}. {family}", initial.unwrap_or('A'))
        },
        |name| (*name).to_owned(),
    )
}
