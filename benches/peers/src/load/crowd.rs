//! A chat: one line to many, and many who come at once.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::epoll;

use super::{Figures, connect, percentiles};
use crate::CHAT;

struct Listener {
    stream: TcpStream,
    /// Lines heard.
    heard: usize,
}

struct Hall {
    poll: rustix::fd::OwnedFd,
    listeners: Vec<Listener>,
    buffer: Vec<u8>,
}

/// The entry of the one who speaks; all others are listeners.
const SPEAKER: u64 = u64::MAX;

/// What is said, and what only these lines have in them: others may talk meanwhile.
const LINE: &[u8] = b"this is a line of the chat, 32.^\n";
const MARK: u8 = b'^';

fn lines_in(octets: &[u8]) -> usize {
    octets.iter().filter(|octet| **octet == MARK).count()
}

fn watch(poll: &impl AsFd, stream: &TcpStream, data: u64) {
    stream.set_nonblocking(true).unwrap();
    let data = epoll::EventData::new_u64(data);
    epoll::add(poll, stream, data, epoll::EventFlags::IN).unwrap();
}

impl Hall {
    fn open(to: Ipv4Addr, members: usize) -> Self {
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
        let mut listeners = Vec::new();
        for index in 0..members {
            let stream = connect(to, CHAT);
            watch(&poll, &stream, index as u64);
            listeners.push(Listener { stream, heard: 0 });
        }
        Self {
            poll,
            listeners,
            buffer: vec![0; 65_536],
        }
    }

    /// Reads what has come; says how many lines it was to listeners, and drops answers to the speaker.
    fn hear(&mut self, speaker: &mut TcpStream) -> usize {
        let mut events = Vec::with_capacity(256);
        let wait = rustix::event::Timespec {
            tv_sec: 10,
            tv_nsec: 0,
        };
        let spare = rustix::buffer::spare_capacity(&mut events);
        let count = epoll::wait(&self.poll, spare, Some(&wait)).unwrap();
        assert!(count > 0, "lines are missing");
        let mut lines = 0;
        for event in &events {
            let index = event.data.u64();
            let stream = match index {
                SPEAKER => &mut *speaker,
                index => &mut self.listeners[index as usize].stream,
            };
            let count = match stream.read(&mut self.buffer) {
                Ok(0) => panic!("the server closed"),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => panic!("cannot read: {error}"),
            };
            if index != SPEAKER {
                let heard = lines_in(&self.buffer[..count]);
                self.listeners[index as usize].heard += heard;
                lines += heard;
            }
        }
        lines
    }
}

/// Lines to `members` listeners, `window` of them on their way at a time. `asleep` more members do not
/// read at all; their connections take what fits.
pub fn lines(to: Ipv4Addr, members: usize, window: usize, lines: usize, asleep: usize) -> Figures {
    let _asleep: Vec<TcpStream> = (0..asleep).map(|_| connect(to, CHAT)).collect();
    let mut hall = Hall::open(to, members);
    let mut speaker = connect(to, CHAT);
    watch(&hall.poll, &speaker, SPEAKER);
    // Until everybody is in.
    std::thread::sleep(Duration::from_millis(100));
    let (mut sent, mut heard) = (0, 0);
    let mut left_at = Vec::with_capacity(lines);
    let mut took = Vec::with_capacity(lines);
    let start = Instant::now();
    while heard < lines * members {
        let all_heard = heard / members;
        while took.len() < all_heard {
            let line: usize = took.len();
            let at: Instant = left_at[line];
            took.push(at.elapsed());
        }
        if sent < lines && sent < all_heard + window {
            let count = (lines - sent).min(all_heard + window - sent);
            speaker
                .write_all(&LINE.repeat(count))
                .unwrap();
            left_at.extend(std::iter::repeat_n(Instant::now(), count));
            sent += count;
        }
        heard += hall.hear(&mut speaker);
    }
    let seconds = start.elapsed().as_secs_f64();
    let mut figures = percentiles(took);
    figures.push(("per_s", heard as f64 / seconds));
    figures
}

/// All connect at once; each says one line and waits for an answer.
pub fn burst(to: Ipv4Addr, members: usize) -> Figures {
    let start = Instant::now();
    let mut hall = Hall::open(to, members);
    let joined = start.elapsed().as_secs_f64();
    let count = hall.listeners.len();
    let mut speaker = connect(to, CHAT);
    watch(&hall.poll, &speaker, SPEAKER);
    speaker.write_all(b"is everybody here? ^\n").unwrap();
    let mut heard = 0;
    while heard < count {
        heard += hall.hear(&mut speaker);
    }
    let all = start.elapsed().as_secs_f64();
    vec![
        ("joined_per_s", members as f64 / joined),
        ("all_heard_ms", all * 1e3),
    ]
}
