//! The ROC curve with a logarithmic axis of false positives: what matters lies left of 5 %.

use crate::svg::{Figure, LEFT, RIGHT, Scale, TOP, percent_ticks, round};
use detector::evaluation::{Evaluation, RATES};

const BOTTOM: f64 = 380.0;

pub(super) fn draw(evaluation: &Evaluation) -> Option<Figure> {
    let (points, all) = (&evaluation.curves.roc, evaluation.all());
    let auroc = all.auroc?;
    let least = if all.humans >= 1000 {
        0.0005
    } else if all.humans >= 100 {
        0.005
    } else {
        0.02
    };
    let x = Scale::log([least, 1.0], [LEFT, RIGHT]);
    let y = Scale::linear([0.0, 1.0], [BOTTOM, TOP]);
    let interval = all.auroc_interval.map_or_else(String::new, |(low, high)| format!(" ({low:.3}-{high:.3})"));
    let caption = format!(
        "Machine texts found (up) for human texts falsely called machine (right, logarithmic), {} human and {} machine texts; \
         bars are 95 % intervals, the dotted curve is chance.",
        all.humans_compared, all.machines
    );
    let mut figure = Figure::new("roc", format!("ROC: AUROC {auroc:.3}{interval}"), caption, 440.0);
    let ticks: Vec<f64> = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0].into_iter().filter(|tick| *tick >= least).collect();
    figure.x_axis(x, &percent_ticks(&ticks), "human texts called machine (false-positive rate)", BOTTOM);
    figure.y_axis(y, &percent_ticks(&[0.0, 0.25, 0.5, 0.75, 1.0]), "machine texts found (true-positive rate)");
    let steps = (0..=60).map(|step| least * (1.0 / least).powf(f64::from(step) / 60.0));
    let chance: Vec<[f64; 2]> = steps.map(|rate| [x.at(rate), y.at(rate)]).collect();
    figure.path(&chance, "chance");
    figure.text(x.at(0.34), y.at(0.27), "start", "note", "chance");
    figure.path(&curve(points, x, y, least), "curve");
    for (index, rate) in RATES.iter().enumerate() {
        let (Some(tpr), true) = (all.tpr[index].rate(), *rate >= least) else { continue };
        if evaluation.plan.threshold_split.is_none()
            && let Some((low, high)) = evaluation.tpr_interval[index]
        {
            figure.line([x.at(*rate), y.at(low)], [x.at(*rate), y.at(high)], "machine-range");
        }
        let fpr = all.fpr[index].rate().unwrap_or(*rate);
        let at = if evaluation.plan.threshold_split.is_none() { *rate } else { fpr };
        let label = format!("{} % at {} %", round((tpr * 1000.0).round() / 10.0), round(rate * 100.0));
        figure.dot([x.at(at), y.at(tpr)], "machine-dot", &label);
        // Below the curve where there is room, else above it, to the left where the curve is lower.
        let (across, up, anchor) = match (tpr > 0.1, x.at(at) - LEFT > 110.0) {
            (true, _) => (10.0, 20.0, "start"),
            (false, true) => (-8.0, -14.0, "end"),
            (false, false) => (6.0, -24.0, "start"),
        };
        figure.text(x.at(at) + across, y.at(tpr) + up, anchor, "machine-text", &label);
    }
    Some(figure)
}

/// Steps from the left edge; the part below it is cut off.
fn curve(points: &[detector::metrics::RocPoint], x: Scale, y: Scale, least: f64) -> Vec<[f64; 2]> {
    let before = points.iter().rev().find(|point| point.fpr <= least).map_or(0.0, |point| point.tpr);
    let mut path = vec![[x.at(least), y.at(before)]];
    for pair in points.windows(2).filter(|pair| pair[1].fpr > least) {
        path.push([x.at(pair[1].fpr), y.at(pair[0].tpr)]);
        path.push([x.at(pair[1].fpr), y.at(pair[1].tpr)]);
    }
    path
}
