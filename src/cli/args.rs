//! The command line: what can be asked for, and the help from which a person learns it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use smolchat::chat::Rate;
use smolchat::lang::Lang;
use smoltcp::time::Duration;
use smoltcp::wire::{EthernetAddress, IpAddress, IpCidr};

use super::colours::{self, ColourArguments};
use super::lab::arguments as lab;
use super::ladder::arguments as ladder;
use super::values;
use super::zone::Remote;

/// A TCP and UDP chat node that carries its own TCP/IP stack and shows every handshake and teardown
/// from inside it.
#[derive(Debug, Parser)]
#[command(
    name = "smolchat",
    version,
    propagate_version = true,
    max_term_width = 100
)]
#[command(after_help = "Start with:  smolchat demo")]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Plays every handshake and teardown, with no set-up and no root
    #[command(long_about = DEMO)]
    Demo(DemoArguments),
    /// Serves the chat on a TAP
    #[command(long_about = SERVE, after_long_help = SERVE_EXAMPLES)]
    Serve(ServeArguments),
    /// Connects to any TCP or UDP server, as a chat client
    #[command(long_about = CONNECT, after_long_help = CONNECT_EXAMPLES)]
    Connect(ConnectArguments),
    /// Draws the TCP connections of a capture file
    #[command(long_about = ladder::ABOUT, after_long_help = ladder::EXAMPLES)]
    Ladder(ladder::LadderArguments),
    /// Answers a question about TCP or UDP by an experiment on two nodes in memory
    #[command(long_about = lab::ABOUT, after_long_help = lab::EXAMPLES)]
    Lab(lab::LabArguments),
    /// Says what a word of the ladders means: flags, numbers, states
    #[command(long_about = EXPLAIN)]
    Explain(ExplainArguments),
    /// Prints how many octets each thing takes
    #[command(long_about = BUDGET)]
    Budget,
}

#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Play on a wire in memory, even where a TAP can be had: both ends are then known, and nothing is inferred
    #[arg(long, visible_alias = "both")]
    pub wire: bool,
    /// The seed of every random choice; the same seed loses the same frames
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = values::seed)]
    pub seed: u64,
    #[command(flatten)]
    pub colours: ColourArguments,
}

#[derive(Debug, Args)]
pub struct ServeArguments {
    /// The TCP port of the chat
    #[arg(long, value_name = "PORT", default_value = "9000", value_parser = values::port)]
    pub port: u16,
    /// The UDP port of the chat
    #[arg(long, value_name = "PORT", default_value = "9000", value_parser = values::port)]
    pub udp_port: u16,
    /// How many connections may wait for one that is free
    #[arg(long, value_name = "COUNT", default_value = "64", value_parser = values::backlog)]
    pub backlog: usize,
    /// How many messages a second a member may send in the long run, after 20 at once; 0 for no limit
    #[arg(long, value_name = "COUNT", default_value = "5", value_parser = values::rate)]
    pub messages_per_second: Rate,
    /// How many places one address (or IPv6 network of 64 bits) keeps while others wait for one
    /// [default: the same for all, at most a quarter of them]
    ///
    /// As long as places are free, one address may have all of them. When somebody waits, the address with
    /// most of them makes room: first with who never spoke, then, beyond this number, with who did. Without the
    /// option it is never less than two or a thirty-second part of all.
    #[arg(long, value_name = "COUNT", value_parser = values::places)]
    pub per_address: Option<usize>,
    /// How long a member that never spoke keeps a place that somebody waits for
    ///
    /// Each that waits halves it: silence from many addresses holds nobody up.
    /// Where somebody waits from an address with fewer than half as many places as another has, one of that
    /// other, too, keeps its place only for so long after its last word.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = values::silence)]
    pub first_words: Duration,
    /// How long one that has spoken keeps it without another word
    #[arg(long, value_name = "TIME", default_value = "10min", value_parser = values::silence)]
    pub idle: Duration,
    /// Also serve echo (port 7), discard (9) and character generator (19), for measurements
    ///
    /// Over TCP and UDP, as RFC 862, 863 and 864 have them. Only for networks you trust.
    #[arg(long)]
    pub services: bool,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub output: OutputArguments,
}

#[derive(Debug, Args)]
pub struct ConnectArguments {
    /// Whom to connect to, such as 192.168.69.100:9000, [fd00:69::100]:9000 or [fe80::100%tap0]:9000
    #[arg(value_name = "ADDRESS:PORT", value_parser = values::remote)]
    pub remote: Remote,
    /// Send datagrams instead of making a connection
    #[arg(long)]
    pub udp: bool,
    #[command(flatten)]
    pub stack: StackArguments,
    #[command(flatten)]
    pub output: OutputArguments,
}

#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// A word, such as FIN, mss or TIME-WAIT; without it all are listed
    #[arg(value_name = "WORD", num_args = 0..)]
    pub words: Vec<String>,
    /// The language: en or zh [default: what LC_ALL, LC_MESSAGES or LANG says]
    #[arg(long, value_name = "LANG", value_parser = colours::lang)]
    pub lang: Option<Lang>,
}

/// For what says something beside the ladders.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArguments {
    /// Show what is said only, without the ladder
    #[arg(long)]
    pub plain: bool,
    #[command(flatten)]
    pub colours: ColourArguments,
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Network")]
pub struct StackArguments {
    /// The TAP: made if it is not there, attached to if it is
    #[arg(long, value_name = "NAME", default_value = "tap0", value_parser = values::tap_name)]
    pub tap: String,
    /// An address of the node with its prefix length; may be given up to 8 times, IPv6 too
    #[arg(long, value_name = "CIDR", default_value = "192.168.69.1/24", value_parser = values::cidr)]
    pub address: Vec<IpCidr>,
    /// An address of this host on the TAP, or none to set none [default: 100 in each subnet of --address]
    ///
    /// A TAP that is a port of a bridge gets none, since the bridge has the host's. none is for any other
    /// TAP that somebody else sees to.
    #[arg(long, value_name = "CIDR", value_parser = values::host_address)]
    pub host_address: Vec<Option<IpCidr>>,
    /// Where packets for other networks go
    #[arg(long, value_name = "ADDRESS", value_parser = values::address)]
    pub gateway: Option<IpAddress>,
    /// The hardware address of the node [default: 02-00 and the end of its first address]
    #[arg(long, value_name = "MAC", value_parser = values::mac)]
    pub mac: Option<EthernetAddress>,
    /// The largest IP packet in octets, from 576 (1280 with IPv6) to 65521
    #[arg(long, value_name = "OCTETS", default_value = "1500", value_parser = values::mtu)]
    pub mtu: usize,
    /// The largest TCP segment in octets of data, offered and sent: from 64 to the MTU less 40
    /// [default: what the MTU has room for]
    #[arg(long, value_name = "OCTETS", value_parser = values::mss)]
    pub mss: Option<u16>,
    /// Exchange TCP segments of up to 64 KiB with the kernel, which cuts them to the MTU where it must
    ///
    /// Faster for bulk transfers. Ladders and captures then show the long segments. Over IPv6 the node
    /// receives long ones only.
    #[arg(long)]
    pub offload: bool,
    /// Maximum segment lifetime; TIME-WAIT lasts twice as long
    ///
    /// Two minutes in RFC 9293. Half a minute, the default, gives the 60 seconds of Linux.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = values::msl)]
    pub msl: Duration,
    /// Probe a silent peer so often; one that answers none for four times as long is gone. 0s: never
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = values::keep_alive)]
    pub keep_alive: Duration,
    /// How many TCP connections there may be at once; memory is taken for all of them
    #[arg(long, value_name = "COUNT", default_value = "64", value_parser = values::connections)]
    pub connections: usize,
    /// Octets that may wait each way on each connection [default: 65536, or 16384 if there are more
    /// than 256 connections]
    #[arg(long, value_name = "OCTETS", value_parser = values::buffer)]
    pub buffer: Option<usize>,
    /// Look for frames this long before sleeping, such as 50us: faster answers for more power
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = values::spin)]
    pub spin: Duration,
    /// Write every frame and every change of state to this file, for Wireshark (pcapng); - is standard
    /// output, and the console is then standard error
    ///
    /// Written whenever the node has nothing to do, so that others can read along, from a FIFO too:
    /// smolchat serve --pcap - | wireshark -k -i -
    #[arg(long, value_name = "FILE")]
    pub pcap: Option<PathBuf>,
    /// The seed of sequence numbers and ports [default: from the system, different each time]
    #[arg(long, value_name = "NUMBER", value_parser = values::seed)]
    pub seed: Option<u64>,
    /// Use a private network even if you could use the one of this host
    #[arg(long)]
    pub private: bool,
}

const DEMO: &str = "\
Plays every handshake and teardown, with no set-up and no root.

The demo makes a private network that nobody else sees, puts a node on a TAP there, and lets \
members that use the kernel's own sockets talk to it: a one-shot exchange, a chat that ends at q, \
several people at once, every way to end a connection, and TCP against UDP on a bad wire. Each act \
is drawn as it happens, with --explain in plain words, too. Where private networks are not allowed, the same acts are played on a wire \
in memory.";

const SERVE: &str = "\
Serves the chat on a TAP.

The TAP is a network cable between this host and the node: the host's end gets --host-address, the \
node answers at --address. Everybody who reaches it is in one room, over TCP and UDP. Lines typed \
here go to everybody; /help lists what else can be typed, q ends, as do Ctrl-C, Ctrl-D, SIGTERM and a \
terminal that is closed: each member is told. Where standard input is no terminal, its end ends nothing: \
the chat goes on, without an operator, until SIGINT or SIGTERM.

Making a TAP takes root. Without it the node runs in a private network, and the command by which \
another terminal joins that network is printed.";

const SERVE_EXAMPLES: &str = "\
Examples:
  smolchat serve                         as a plain user: in a private network
  sudo smolchat serve                    on this host
  sudo smolchat serve --address 10.9.0.1/24 --address fd00:9::1/64 --msl 2min --pcap chat.pcapng

Join from another terminal (in a private network: after the command that is printed):
  nc 192.168.69.1 9000                   over TCP
  nc -u 192.168.69.1 9000                over UDP

One exchange in Python:
  import socket; s = socket.create_connection((\"192.168.69.1\", 9000))
  s.send(\"你好么,我好哟\".encode()); print(s.recv(1024).decode()); s.close()";

const CONNECT: &str = "\
Connects to any TCP or UDP server, as a chat client, and shows the connection from inside.

The node is the active opener: its SYN goes out of the TAP to the server. Typed lines are sent; \
/states, /close, /abort and /ladder act on the connection; q says goodbye and closes.";

const CONNECT_EXAMPLES: &str = "\
Examples:
  nc -l 9000                             a server on this host, in one terminal, first: on all its
                                         addresses, since the TAP's is not there yet
  sudo smolchat connect 192.168.69.100:9000
  nc -u -l 9000                          the same over UDP
  sudo smolchat connect 192.168.69.100:9000 --udp
  smolchat connect 192.168.69.100:9000   as a plain user, in a private network: this first;
                                         it prints the command that starts a server there

A server that listens on all addresses in Python:
  import socket; s = socket.create_server((\"\", 9000)); c, who = s.accept()
  print(who, c.recv(1024).decode()); c.send(b\"hello\\n\"); c.close()";

const EXPLAIN: &str = "\
Says what a word of the ladders means: a flag, a number, a state, MSL, RTO and others, in English or in Chinese. \
Without a word it prints how to read a ladder, and the list of words.";

const BUDGET: &str = "\
Prints how many octets a connection, a member, a TIME-WAIT record and a journal event take, and \
what that makes in all for some numbers of connections.";
