//! How it ends.

use crate::lab::texts::{Closing, Words};

pub(super) const CLOSING: Closing = Closing {
    four_or_three: Words {
        question: "Why does it take four segments to close, and sometimes three?",
        answer: [
            "Each direction is closed by itself: while the server's program has not closed, its stack can only acknowledge (CLOSE-WAIT), and its own FIN comes later. That makes four segments.",
            "If the server's program closes before the acknowledgment has left, both travel in one segment, FIN,ACK: three segments.",
        ],
        rfc: "CLOSE means \"I have no more data to send\"; figure 12 has four segments, and nothing forbids that the second and third are one.",
        kernel: "nc -l 9000 and nc 127.0.0.1 9000, Ctrl-D in the client: Wireshark shows FIN,ACK - FIN,ACK - ACK, since nc closes at once. A server that does time.sleep(1) before close() shows four.",
        runs: &[
            "the server's program closes later",
            "the server's program closes at once",
        ],
    },
    who_closes_first: Words {
        question: "Client or server: what does it matter who closes first?",
        answer: [
            "Whoever closes first waits in TIME-WAIT. Here it is the client, for {0}; the server is in CLOSED at once and keeps nothing.",
            "Here it is the server, for {0}: it keeps a record of each such client, and the client keeps nothing. A server that lets its clients close first has none to keep.",
        ],
        rfc: "The side that sends the first FIN goes FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT; the other CLOSE-WAIT, LAST-ACK, CLOSED.",
        kernel: "ss -tan state time-wait, after curl -s http://127.0.0.1:9000/ against python3 -m http.server 9000: HTTP/1.0 servers close first, and have it.",
        runs: &["the client closes first", "the server closes first"],
    },
    two_msl: Words {
        question: "Why does TIME-WAIT last 2 MSL? And without it, when the last ACK is lost?",
        answer: [
            "The last ACK is lost, so the server sends its FIN again; the client is still in TIME-WAIT, acknowledges again and waits 2 MSL anew. The server ends in peace.",
            "Without the wait the client knows nothing any more when the FIN comes again, and answers with a RST: the server's connection ends with an error, although all was done.",
        ],
        rfc: "TIME-WAIT lasts 2 MSL, long enough for the last ACK to be lost and the FIN to come again. The only thing that can arrive is that FIN: acknowledge it, restart the timer.",
        kernel: "iptables -A INPUT -p tcp --dport 9000 --tcp-flags FIN,ACK ACK -m length --length 40:52 -j DROP just before the client's close, and Wireshark on lo; ss -tano state time-wait shows the timer. Linux waits 60 s, whatever its MSL.",
        runs: &["with 2 MSL", "without"],
    },
    old_segment: Words {
        question: "What can an old segment do to the next connection?",
        answer: [
            "With 2 MSL nothing: as long as the old segment may be on its way, the client may not connect from the same port (EADDRNOTAVAIL), and the copy finds no connection.",
            "Without, a new connection between the same ports may have numbers that just fit: the copy of \"old!\" is taken for the new client's first octets, its real ones for a duplicate, and the server reads \"old!\". No checksum and no error tells.",
        ],
        rfc: "Segments of an earlier incarnation must be gone before the numbers are used again: that is what the quiet time and TIME-WAIT are for. RFC 1337 calls it a TIME-WAIT hazard.",
        kernel: "Not without tampering: Linux keeps TIME-WAIT 60 s and has timestamps (PAWS) besides. tc qdisc add dev lo root netem delay 50ms duplicate 10% makes the copies; they meet TIME-WAIT.",
        runs: &["with 2 MSL", "without"],
    },
    syn_meets_time_wait: Words {
        question: "What happens when a SYN meets a connection in TIME-WAIT?",
        answer: [
            "A new SYN, whose number lies beyond the old connection's, ends TIME-WAIT and opens a new connection between the same ports.",
            "An old SYN does not: it is answered with an ACK (a challenge). Whoever does not know that connection answers with a RST, and in TIME-WAIT that is ignored.",
        ],
        rfc: "A SYN may reopen a connection in TIME-WAIT if its number is larger than all that were used (MAY-2); RFC 6191 has the same with timestamps.",
        kernel: "python3 server that closes first, then nc -p 5000 127.0.0.1 9000 twice within a minute: the second one works. Wireshark calls it Port numbers reused.",
        runs: &["a new SYN", "an old SYN"],
    },
    fin_out_of_order: Words {
        question: "What happens to a FIN that arrives before the data in front of it?",
        answer: [
            "Nothing: the FIN's number shows that octets before it are missing, so the server stays in ESTABLISHED, and recv() has neither data nor an end.",
            "Only after the data has come does a FIN count: recv() gives all of it, then 0. This stack does not keep the early FIN, so it must be sent again, {0} after the data; others keep it and act as soon as the hole is filled.",
        ],
        rfc: "Segments are processed in sequence; out-of-order ones should be held (SHLD-31). The FIN comes last, as the eighth check.",
        kernel: "tc qdisc add dev lo root netem delay 20ms reorder 50% 50%, then send and close often: Wireshark marks TCP Out-Of-Order. Linux keeps the FIN: CLOSE-WAIT comes with the missing data.",
        runs: &[],
    },
    half_close: Words {
        question: "Can one side close and still receive? (half-close)",
        answer: [
            "Yes: after shutdown(SHUT_WR) the client is in FIN-WAIT-2; the server reads 0, the end, and still sends; the client reads its answer.",
            "The client cannot send any more: send() fails with EPIPE. Only the server's FIN ends the connection.",
        ],
        rfc: "A TCP connection is two streams, each closed by itself; whoever has closed may go on receiving until told that the other side has closed too.",
        kernel: "printf question | nc -N 127.0.0.1 9000 does shutdown() at the end of its input, and prints what still comes; ss -tan shows FIN-WAIT-2 here and CLOSE-WAIT there.",
        runs: &[],
    },
    simultaneous_close: Words {
        question: "What happens when both sides close at the same time?",
        answer: [
            "The FINs cross: each side gets a FIN before its own is acknowledged, and goes from FIN-WAIT-1 to CLOSING.",
            "When the acknowledgments have crossed too, both wait in TIME-WAIT, for {0} each: both were the first.",
        ],
        rfc: "Figure 13 shows it: FIN-WAIT-1, CLOSING, TIME-WAIT at both ends.",
        kernel: "Rare by hand: two Python programs that close() at the same time.time(), with tc qdisc add dev lo root netem delay 100ms. ss -tan then shows CLOSING.",
        runs: &[],
    },
    linger_0: Words {
        question: "What does close() with a linger time of zero lose?",
        answer: [
            "The usual close() loses nothing: the stack goes on sending what waits, and the FIN comes after it. The server read all {0} octets, then 0.",
            "With linger 0 a RST goes out at once, and what waited is thrown away: {0} of {1} octets never came, the server's recv() ends with ECONNRESET, and the client has no TIME-WAIT.",
        ],
        rfc: "ABORT sends a reset and empties the queues; CLOSE sends everything first.",
        kernel: "s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(\"ii\",1,0)); s.close() in Python: Wireshark shows RST,ACK in place of FIN,ACK. Linux's server also loses what it has received and not read.",
        runs: &["close()", "close() with linger 0"],
    },
};
