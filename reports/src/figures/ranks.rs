//! How predictable the tokens are (GLTR, Gehrmann et al. 2019): shares of ranks, human above machine.

use crate::svg::{Figure, LEFT, RIGHT, TOP};
use detector::evaluation::Evaluation;

const NAMES: [&str; 4] = ["rank 1", "2-10", "11-100", "beyond 100"];

pub(super) fn draw(evaluation: &Evaluation) -> Option<Figure> {
    let ranks = evaluation.curves.ranks.as_ref()?;
    let caption =
        "Mean shares of tokens by the rank that the language model gave them; 1 is the token that it expected most.";
    let mut figure = Figure::new("ranks", "Ranks of the tokens".to_owned(), caption.to_owned(), 210.0);
    for (row, (class, of)) in ["human", "machine"].iter().zip(ranks).enumerate() {
        let y = TOP + 34.0 + row as f64 * 52.0;
        figure.text(LEFT + 4.0, y + 22.0, "end", &format!("{class}-text"), class);
        figure.text(RIGHT + 28.0, y + 22.0, "start", "note", &format!("n = {}", of.texts));
        let mut from = LEFT + 16.0;
        for (bin, share) in of.shares.iter().enumerate() {
            let width = share * (RIGHT - LEFT);
            figure.rect([from, y], [width.max(0.0), 36.0], &format!("rank-{bin}"));
            if width > 34.0 {
                let percent = format!("{:.0} %", share * 100.0);
                figure.text(from + width / 2.0, y + 23.0, "middle", &format!("on-{bin}"), &percent);
            }
            if row == 0 {
                figure.text(from + width / 2.0, y - 10.0, "middle", "note", NAMES[bin]);
            }
            from += width;
        }
    }
    Some(figure)
}
