//! One board in QEMU: started, spoken to on its console, and ended with the test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};

/// The longest a test waits for one thing. Far more than any takes, for slow and busy machines.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The boards there are images for.
pub(crate) const BOARDS: [&str; 2] = ["lm3s6965evb", "mps2-an385"];

/// The port the board listens at.
pub(crate) const PORT: u16 = 4000;

/// What the board's cable is plugged into.
pub(crate) enum Plug {
    /// QEMU's own network with a DHCP server: the board is 10.0.2.15, its port 4000 is forwarded.
    UserNetwork,
    /// This address, where the test listens for frames.
    Cable(SocketAddr),
    /// The TAP `board` in this network namespace.
    Namespace(String),
}

/// What the board's clock runs by.
#[derive(PartialEq, Eq)]
pub(crate) enum Time {
    /// This host's clock.
    Host,
    /// Instructions, 16 ns each, and this host's clock while the board sleeps.
    Instructions,
    /// Instructions, and a jump to the next deadline when the board sleeps: waiting takes no time.
    Jumping,
}

/// How to start a board.
pub(crate) struct Setup {
    pub(crate) board: &'static str,
    /// An image with the commands that fail on purpose.
    pub(crate) drill: bool,
    /// An image with IPv6.
    pub(crate) ipv6: bool,
    /// The image without what a small part could do without.
    pub(crate) small: bool,
    /// The image of the echo server, without a room.
    pub(crate) echo: bool,
    pub(crate) plug: Plug,
    /// Boot options.
    pub(crate) boot: &'static str,
    /// What the board's clock runs by.
    pub(crate) time: Time,
    /// Another place for the console than the test's own pipe.
    pub(crate) console: Option<PathBuf>,
}

impl Setup {
    pub(crate) const fn new(board: &'static str, plug: Plug) -> Self {
        Self {
            board,
            drill: false,
            ipv6: false,
            small: false,
            echo: false,
            plug,
            boot: "seed=5eed",
            time: Time::Host,
            console: None,
        }
    }

    pub(crate) fn image(&self) -> PathBuf {
        let directory =
            env::var_os("SMOLCHAT_IMAGES").expect("no images: run scripts/test-firmware");
        let drill = if self.drill { "-drill" } else { "" };
        let ipv6 = if self.ipv6 { "-ipv6" } else { "" };
        let small = if self.small { "-small" } else { "" };
        let echo = if self.echo { "-echo" } else { "" };
        PathBuf::from(directory).join(format!("{}{drill}{ipv6}{small}{echo}.elf", self.board))
    }

    fn command(&self, monitor: &Path) -> Command {
        let model = if self.board == "lm3s6965evb" {
            ",model=stellaris"
        } else {
            ""
        };
        let nic = match &self.plug {
            Plug::UserNetwork => {
                format!(
                    "user,id=net{model},hostfwd=tcp:127.0.0.1:0-:{PORT},hostfwd=udp:127.0.0.1:0-:{PORT}"
                )
            }
            Plug::Cable(end) => format!("socket,id=net{model},connect={end}"),
            Plug::Namespace(_) => {
                format!("tap,id=net{model},ifname=board,script=no,downscript=no")
            }
        };
        let console = match &self.console {
            Some(path) => format!("socket,id=console,path={}", path.display()),
            None => "stdio,id=console".into(),
        };
        let boot: String = self
            .boot
            .split(' ')
            .map(|word| format!(",arg={word}"))
            .collect();
        let mut command = match &self.plug {
            Plug::Namespace(name) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", name, "qemu-system-arm"]);
                command
            }
            Plug::UserNetwork | Plug::Cable(_) => Command::new("qemu-system-arm"),
        };
        command
            .args([
                "-machine", self.board, "-display", "none", "-monitor", "none",
            ])
            .args(["-chardev", &console, "-serial", "chardev:console"])
            .args([
                "-semihosting-config",
                &format!("enable=on,target=native,arg=smolchat{boot}"),
            ])
            .args(["-qmp", &format!("unix:{}", monitor.display())])
            .args(["-nic", &nic])
            .arg("-kernel")
            .arg(self.image());
        match self.time {
            Time::Host => {}
            Time::Instructions => {
                command.args(["-icount", "shift=4"]);
            }
            Time::Jumping => {
                command.args(["-icount", "shift=4,sleep=off"]);
            }
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command
    }
}

/// A running board. Dropping it ends QEMU.
pub(crate) struct Board {
    process: Child,
    keyboard: Option<ChildStdin>,
    lines: Lines,
    monitor: BufReader<UnixStream>,
}

impl Board {
    pub(crate) fn start(setup: &Setup) -> Self {
        static BOARDS_SO_FAR: AtomicU32 = AtomicU32::new(0);
        let number = BOARDS_SO_FAR.fetch_add(1, Ordering::Relaxed);
        let name = format!("smolchat-monitor-{}-{number}", std::process::id());
        let path = env::temp_dir().join(name);
        let listener = UnixListener::bind(&path).unwrap();
        let mut process = setup
            .command(&path)
            .spawn()
            .expect("qemu-system-arm starts: run scripts/test-firmware");
        let (monitor, _) = listener.accept().unwrap();
        fs::remove_file(path).unwrap();
        monitor.set_read_timeout(Some(PATIENCE)).unwrap();
        let lines = Lines::of(process.stdout.take().unwrap());
        let keyboard = process.stdin.take();
        let mut board = Self {
            process,
            keyboard,
            lines,
            monitor: BufReader::new(monitor),
        };
        board.monitor.read_line(&mut String::new()).unwrap(); // The greeting.
        board.ask(r#"{"execute":"qmp_capabilities"}"#);
        board
    }

    /// Waits for a line of the console that contains `text`, and gives it.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        self.lines.expect(text)
    }

    /// Types a line on the console.
    pub(crate) fn type_line(&mut self, line: &str) {
        let keyboard = self.keyboard.as_mut().unwrap();
        keyboard.write_all(format!("{line}\r").as_bytes()).unwrap();
        keyboard.flush().unwrap();
    }

    /// Whether such a line was among those that were waited for.
    pub(crate) fn has_shown(&self, text: &str) -> bool {
        self.lines.seen.iter().any(|line| line.contains(text))
    }

    /// The number in front of `what` on the board's own report.
    pub(crate) fn counter(&mut self, what: &str) -> usize {
        self.type_line("/board");
        let line = self.expect(what);
        let before = line.split(what).next().unwrap();
        let number = before.rsplit(' ').find(|word| !word.is_empty());
        number.unwrap().parse().unwrap()
    }

    /// Asks for that report until it says this number: the last frames may still be under way.
    pub(crate) fn until_counted(&mut self, what: &str, number: usize) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let counted = self.counter(what);
            if counted == number {
                return;
            }
            assert!(Instant::now() < deadline, "{counted}{what}, not {number}");
        }
    }

    /// Pulls the cable, or puts it back.
    pub(crate) fn set_link(&mut self, up: bool) {
        self.ask(&format!(
            r#"{{"execute":"set_link","arguments":{{"name":"net","up":{up}}}}}"#
        ));
    }

    /// Where this host reaches the board's port, over TCP and over UDP.
    pub(crate) fn forwarded(&mut self) -> (SocketAddr, SocketAddr) {
        let answer = self.ask(
            r#"{"execute":"human-monitor-command","arguments":{"command-line":"info usernet"}}"#,
        );
        let port = |kind: &str| -> SocketAddr {
            let row = answer
                .split("\\r\\n")
                .find(|row| row.trim_start().starts_with(kind))
                .unwrap_or_else(|| {
                    panic!("no {kind} in {answer}");
                });
            let port = row.split_whitespace().nth(3).unwrap().parse().unwrap();
            (Ipv4Addr::LOCALHOST, port).into()
        };
        (port("TCP[HOST_FORWARD]"), port("UDP[HOST_FORWARD]"))
    }

    /// Waits for QEMU to end by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        while self
            .lines
            .incoming
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .is_ok()
        {}
        self.process.wait().unwrap()
    }

    /// One command to QEMU's monitor; gives the answer.
    fn ask(&mut self, command: &str) -> String {
        writeln!(self.monitor.get_mut(), "{command}").unwrap();
        loop {
            let mut answer = String::new();
            self.monitor
                .read_line(&mut answer)
                .expect("the monitor answers");
            assert!(!answer.contains("\"error\""), "{command}: {answer}");
            if answer.contains("\"return\"") {
                return answer;
            }
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The lines of a stream, as they come, and those that came.
pub(crate) struct Lines {
    incoming: Receiver<String>,
    seen: Vec<String>,
}

impl Lines {
    pub(crate) fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, incoming) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line)
                    .trim_end_matches('\r')
                    .to_owned();
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            incoming,
            seen: Vec::new(),
        }
    }

    /// Waits for a line that contains `text`, and gives it.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.incoming.recv_timeout(left) else {
                let seen = self.seen.join("\n");
                panic!("{text:?} was not shown; this was:\n{seen}");
            };
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }
}
