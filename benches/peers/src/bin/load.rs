//! The client that measures: kernel sockets, one thread. Prints one line of JSON.

use clap::{Parser, Subcommand};
use smolchat_peers::load::{bulk, crowd, idle, trip};
use std::net::Ipv4Addr;

#[derive(Parser)]
struct Arguments {
    /// The server's address.
    #[arg(long)]
    to: Ipv4Addr,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Echoes over one TCP connection, one at a time.
    Tcp {
        #[arg(long, default_value_t = 10_000)]
        count: usize,
        #[arg(long, default_value_t = 32)]
        size: usize,
        /// Ask again and again instead of sleeping.
        #[arg(long)]
        spin: bool,
    },
    /// Echoes over UDP, one at a time.
    Udp {
        #[arg(long, default_value_t = 10_000)]
        count: usize,
        #[arg(long, default_value_t = 32)]
        size: usize,
    },
    /// Connect, one line there and back, close; one after the other.
    Connect {
        #[arg(long, default_value_t = 3_000)]
        count: usize,
    },
    /// Octets to the discard service.
    To {
        #[arg(long, default_value_t = 500_000_000)]
        octets: u64,
    },
    /// Octets from the character generator.
    From {
        #[arg(long, default_value_t = 500_000_000)]
        octets: u64,
    },
    /// Lines of one member of the chat to all others.
    Crowd {
        #[arg(long)]
        members: usize,
        /// Lines in flight.
        #[arg(long, default_value_t = 1)]
        window: usize,
        #[arg(long, default_value_t = 300)]
        lines: usize,
        /// So many of them do not read until the end.
        #[arg(long, default_value_t = 0)]
        asleep: usize,
    },
    /// Members who join at once, each with a line and its answer.
    Burst {
        #[arg(long)]
        members: usize,
    },
    /// Echoes of one connection beside others that do nothing.
    Idle {
        #[arg(long)]
        connections: usize,
        #[arg(long, default_value_t = 5_000)]
        count: usize,
        /// Addresses to connect from, in turn.
        #[arg(long, value_delimiter = ',')]
        from: Vec<Ipv4Addr>,
    },
}

fn main() {
    smolchat_peers::load::raise_limits();
    let Arguments { to, what } = Arguments::parse();
    let figures = match what {
        What::Tcp { count, size, spin } => trip::tcp(to, count, size, spin),
        What::Udp { count, size } => trip::udp(to, count, size),
        What::Connect { count } => trip::connect(to, count),
        What::To { octets } => bulk::to(to, octets),
        What::From { octets } => bulk::from(to, octets),
        What::Crowd {
            members,
            window,
            lines,
            asleep,
        } => crowd::lines(to, members, window, lines, asleep),
        What::Burst { members } => crowd::burst(to, members),
        What::Idle {
            connections,
            count,
            from,
        } => idle::beside(to, connections, count, &from),
    };
    let text: Vec<_> = figures
        .iter()
        .map(|(name, value)| format!("\"{name}\": {value:.3}"))
        .collect();
    println!("{{{}}}", text.join(", "));
}
