//! How a connection begins.

use crate::lab::texts::{Opening, Words};

pub(super) const OPENING: Opening = Opening {
    without_accept: Words {
        question: "Can a connection be made although the server never calls accept()?",
        answer: [
            "Yes: both ends are in ESTABLISHED before accept() is called, which only takes a connection from the queue.",
            "What the client sends is acknowledged and kept meanwhile: {0} octets wait in the server's buffer, and recv() finds them after accept().",
        ],
        rfc: "A passive OPEN (LISTEN) is all that a handshake needs; accept() is no call of TCP, it belongs to the socket interface.",
        kernel: "Run python3 -c 'import socket,time; s=socket.create_server((\"127.0.0.1\",9000)); time.sleep(60)', then nc 127.0.0.1 9000, and look with ss -tan: ESTAB, and Recv-Q of the listener is 1. Wireshark on lo, filter tcp.port==9000.",
        runs: &[],
    },
    without_listen: Words {
        question: "What happens to a client when nobody listens on the port?",
        answer: [
            "TCP answers the SYN with a RST: the client is in CLOSED after one round trip of {0}, and its call fails with ECONNREFUSED.",
            "UDP has no handshake: the datagram leaves all the same, and only an ICMP message (port unreachable) says that nobody has the port.",
        ],
        rfc: "A segment to a connection in CLOSED draws a reset; a datagram to a port that nobody has should draw ICMP Port Unreachable.",
        kernel: "nc -v 127.0.0.1 9999 says Connection refused; nc -u 127.0.0.1 9999 fails only when a second line is typed. Wireshark on lo: tcp.flags.reset==1 or icmp.type==3.",
        runs: &["TCP", "UDP"],
    },
    three_not_two: Words {
        question: "Why does the handshake take three segments and not two?",
        answer: [
            "Here an old SYN arrives that nobody waits for any more: the server answers and is in SYN-RECEIVED, but not in ESTABLISHED. With two segments it would be, for nobody.",
            "The client knows no such connection and sends a RST in place of the third segment: the server forgets it, and accept() finds nothing.",
        ],
        rfc: "\"The principal reason for the three-way handshake is to prevent old duplicate connection initiations from causing confusion\"; figure 8 shows it.",
        kernel: "An old SYN is made with scapy: send(IP(dst=\"127.0.0.1\")/TCP(sport=5000,dport=9000,flags=\"S\",seq=1)). The kernel answers the SYN,ACK with a RST by itself, since it has no such socket.",
        runs: &[],
    },
    lost_syn: Words {
        question: "What happens when a SYN is lost?",
        answer: [
            "It is sent again with the same number, first after {0}, and each further wait is twice as long.",
            "connect() knows nothing of it: it only takes longer. Here ESTABLISHED came {0} after the first SYN, with {1} sent again.",
        ],
        rfc: "The timer is doubled at each expiry (rule 5.5). A SYN must be tried for at least 3 minutes (R2).",
        kernel: "iptables -A INPUT -p tcp --dport 9000 -j DROP, then time nc -v 127.0.0.1 9000: Wireshark shows SYNs after 1, 3, 7, 15 s; sysctl net.ipv4.tcp_syn_retries says how many.",
        runs: &[],
    },
    queues_full: Words {
        question: "When is a SYN dropped? What do a full accept queue and a full SYN queue do?",
        answer: [
            "Nobody calls accept(), so two connections in ESTABLISHED fill all places; the next SYN waits in the SYN queue without an answer, and the one after it is dropped.",
            "No RST says so. As soon as a connection is accepted and over, the SYN that waited is answered; whoever was dropped has to send its SYN again.",
        ],
        rfc: "How many connections may wait is not TCP's to say; the backlog is the socket interface's. RFC 4987 tells of backlogs and what fills them.",
        kernel: "s.listen(1) without accept() in Python, then several nc in the background: ss -tan shows one or two ESTAB and the others in SYN-SENT; nstat -az TcpExtListenOverflows TcpExtListenDrops counts.",
        runs: &[],
    },
    isns_differ: Words {
        question: "Why does each connection begin at another sequence number?",
        answer: [
            "Between other ports the number is another one ({0} and {1}), and the clock alone does not make the difference.",
            "Between the same ports it has grown by {0} in {1}, one every 4 us: so old segments of the last connection lie behind the new one's numbers.",
        ],
        rfc: "ISN = M + F(addresses, ports, secret): M is a clock of 4 us, F a keyed hash. Whoever lacks the key cannot compute the numbers of another's connection, and so cannot forge a segment into it.",
        kernel: "In Wireshark switch off Protocols - TCP - Relative sequence numbers, and connect some times with nc -p 5002 and without -p.",
        runs: &[],
    },
    simultaneous_open: Words {
        question: "What happens when both sides connect to each other at the same time?",
        answer: [
            "The SYNs cross, and each side goes SYN-SENT, SYN-RECEIVED, ESTABLISHED: nobody is a server.",
            "It becomes one connection and not two, with {0} segments in all, although nobody called listen().",
        ],
        rfc: "Simultaneous opening must be supported (MUST-10); figure 7 shows it.",
        kernel: "Two terminals: while :; do nc -p 5000 127.0.0.1 9000 </dev/null; done and the same with the ports exchanged. When the SYNs cross, ss -tan shows one connection, seen from both ends.",
        runs: &[],
    },
    port_in_use: Words {
        question: "When is a port in use?",
        answer: [
            "A port that is served cannot be served twice: the second listen() fails with EADDRINUSE.",
            "The side that closed first keeps the four numbers of the connection (both addresses, both ports) for 2 MSL, here {0}: from the same port to the same server it fails with EADDRNOTAVAIL until then, and works after.",
        ],
        rfc: "A second OPEN of the same pair is an error, \"connection already exists\"; TIME-WAIT is the connection still, for 2 MSL.",
        kernel: "Start python3 -m http.server 9000 twice: Address already in use. A server that closed first fails in the same way at its next start for 60 s, unless it sets SO_REUSEADDR; ss -tan state time-wait shows why.",
        runs: &[],
    },
    tcp_and_udp_port: Words {
        question: "Can TCP and UDP use the same port at the same time?",
        answer: [
            "Yes: listen() for TCP and bind() for UDP both succeed on port {0}, because the protocol's number in the IP header comes first.",
            "Each gets its own: what was sent over TCP is read by recv(), the datagram by recvfrom(), and neither disturbs the other.",
        ],
        rfc: "Ports are a part of each protocol's own header; IP delivers by its protocol field: 6 is TCP, 17 is UDP.",
        kernel: "nc -l 9000 and nc -u -l 9000 side by side; ss -tuln shows both. DNS servers do so on port 53.",
        runs: &[],
    },
};
