//! Hashed n-grams and their weights: the evidence of words.
//!
//! A linear model on word 1-3-grams and character 2-5-grams, each family hashed into 2^`bits` buckets ("feature
//! hashing": Weinberger et al. 2009, without the sign). An n-gram that occurs c times has the value 1 + ln c; the
//! values of a family are divided by their Euclidean norm. Inverse document frequencies stand outside the norm, so
//! they fold into the weights and the file holds none. Trained by AdaGrad (Duchi et al. 2011) on the logistic loss, with a
//! penalty on what tells one domain of human writing from another.
//!
//! Texts are to be given as [`crate::normalize`] leaves them; lower-casing happens here. This says nothing about
//! order beyond five characters or three words; that is the language model's part.
//!
//! Here are only the names; a text goes through `units` and `features` to the weights of `model`, which come from
//! `training` (with `domains` and `columns`) by way of `weights` and are stored as `file` says.

mod columns;
mod domains;
mod features;
mod file;
mod model;
#[cfg(test)]
mod testing;
mod training;
mod units;
mod weights;

pub use features::LexicalFeatures;
pub use file::LexicalError;
pub use model::LexicalModel;
pub use training::{LexicalExample, LexicalTrainer};
pub(crate) use weights::LexicalWeights;

use std::ops::RangeInclusive;

/// Sizes of a model: each of the two families has 2^`bits` buckets.
pub(crate) const BITS: RangeInclusive<u32> = 8..=20;
