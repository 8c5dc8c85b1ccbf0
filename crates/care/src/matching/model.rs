//! How much each field proves, and how a practice's own records refine that.
//!
//! *Source*: Fellegi and Sunter, "A theory for record linkage", 1969; the EM
//! estimate is Winkler's, 1988. The starting figures are Tendon's own.

use std::collections::HashMap;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The birthday.
    BirthDate,
    /// The family name.
    Family,
    /// The given name.
    Given,
    /// Any phone number.
    Phone,
    /// Any e-mail address.
    Email,
    /// The five-digit ZIP.
    Zip,
    /// Sex.
    Sex,
}

impl Field {
    /// Every field, in the order of evidence.
    pub const ALL: [Self; 7] = [
        Self::BirthDate,
        Self::Family,
        Self::Given,
        Self::Phone,
        Self::Email,
        Self::Zip,
        Self::Sex,
    ];

    /// Returns the words for the review page.
    pub const fn words(self) -> &'static str {
        match self {
            Self::BirthDate => "birthday",
            Self::Family => "family name",
            Self::Given => "given name",
            Self::Phone => "phone",
            Self::Email => "e-mail",
            Self::Zip => "ZIP",
            Self::Sex => "sex",
        }
    }

    const fn index(self) -> usize {
        self as usize
    }
}

/// How often a field agrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Odds {
    /// Among two records of one person, 0 to 1.
    pub m: f64,
    /// Among records of two people, 0 to 1.
    pub u: f64,
}

impl Odds {
    /// Returns what agreement proves, in bits.
    pub fn agree(self) -> f64 {
        (self.m / self.u).log2()
    }

    /// Returns what disagreement proves, in bits; negative.
    pub fn disagree(self) -> f64 {
        ((1.0 - self.m) / (1.0 - self.u)).log2()
    }
}

/// All figures that a comparison needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    odds: [Odds; 7],
    families: FamilyNames,
}

/// Evidence that two random records are one person, in bits: about one true
/// pair among 16,000.
pub const PRIOR_BITS: f64 = -14.0;

impl Default for Model {
    fn default() -> Self {
        let odds = |m, u| Odds { m, u };
        Self {
            odds: [
                odds(0.97, 0.0003),
                odds(0.95, 0.004),
                odds(0.93, 0.01),
                odds(0.75, 0.002),
                odds(0.65, 0.0005),
                odds(0.80, 0.03),
                odds(0.98, 0.5),
            ],
            families: FamilyNames::default(),
        }
    }
}

impl Model {
    /// Uses the frequencies of the practice's own family names.
    #[must_use]
    pub fn with_families(mut self, families: FamilyNames) -> Self {
        self.families = families;
        self
    }

    /// Returns the figures of a field.
    pub fn odds(&self, field: Field) -> Odds {
        // The array has one entry a field.
        self.odds
            .get(field.index())
            .copied()
            .unwrap_or(Odds { m: 0.5, u: 0.5 })
    }

    /// Returns the figures of one family name: that two people are both called
    /// Smith proves less than that both are called Okonkwo.
    pub(super) fn family_odds(&self, folded: &str) -> Odds {
        let Odds { m, u } = self.odds(Field::Family);
        Odds {
            m,
            u: self.families.share(folded, u),
        }
    }

    /// Re-estimates all figures from pairs whose truth nobody knows, by
    /// expectation maximisation.
    ///
    /// *Shape*: one pattern a pair; pairs should come from the blocks, so that
    /// a good part are true ones. *Missing*: `None` in a pattern says nothing.
    /// Figures stay on their side (`m ≥ 0.5 ≥ u`), so that the roles of match
    /// and non-match cannot flip. The share it finds is that of the given
    /// pairs, not of all pairs of the practice, and therefore no prior.
    pub fn reestimate(&self, patterns: &[Pattern], max_rounds: u16) -> Estimate {
        let mut estimate = Estimate {
            model: self.clone(),
            match_share: 0.1,
            rounds: 0,
            converged: patterns.is_empty(),
        };
        while !estimate.converged && estimate.rounds < max_rounds {
            let next = estimate.round(patterns);
            estimate.converged = estimate.change(&next) < 1e-6;
            estimate.model.odds = next.0;
            estimate.match_share = next.1;
            estimate.rounds += 1;
        }
        estimate
    }
}

/// Which fields of a pair agree, in the order of [`Field::ALL`].
pub type Pattern = [Option<bool>; 7];

/// What [`Model::reestimate`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The refined figures.
    pub model: Model,
    /// The share of true pairs among the given ones.
    pub match_share: f64,
    /// How many rounds it took.
    pub rounds: u16,
    /// Whether the last round changed nothing worth having.
    pub converged: bool,
}

impl Estimate {
    /// Weighs each pair by how likely it is true, then counts agreements.
    fn round(&self, patterns: &[Pattern]) -> ([Odds; 7], f64) {
        let mut tally = [Tally::default(); 7];
        let mut matches = 0.0;
        for pattern in patterns {
            let p = self.probability(*pattern);
            matches += p;
            for (tally, agrees) in tally.iter_mut().zip(pattern) {
                if let Some(agrees) = agrees {
                    tally.add(p, *agrees);
                }
            }
        }
        let mut odds = self.model.odds;
        for (odds, tally) in odds.iter_mut().zip(tally) {
            *odds = tally.odds().unwrap_or(*odds);
        }
        let share = matches / patterns.len() as f64;
        (odds, share.clamp(1e-6, 1.0 - 1e-6))
    }

    fn probability(&self, pattern: Pattern) -> f64 {
        let bits: f64 = self
            .model
            .odds
            .iter()
            .zip(pattern)
            .filter_map(|(odds, agrees)| {
                agrees.map(|yes| if yes { odds.agree() } else { odds.disagree() })
            })
            .sum();
        probability((self.match_share / (1.0 - self.match_share)).log2() + bits)
    }

    fn change(&self, (odds, share): &([Odds; 7], f64)) -> f64 {
        self.model
            .odds
            .iter()
            .zip(odds)
            .flat_map(|(a, b)| [(a.m - b.m).abs(), (a.u - b.u).abs()])
            .fold((self.match_share - share).abs(), f64::max)
    }
}

/// Turns bits of evidence into a probability.
pub(super) fn probability(bits: f64) -> f64 {
    1.0 / (1.0 + (-bits).exp2())
}

/// Weighted counts of one field.
#[derive(Clone, Copy, Default)]
struct Tally {
    matches: f64,
    agreeing_matches: f64,
    others: f64,
    agreeing_others: f64,
}

impl Tally {
    fn add(&mut self, p: f64, agrees: bool) {
        self.matches += p;
        self.others += 1.0 - p;
        if agrees {
            self.agreeing_matches += p;
            self.agreeing_others += 1.0 - p;
        }
    }

    fn odds(self) -> Option<Odds> {
        (self.matches > 0.0 && self.others > 0.0).then(|| Odds {
            m: (self.agreeing_matches / self.matches).clamp(0.5, 0.9999),
            u: (self.agreeing_others / self.others).clamp(1e-6, 0.5),
        })
    }
}

/// How often family names are, from a practice's own patients or, until there
/// are enough, those names of the United States that are far above the average.
#[derive(Clone, Debug, PartialEq)]
pub struct FamilyNames {
    counts: HashMap<String, u32>,
    total: u32,
}

/// Below this many people a practice's own counts say too little.
const ENOUGH_PEOPLE: u32 = 1_000;

impl Default for FamilyNames {
    /// *Source*: US Census Bureau, frequently occurring surnames of 1990, per 100,000.
    fn default() -> Self {
        let counts = [
            ("smith", 1_006),
            ("johnson", 810),
            ("williams", 699),
            ("jones", 621),
            ("brown", 621),
            ("davis", 480),
            ("miller", 424),
        ];
        Self {
            counts: counts
                .into_iter()
                .map(|(name, count)| (name.to_owned(), count))
                .collect(),
            total: 0,
        }
    }
}

impl FamilyNames {
    /// Counts the given surnames (folded, see `person::search_words`). With
    /// fewer than 1,000 people the country's figures are kept.
    pub fn count<'a>(surnames: impl IntoIterator<Item = &'a str>) -> Self {
        let mut counts = HashMap::new();
        let mut total = 0_u32;
        for surname in surnames {
            *counts.entry(surname.to_owned()).or_insert(0) += 1;
            total += 1;
        }
        if total < ENOUGH_PEOPLE {
            return Self::default();
        }
        Self { counts, total }
    }

    fn share(&self, folded: &str, average: f64) -> f64 {
        let count = f64::from(self.counts.get(folded).copied().unwrap_or(0));
        if self.total == 0 {
            // Of the country only the frequent names are listed.
            return (count / 100_000.0).max(average);
        }
        // A name seen once or never in a thousand may still be a family of five.
        ((count + 1.0) / f64::from(self.total)).clamp(0.0005, 0.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_those_of_the_table() {
        let model = Model::default();
        let table = [
            (11.7, -5.1),
            (7.9, -4.3),
            (6.5, -3.8),
            (8.6, -2.0),
            (10.3, -1.5),
            (4.7, -2.3),
            (1.0, -4.6),
        ];
        for (field, (agree, disagree)) in Field::ALL.into_iter().zip(table) {
            let odds = model.odds(field);
            assert!(
                (odds.agree() - agree).abs() < 0.06,
                "{field:?} {}",
                odds.agree()
            );
            assert!(
                (odds.disagree() - disagree).abs() < 0.06,
                "{field:?} {}",
                odds.disagree()
            );
        }
    }

    #[test]
    fn frequent_names_prove_less() {
        let country = Model::default();
        assert!(country.family_odds("smith").agree() < country.family_odds("okonkwo").agree());
        let own = std::iter::repeat_n("garcia", 300).chain(std::iter::repeat_n("lee", 1_700));
        let model = Model::default().with_families(FamilyNames::count(own));
        assert!((model.family_odds("garcia").u - 0.1505).abs() < 1e-9);
        assert!((model.family_odds("new").u - 0.0005).abs() < 1e-9);
        let few = FamilyNames::count(["garcia", "garcia"]);
        assert_eq!(few, FamilyNames::default());
    }

    #[test]
    fn estimation_recovers_the_figures_that_made_the_pairs() {
        let truth = [
            (0.99, 0.02),
            (0.90, 0.05),
            (0.85, 0.03),
            (0.60, 0.01),
            (0.70, 0.005),
            (0.88, 0.10),
            (0.97, 0.5),
        ];
        let mut seed = 7_u64;
        let mut chance = move || {
            // SplitMix64, from Steele, Lea and Flood, 2014.
            seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = seed;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        };
        let patterns: Vec<Pattern> = (0..20_000)
            .map(|_| {
                let is_match = chance() < 0.2;
                truth.map(|(m, u)| {
                    let missing = chance() < 0.1;
                    let agrees = chance() < if is_match { m } else { u };
                    (!missing).then_some(agrees)
                })
            })
            .collect();
        let estimate = Model::default().reestimate(&patterns, 500);
        assert!(estimate.converged, "after {} rounds", estimate.rounds);
        assert!(
            (estimate.match_share - 0.2).abs() < 0.01,
            "{}",
            estimate.match_share
        );
        for (field, (m, u)) in Field::ALL.into_iter().zip(truth) {
            let found = estimate.model.odds(field);
            assert!((found.m - m).abs() < 0.02, "{field:?} m {}", found.m);
            assert!((found.u - u).abs() < 0.02, "{field:?} u {}", found.u);
        }
    }

    #[test]
    fn without_pairs_nothing_changes() {
        let estimate = Model::default().reestimate(&[], 10);
        assert_eq!(estimate.model, Model::default());
        assert_eq!(estimate.rounds, 0);
    }
}
