//! What a picture is drawn with: text made safe for XML, numbers, and the colours for light and dark.

use std::format;
use std::string::String;

/// Colours and letters. Light first; dark where the reader's screen is.
///
/// `a` and `b` are what the left and the right end send, `w` what is out of the ordinary, `x` what is lost, `r` resets;
/// `s0` to `s5` are states.
pub(super) const STYLE: &str = "\
text{font:10px ui-sans-serif,system-ui,'Noto Sans','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif;fill:#1f2328}\
.m{font:9.6px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Noto Sans Mono CJK SC',monospace}\
.h{font-weight:600;font-size:12px}.n{font-weight:600}.t{font-size:8.6px;fill:#656d76}.e{text-anchor:end}\
.c{text-anchor:middle}.p{paint-order:stroke;stroke:#fff;stroke-width:2.4px;stroke-linejoin:round}\
.g{fill:#fff}.q{stroke:#fff;stroke-width:3}.v{stroke:#8c959f;fill:none}.d{stroke-dasharray:2 3}.k{fill:#f6f8fa;stroke:#d0d7de}\
.a,.b,.w,.x,.r{fill:none;stroke-width:1.4}\
.a{stroke:#0969da}.b{stroke:#8250df}.w{stroke:#9a6700}.x{stroke:#9a6700;stroke-dasharray:5 3}.r{stroke:#cf222e}\
.fa{fill:#0969da}.fb{fill:#8250df}.fw,.fx{fill:#9a6700}.fr{fill:#cf222e}\
.s0{fill:#8c959f}.s1{fill:#bf8700}.s2{fill:#1a7f37}.s3{fill:#0969da}.s4{fill:#bc4c00}.s5{fill:#8250df}\
.i{fill-opacity:.4}text.i{font-style:italic;fill-opacity:.85}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.t{fill:#9198a1}.p{stroke:#0d1117}.g{fill:#0d1117}.q{stroke:#0d1117}\
.v{stroke:#656c76}.k{fill:#151b23;stroke:#3d444d}.a{stroke:#4493f8}.b{stroke:#ab7df8}.w,.x{stroke:#d29922}.r{stroke:#f85149}\
.fa{fill:#4493f8}.fb{fill:#ab7df8}.fw,.fx{fill:#d29922}.fr{fill:#f85149}\
.s0{fill:#9198a1}.s1{fill:#d29922}.s2{fill:#3fb950}.s3{fill:#4493f8}.s4{fill:#f0883e}.s5{fill:#ab7df8}}";

/// A text in an XML document: what XML has no place for is replaced.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                safe.push('\u{fffd}');
            }
            letter => safe.push(letter),
        }
    }
    safe
}

/// A number with one digit behind the point, if it needs it.
pub(super) fn units(number: f32) -> String {
    let text = format!("{number:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".into(),
        Some(whole) => whole.into(),
        None => text,
    }
}
