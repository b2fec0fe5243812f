//! Ladders in formats beside the terminal's: what each says is kept, and each is what it says it is.
//!
//! `SMOLCHAT_ACCEPT=1 cargo test --test it pictures` writes the goldens and the pictures of `docs/lab` anew.

use crate::accepted::compare;
use roxmltree::Document;
use serde_json::Value;
use smolchat::lab::{Experiment, Outcome, Report, Settings, all, find};
use smolchat::lang::Lang;
use smolchat::picture::{Arrow, End, Format, Picture, Row, SCHEMA, Scene, Tone, What};
use smolchat::trace::Style;

/// Handshake and teardown in four and in three segments, data both ways, both close at once, a reset, a
/// retransmission.
const KEPT: [&str; 5] = [
    "four-or-three",
    "half-close",
    "simultaneous-close",
    "linger-0",
    "lost-message",
];

const PICTURES: [(Format, Picture, &str); 4] = [
    (Format::Svg, Picture::Svg, "svg"),
    (Format::Mermaid, Picture::Mermaid, "mmd"),
    (Format::Json, Picture::Json, "jsonl"),
    (Format::Dot, Picture::Dot, "dot"),
];

fn outcome(name: &str) -> (&'static Experiment, Outcome) {
    let experiment = find(name).unwrap();
    (experiment, experiment.run(&Settings::default()))
}

fn drawn(experiment: &Experiment, outcome: &Outcome, picture: Picture, lang: Lang) -> String {
    let report = Report::new(picture.language(lang), Style::PLAIN);
    report.picture(picture, experiment, outcome)
}

#[test]
fn every_format_has_the_picture_of_its_name() {
    for (format, picture, _) in PICTURES {
        assert_eq!(format.picture(), Some(picture));
        assert_eq!(Format::of_name(format.name()), Some(format));
    }
    assert_eq!(Format::Text.picture(), None);
    assert_eq!(Format::Explain.picture(), None);
}

#[test]
fn what_each_format_says_is_kept() {
    for name in KEPT {
        let (experiment, outcome) = outcome(name);
        for (_, picture, ending) in PICTURES {
            // The picture itself is kept for readers, beside the text.
            if picture != Picture::Svg {
                let file = format!("tests/golden/pictures/{name}.{ending}");
                compare(&file, &drawn(experiment, &outcome, picture, Lang::En));
            }
        }
    }
}

#[test]
fn the_pictures_of_the_laboratory_are_what_the_experiments_say_and_take_no_megabyte() {
    let mut octets = 0;
    for experiment in all() {
        let outcome = experiment.run(&Settings::default());
        for lang in Lang::ALL {
            let picture = drawn(experiment, &outcome, Picture::Svg, lang);
            octets += picture.len();
            let file = format!("docs/lab/{}.{}.svg", experiment.name, lang.code());
            compare(&file, &picture);
        }
    }
    assert!(octets < 1_000_000, "{octets} octets");
}

#[test]
fn no_picture_is_left_of_an_experiment_that_is_gone() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lab");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(experiment) = name.strip_suffix(".svg") {
            let experiment = experiment.split('.').next().unwrap();
            assert!(find(experiment).is_some(), "{name} belongs to nothing");
        }
    }
}

/// The numbers in a path.
fn numbers(path: &str) -> Vec<f32> {
    let parts = path.split(|it: char| !(it.is_ascii_digit() || it == '.' || it == '-'));
    parts.filter_map(|part| part.parse().ok()).collect()
}

#[test]
fn every_picture_is_xml_with_a_name_and_each_arrow_goes_down_or_straight() {
    for experiment in all() {
        let outcome = experiment.run(&Settings::default());
        for lang in Lang::ALL {
            let picture = drawn(experiment, &outcome, Picture::Svg, lang);
            let document = Document::parse(&picture).unwrap();
            let svg = document.root_element();
            assert_eq!(svg.tag_name().name(), "svg");
            let mut children = svg.children();
            let name = children.find(|it| it.tag_name().name() == "title");
            assert!(name.is_some_and(|it| it.text().is_some()));
            let mut arrows = 0;
            for path in document
                .descendants()
                .filter(|it| it.tag_name().name() == "path")
            {
                let class = path.attribute("class").unwrap();
                let points = numbers(path.attribute("d").unwrap());
                if matches!(class, "a" | "b" | "x" | "r" | "w") && points.len() == 4 {
                    arrows += 1;
                    assert!(points[3] >= points[1], "{}: {points:?}", experiment.name);
                }
            }
            let packets = outcome.rows().filter(|row| row.sent().is_some()).count();
            assert_eq!(arrows, packets, "{}", experiment.name);
        }
    }
}

#[test]
fn what_closes_at_once_crosses_in_the_picture_and_in_the_text() {
    for name in ["simultaneous-close", "simultaneous-open"] {
        let (experiment, outcome) = outcome(name);
        let picture = drawn(experiment, &outcome, Picture::Svg, Lang::En);
        let document = Document::parse(&picture).unwrap();
        let of = |class: &str| -> Vec<Vec<f32>> {
            let paths = document.descendants();
            let paths = paths.filter(|it| it.attribute("class") == Some(class));
            paths
                .map(|it| numbers(it.attribute("d").unwrap()))
                .collect()
        };
        let [right, left] = ["a", "b"].map(of);
        let crossing = right.iter().any(|one| {
            left.iter()
                .any(|other| one[1] < other[3] && other[1] < one[3])
        });
        assert!(crossing, "{name}");
        let text = Report::new(Lang::En, Style::PLAIN).whole(experiment, &outcome);
        assert_eq!(
            text.matches("                     ╳                      ")
                .count(),
            2
        );
    }
}

/// One row whose text is as bad as a peer can make it.
fn hostile() -> Scene {
    let said = "\"<script>&amp;]]>;#:end%%{init}\u{0}\u{1b}\\ style a:#x;\n%\"";
    Scene {
        title: "a \"title\" <b>".into(),
        ends: ["left; #", "right </svg>"].map(|name| End {
            name: name.into(),
            role: String::new(),
        }),
        rows: vec![Row {
            number: None,
            flow: None,
            at: [None; 2],
            what: What::Arrow(Arrow {
                from: smolchat::device::Side::A,
                header: None,
                numbers: [0; 2],
                label: said.into(),
                said: said.into(),
                remarks: vec![said.into()],
                tone: Tone::Plain,
                stopped: false,
            }),
            states: [Vec::new(), Vec::new()],
            meaning: vec![said.into()],
        }],
    }
}

#[test]
fn what_a_peer_says_is_text_in_every_format() {
    let scenes = [hostile()];
    let svg = Picture::Svg.of(&scenes, "", Lang::En);
    let document = Document::parse(&svg).unwrap();
    assert!(
        document
            .descendants()
            .all(|it| it.tag_name().name() != "script")
    );
    assert_mermaid(&Picture::Mermaid.of(&scenes, "a;b", Lang::En));
    for line in Picture::Json.of(&scenes, "", Lang::En).lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        assert!(value["event"].is_string());
    }
}

/// A text of Mermaid: any signs but those that end it, which stand by their numbers; and line breaks.
fn is_text(text: &str) -> bool {
    let mut rest = text.replace("<br/>", " ");
    while let Some(at) = rest.find('#') {
        let Some(end) = rest[at..].find(';') else {
            return false;
        };
        let number = &rest[at + 1..at + end];
        if number.is_empty() || !number.bytes().all(|it| it.is_ascii_digit()) {
            return false;
        }
        rest.replace_range(at..=at + end, " ");
    }
    !rest.is_empty() && !rest.contains([';', ':', '<', '>', '%', '{', '}', '&', '`'])
}

/// The grammar of what is written: the head, the ends, then messages and notes alone.
fn assert_mermaid(diagram: &str) {
    let mut lines = diagram.lines();
    assert_eq!(lines.next(), Some("sequenceDiagram"));
    let forms = [
        "accTitle: ",
        "participant L as ",
        "participant R as ",
        "L->>R: ",
        "R->>L: ",
        "L-xR: ",
        "R-xL: ",
        "Note left of L: ",
        "Note right of R: ",
        "Note over L,R: ",
    ];
    for line in lines {
        let statement = line.strip_prefix("    ").unwrap();
        let text = forms.iter().find_map(|form| statement.strip_prefix(form));
        assert!(text.is_some_and(is_text), "{line}");
    }
}

#[test]
fn every_experiment_is_a_diagram_of_mermaid() {
    for experiment in all() {
        let outcome = experiment.run(&Settings::default());
        for lang in Lang::ALL {
            assert_mermaid(&drawn(experiment, &outcome, Picture::Mermaid, lang));
        }
    }
}

#[test]
fn every_line_of_json_is_an_event_of_the_schema() {
    for experiment in all() {
        let outcome = experiment.run(&Settings::default());
        let lines = drawn(experiment, &outcome, Picture::Json, Lang::Zh);
        assert!(lines.is_ascii() || !lines.contains('\u{ff1a}'), "{lines}");
        let mut rows = 0;
        for line in lines.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            match value["event"].as_str().unwrap() {
                "ladder" => {
                    assert_eq!(value["schema"], SCHEMA);
                    // An end that has no state has no certain one either.
                    assert!(value["left"]["certain"].is_boolean());
                }
                "segment" => {
                    assert!(value["flags"].is_array() && value["taken"].is_boolean());
                    rows += 1;
                }
                "part" => assert!(value["words"].is_string()),
                "packet" | "call" | "timer" | "wait" | "over" | "event" | "state" => rows += 1,
                other => panic!("{other}"),
            }
            assert!(!line.contains("\"inferred\":true"), "{line}");
        }
        assert_eq!(rows, outcome.rows().count(), "{}", experiment.name);
    }
}
