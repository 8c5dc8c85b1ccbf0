//! What comparing two records can say, in the words that the review page shows.

use crate::matching::fields::Relation;
use crate::matching::model::{Field, Pattern};

/// What came of comparing two records, with everything that led to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What follows.
    pub outcome: Outcome,
    /// All evidence added up with the prior, in bits.
    pub bits: f64,
    /// The same as a probability, 0 to 1.
    pub posterior: f64,
    /// One entry a field, in the order of [`Field::ALL`].
    pub evidence: Vec<Evidence>,
    /// What stands against an automatic link.
    pub guards: Vec<Guard>,
}

impl Comparison {
    /// Returns the agreements for [`Model::reestimate`](super::Model::reestimate).
    pub fn pattern(&self) -> Pattern {
        let mut pattern = [None; 7];
        for (slot, evidence) in pattern.iter_mut().zip(&self.evidence) {
            *slot = evidence.relation.agrees();
        }
        pattern
    }
}

/// What one field says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The field.
    pub field: Field,
    /// How the two values relate.
    pub relation: Relation,
    /// What that proves, in bits: positive for, negative against, 0 when missing.
    pub bits: f64,
}

/// What follows from comparing two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// One person.
    Same(Why),
    /// Perhaps one person.
    Review,
    /// Two people.
    Separate,
    /// They contradict each other in a way that only the source can explain.
    Quarantine(Doubt),
}

/// By what two records were found to be one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// The same number of the same authority.
    Number,
    /// The same name, birthday, sex and phone or e-mail.
    NameAndAddress,
    /// The evidence of all fields together, at least 999 to 1.
    Evidence,
}

impl Why {
    /// Returns the words for the timeline.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Number => "same record number",
            Self::NameAndAddress => "same name, birthday, sex and phone or e-mail",
            Self::Evidence => "all details together",
        }
    }
}

/// Why a record is kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// A known number came with another person's name and birthday.
    ReusedNumber,
    /// Somebody typed it to try a system out.
    TestPatient,
}

impl Doubt {
    /// Returns the words for the problem list.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ReusedNumber => "record number belongs to a person of another name and birthday",
            Self::TestPatient => "looks like a test patient",
        }
    }
}

/// What stands against an automatic link although the evidence is strong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Guard {
    /// Birthdays are not known to be the same.
    BirthDate,
    /// A different number of the same authority.
    OtherNumber,
    /// Same birthday and family, another given name: twins.
    Twins,
    /// Given names of almost the same spelling may be two children.
    SimilarGiven,
    /// Family names of almost the same spelling, and no address in common.
    SimilarFamily,
    /// The given name is missing, an initial, or `Baby`.
    NoGiven,
    /// Different given names.
    OtherGiven,
    /// Different middle names.
    OtherMiddle,
    /// The family name changed, or only half of it agrees.
    FamilyChanged,
    /// Recorded as different sexes.
    Sex,
    /// Jr against Sr, or another line of the name.
    Suffix,
    /// Born on 1 January, which is what clerks write when nobody knows.
    NewYear,
    /// Another given name and another birthday: people of one household.
    Household,
    /// The same birthday and half a name, with no address in common. A practice
    /// of 100,000 has thousands of such pairs, and hardly one of them is true.
    Namesakes,
    /// Birthdays a generation apart: parent and child of one name.
    Generation,
    /// One of the two is a test patient.
    TestPatient,
}

impl Guard {
    /// Returns the words for the review page.
    pub const fn words(self) -> &'static str {
        match self {
            Self::BirthDate => "birthday not confirmed",
            Self::OtherNumber => "another record number in the same system",
            Self::Twins => "could be twins",
            Self::SimilarGiven => "given names are similar, not equal",
            Self::SimilarFamily => "family names are similar, and no address in common",
            Self::OtherGiven => "different given names",
            Self::NoGiven => "no full given name on one side",
            Self::OtherMiddle => "different middle names",
            Self::FamilyChanged => "family name changed",
            Self::Sex => "recorded as different sexes",
            Self::Suffix => "Jr and Sr",
            Self::NewYear => "birthday on 1 January may be a guess",
            Self::Namesakes => "only a birthday and half a name in common",
            Self::Household => "could be another member of the household",
            Self::Generation => "could be parent and child",
            Self::TestPatient => "test patient",
        }
    }

    /// Guards that show two people rather than a doubt.
    pub(super) const fn separates(self) -> bool {
        matches!(
            self,
            Self::Household | Self::Namesakes | Self::Generation | Self::TestPatient
        )
    }
}
