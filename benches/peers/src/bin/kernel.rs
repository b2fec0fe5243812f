//! The same services on the kernel's own sockets, one thread, epoll.

use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;

use clap::Parser;
use rustix::buffer::spare_capacity;
use rustix::event::epoll;
use smolchat_peers::{CHARGEN, CHAT, DISCARD, ECHO, RECEIPT, pattern};

#[derive(Parser)]
struct Arguments {
    #[arg(long)]
    address: Ipv4Addr,
}

const DATAGRAMS: u64 = 1;
const LISTENERS: u64 = 10;
const STREAMS: u64 = 100;

struct Server {
    poll: rustix::fd::OwnedFd,
    streams: HashMap<u64, (TcpStream, u16)>,
    next: u64,
    buffer: Vec<u8>,
    pattern: Vec<u8>,
}

fn main() {
    let address = Arguments::parse().address;
    let poll = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
    let udp = UdpSocket::bind((address, ECHO)).unwrap();
    udp.set_nonblocking(true).unwrap();
    watch(&poll, &udp, DATAGRAMS, epoll::EventFlags::IN);
    let listeners = [ECHO, DISCARD, CHARGEN, CHAT].map(|port| {
        let listener = TcpListener::bind((address, port)).unwrap();
        // The standard library asks for a backlog of 128.
        rustix::net::listen(&listener, 4096).unwrap();
        listener.set_nonblocking(true).unwrap();
        (listener, port)
    });
    for (index, (listener, _)) in listeners.iter().enumerate() {
        watch(
            &poll,
            listener,
            LISTENERS + index as u64,
            epoll::EventFlags::IN,
        );
    }
    let mut server = Server {
        poll,
        streams: HashMap::new(),
        next: STREAMS,
        buffer: vec![0; 65_536],
        pattern: pattern(65_536),
    };
    let mut events = Vec::with_capacity(256);
    loop {
        events.clear();
        epoll::wait(&server.poll, spare_capacity(&mut events), None).unwrap();
        for event in &events {
            match event.data.u64() {
                DATAGRAMS => {
                    while let Ok((count, from)) = udp.recv_from(&mut server.buffer) {
                        let _ = udp.send_to(&server.buffer[..count], from);
                    }
                }
                index @ LISTENERS..STREAMS => {
                    let (listener, port) = &listeners[(index - LISTENERS) as usize];
                    server.accept(listener, *port);
                }
                stream => server.serve(stream),
            }
        }
    }
}

fn watch(poll: &impl AsFd, source: &impl AsFd, data: u64, flags: epoll::EventFlags) {
    epoll::add(poll, source, epoll::EventData::new_u64(data), flags).unwrap();
}

impl Server {
    fn accept(&mut self, listener: &TcpListener, port: u16) {
        while let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(true).unwrap();
            stream.set_nodelay(true).unwrap();
            let flags = match port {
                CHARGEN => epoll::EventFlags::OUT,
                _ => epoll::EventFlags::IN,
            };
            watch(&self.poll, &stream, self.next, flags);
            self.streams.insert(self.next, (stream, port));
            self.next += 1;
        }
    }

    fn serve(&mut self, id: u64) {
        let Some((stream, port)) = self.streams.get_mut(&id) else {
            return;
        };
        let port = *port;
        let result = match port {
            CHARGEN => stream.write(&self.pattern),
            _ => stream.read(&mut self.buffer),
        };
        match result {
            Ok(0) => drop(self.streams.remove(&id)),
            Ok(count) => match port {
                // A queue that is full would block; none of the measurements fills it.
                ECHO => drop(stream.write_all(&self.buffer[..count])),
                CHAT => self.tell_all(id, count),
                _ => (),
            },
            Err(error) if error.kind() == ErrorKind::WouldBlock => (),
            Err(_) => drop(self.streams.remove(&id)),
        }
    }

    fn tell_all(&mut self, from: u64, count: usize) {
        let said = &self.buffer[..count];
        let lines = said.iter().filter(|octet| **octet == b'\n').count();
        for (id, (stream, port)) in &mut self.streams {
            if *port != CHAT {
                continue;
            }
            let _ = if *id == from {
                stream.write_all(&RECEIPT.repeat(lines))
            } else {
                stream.write_all(said)
            };
        }
    }
}
