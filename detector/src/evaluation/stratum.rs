//! Along which lines an evaluation is cut.

use super::text::ScoredText;
use serde::{Deserialize, Serialize};

/// A property by which texts are put in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stratum {
    /// All texts in one cell.
    All,
    /// The collection.
    Source,
    /// The kind of text.
    Domain,
    /// The model that wrote it; human texts have none.
    Generator,
    /// What was done to mislead; human texts mostly have none.
    Attack,
    /// The length in tokens.
    Tokens,
    /// The group of people.
    Group,
}

/// The lower ends of the bins of length, tokens.
pub const LENGTH_BINS: [u32; 6] = [0, 50, 100, 200, 400, 800];

impl Stratum {
    /// All of them, in the order of reports.
    pub const EVERY: [Self; 7] =
        [Self::All, Self::Source, Self::Domain, Self::Generator, Self::Attack, Self::Tokens, Self::Group];

    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Source => "source",
            Self::Domain => "domain",
            Self::Generator => "generator",
            Self::Attack => "attack",
            Self::Tokens => "tokens",
            Self::Group => "group",
        }
    }

    /// The cell that a text belongs to: a key that sorts, and what a reader sees.
    pub(super) fn cell_of(self, text: &ScoredText) -> Option<(usize, String)> {
        let named = |name: &Option<String>| name.clone().map(|name| (0, name));
        match self {
            Self::All => Some((0, "all texts".to_owned())),
            Self::Source => named(&text.source),
            Self::Domain => named(&text.domain),
            Self::Generator => named(&text.generator),
            Self::Attack => named(&text.attack),
            Self::Group => named(&text.group),
            Self::Tokens => text.tokens.map(|tokens| {
                let bin = LENGTH_BINS.partition_point(|&from| from <= tokens) - 1;
                let name = match LENGTH_BINS.get(bin + 1) {
                    Some(to) => format!("{}-{}", LENGTH_BINS[bin], to - 1),
                    None => format!("{} and more", LENGTH_BINS[bin]),
                };
                (bin, name)
            }),
        }
    }
}
