//! The scores of both classes as histograms, one over the other.

use crate::svg::{Figure, LEFT, RIGHT, Scale, TOP, percent_ticks, round};
use detector::evaluation::{Evaluation, RATES};

const BOTTOM: f64 = 300.0;

pub(super) fn draw(evaluation: &Evaluation) -> Option<Figure> {
    let histogram = evaluation.curves.histogram.as_ref()?;
    let shares = |bins: &[usize]| -> Vec<f64> {
        let all = bins.iter().sum::<usize>().max(1) as f64;
        bins.iter().map(|count| *count as f64 / all).collect()
    };
    let (human, machine) = (shares(&histogram.human), shares(&histogram.machine));
    let top = human.iter().chain(&machine).copied().fold(0.01, f64::max) * 1.12;
    let x = Scale::linear([histogram.from, histogram.to], [LEFT, RIGHT]);
    let y = Scale::linear([0.0, top], [BOTTOM, TOP]);
    let caption = "Share of each class by score; the first and the last bar hold what lies beyond. Vertical lines are thresholds.";
    let mut figure = Figure::new("scores", "Scores of human and machine texts".to_owned(), caption.to_owned(), 360.0);
    let ticks: Vec<(f64, String)> = x.ticks(9).into_iter().map(|tick| (tick, round(tick))).collect();
    figure.x_axis(x, &ticks, "score, higher is more machine-like", BOTTOM);
    figure.y_axis(y, &percent_ticks(&y.ticks(6)), "share of texts");
    let width = (RIGHT - LEFT) / machine.len() as f64;
    for (bin, share) in machine.iter().enumerate().filter(|(_, share)| **share > 0.0) {
        let corner = [LEFT + bin as f64 * width + 1.0, y.at(*share)];
        figure.rect(corner, [width - 2.0, BOTTOM - y.at(*share)], "machine-bar");
    }
    let mut outline = vec![[LEFT, BOTTOM]];
    for (bin, share) in human.iter().enumerate() {
        outline.push([LEFT + bin as f64 * width, y.at(*share)]);
        outline.push([LEFT + (bin + 1) as f64 * width, y.at(*share)]);
    }
    outline.push([RIGHT, BOTTOM]);
    figure.path(&outline, "human-bar");
    thresholds(&mut figure, evaluation, x);
    figure.text(RIGHT + 12.0, TOP + 40.0, "start", "human-text", "human");
    figure.text(
        RIGHT + 12.0,
        TOP + 58.0,
        "start",
        "note",
        &format!("outline, n = {}", histogram.human.iter().sum::<usize>()),
    );
    figure.text(RIGHT + 12.0, TOP + 86.0, "start", "machine-text", "machine");
    figure.text(
        RIGHT + 12.0,
        TOP + 104.0,
        "start",
        "note",
        &format!("filled, n = {}", histogram.machine.iter().sum::<usize>()),
    );
    Some(figure)
}

/// Pixels that the name of a threshold takes, and those to the row above.
const NAME: [f64; 2] = [62.0, 13.0];

/// Lines at the thresholds that lie within the figure, named above, in two rows where they are close.
fn thresholds(figure: &mut Figure, evaluation: &Evaluation, x: Scale) {
    let mut taken = [f64::NEG_INFINITY; 2];
    for (rate, threshold) in RATES.iter().zip(evaluation.thresholds.global) {
        let Some(at) = threshold.filter(|threshold| threshold.is_finite()).map(|threshold| x.at(threshold)) else {
            continue;
        };
        let free = (0..taken.len()).find(|row| at - taken[*row] > NAME[0]);
        let Some(row) = free.filter(|_| at > LEFT && at < RIGHT) else { continue };
        taken[row] = at;
        let top = TOP - NAME[1] * row as f64;
        figure.line([at, top], [at, BOTTOM], "axis");
        figure.text(at, top - 4.0, "middle", "note", &format!("{} % FPR", round(rate * 100.0)));
    }
}
