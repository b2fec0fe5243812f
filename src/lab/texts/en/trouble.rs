//! What goes wrong.

use crate::lab::texts::{Trouble, Words};

pub(super) const TROUBLE: Trouble = Trouble {
    cable_pulled: Words {
        question: "The cable is pulled: is the connection still there?",
        answer: [
            "Yes, as long as nobody says anything: for {0} no segment crossed and no state changed, and after that the connection worked as before.",
            "Who has something to say sends it again, each time after twice as long: plugged in soon enough, it arrives; else, here after {0} attempts and {1}, the connection is over with ETIMEDOUT.",
        ],
        rfc: "R2, the time after which a connection is closed, should be at least 100 s. TCP needs no signal from the link, and an idle connection none at all.",
        kernel: "Between two machines, or network namespaces with ip link set veth0 down: ss -tno shows timer:(on,...) grow. Linux gives up after tcp_retries2 = 15, about 15 minutes.",
        runs: &[
            "nobody says anything",
            "plugged in again after 5 s",
            "never plugged in again",
        ],
    },
    power_lost: Words {
        question: "What is the difference between a killed process and a lost power supply?",
        answer: [
            "When the process is killed its system is still there and closes for it: the FIN reaches the client after {0}, and recv() gives 0.",
            "When the power fails nobody says anything: after {0} the client still believes in the connection. Only when it sends does the machine, started anew, answer with a RST, and recv() fails with ECONNRESET.",
        ],
        rfc: "A half-open connection: one end crashed without the other's knowledge. It is found as soon as something is sent, by a reset.",
        kernel: "kill -9 of a nc -l: FIN (or RST, if it had unread data). For the power, a virtual machine: virsh destroy, or echo b > /proc/sysrq-trigger in it; the other end stays ESTAB in ss -tan.",
        runs: &[
            "the process is killed",
            "the power fails, and comes back after an hour",
        ],
    },
    syn_flood: Words {
        question: "What does a SYN flood do, and what do SYN cookies do against it?",
        answer: [
            "Forged SYNs, here {0}, take the places of honest clients: nobody completes them. Without a cookie the client's SYN is dropped in silence; it was in after {1}, by its second SYN.",
            "Under {0} forged SYNs the server answers with a cookie: all it must know is in its initial number, and nothing is kept. The client is in ESTABLISHED after {1}; its ACK brings the cookie back, and accept() has it after {2}.",
        ],
        rfc: "The number is made of the addresses, the ports, a clock and a secret, with the segment size in it; whoever returns it has seen it.",
        kernel: "Only in a network of your own: hping3 -S -p 9000 --rand-source --flood in a namespace; sysctl net.ipv4.tcp_syncookies, and nstat -az TcpExtSyncookiesSent TcpExtSyncookiesRecv.",
        runs: &[
            "few forged SYNs: no cookie at first",
            "many forged SYNs: cookies",
        ],
    },
    blind_reset: Words {
        question: "Can a third party end a connection by a forged RST?",
        answer: [
            "Not by one that is only near: its number lies in the window but is not exactly the next, so the server asks the client by a challenge ACK, and the connection lives.",
            "With exactly the next number it does: the server's end is CLOSED, and recv() fails with ECONNRESET. Who cannot read along must guess one number of four thousand million, and both ports.",
        ],
        rfc: "A RST counts only if its number is RCV.NXT; elsewhere in the window it draws a challenge ACK. RFC 793 took any number in the window.",
        kernel: "With scapy between two namespaces: send(IP(src=...,dst=...)/TCP(sport=...,dport=9000,flags=\"R\",seq=...)), once with the next number of ss -ti and once beside it; nstat -az TcpExtTCPChallengeACK.",
        runs: &["a number in the window", "exactly the next number"],
    },
    keep_alive: Words {
        question: "How does a server notice that a silent client is gone? (keep-alive)",
        answer: [
            "After {0} of silence it sends a probe, one octet before the next number: whoever lives must answer it, the connection stays, and the program hears nothing of it.",
            "Whoever is gone answers none: after {0} probes and {1} the connection is over, and recv() fails with ETIMEDOUT. Without keep-alive it would stay until somebody sends.",
        ],
        rfc: "Keep-alive is optional and off by default (MUST-25); the interval must be configurable and at least two hours by default (MUST-28). Here it is 60 s, and 180 s without an answer.",
        kernel: "s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1) and TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT; ss -tno shows timer:(keepalive,...); Wireshark: TCP Keep-Alive.",
        runs: &["the client lives", "the client's power fails"],
    },
    lossy_path: Words {
        question: "What do TCP and UDP make of a path that loses 30 % of all packets?",
        answer: [
            "TCP: all {0} messages arrive in order, although {1} of {2} segments were lost; it took {3}.",
            "UDP: {0} of {1} datagrams arrive, each at once; nobody asks for the others.",
        ],
        rfc: "TCP retransmits until it is acknowledged, with a doubled timer each time; UDP leaves that to the program.",
        kernel: "tc qdisc add dev lo root netem loss 30%, then time curl over TCP, and iperf3 -u, which counts what is lost. Afterwards: tc qdisc del dev lo root.",
        runs: &["TCP", "UDP"],
    },
};
