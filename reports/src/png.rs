//! Our figures as PNG, for programs that show no SVG: parsed and laid out by `usvg`, filled by `tiny-skia`, packed here.
//!
//! `resvg` would do it in one call, but its PNG writer brings features that rebuild half of the workspace. What it is asked here
//! is what figures are made of: filled and stroked paths of one colour, and text in a font that is embedded (`font/`), so that a
//! picture has the same bytes on every machine.

use crate::error::Error;
use flate2::{Compression, Crc, write::ZlibEncoder};
use std::io::Write;
use std::sync::{Arc, LazyLock};
use tiny_skia::{Color, FillRule, Paint, Pixmap, Transform};
use usvg::{Group, Node, Options, Tree, fontdb};

/// Pixels for one unit of the figure: sharp on paper and on dense screens.
const SCALE: f32 = 2.0;
const FONT: &str = "DejaVu Sans";

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(include_bytes!("../font/DejaVuSans.ttf").to_vec());
    fonts.load_font_data(include_bytes!("../font/DejaVuSans-Bold.ttf").to_vec());
    fonts.set_sans_serif_family(FONT);
    Arc::new(fonts)
});

/// An SVG of ours as a PNG, on white.
pub(crate) fn png(name: &'static str, svg: &str) -> Result<Vec<u8>, Error> {
    let failed = |reason: String| Error::Draw { name, reason };
    let options = Options { fontdb: Arc::clone(&FONTS), font_family: FONT.to_owned(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| failed(error.to_string()))?;
    let pixels = |length: f32| (length * SCALE).ceil() as u32;
    let (width, height) = (pixels(tree.size().width()), pixels(tree.size().height()));
    let mut picture = Pixmap::new(width, height).ok_or_else(|| failed(format!("no picture has {width} x {height}")))?;
    picture.fill(Color::WHITE);
    draw(tree.root(), 1.0, &mut picture);
    // Nothing is transparent on white: of red, green, blue and alpha the last is 255 everywhere.
    let rgb: Vec<u8> =
        picture.data().as_chunks::<4>().0.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]).collect();
    Ok(pack(width, height, &rgb))
}

fn draw(group: &Group, opacity: f32, picture: &mut Pixmap) {
    let opacity = opacity * group.opacity().get();
    for node in group.children() {
        match node {
            Node::Group(group) => draw(group, opacity, picture),
            Node::Text(text) => draw(text.flattened(), opacity, picture),
            Node::Path(path) if path.is_visible() => draw_path(path, opacity, picture),
            Node::Path(_) | Node::Image(_) => {}
        }
    }
}

fn draw_path(path: &usvg::Path, opacity: f32, picture: &mut Pixmap) {
    let transform: Transform = path.abs_transform().post_scale(SCALE, SCALE);
    if let Some(fill) = path.fill()
        && let Some(paint) = paint(fill.paint(), fill.opacity().get() * opacity)
    {
        let rule = match fill.rule() {
            usvg::FillRule::NonZero => FillRule::Winding,
            usvg::FillRule::EvenOdd => FillRule::EvenOdd,
        };
        picture.fill_path(path.data(), &paint, rule, transform, None);
    }
    if let Some(stroke) = path.stroke()
        && let Some(paint) = paint(stroke.paint(), stroke.opacity().get() * opacity)
    {
        picture.stroke_path(path.data(), &paint, &stroke.to_tiny_skia(), transform, None);
    }
}

/// One colour; figures have no gradients.
fn paint(paint: &usvg::Paint, opacity: f32) -> Option<Paint<'static>> {
    let usvg::Paint::Color(colour) = paint else { return None };
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(colour.red, colour.green, colour.blue, (opacity * 255.0).round() as u8);
    Some(paint)
}

/// Rows of red, green and blue as a PNG (W3C 2003): signature, header, one chunk of data, end.
fn pack(width: u32, height: u32, rgb: &[u8]) -> Vec<u8> {
    let mut data = ZlibEncoder::new(Vec::new(), Compression::new(7));
    for row in rgb.chunks(width as usize * 3) {
        // Each row begins with its filter: none, for figures are flat.
        data.write_all(&[0]).and_then(|()| data.write_all(row)).expect("memory takes what is written");
    }
    let data = data.finish().expect("memory takes what is written");
    let mut file = b"\x89PNG\r\n\x1A\n".to_vec();
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 2, 0, 0, 0]); // eight bits, red green blue, the only ways to pack, filter and order
    for (kind, content) in [(b"IHDR", header.as_slice()), (b"IDAT", &data), (b"IEND", &[])] {
        let mut crc = Crc::new();
        crc.update(kind);
        crc.update(content);
        file.extend((content.len() as u32).to_be_bytes());
        file.extend(kind);
        file.extend(content);
        file.extend(crc.sum().to_be_bytes());
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::ZlibDecoder;
    use std::io::Read;

    const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 60 20\" class=\"figure\"><style>.figure \
        .bar{fill:#d55e00}.figure text{font:12px system-ui,sans-serif;fill:#000}@media (prefers-color-scheme:dark){.figure \
        .bar{fill:#fff}}</style><rect x=\"0\" y=\"0\" width=\"20\" height=\"20\" class=\"bar\"/><text x=\"25\" y=\"15\">Hg</text></svg>";

    /// Width, height and pixels of what `pack` wrote.
    fn unpack(png: &[u8]) -> (usize, usize, Vec<[u8; 3]>) {
        assert_eq!(&png[..16], b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR");
        let number = |at: usize| u32::from_be_bytes([png[at], png[at + 1], png[at + 2], png[at + 3]]) as usize;
        let (width, height, length) = (number(16), number(20), number(33));
        let mut rows = Vec::new();
        ZlibDecoder::new(&png[41..41 + length]).read_to_end(&mut rows).expect("zlib");
        let row = |row: &[u8]| row[1..].as_chunks::<3>().0.to_vec();
        (width, height, rows.chunks(1 + 3 * width).flat_map(row).collect())
    }

    #[test]
    fn a_bar_and_a_word() {
        let (width, height, pixels) = unpack(&png("test", SVG).expect("an SVG"));
        assert_eq!((width, height, pixels.len()), (120, 40, 4800));
        assert_eq!((pixels[0], pixels[119]), ([0xd5, 0x5e, 0], [255; 3]), "light style, white paper");
        let is_black = |pixel: &&[u8; 3]| **pixel == [0; 3];
        let black = pixels.iter().filter(is_black).count();
        assert!((50..800).contains(&black), "{black} pixels of text");
        assert!(pixels.chunks(120).all(|row| !row[..45].contains(&[0; 3])), "text is where it belongs");
    }

    #[test]
    fn what_is_no_figure_is_an_error() {
        assert!(matches!(png("test", "<svg"), Err(Error::Draw { name: "test", .. })));
    }
}
