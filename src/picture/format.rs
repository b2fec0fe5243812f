//! The formats in which a ladder can be had.

use std::string::String;

use super::dot::dot;
use super::json::json;
use super::mermaid::mermaid;
use super::scene::Scene;
use super::svg::svg;
use crate::lang::Lang;

/// What a ladder is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// For a terminal.
    #[default]
    Text,
    /// The same with a sentence below each row.
    Explain,
    /// A picture, for a page or a lecture.
    Svg,
    /// A sequence diagram that code hosts draw.
    Mermaid,
    /// A line of JSON for each event.
    Json,
    /// The way through the states, for Graphviz.
    Dot,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 6] = [
        Self::Text,
        Self::Explain,
        Self::Svg,
        Self::Mermaid,
        Self::Json,
        Self::Dot,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Explain => "explain",
            Self::Svg => "svg",
            Self::Mermaid => "mermaid",
            Self::Json => "json",
            Self::Dot => "dot",
        }
    }

    /// The format of this name, if there is one.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The format as a picture of scenes; none if it is drawn row by row, for a terminal.
    pub const fn picture(self) -> Option<Picture> {
        match self {
            Self::Text | Self::Explain => None,
            Self::Svg => Some(Picture::Svg),
            Self::Mermaid => Some(Picture::Mermaid),
            Self::Json => Some(Picture::Json),
            Self::Dot => Some(Picture::Dot),
        }
    }
}

/// A format that is made of whole scenes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Picture {
    /// [`Format::Svg`].
    Svg,
    /// [`Format::Mermaid`].
    Mermaid,
    /// [`Format::Json`].
    Json,
    /// [`Format::Dot`].
    Dot,
}

impl Picture {
    /// In which language its scenes are to be: programs read English.
    pub const fn language(self, wanted: Lang) -> Lang {
        match self {
            Self::Svg | Self::Mermaid | Self::Dot => wanted,
            Self::Json => Lang::En,
        }
    }

    /// The document. `title` is what all scenes are about; empty if they say so themselves.
    pub fn of(self, scenes: &[Scene], title: &str, lang: Lang) -> String {
        match self {
            Self::Svg => svg(scenes, title, lang),
            Self::Mermaid => mermaid(scenes, title),
            Self::Json => json(scenes),
            Self::Dot => dot(scenes, title),
        }
    }
}
