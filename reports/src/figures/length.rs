//! What is found, and how often there is an answer at all, by length.

use super::reliability::point;
use crate::svg::{Figure, LEFT, RIGHT, Scale, TOP, percent_ticks};
use detector::evaluation::{EvaluatedCell, Evaluation, Stratum};

const BOTTOM: f64 = 320.0;

pub(super) fn draw(evaluation: &Evaluation) -> Option<Figure> {
    let cells: Vec<&EvaluatedCell> = evaluation.of(Stratum::Tokens).collect();
    if cells.is_empty() || evaluation.all().machines == 0 {
        return None;
    }
    let rate = usize::from(evaluation.all().tpr[1].of > 0);
    let percent = [5, 1][rate];
    let caption = format!(
        "Machine texts found at {percent} % false positives (one threshold for all lengths), and texts of both classes that got \
         a verdict. Bars are Wilson's 95 % intervals; numbers are machine texts."
    );
    let mut figure = Figure::new("length", "By length".to_owned(), caption, 390.0);
    let y = Scale::linear([0.0, 1.0], [BOTTOM, TOP]);
    let place = |index: usize| LEFT + (index as f64 + 0.5) * (RIGHT - LEFT) / cells.len() as f64;
    figure.y_axis(y, &percent_ticks(&[0.0, 0.25, 0.5, 0.75, 1.0]), "share of texts");
    figure.line([LEFT, BOTTOM], [RIGHT, BOTTOM], "axis");
    let (mut found, mut decided) = (Vec::new(), Vec::new());
    for (index, cell) in cells.iter().enumerate() {
        figure.text(place(index), BOTTOM + 18.0, "middle", "tick", &cell.value);
        figure.text(place(index), BOTTOM + 34.0, "middle", "tick", &format!("n = {}", cell.machines));
        if let Some(share) = cell.tpr[rate].rate() {
            found.push([place(index), y.at(share)]);
        }
        let verdicts = [cell.human_verdicts.decided(), cell.machine_verdicts.decided()];
        let (part, of) = verdicts.iter().fold((0, 0), |sum, share| (sum.0 + share.part, sum.1 + share.of));
        if of > 0 {
            decided.push([place(index), y.at(part as f64 / of as f64)]);
        }
    }
    figure.text(f64::midpoint(LEFT, RIGHT), BOTTOM + 56.0, "middle", "label", "tokens");
    figure.path(&decided, "other-line");
    figure.path(&found, "machine-line");
    for (index, cell) in cells.iter().enumerate() {
        point(&mut figure, place(index), y, cell.tpr[rate], "machine");
    }
    let (found, decided) = (found.last().copied(), decided.last().copied());
    let apart = match (found, decided) {
        (Some([_, one]), Some([_, other])) if (one - other).abs() < 34.0 => {
            if one < other {
                -18.0
            } else {
                18.0
            }
        }
        _ => 0.0,
    };
    if let Some([x, y]) = found {
        figure.text(
            x + 14.0,
            (y + 4.0 + apart).min(BOTTOM - 6.0),
            "start",
            "machine-text",
            &format!("found at {percent} % FPR"),
        );
    }
    if let Some([x, y]) = decided {
        figure.text(x + 14.0, (y + 4.0 - apart).min(BOTTOM - 6.0), "start", "note", "verdict given");
    }
    Some(figure)
}
