"""Frames of strangers who do not exist, of each kind, with right checksums.

Sources are on the node's own network and far away in turn, and no two frames of a kind are the same.
"""

import random
import struct
from ipaddress import IPv4Address, IPv6Address

ECHO, CHAT, CLOSED = 7, 9000, 33_434
SYN, RST = 0x02, 0x04
# Frames of a kind; they are sent again and again.
COUNT = 4_096


def total(octets):
    """The checksum of RFC 1071."""
    octets += bytes(len(octets) % 2)
    sum_ = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while sum_ >> 16:
        sum_ = (sum_ & 0xFFFF) + (sum_ >> 16)
    return ~sum_ & 0xFFFF


class Forger:
    """Who sends them: anybody on the TAP, to the node at these addresses."""

    def __init__(self, hardware, address, address6, member, seed=1):
        self.hardware, self.member = hardware, member
        self.address, self.address6 = IPv4Address(address), IPv6Address(address6)
        self.random = random.Random(seed)

    def kinds(self):
        return {
            "SYN": self.syn,
            "ARP": self.arp,
            "neighbour solicitation": self.solicitation,
            "UDP": self.datagram,
            "ICMP": self.icmp,
            "RST": self.rst,
        }

    def frames(self, kind):
        return [self.kinds()[kind](number) for number in range(COUNT)]

    def stranger(self, number):
        """Every other one is a neighbour of the node's."""
        if number % 2:
            return IPv4Address((198 << 24 | 51 << 16) + number)
        return IPv4Address((int(self.address) & 0xFFFF0000) + 0x1000 + number)

    def ethernet(self, number, protocol, payload, destination=None):
        source = bytes([2, 9, 9, 9, *struct.pack("!H", number)])
        return (destination or self.hardware) + source + struct.pack("!H", protocol) + payload

    def ipv4(self, number, source, protocol, payload):
        fields = (0x45, 0, 20 + len(payload), number, 0, 64, protocol, 0)
        header = struct.pack("!BBHHHBBH", *fields) + source.packed + self.address.packed
        header = header[:10] + struct.pack("!H", total(header)) + header[12:]
        return self.ethernet(number, 0x0800, header + payload)

    def over_ipv4(self, number, source, protocol, payload, at):
        """With the checksum of TCP or UDP filled in at this place."""
        pseudo = source.packed + self.address.packed + struct.pack("!BBH", 0, protocol, len(payload))
        sum_ = struct.pack("!H", total(pseudo + payload))
        return self.ipv4(number, source, protocol, payload[:at] + sum_ + payload[at + 2 :])

    def segment(self, number, source, port, flags):
        sequence = self.random.getrandbits(32)
        tcp = struct.pack("!HHIIBBHHH", port, self.port, sequence, 0, 0x50, flags, 65_535, 0, 0)
        return self.over_ipv4(number, source, 6, tcp, 16)

    port = ECHO

    def syn(self, number):
        self.port = (ECHO, CHAT)[number // 2 % 2]
        return self.segment(number, self.stranger(number), self.random.randrange(1_024, 65_536), SYN)

    def rst(self, number):
        """At the connection of an honest member, with a number that is guessed."""
        address, ports = self.member
        port, self.port = ports[number // 2 % len(ports)], (ECHO, CHAT)[number % 2]
        return self.segment(number, IPv4Address(address), port, RST)

    def datagram(self, number):
        """To a port that is closed, and to the chat."""
        port = (CLOSED, CHAT)[number // 2 % 2]
        payload = b"hello %d\n" % number
        udp = struct.pack("!HHHH", 40_000 + number, port, 8 + len(payload), 0) + payload
        return self.over_ipv4(number, self.stranger(number), 17, udp, 6)

    def icmp(self, number):
        """Echo requests, and complaints about a segment that was never sent."""
        if number // 2 % 2:
            icmp = struct.pack("!BBHHH", 8, 0, 0, 7, number) + bytes(32)
        else:
            quoted = struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0)
            quoted += self.address.packed + IPv4Address(self.member[0]).packed
            quoted += struct.pack("!HHI", ECHO, self.random.randrange(1_024, 65_536), number)
            icmp = struct.pack("!BBHI", 3, 3, 0, 0) + quoted
        icmp = icmp[:2] + struct.pack("!H", total(icmp)) + icmp[4:]
        return self.ipv4(number, self.stranger(number), 1, icmp)

    def arp(self, number):
        """Questions for the node, and answers that it did not ask for."""
        source = IPv4Address((int(self.address) & 0xFFFF0000) + 0x1000 + number)
        hardware = bytes([2, 9, 9, 9, *struct.pack("!H", number)])
        operation = 1 + number % 2
        arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + hardware + source.packed
        arp += self.hardware + self.address.packed
        return self.ethernet(number, 0x0806, arp)

    def solicitation(self, number):
        prefix = int(self.address6) >> 64 << 64
        source = IPv6Address(prefix + 0x1000 + number)
        hardware = bytes([2, 9, 9, 9, *struct.pack("!H", number)])
        message = struct.pack("!BBHI", 135, 0, 0, 0) + self.address6.packed + b"\x01\x01" + hardware
        pseudo = source.packed + self.address6.packed + struct.pack("!II", len(message), 58)
        message = message[:2] + struct.pack("!H", total(pseudo + message)) + message[4:]
        header = struct.pack("!IHBB", 6 << 28, len(message), 58, 255)
        return self.ethernet(number, 0x86DD, header + source.packed + self.address6.packed + message)
