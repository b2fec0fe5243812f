//! A scene as a picture in SVG: both ends as life lines, packets as arrows that slant with time, states as lanes.
//!
//! The document stands alone: no script, no font, no other file. It is drawn for 360 pixels and grows with the page; it
//! is light or dark as the reader's screen is. Whatever a peer said is text in it and nothing else.

mod ink;
mod lanes;
mod layout;
mod paint;

use std::format;
use std::string::String;

use super::scene::Scene;
use crate::lang::Lang;
use ink::{STYLE, escaped, units};
use paint::Painter;

/// Units between two scenes, and around all of them.
const MARGIN: f32 = 10.0;
/// How much larger it is shown where there is room.
const LARGER: f32 = 1.5;

/// Draws scenes one below the other.
pub(super) fn svg(scenes: &[Scene], title: &str, lang: Lang) -> String {
    let mut body = String::new();
    let mut top = MARGIN;
    let mut width = 0.0_f32;
    if !title.is_empty() {
        // Drawn by whoever shows the picture as its name, and as the first line of it.
        let lines = paint::wrapped(title, paint::TITLE_COLUMNS);
        for line in &lines {
            top += 15.0;
            let line = escaped(line);
            body += &format!(
                "<text class=\"h\" x=\"8\" y=\"{}\">{line}</text>\n",
                units(top)
            );
        }
        top += 8.0;
    }
    for scene in scenes {
        let painter = Painter::new(scene);
        let (text, height) = painter.paint(scenes.len() > 1);
        body += &format!(
            "<g transform=\"translate(0 {})\">\n{text}</g>\n",
            units(top)
        );
        top += height + MARGIN;
        width = width.max(painter.width());
    }
    let large = [width, top].map(|size| units(size * LARGER));
    let [wide, high] = large;
    let (width, height) = (units(width), units(top));
    let name = match (title, scenes.first()) {
        ("", Some(scene)) => escaped(&scene.title),
        (title, _) => escaped(title),
    };
    let code = lang.code();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{wide}\" \
         height=\"{high}\" style=\"max-width:100%;height:auto\" role=\"img\" xml:lang=\"{code}\">\n\
         <title>{name}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"g\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>\n{body}</svg>\n"
    )
}
