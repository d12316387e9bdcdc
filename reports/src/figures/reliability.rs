//! Whether what the detector says of itself holds: probabilities, or the false-alarm rates that p-values promise.

use crate::svg::{Figure, LEFT, RIGHT, Scale, TOP, percent_ticks};
use detector::evaluation::{Evaluation, Share};

const BOTTOM: f64 = 340.0;

pub(super) fn draw(evaluation: &Evaluation) -> Option<Figure> {
    let curves = &evaluation.curves;
    if !curves.reliability.is_empty() {
        let caption = "In each tenth of the probabilities, the share of machine texts; on the diagonal, probabilities can be \
                       believed. Bars are Wilson's 95 % intervals.";
        let mut figure =
            Figure::new("reliability", "Reliability of the probabilities".to_owned(), caption.to_owned(), 400.0);
        let x = Scale::linear([0.0, 1.0], [LEFT, RIGHT]);
        let y = Scale::linear([0.0, 1.0], [BOTTOM, TOP]);
        let ticks = percent_ticks(&[0.0, 0.25, 0.5, 0.75, 1.0]);
        figure.x_axis(x, &ticks, "probability of machine, as given", BOTTOM);
        figure.y_axis(y, &ticks, "machine texts among them");
        figure.path(&[[LEFT, BOTTOM], [RIGHT, TOP]], "chance");
        for bin in &curves.reliability {
            point(&mut figure, x.at(bin.predicted), y, Share { part: bin.machines, of: bin.texts }, "machine");
        }
        return Some(figure);
    }
    let promises = &curves.promises;
    let (first, last) = (promises.first()?, promises.last()?);
    let caption = format!(
        "Of {} human texts, the share with a p-value up to the rate promised. On or below the dotted line the promise is kept; \
         bars are Wilson's 95 % intervals.",
        last.realised.of
    );
    let mut figure = Figure::new("reliability", "False alarms, promised and realised".to_owned(), caption, 400.0);
    let least = first.promised.min(0.005) / 2.0;
    let x = Scale::log([least, 1.0], [LEFT, RIGHT]);
    let y = Scale::log([least, 1.0], [BOTTOM, TOP]);
    let ticks: Vec<f64> = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5].into_iter().filter(|tick| *tick > least).collect();
    figure.x_axis(x, &percent_ticks(&ticks), "promised: at most this share of human texts", BOTTOM);
    figure.y_axis(y, &percent_ticks(&ticks), "realised");
    figure.path(&[[LEFT, BOTTOM], [RIGHT, TOP]], "chance");
    figure.text(RIGHT - 40.0, TOP + 70.0, "start", "note", "kept below");
    for promise in promises {
        point(&mut figure, x.at(promise.promised), y, promise.realised, "human");
    }
    Some(figure)
}

/// A share with its interval.
pub(super) fn point(figure: &mut Figure, x: f64, y: Scale, share: Share, class: &str) {
    let Some(rate) = share.rate() else { return };
    let (low, high) = share.interval();
    figure.line([x, y.at(low)], [x, y.at(high)], &format!("{class}-range"));
    figure.dot([x, y.at(rate)], &format!("{class}-dot"), &format!("{} of {}", share.part, share.of));
}
