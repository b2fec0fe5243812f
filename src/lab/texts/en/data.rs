//! What is sent on it.

use crate::lab::texts::{Data, Words};

pub(super) const DATA: Data = Data {
    numbers: Words {
        question: "How do sequence and acknowledgment numbers change?",
        answer: [
            "SYN and FIN take one number each, every octet takes one, an ACK alone takes none: after SYN and \"hello\" the FIN has number 6, and its acknowledgment asks for 7.",
            "Without losses each side sends exactly the number that the other one asked for last; at the end the client stands at {0}, the server at {1}.",
        ],
        rfc: "SEG.LEN counts the octets of data, SYN and FIN included; ACK n means that everything before n was received.",
        kernel: "Wireshark shows relative numbers by itself, and Next sequence number below them; Statistics - Flow Graph draws them.",
        runs: &[],
    },
    sticking: Words {
        question: "Why do messages stick together in TCP, and never in UDP?",
        answer: [
            "TCP is a stream of octets: two send() calls left in two segments, and one recv() gave both as \"hello,world\". Where one message ends is nothing that TCP keeps.",
            "UDP keeps each datagram by itself: two sendto(), two recvfrom(), each with its own message.",
        ],
        rfc: "TCP is a reliable, in-order byte-stream service; a datagram of UDP is delivered as a whole or not at all.",
        kernel: "In Python: send twice, time.sleep(0.1) at the receiver, recv(1024). So a protocol on TCP needs its own bounds: a length in front, or an end such as a line feed.",
        runs: &["TCP", "UDP"],
    },
    recv_blocks: Words {
        question: "Why does recv() block, and when does it return?",
        answer: [
            "There is nothing to give: from the first call it would have slept {0}, until the segment with the data arrived, and at that moment it has \"hello\".",
            "It has nothing again until something comes: the FIN does, and then it returns 0, which is no error but the end.",
        ],
        rfc: "RECEIVE: if there is not enough data, the request waits; a FIN tells that no more will come.",
        kernel: "strace -e trace=recvfrom nc 127.0.0.1 9000 shows the call that stays open. s.setblocking(False) turns the sleep into EAGAIN (BlockingIOError), as it stands here.",
        runs: &[],
    },
    zero_window: Words {
        question: "What happens when the receiver does not read? (zero window)",
        answer: [
            "Its buffer of {0} octets fills, and it acknowledges with win=0: the sender stops, and asks with single octets whether the window has opened, here {1} times, at growing intervals.",
            "As soon as the server has read, it says so by itself (a window update), and the rest comes: {0} octets in all, none lost.",
        ],
        rfc: "The sender must probe zero windows (MUST-36), first after one RTO (SHLD-29), with exponentially growing intervals (SHLD-30); the connection stays open as long as the probes are answered.",
        kernel: "A server that accepts and sleeps; then yes | nc 127.0.0.1 9000. Wireshark: TCP ZeroWindow, TCP ZeroWindowProbe, TCP Window Update; ss -tno shows timer:(persist,...).",
        runs: &[],
    },
    silly_window: Words {
        question: "What if the receiver reads one octet at a time? (silly window)",
        answer: [
            "The window stays closed: after {0} calls that read a single octet no segment goes either way, else each octet would cost 40 of headers.",
            "Only when half of the buffer is free does the window open, to {0} octets at once, and the next segment carries {1}.",
        ],
        rfc: "The receiver should not move the window before it can move it by half of the buffer or a full segment, whichever is less (MUST-39).",
        kernel: "A server that does s.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096) and recv(1) with a pause; look at win= in Wireshark.",
        runs: &[],
    },
    nagle: Words {
        question: "What happens when Nagle meets delayed acknowledgments?",
        answer: [
            "Without Nagle both small segments leave before anything is acknowledged, and the server has all of it {0} after the first send().",
            "With Nagle's rule the second one waits for the ACK of the first, and the ACK waits for more to acknowledge: {0} in all, of which {1} is nothing but the delayed ACK.",
        ],
        rfc: "Nagle: while something is unacknowledged, small data waits. Delayed ACK: up to 0.5 s, but at least every second full segment (SHLD-18, SHLD-19). Each is good; together they wait for each other.",
        kernel: "Write, write, read in Python with a server that answers the whole: 40 ms on Linux, 200 ms on Windows; s.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1) ends it. This node never uses Nagle: here the rule is a part of the client's script.",
        runs: &["without Nagle", "with Nagle's rule"],
    },
    lost_message: Words {
        question: "What becomes of one lost message, in TCP and in UDP?",
        answer: [
            "TCP: message {0} was sent again until it arrived, {1} after the first time. What was said later waited for it in the server's buffer, and recv() gave all in order.",
            "UDP: message {0} is gone. Nobody sends it again and nobody is told; the others arrive as if nothing had been.",
        ],
        rfc: "The sender's timer (RTO) and its doubling: RFC 6298. UDP protects neither delivery nor order; RFC 768 says so on its first page.",
        kernel: "tc qdisc add dev lo root netem loss 30% and nc with and without -u; Wireshark marks TCP Retransmission, and of UDP it shows nothing.",
        runs: &["TCP", "UDP"],
    },
    duplicate: Words {
        question: "What if the network delivers a message twice?",
        answer: [
            "TCP: the copy's numbers were received already, so it is acknowledged again and thrown away; recv() gives each octet once.",
            "UDP: the copy is as good as the first; recvfrom() gives it twice, and only the programs can tell.",
        ],
        rfc: "A segment outside of the window is acknowledged and dropped. UDP does not protect against duplicates.",
        kernel: "tc qdisc add dev lo root netem duplicate 50%; with nc -u -l a line appears twice, with nc -l it never does.",
        runs: &["TCP", "UDP"],
    },
};
