//! The program `smolchat` as a child, and clients in the private network that it makes.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test file uses the part it needs"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

pub const PATIENCE: Duration = Duration::from_secs(20);

/// The program, its console, and what it printed.
pub struct Program {
    pub child: Child,
    pub console: Option<ChildStdin>,
    lines: Receiver<String>,
    pub printed: String,
}

impl Program {
    /// Starts it in a private network of its own. Where none can be had the test fails, with the
    /// program's own sentence about what to do.
    pub fn start(arguments: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_smolchat"))
            .args(arguments.split_whitespace())
            .arg("--private")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program was built for this test");
        let console = child.stdin.take();
        let stdout = child.stdout.take().expect("piped");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut program = Self {
            child,
            console,
            lines,
            printed: String::new(),
        };
        if !program.wait_for("nsenter") {
            let mut why = String::new();
            let stderr = program.child.stderr.as_mut().expect("piped");
            stderr.read_to_string(&mut why).expect("it speaks UTF-8");
            panic!("the program did not start: {why}");
        }
        program
    }

    /// Waits for a line that contains `text`; false if the program ends before.
    pub fn wait_for(&mut self, text: &str) -> bool {
        let end = Instant::now() + PATIENCE;
        loop {
            match self
                .lines
                .recv_timeout(end.saturating_duration_since(Instant::now()))
            {
                Ok(line) => {
                    self.printed += &line;
                    self.printed += "\n";
                    if line.contains(text) {
                        return true;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("never printed: {text}\n{}", self.printed)
                }
            }
        }
    }

    pub fn expect(&mut self, text: &str) {
        assert!(self.wait_for(text), "ended before {text}\n{}", self.printed);
    }

    pub fn type_line(&mut self, line: &str) {
        let console = self.console.as_mut().expect("not closed");
        writeln!(console, "{line}").expect("it reads");
    }

    /// A command in the program's network.
    pub fn command(&self, program: &str, arguments: &[&str]) -> Command {
        need("nsenter");
        let enter = self
            .printed
            .lines()
            .find_map(|line| line.trim().strip_prefix("nsenter "))
            .expect("it says how to join");
        let target = enter.split_whitespace();
        let own = target.take_while(|word| *word != "nc").collect::<Vec<_>>();
        let mut command = Command::new("nsenter");
        command.args(own).arg(program).args(arguments);
        command
    }

    /// Runs a client to its end, with something to say.
    pub fn client(&self, program: &str, arguments: &[&str], input: &str) -> Output {
        need(program);
        let mut child = self
            .command("timeout", &[&["20", program], arguments].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("nsenter is there");
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(input.as_bytes()).expect("it reads");
        drop(stdin);
        child.wait_with_output().expect("it was started")
    }

    pub fn python(&self, script: &str) -> String {
        let output = self.client("python3", &["-c", script], "");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Waits for the end, which must be a good one.
    pub fn expect_end(mut self) -> String {
        while self.wait_for("\n") {}
        let status = self.child.wait().expect("it was started");
        assert!(status.success(), "{status}\n{}", self.printed);
        std::mem::take(&mut self.printed)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already, or its test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Fails the test that cannot do without a program that is not there.
pub fn need(program: &str) {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .stdout(Stdio::null())
        .status();
    assert!(
        found.is_ok_and(|status| status.success()),
        "{program} is not installed, and this test needs it: scripts/test installs what is missing"
    );
}
