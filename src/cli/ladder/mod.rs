//! `smolchat ladder`: the connections of a capture, from a file or as it comes, drawn or listed.

pub mod arguments;
#[cfg(feature = "linux")]
mod piped;
mod progress;

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use smolchat::capture::{Bounds, CaptureError, Drawn, Look, Selection, list, selected};
use smolchat::picture::Format;

use super::colours::{Timing, language};
use arguments::LadderArguments;
use progress::Progress;

/// Why there is no ladder, or not every one.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error(transparent)]
    Drawing(#[from] CaptureError),
    #[error(
        "no packet came before this was ended; a capture that is piped comes at once with tcpdump -U"
    )]
    NothingCame,
    #[error("the system refused: {0}")]
    System(#[from] io::Error),
}

/// Draws or lists the connections of a capture.
pub fn draw(arguments: &LadderArguments) -> Result<(), Failed> {
    if arguments.file.as_os_str() == "-" {
        let (input, asked) = standard_input()?;
        let input = Box::new(Progress::of(input, None));
        let drawn = tell(arguments, input, Path::new("standard input"));
        return match drawn {
            Err(error) if asked.load(Ordering::Relaxed) => interrupted(error),
            drawn => over(drawn),
        };
    }
    let name = &arguments.file;
    let file = File::open(name).map_err(|error| match error.kind() {
        ErrorKind::NotFound => CaptureError::NoSuchFile(name.into()),
        _ => CaptureError::Unreadable(name.into(), error),
    })?;
    // Of a pipe it is 0.
    let length = file.metadata().map_or(0, |about| about.len());
    let input = Box::new(Progress::of(
        file,
        Some(length).filter(|&length| length > 0),
    ));
    over(tell(arguments, input, name))
}

/// Draws or lists what comes.
fn tell(
    arguments: &LadderArguments,
    input: Box<dyn Read>,
    name: &Path,
) -> Result<Drawn, CaptureError> {
    let colours = &arguments.colours;
    let only = Selection::from(&arguments.selection);
    let bounds = Bounds::default();
    let mut out = io::stdout().lock();
    if arguments.list {
        let lang = language(colours.lang);
        return list(input, name, &mut out, lang, &only, bounds);
    }
    let style = colours.style(out.is_terminal());
    let as_explained = (arguments.format == Format::Explain).then(|| language(colours.lang));
    let picture = arguments.format.picture();
    let look = Look {
        style: &style,
        explained: colours.explained().or(as_explained),
        text: !colours.no_text,
        why: arguments.why.then(|| language(colours.lang)),
        one_clock: colours.clock == Some(Timing::Shared),
        picture: picture.map(|picture| (picture, language(colours.lang))),
    };
    selected(input, name, &mut out, look, &only, bounds)
}

fn over(drawn: Result<Drawn, CaptureError>) -> Result<(), Failed> {
    match drawn {
        Ok(_) => Ok(()),
        // The reader, such as `head`, has seen enough.
        Err(CaptureError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What an error means when the user ended the capture: a last packet that is not whole is no fault.
fn interrupted(error: CaptureError) -> Result<(), Failed> {
    match error {
        CaptureError::Cut(..) => {
            // Where nobody reads, nobody can be told.
            let _ = writeln!(io::stderr(), "-- {error}");
            Ok(())
        }
        CaptureError::Empty(_) => Err(Failed::NothingCame),
        error => over(Err(error)),
    }
}

/// Standard input, and whether the user ended it.
#[cfg(feature = "linux")]
fn standard_input() -> io::Result<(impl Read + 'static, Arc<AtomicBool>)> {
    let input = piped::Interruptible::take_over()?;
    let asked = input.asked();
    Ok((input, asked))
}

/// Standard input, which nothing but its writer ends.
#[cfg(not(feature = "linux"))]
fn standard_input() -> io::Result<(impl Read + 'static, Arc<AtomicBool>)> {
    Ok((io::stdin(), Arc::default()))
}
