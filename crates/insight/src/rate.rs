//! A share of a count, with the interval that its size permits.

/// How often something happened among those that count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    happened: u32,
    counted: u32,
}

/// Two bounds, each between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

impl Rate {
    /// Makes a rate. `None` where more happened than counted.
    pub const fn new(happened: u32, counted: u32) -> Option<Self> {
        if happened > counted {
            return None;
        }
        Some(Self { happened, counted })
    }

    /// Returns the share between 0 and 1. *Missing*: `None` where nothing counted.
    pub fn share(self) -> Option<f64> {
        (self.counted > 0).then(|| f64::from(self.happened) / f64::from(self.counted))
    }

    /// Returns Wilson's score interval at 95 %.
    ///
    /// It stays within 0 and 1 and keeps its promise for small counts, where the
    /// familiar `p ± 1.96 s` does not. *Missing*: `None` where nothing counted.
    /// *Source*: Wilson, JASA 22 (1927) 209–212.
    pub fn interval(self) -> Option<Interval> {
        const Z: f64 = 1.959_963_984_540_054;
        let share = self.share()?;
        let n = f64::from(self.counted);
        let z2 = Z * Z;
        let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = Z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
        Some(Interval {
            low: (centre - half).max(0.0),
            high: (centre + half).min(1.0),
        })
    }
}

/// Sums visits kept and visits that count by week of seven days, oldest first.
///
/// *Shape*: `days` holds (day number, kept, counted) with days counted from the
/// beginning of the span; a week without visits has an empty rate.
pub fn by_week(days: &[(i64, u32, u32)], weeks: usize) -> Vec<Rate> {
    let mut sums = vec![Rate::default(); weeks];
    for (day, kept, counted) in days {
        let week = usize::try_from(*day / 7).ok().filter(|_| *day >= 0);
        if let Some(sum) = week.and_then(|week| sums.get_mut(week)) {
            sum.happened += kept;
            sum.counted += counted;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 5e-4
    }

    #[test]
    fn intervals_agree_with_hand_computed_ones() {
        // Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3.
        for (happened, counted, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0000, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let interval = Rate::new(happened, counted).unwrap().interval().unwrap();
            assert!(
                close(interval.low, low) && close(interval.high, high),
                "{interval:?}"
            );
        }
    }

    #[test]
    fn nothing_counted_gives_no_number() {
        assert_eq!(Rate::default().share(), None);
        assert_eq!(Rate::default().interval(), None);
        assert_eq!(Rate::new(3, 2), None);
    }

    #[test]
    fn weeks_are_summed_and_empty_ones_stay() {
        let days = [(0, 4, 5), (6, 5, 5), (14, 1, 2), (-1, 9, 9), (70, 9, 9)];
        let weeks = by_week(&days, 3);
        assert_eq!(
            weeks,
            [
                Rate {
                    happened: 9,
                    counted: 10
                },
                Rate::default(),
                Rate {
                    happened: 1,
                    counted: 2
                }
            ]
        );
    }
}
