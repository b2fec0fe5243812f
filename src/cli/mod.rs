//! The Linux program: its arguments, the host's side of the TAP, and the loop that drives a node.

pub mod args;
mod budget;
mod colours;
pub mod config;
mod connect;
pub mod demo;
mod input;
mod invitation;
mod lab;
mod ladder;
mod legend;
pub mod link;
mod memory;
pub mod namespace;
mod netlink;
mod output;
mod recorder;
pub mod run;
mod said;
mod serve;
mod spool;
mod stack;
mod values;
pub mod wait;
mod zone;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Arguments, Command};
use config::{ConfigError, Stack};
use link::LinkError;
use namespace::{Namespace, NamespaceError};
use run::RunError;
use smolchat::device::Tap;

/// Why the program ends without having done its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("{link}\nand {namespace}")]
    NoNetwork {
        link: Box<LinkError>,
        namespace: Box<NamespaceError>,
    },
    #[error(transparent)]
    Memory(#[from] memory::Refused),
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Demo(#[from] demo::Stuck),
    #[error(transparent)]
    Ladder(#[from] ladder::Failed),
    #[error("cannot build the node: {0}")]
    Node(#[from] smolchat::node::ConfigError),
    #[error("cannot serve: {0}")]
    Listen(#[from] smolchat::node::ListenError),
    #[error("cannot connect: {0}")]
    Connect(#[from] smolchat::node::ConnectError),
    #[error(transparent)]
    Capture(#[from] recorder::CaptureFailed),
    #[error(transparent)]
    NotSaid(#[from] said::NotSaid),
    #[error("the system refused: {0}")]
    System(#[from] std::io::Error),
    #[error(transparent)]
    Lab(#[from] lab::Failed),
    #[error("{0}")]
    NotConnected(String),
    #[error("{0}")]
    NoSuchWord(String),
}

/// Runs the program on its arguments: 0 if all went well, 1 if it could not do its work, 2 if it
/// was asked for something impossible.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Serve(serve) => {
            let stack = config::check_services(&serve);
            let stack = stack.and_then(|()| serve.stack.clone().try_into());
            let stack = stack_or_exit("serve", stack);
            serve::serve(&serve, &stack)
        }
        Command::Connect(connect) => {
            let stack = Stack::try_from(connect.stack.clone()).and_then(|stack| {
                stack.check_remote(&connect.remote)?;
                Ok(stack)
            });
            let stack = stack_or_exit("connect", stack);
            connect::connect(&connect, &stack)
        }
        Command::Demo(demo) => demo::play(&demo).map_err(Failure::from),
        Command::Ladder(ladder) => ladder::draw(&ladder).map_err(Failure::from),
        Command::Lab(lab) => lab::run(&lab, &mut Arguments::command()).map_err(Failure::from),
        Command::Explain(words) => legend::explain(&words),
        Command::Budget => print_budget(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where this cannot be said either, the status says it.
            let _ = writeln!(std::io::stderr(), "error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Prints what everything takes.
fn print_budget() -> Result<(), Failure> {
    Ok(said::print(&budget::Budget.to_string())?)
}

/// Arguments that do not fit together are reported as those that are wrong by themselves.
fn stack_or_exit(command: &str, stack: Result<Stack, ConfigError>) -> Stack {
    stack.unwrap_or_else(|error| {
        let mut program = Arguments::command();
        program.build();
        let usage = program.find_subcommand_mut(command);
        usage
            .map(|usage| usage.error(clap::error::ErrorKind::ValueValidation, &error))
            .unwrap_or_else(|| clap::Error::raw(clap::error::ErrorKind::ValueValidation, error))
            .exit()
    })
}

/// Opens the TAP in the host's network, or in a private one where that is wanted or all that is
/// allowed. Call it before any thread is started.
pub fn open(stack: &Stack) -> Result<(Tap, Option<Namespace>), Failure> {
    memory::check(stack.connections, stack.buffer_octets())?;
    if !stack.private {
        match link::open(&stack.link()) {
            Ok(tap) => return Ok((tap, None)),
            Err(error) if error.asks_for_a_private_network() => {
                let namespace = namespace::enter().map_err(|namespace| Failure::NoNetwork {
                    link: Box::new(error),
                    namespace: Box::new(namespace),
                })?;
                return Ok((link::open(&stack.link())?, Some(namespace)));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let namespace = namespace::enter()?;
    Ok((link::open(&stack.link())?, Some(namespace)))
}
