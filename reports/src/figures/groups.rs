//! False alarms by group of people, or by the finest cut that there is: the figure to look at before using a detector.

use crate::svg::{Figure, LEFT, RIGHT, Scale, TOP, percent_ticks};
use detector::evaluation::{EvaluatedCell, Evaluation, Share, Stratum};

/// Rows that can be read at a time; the highest rates are kept.
const MOST_ROWS: usize = 24;
const ROW: f64 = 22.0;
/// Human texts a domain, on average, from which on domains are shown rather than sources.
const ENOUGH: usize = 20;

pub(super) fn draw(evaluation: &Evaluation) -> Option<Figure> {
    let with_humans = |stratum| evaluation.of(stratum).filter(|cell| cell.humans > 0).collect::<Vec<_>>();
    let is_fine =
        |cells: &[&EvaluatedCell]| cells.iter().map(|cell| cell.humans).sum::<usize>() >= ENOUGH * cells.len();
    let [second, third] = match is_fine(&with_humans(Stratum::Domain)) {
        true => [Stratum::Domain, Stratum::Source],
        false => [Stratum::Source, Stratum::Domain],
    };
    let by = [Stratum::Group, second, third]
        .into_iter()
        .map(|stratum| (stratum, with_humans(stratum)))
        .find(|(_, cells)| cells.len() > 1)?;
    let (stratum, mut cells) = by;
    let (rate, what) = rate_of(evaluation)?;
    cells.retain(|cell| rate(cell).of > 0);
    cells.sort_by(|left, right| {
        let of = |cell: &EvaluatedCell| rate(cell).rate().unwrap_or(0.0);
        of(right).total_cmp(&of(left)).then(left.value.cmp(&right.value))
    });
    let left_out = cells.len().saturating_sub(MOST_ROWS);
    cells.truncate(MOST_ROWS);
    let first = cells.first()?;
    let most = cells.iter().filter_map(|cell| rate(cell).rate()).fold(0.02, f64::max);
    let widest = (most * 1.6).max(rate(first).interval().1).min(1.0);
    let bottom = TOP + ROW * cells.len() as f64 + 8.0;
    let name = stratum.name();
    let more =
        if left_out > 0 { format!(" The {left_out} with the lowest rates are left out.") } else { String::new() };
    let caption =
        format!("{what}, by {name}, with Wilson's 95 % intervals; the vertical line is all human texts.{more}");
    let mut figure = Figure::new("false-alarms", format!("False alarms by {name}"), caption, bottom + 56.0);
    let x = Scale::linear([0.0, widest], [LEFT + 130.0, RIGHT]);
    figure.x_axis(x, &percent_ticks(&x.ticks(6)), "human texts called machine", bottom);
    if let Some(all) = rate(evaluation.all()).rate() {
        figure.line([x.at(all), TOP], [x.at(all), bottom], "axis");
    }
    for (row, cell) in cells.iter().enumerate() {
        let y = TOP + ROW * (row as f64 + 0.5) + 4.0;
        let share = rate(cell);
        let (low, high) = share.interval();
        let label: String = cell.value.chars().take(26).collect();
        figure.text(LEFT + 118.0, y + 4.0, "end", "tick", &label);
        figure.line([x.at(low), y], [x.at(high), y], "human-range");
        let counted = format!("{} of {}", share.part, share.of);
        figure.dot([x.at(share.rate().unwrap_or(0.0)), y], "human-dot", &counted);
        figure.text(RIGHT + 12.0, y + 4.0, "start", "tick", &counted);
    }
    Some(figure)
}

type RateOf = fn(&EvaluatedCell) -> Share;

/// The detector's own verdicts where it gives them, else the threshold at 1 %, else at 5 %.
fn rate_of(evaluation: &Evaluation) -> Option<(RateOf, &'static str)> {
    let all = evaluation.all();
    if all.human_verdicts.called_machine().of > 0 {
        Some((|cell| cell.human_verdicts.called_machine(), "Human texts that the detector's own verdict calls machine"))
    } else if all.fpr[1].of > 0 {
        Some((|cell| cell.fpr[1], "Human texts above the one threshold for 1 % false positives"))
    } else if all.fpr[0].of > 0 {
        Some((|cell| cell.fpr[0], "Human texts above the one threshold for 5 % false positives"))
    } else {
        None
    }
}
