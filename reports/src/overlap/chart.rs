//! One kind of chart: lines over two axes, each named where it ends.
//!
//! Lines are told apart by name, mark and lightness, not by colour alone: the colours are those of Okabe and Ito, which the
//! colour-blind can tell apart, ordered so that neighbours differ in grey too.

use super::Error;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const SIZE: (u32, u32) = (760, 430);
/// Room for the names on the right, in pixels.
const NAMES: i32 = 170;
const FONT: &str = "sans-serif";
const INK: RGBColor = RGBColor(40, 40, 40);
const GRID: RGBColor = RGBColor(226, 226, 226);
/// Black, blue, vermilion, sky blue, green, purple, orange, grey.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 0, 0),
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 158, 115),
    RGBColor(170, 80, 140),
    RGBColor(230, 159, 0),
    RGBColor(130, 130, 130),
];

/// A line.
pub(super) struct Line {
    pub(super) name: String,
    /// In the units of the axes; logarithms where an axis is logarithmic.
    pub(super) points: Vec<(f64, f64)>,
    /// Whether points are marked: measured values, not a continuous curve.
    pub(super) marks: bool,
}

/// An axis.
pub(super) struct Axis {
    pub(super) name: &'static str,
    pub(super) from: f64,
    pub(super) to: f64,
    /// Labels along it.
    pub(super) labels: usize,
    /// What is written at a value.
    pub(super) format: fn(f64) -> String,
}

/// Draws the lines as an SVG.
pub(super) fn draw(name: &'static str, x: &Axis, y: &Axis, lines: &[Line]) -> Result<String, Error> {
    let mut svg = String::new();
    let failed = |reason: String| Error::Draw { name, reason };
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        draw_on(&root, x, y, lines).map_err(|error| failed(error.to_string()))?;
        root.present().map_err(|error| failed(error.to_string()))?;
    }
    Ok(svg)
}

type Drawn<T> = Result<T, DrawingAreaErrorKind<std::io::Error>>;

fn draw_on(
    root: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    x: &Axis,
    y: &Axis,
    lines: &[Line],
) -> Drawn<()> {
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(root)
        .margin_top(14)
        .margin_left(8)
        .margin_right(NAMES)
        .x_label_area_size(48)
        .y_label_area_size(64)
        .build_cartesian_2d(x.from..x.to, y.from..y.to)?;
    chart
        .configure_mesh()
        .x_labels(x.labels)
        .y_labels(y.labels)
        .x_label_formatter(&|value| (x.format)(*value))
        .y_label_formatter(&|value| (y.format)(*value))
        .x_desc(x.name)
        .y_desc(y.name)
        .label_style((FONT, 14).into_font().color(&INK))
        .axis_desc_style((FONT, 15).into_font().color(&INK))
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(INK)
        .draw()?;
    let mut names: Vec<(i32, i32, usize)> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let colour = COLOURS[number % COLOURS.len()];
        let width = if number == 0 { 3 } else { 2 };
        chart.draw_series(LineSeries::new(line.points.iter().copied(), colour.stroke_width(width)))?;
        if line.marks {
            for point in &line.points {
                mark(&chart, number, *point, colour)?;
            }
        }
        if let Some(last) = line.points.last() {
            let (x, y) = chart.backend_coord(last);
            names.push((y, x, number));
        }
    }
    spread(&mut names);
    for (y, x, number) in names {
        let colour = COLOURS[number % COLOURS.len()];
        let style = (FONT, 14).into_font().color(&colour).pos(Pos::new(HPos::Left, VPos::Center));
        root.draw(&Text::new(lines[number].name.clone(), (x + 8, y), style))?;
    }
    Ok(())
}

/// Another mark for each line.
fn mark<'a>(
    chart: &ChartContext<
        'a,
        SVGBackend<'a>,
        Cartesian2d<plotters::coord::types::RangedCoordf64, plotters::coord::types::RangedCoordf64>,
    >,
    number: usize,
    point: (f64, f64),
    colour: RGBColor,
) -> Drawn<()> {
    let area = chart.plotting_area();
    match number % 3 {
        0 => area.draw(&Circle::new(point, 4, colour.filled())),
        1 => area.draw(&TriangleMarker::new(point, 5, colour.filled())),
        _ => area.draw(&Circle::new(point, 4, colour.stroke_width(2))),
    }
}

/// Moves names apart that would lie on one another, keeping their order.
fn spread(names: &mut [(i32, i32, usize)]) {
    const APART: i32 = 17;
    names.sort_unstable();
    for index in 1..names.len() {
        names[index].0 = names[index].0.max(names[index - 1].0 + APART);
    }
    // Those pushed below the axis are moved up again.
    let lowest = SIZE.1 as i32 - 56;
    let mut most = lowest;
    for name in names.iter_mut().rev() {
        name.0 = name.0.min(most);
        most = name.0 - APART;
    }
}
