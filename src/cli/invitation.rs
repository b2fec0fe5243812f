//! How others join: the commands to type, verbatim.

use std::fmt;

use smoltcp::wire::IpCidr;

use super::config::Stack;
use super::namespace::Namespace;
use super::zone::{Url, Zoned};

/// What `serve` prints first.
pub struct Invitation<'a> {
    pub stack: &'a Stack,
    pub namespace: Option<Namespace>,
    pub port: u16,
    pub udp_port: u16,
}

impl fmt::Display for Invitation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            stack,
            port,
            udp_port,
            ..
        } = self;
        write!(f, "The chat is at")?;
        for (number, cidr) in stack.addresses.iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            write!(f, "{comma} {}", self.zoned(cidr))?;
        }
        writeln!(
            f,
            " on {}, TCP port {port}, UDP port {udp_port}.",
            stack.tap
        )?;
        let prefix = self.prefix();
        match self.namespace {
            Some(_) => writeln!(
                f,
                "Its network is private to this program. From another terminal, join with one of"
            )?,
            None => writeln!(f, "From another terminal, join with one of")?,
        }
        for cidr in &stack.addresses {
            let address = self.zoned(cidr);
            writeln!(f, "  {prefix}nc {address} {port}")?;
            writeln!(
                f,
                "  {prefix}nc -u {address} {udp_port}    and there: /join, please"
            )?;
            writeln!(f, "  {prefix}curl {}", Url(address, *port))?;
        }
        if let Some(first) = stack.addresses.first() {
            writeln!(f, "or, in {prefix}python3, with")?;
            writeln!(
                f,
                "  import socket; s = socket.create_connection((\"{}\", {port}))",
                self.zoned(first)
            )?;
            writeln!(
                f,
                "  s.send(\"你好么,我好哟\".encode()); print(s.recv(1024).decode()); s.close()"
            )?;
        }
        writeln!(
            f,
            "Lines typed here go to everybody; /help lists the commands, q ends.\n"
        )
    }
}

impl Invitation<'_> {
    /// An address of the node, as another program on this host reaches it.
    fn zoned(&self, cidr: &IpCidr) -> Zoned<'_> {
        Zoned {
            address: cidr.address(),
            tap: &self.stack.tap,
        }
    }

    fn prefix(&self) -> String {
        self.namespace
            .map(|namespace| namespace.join_command() + " ")
            .unwrap_or_default()
    }
}
