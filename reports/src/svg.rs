//! Axes and marks of a figure as SVG text, with the scales of `plotters`. Written here rather than by its SVG backend, which
//! writes one fixed colour into each mark; widths of text are never needed, so no font is.
//!
//! Colours are classes of one style sheet (`figures.css`), which follows the reader's light or dark theme. Human is blue, hollow
//! or dashed, machine is orange and solid, so that the two differ without colour as well (Okabe and Ito 2008).

use crate::html::escape;
use plotters::coord::combinators::{IntoLogRange, LogCoord};
use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;
use std::fmt::Write;

/// The style of all figures, for a page that holds several.
pub(crate) const STYLE: &str = include_str!("figures.css");

/// Pixels of a figure, and where its plot lies in it.
pub(crate) const WIDTH: f64 = 640.0;
pub(crate) const LEFT: f64 = 64.0;
pub(crate) const RIGHT: f64 = 520.0;
pub(crate) const TOP: f64 = 56.0;

/// A finished figure.
pub(crate) struct Figure {
    /// Its file name without extension.
    pub(crate) name: &'static str,
    /// What it shows.
    pub(crate) title: String,
    /// How to read it, in a sentence or two.
    pub(crate) caption: String,
    height: f64,
    body: String,
}

/// From values to pixels, by the coordinates of `plotters`.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    values: [f64; 2],
    pixels: [f64; 2],
    is_log: bool,
}

/// `plotters` counts whole pixels; here it counts tenths.
const TENTHS: f64 = 10.0;

impl Scale {
    pub(crate) fn linear(values: [f64; 2], pixels: [f64; 2]) -> Self {
        Self { values, pixels, is_log: false }
    }

    pub(crate) fn log(values: [f64; 2], pixels: [f64; 2]) -> Self {
        Self { values, pixels, is_log: true }
    }

    /// The pixel of a value; values outside are put at the ends.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let [from, to] = self.values;
        let value = value.clamp(from, to);
        let limits = ((self.pixels[0] * TENTHS) as i32, (self.pixels[1] * TENTHS) as i32);
        let tenths = if self.is_log {
            LogCoord::from((from..to).log_scale()).map(&value, limits)
        } else {
            RangedCoordf64::from(from..to).map(&value, limits)
        };
        f64::from(tenths) / TENTHS
    }

    /// Round values along a linear axis, at most this many.
    pub(crate) fn ticks(&self, most: usize) -> Vec<f64> {
        RangedCoordf64::from(self.values[0]..self.values[1]).key_points(most)
    }
}

impl Figure {
    /// An empty figure with its title in the corner.
    pub(crate) fn new(name: &'static str, title: String, caption: String, height: f64) -> Self {
        let mut figure = Self { name, title: title.clone(), caption, height, body: String::new() };
        figure.text(16.0, 26.0, "start", "title", &title);
        figure
    }

    pub(crate) fn text(&mut self, x: f64, y: f64, anchor: &str, class: &str, text: &str) {
        let text = escape(text);
        self.push(&format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{text}</text>"));
    }

    pub(crate) fn line(&mut self, from: [f64; 2], to: [f64; 2], class: &str) {
        let ([x1, y1], [x2, y2]) = (from, to);
        self.push(&format!("<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" class=\"{class}\"/>"));
    }

    pub(crate) fn path(&mut self, points: &[[f64; 2]], class: &str) {
        let mut path = String::new();
        for (index, [x, y]) in points.iter().enumerate() {
            let _ = write!(path, "{}{x:.1} {y:.1}", if index == 0 { "M" } else { "L" });
        }
        self.push(&format!("<path d=\"{path}\" class=\"{class}\"/>"));
    }

    pub(crate) fn rect(&mut self, corner: [f64; 2], size: [f64; 2], class: &str) {
        let ([x, y], [width, height]) = (corner, size);
        self.push(&format!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" class=\"{class}\"/>"
        ));
    }

    /// A dot, with what it stands for as its tool tip.
    pub(crate) fn dot(&mut self, at: [f64; 2], class: &str, tip: &str) {
        let ([x, y], tip) = (at, escape(tip));
        self.push(&format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\" class=\"{class}\"><title>{tip}</title></circle>"
        ));
    }

    /// The horizontal axis below the plot, with ticks.
    pub(crate) fn x_axis(&mut self, scale: Scale, ticks: &[(f64, String)], title: &str, bottom: f64) {
        for (value, label) in ticks {
            let x = scale.at(*value);
            self.line([x, TOP], [x, bottom], "grid");
            self.text(x, bottom + 18.0, "middle", "tick", label);
        }
        self.line([scale.pixels[0], bottom], [scale.pixels[1], bottom], "axis");
        self.text(f64::midpoint(scale.pixels[0], scale.pixels[1]), bottom + 40.0, "middle", "label", title);
    }

    /// The vertical axis left of the plot, with ticks and its title above.
    pub(crate) fn y_axis(&mut self, scale: Scale, ticks: &[(f64, String)], title: &str) {
        for (value, label) in ticks {
            let y = scale.at(*value);
            self.line([LEFT, y], [RIGHT, y], "grid");
            self.text(LEFT - 8.0, y + 4.0, "end", "tick", label);
        }
        self.text(16.0, TOP - 12.0, "start", "label", title);
    }

    fn push(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }

    /// The figure within a page that holds [`STYLE`].
    pub(crate) fn inline(&self) -> String {
        self.svg("")
    }

    /// The figure as a file.
    pub(crate) fn standalone(&self) -> String {
        self.svg(&format!("<style>{STYLE}</style>\n<rect width=\"100%\" height=\"100%\" class=\"paper\"/>\n"))
    }

    fn svg(&self, head: &str) -> String {
        let (height, label) = (self.height, escape(&format!("{}. {}", self.title, self.caption)));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" class=\"figure\" role=\"img\" \
             aria-label=\"{label}\">\n{head}{}</svg>\n",
            self.body
        )
    }
}

/// Ticks at whole percents.
pub(crate) fn percent_ticks(values: &[f64]) -> Vec<(f64, String)> {
    values.iter().map(|&value| (value, format!("{} %", round(value * 100.0)))).collect()
}

/// A number without needless zeros: at most three digits behind the point.
pub(crate) fn round(value: f64) -> String {
    let rounded = (value * 1e3).round() / 1e3;
    format!("{}", if rounded == 0.0 { 0.0 } else { rounded })
}
