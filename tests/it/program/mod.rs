//! The program `smolchat` as a child, and clients in the private network that it makes.
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The program, its console, and what it printed.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) console: Option<ChildStdin>,
    lines: Receiver<String>,
    pub(crate) printed: String,
}

impl Program {
    /// Starts it in a private network of its own. Where none can be had the test fails, with the
    /// program's own sentence about what to do.
    pub(crate) fn start(arguments: &str) -> Self {
        let mut child = spawn("--default-signal=HUP", arguments);
        let stdout = child.stdout.take().expect("piped");
        Self::listening_to(child, stdout)
    }

    /// The same for a program that its starter has ignore SIGHUP, as `nohup` does.
    pub(crate) fn start_without_hangup(arguments: &str) -> Self {
        let mut child = spawn("--ignore-signal=HUP", arguments);
        let stdout = child.stdout.take().expect("piped");
        Self::listening_to(child, stdout)
    }

    /// The same where standard output is for a capture, and stays with the child.
    pub(crate) fn start_with_capture(arguments: &str) -> Self {
        let mut child = spawn("--default-signal=HUP", arguments);
        let stderr = child.stderr.take().expect("piped");
        Self::listening_to(child, stderr)
    }

    /// The same for a program that says nothing of the network that it is in.
    pub(crate) fn start_alone(arguments: &str) -> Self {
        let mut child = spawn("--default-signal=HUP", arguments);
        let stdout = child.stdout.take().expect("piped");
        Self::reading(child, stdout)
    }

    fn listening_to(child: Child, output: impl Read + Send + 'static) -> Self {
        let mut program = Self::reading(child, output);
        if !program.wait_for("nsenter") {
            let mut why = String::new();
            if let Some(stderr) = &mut program.child.stderr {
                stderr.read_to_string(&mut why).expect("it speaks UTF-8");
            }
            panic!("the program did not start: {}{why}", program.printed);
        }
        program
    }

    /// Takes what a program prints, and lets it be told.
    fn reading(mut child: Child, output: impl Read + Send + 'static) -> Self {
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            console: child.stdin.take(),
            child,
            lines,
            printed: String::new(),
        }
    }

    /// Waits for a line that contains `text`; false if the program ends before.
    pub(crate) fn wait_for(&mut self, text: &str) -> bool {
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

    pub(crate) fn expect(&mut self, text: &str) {
        assert!(self.wait_for(text), "ended before {text}\n{}", self.printed);
    }

    /// Reads nothing any more of what the program prints.
    pub(crate) fn stop_listening(&mut self) {
        self.lines = channel().1;
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        let console = self.console.as_mut().expect("not closed");
        writeln!(console, "{line}").expect("it reads");
    }

    /// A command in the program's network.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
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
    pub(crate) fn client(&self, program: &str, arguments: &[&str], input: &str) -> Output {
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

    pub(crate) fn python(&self, script: &str) -> String {
        let output = self.client("python3", &["-c", script], "");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("it runs");
    }

    /// Waits for the end, which must not be a good one: what it says on standard error.
    pub(crate) fn expect_failure(mut self) -> String {
        while self.wait_for("\n") {}
        let status = self.child.wait().expect("it was started");
        assert_eq!(status.code(), Some(1), "{}", self.printed);
        let mut why = String::new();
        let stderr = self.child.stderr.as_mut().expect("piped");
        stderr.read_to_string(&mut why).expect("it speaks UTF-8");
        why
    }

    /// Waits for the end, which must be a good one.
    pub(crate) fn expect_end(mut self) -> String {
        while self.wait_for("\n") {}
        let status = self.child.wait().expect("it was started");
        assert!(status.success(), "{status}\n{}", self.printed);
        std::mem::take(&mut self.printed)
    }
}

/// Starts the program, whatever signals this test was started with.
fn spawn(signals: &str, arguments: &str) -> Child {
    Command::new("env")
        .arg(signals)
        .arg(env!("CARGO_BIN_EXE_smolchat"))
        .args(arguments.split_whitespace())
        .arg("--private")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program was built for this test")
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already, or its test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Fails the test that cannot do without a program that is not there.
pub(crate) fn need(program: &str) {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .stdout(Stdio::null())
        .status();
    assert!(
        found.is_ok_and(|status| status.success()),
        "{program} is not installed, and this test needs it: scripts/test installs what is missing"
    );
}

/// What becomes of a script of bash in a private network of its own, where `$0` is the program.
pub(crate) fn in_private_network(script: &str) -> Output {
    Command::new("unshare")
        .args(["-rnm", "bash", "-c", script])
        .arg(env!("CARGO_BIN_EXE_smolchat"))
        .output()
        .expect("unshare is installed: scripts/test installs what is missing")
}

/// A place for a file, which goes with this.
pub(crate) struct Place(pub PathBuf);

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("smolchat-{name}-{}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Whether it is still there does not matter any more.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// How many FINs tshark finds in a whole capture.
pub(crate) fn fins(file: &Path) -> usize {
    need("tshark");
    let output = Command::new("tshark")
        .args(["-Y", "tcp.flags.fin == 1", "-r"])
        .arg(file)
        .output()
        .expect("tshark is installed");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).lines().count()
}
