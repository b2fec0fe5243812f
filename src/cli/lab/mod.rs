//! `smolchat lab`: the list of experiments, one of them, or one row after the other.

pub mod arguments;
pub mod values;

use std::env;
use std::fmt::{self, Display};
use std::fs::File;
use std::io::{self, BufRead, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Command;
use smolchat::capture::PcapNg;
use smolchat::device::Side;
use smolchat::lab::{Experiment, Knob, Outcome, Report, Settings, Stepping, find, nearest};
use smolchat::lang::Lang;
use smolchat::picture::{Format, Picture};
use smolchat::trace::{Direction, Style};
use smoltcp::time::{Duration, Instant};

use arguments::LabArguments;

/// Between two runs in a capture.
const PAUSE: Duration = Duration::from_secs(10);

/// What is to be done.
pub enum Asked {
    /// The list.
    List,
    /// An experiment, and how.
    Experiment(&'static Experiment, Settings),
}

/// Why that cannot be.
pub enum Refused {
    /// There is no such experiment.
    Unknown(String),
    /// It has no such option.
    HasNot(Knob, &'static Experiment),
    /// The list has none.
    OfTheList,
    /// Only text goes on row by row.
    StepsIn(Format),
}

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(
                f,
                "there is no experiment {name}; the nearest is {}. smolchat lab lists all of them",
                nearest(name)
            ),
            Self::HasNot(knob, experiment) => {
                let names: Vec<_> = experiment.knobs.iter().map(|knob| knob.name()).collect();
                let has = names.join(", ");
                write!(f, "the experiment {} has no {knob}; it has {has}", experiment.name)
            }
            Self::StepsIn(format) => write!(
                f,
                "--step shows text row by row, and --format {} is a whole document: leave one of them out",
                format.name()
            ),
            Self::OfTheList => f.write_str(
                "the list of experiments has nothing to turn, step through, draw or capture: name an \
                 experiment, such as without-accept",
            ),
        }
    }
}

/// Why the laboratory ends without having done its work.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error("cannot write the capture {}: {error}", path.display())]
    Capture { path: PathBuf, error: io::Error },
    #[error("the system refused: {0}")]
    System(#[from] io::Error),
}

impl TryFrom<&LabArguments> for Asked {
    type Error = Refused;

    fn try_from(arguments: &LabArguments) -> Result<Self, Refused> {
        let given = [
            (Knob::Msl, arguments.msl.is_some()),
            (Knob::Loss, arguments.loss.is_some()),
            (Knob::Drop, arguments.drop.is_some()),
            (Knob::Delay, arguments.delay.is_some()),
            (Knob::Seed, arguments.seed.is_some()),
        ];
        let mut given = given.into_iter().filter(|(_, is_given)| *is_given);
        if arguments.name == "list" {
            let more = given.next().is_some()
                || arguments.step
                || arguments.pcap.is_some()
                || arguments.format != Format::Text;
            return if more {
                Err(Refused::OfTheList)
            } else {
                Ok(Self::List)
            };
        }
        let experiment =
            find(&arguments.name).ok_or_else(|| Refused::Unknown(arguments.name.clone()))?;
        if let Some((knob, _)) = given.find(|(knob, _)| !experiment.knobs.contains(knob)) {
            return Err(Refused::HasNot(knob, experiment));
        }
        if arguments.step && arguments.format != Format::Text {
            return Err(Refused::StepsIn(arguments.format));
        }
        let usual = Settings::default();
        let settings = Settings {
            msl: arguments.msl.unwrap_or(usual.msl),
            loss: arguments.loss.unwrap_or(usual.loss),
            drop: arguments.drop.unwrap_or(usual.drop),
            delay: arguments.delay.unwrap_or(usual.delay),
            seed: arguments.seed.unwrap_or(usual.seed),
        };
        Ok(Self::Experiment(experiment, settings))
    }
}

/// Does what is asked; ends the program with a sentence and the usage if that is impossible.
pub fn run(arguments: &LabArguments, program: &mut Command) -> Result<(), Failed> {
    let asked = Asked::try_from(arguments).unwrap_or_else(|refused| {
        program.build();
        let kind = clap::error::ErrorKind::ValueValidation;
        match program.find_subcommand_mut("lab") {
            Some(usage) => usage.error(kind, refused).exit(),
            None => program.error(kind, refused).exit(),
        }
    });
    let language = arguments.lang.unwrap_or_else(Lang::of_environment);
    let console = match arguments.pcap.as_deref() {
        Some(path) if path == Path::new(STDOUT) => Console::Stderr,
        Some(_) | None => Console::Stdout,
    };
    let language = match arguments.format.picture() {
        Some(picture) => picture.language(language),
        None => language,
    };
    let report = Report::new(language, console.style(arguments.no_color));
    let Asked::Experiment(experiment, settings) = asked else {
        return console.say(&report.list());
    };
    let outcome = experiment.run(&settings);
    if let Some(path) = &arguments.pcap {
        capture(path, &outcome).map_err(|error| Failed::Capture {
            path: path.clone(),
            error,
        })?;
    }
    if arguments.step {
        return step(console, Stepping::new(report, experiment, &outcome));
    }
    console.say(&match arguments.format {
        Format::Text => report.whole(experiment, &outcome),
        Format::Explain => report.explained(experiment, &outcome),
        Format::Svg => report.picture(Picture::Svg, experiment, &outcome),
        Format::Mermaid => report.picture(Picture::Mermaid, experiment, &outcome),
        Format::Json => report.picture(Picture::Json, experiment, &outcome),
        Format::Dot => report.picture(Picture::Dot, experiment, &outcome),
    })
}

/// A capture goes to standard output.
const STDOUT: &str = "-";

/// Where the laboratory speaks: on standard error if a capture goes to standard output.
#[derive(Clone, Copy)]
enum Console {
    Stdout,
    Stderr,
}

impl Console {
    fn style(self, plain: bool) -> Style {
        let is_terminal = match self {
            Self::Stdout => io::stdout().is_terminal(),
            Self::Stderr => io::stderr().is_terminal(),
        };
        let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match plain || unwanted || !is_terminal {
            true => Style::PLAIN,
            false => Style::ANSI,
        }
    }

    /// Writes it; a reader that went has seen enough.
    fn say(self, text: &str) -> Result<(), Failed> {
        let write =
            |mut out: Box<dyn Write>| out.write_all(text.as_bytes()).and_then(|()| out.flush());
        let written = match self {
            Self::Stdout => write(Box::new(io::stdout())),
            Self::Stderr => write(Box::new(io::stderr())),
        };
        match written {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

fn step(console: Console, mut stepping: Stepping<'_>) -> Result<(), Failed> {
    console.say(&stepping.begin())?;
    for line in io::stdin().lock().lines() {
        let shown = stepping.take(&line?);
        console.say(&shown)?;
        if stepping.is_over() {
            break;
        }
    }
    Ok(())
}

/// Every frame of every run, one after the other.
fn capture(path: &Path, outcome: &Outcome) -> io::Result<()> {
    let out: Box<dyn Write> = match path == Path::new(STDOUT) {
        true => Box::new(io::stdout()),
        false => Box::new(File::create(path)?),
    };
    let mut file = PcapNg::new(out, SystemTime::UNIX_EPOCH)?;
    let mut begin = Instant::ZERO;
    for run in &outcome.runs {
        let mut last = begin;
        for frame in &run.frames {
            last = begin + (frame.at - Instant::ZERO);
            let direction = match frame.from {
                Side::A => Direction::Out,
                Side::B => Direction::In,
            };
            file.frame(last, direction, &frame.octets)?;
            if let Some(row) = frame.row.and_then(|row| run.rows.get(row)) {
                file.remark(format!("row {}", row.number));
            }
        }
        begin = last + PAUSE;
    }
    file.finish().map(drop)
}
