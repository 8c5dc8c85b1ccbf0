//! Numbers that are the same for the same seed, without keeping any of them: a
//! patient, a visit or an id is drawn anew whenever it is wanted.
//!
//! *Source*: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
//! generators", OOPSLA 2014). For invented data only, never for a secret.

/// What is drawn for; each kind has its own sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    Person,
    Course,
    Visit,
    Id,
    Request,
    Record,
}

/// A sequence of draws.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Begins the sequence of one thing.
    pub(crate) fn new(seed: u64, what: For, number: u64) -> Self {
        let mut dice = Self(seed ^ (what as u64 + 1).wrapping_mul(0xA076_1D64_78BD_642F));
        dice.0 = dice.next() ^ number.wrapping_mul(0xE703_7ED1_A0B4_28DB);
        dice.next();
        dice
    }

    /// Draws 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Draws from 0 to 1, 1 excluded.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Draws below `end`, which is at least 1.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        let wide = u64::from(end) * (self.next() >> 32);
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// Tells whether something that happens to a share of all happens here.
    pub(crate) fn happens(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// Draws one of a list, all alike.
    pub(crate) fn pick<T: Copy + Default>(&mut self, all: &[T]) -> T {
        let end = u32::try_from(all.len()).unwrap_or(u32::MAX).max(1);
        let at = usize::try_from(self.below(end)).unwrap_or(0);
        all.get(at).copied().unwrap_or_default()
    }

    /// Draws below `end`, small numbers more often the higher `power` is above 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a u32 is a u32"
    )]
    pub(crate) fn low(&mut self, end: u32, power: f64) -> u32 {
        (f64::from(end) * self.unit().powf(power)) as u32
    }

    /// Draws one of a list, the first ones more often: as names are spread.
    pub(crate) fn pick_common<T: Copy + Default>(&mut self, all: &[T]) -> T {
        let end = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let at = usize::try_from(self.low(end, 2.0)).unwrap_or(0);
        all.get(at).copied().unwrap_or_default()
    }

    /// Draws ten bytes, as an id wants them.
    pub(crate) fn ten_bytes(&mut self) -> [u8; 10] {
        let mut bytes = [0; 10];
        let drawn = [self.next().to_le_bytes(), self.next().to_le_bytes()].concat();
        bytes
            .iter_mut()
            .zip(drawn)
            .for_each(|(to, from)| *to = from);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_thing_is_drawn_anew_as_it_was() {
        let draws = |seed, what, number| {
            let mut dice = Dice::new(seed, what, number);
            [dice.next(), dice.next()]
        };
        assert_eq!(draws(7, For::Visit, 3), draws(7, For::Visit, 3));
        assert_ne!(draws(7, For::Visit, 3), draws(8, For::Visit, 3));
        assert_ne!(draws(7, For::Visit, 3), draws(7, For::Id, 3));
        assert_ne!(draws(7, For::Visit, 3), draws(7, For::Visit, 4));
    }

    #[test]
    fn draws_keep_to_their_bounds_and_shares() {
        let mut dice = Dice::new(1, For::Person, 0);
        let mut sixes = [0; 6];
        for _ in 0..6_000 {
            let six = usize::try_from(dice.below(6)).unwrap();
            sixes[six] += 1;
        }
        assert!(
            sixes.iter().all(|count| (850..1_150).contains(count)),
            "{sixes:?}"
        );
        let yes = (0..10_000).filter(|_| dice.happens(0.25)).count();
        assert!((2_300..2_700).contains(&yes), "{yes}");
    }

    #[test]
    fn the_first_names_of_a_list_are_the_common_ones() {
        let mut dice = Dice::new(1, For::Person, 0);
        let names = [1, 2, 3, 4];
        let firsts = (0..10_000)
            .filter(|_| dice.pick_common(&names) == 1)
            .count();
        // The square root of a quarter.
        assert!((4_700..5_300).contains(&firsts), "{firsts}");
    }
}
