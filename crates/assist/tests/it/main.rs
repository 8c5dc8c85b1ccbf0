//! The lexicon against utterances: own sets with bounds, and public corpora where they lie.

#[cfg(test)]
mod corpora;
#[cfg(test)]
mod grammar;
#[cfg(test)]
mod opt_outs;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod red_flags;
#[cfg(test)]
mod rows;
