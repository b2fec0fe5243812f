//! What can be asked of `smolchat ladder`, and the help from which a person learns it.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use smolchat::capture::{Ended, Selection};
use smolchat::picture::Format;
use smoltcp::wire::IpAddress;

use super::super::colours::ColourArguments;
use super::super::lab::values::format;

#[derive(Debug, Args)]
pub struct LadderArguments {
    /// A capture: pcap or pcapng, which may be compressed by gzip; - reads it from standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Instead of ladders, say in a few sentences how each connection ended, or what it waited for
    #[arg(long, conflicts_with_all = ["explain", "no_text"])]
    pub why: bool,
    /// Instead of ladders, a line for each connection: how it ended, its handshake, what was lost
    ///
    /// again: segments sent again. gaps: segments before which something was missing when they came. missing:
    /// octets that are not in the capture at all.
    #[arg(long, conflicts_with_all = ["explain", "no_text", "why"])]
    pub list: bool,
    /// As what: text; explain, with a sentence for each row; svg, a picture; mermaid, for code hosts; json, a line an
    /// event; dot, the states for Graphviz
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = format, conflicts_with_all = ["why", "list"])]
    pub format: Format,
    #[command(flatten)]
    pub selection: SelectionArguments,
    #[command(flatten)]
    pub colours: ColourArguments,
}

/// Which connections are wanted.
#[derive(Debug, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectionArguments {
    /// Only connections with this port at one end; may be given several times, for any of them
    #[arg(long, value_name = "PORT", value_parser = port)]
    pub port: Vec<u16>,
    /// Only connections with this address at one end; may be given several times
    #[arg(long, value_name = "ADDRESS", value_parser = host)]
    pub host: Vec<IpAddress>,
    /// Only connections that ended like this, may be given several times: closed, half-closed, reset, refused,
    /// unanswered, half-open, given-up, or open
    #[arg(long, value_name = "WAY", value_parser = ended)]
    pub ended: Vec<Ended>,
}

impl From<&SelectionArguments> for Selection {
    fn from(arguments: &SelectionArguments) -> Self {
        Self {
            ports: arguments.port.clone(),
            hosts: arguments.host.clone(),
            ended: arguments.ended.clone(),
        }
    }
}

fn port(text: &str) -> Result<u16, String> {
    text.parse()
        .map_err(|_| "a port in a capture is a number from 0 to 65535, such as 443".into())
}

fn host(text: &str) -> Result<IpAddress, String> {
    let address: Result<IpAddr, _> = text.parse();
    address.map(IpAddress::from).map_err(|_| {
        "an address in a capture is a number, such as 192.168.69.1 or fd00:69::1, without a name, a prefix or \
         a zone"
            .into()
    })
}

fn ended(text: &str) -> Result<Ended, String> {
    let known = Ended::ALL.map(Ended::name).join(", ");
    Ended::of_name(text)
        .ok_or_else(|| format!("no connection ends like that; it is one of {known}"))
}

pub const ABOUT: &str = "\
Draws the TCP connections of a capture file, with the states of both ends as their segments imply \
them: in parentheses. In a capture that --pcap wrote the states of the node, what caused them, and what \
became of its segments are read from the comments, and certain.

Packets are found behind Ethernet, Linux cooked capture, raw IP, loopback, PPP and HDLC; behind VLAN \
tags, MPLS, PPPoE and SNAP; in GRE, VXLAN, Geneve and IP tunnels. Below the ladders stands how many \
packets were left out, and why.

With --list there is a line for each connection instead: how it ended, how long its handshake took, what was \
sent again, and what is missing. --port, --host and --ended choose connections, for ladders, --why and --list.

A row of data has what was said below it. With --explain each row has a sentence that says what it means and \
what caused it; smolchat explain has the words one by one.";

pub const EXAMPLES: &str = "\
Examples:
  sudo tcpdump -i tap0 -w chat.pcap tcp  make a capture
  smolchat ladder chat.pcap
  smolchat ladder --explain --lang zh chat.pcap
  smolchat ladder --why chat.pcap        how each connection ended
  smolchat ladder --list big.pcapng.gz   a line for each connection
  smolchat ladder --port 443 --ended reset --ended refused big.pcapng.gz
  smolchat ladder --format svg chat.pcap > chat.svg
  ssh host tcpdump -w - tcp | smolchat ladder -";
