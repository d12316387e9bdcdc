//! The figures of an evaluation; those without data are left out.

mod groups;
mod length;
mod ranks;
mod reliability;
mod roc;
mod scores;

use crate::svg::Figure;
use detector::evaluation::Evaluation;

/// All figures that there are numbers for.
pub(crate) fn all(evaluation: &Evaluation) -> Vec<Figure> {
    [
        roc::draw(evaluation),
        scores::draw(evaluation),
        reliability::draw(evaluation),
        length::draw(evaluation),
        groups::draw(evaluation),
        ranks::draw(evaluation),
    ]
    .into_iter()
    .flatten()
    .collect()
}
