//! How it ends.

use crate::lab::texts::{Closing, Words};

pub(super) const CLOSING: Closing = Closing {
    four_or_three: Words {
        question: "为什么是四次挥手，什么时候会变成三次？",
        answer: [
            "两个方向各自关闭：服务端的程序还没有关闭时，协议栈只能先确认（CLOSE-WAIT），自己的 FIN 以后再发。这样就是四次。",
            "如果服务端的程序在确认发出之前就关闭，两者合成一个报文段 FIN,ACK：只要三次。",
        ],
        rfc: "CLOSE 的意思是我没有数据要发了；图 12 是四个报文段，但并不禁止把第二个和第三个合并。",
        kernel: "nc -l 9000 和 nc 127.0.0.1 9000，在客户端按 Ctrl-D:nc 马上关闭，所以 Wireshark 里是 FIN,ACK - FIN,ACK - ACK。服务端在 close() 之前 time.sleep(1) 就能看到四次。",
        runs: &["服务端的程序稍后才关闭", "服务端的程序马上关闭"],
    },
    who_closes_first: Words {
        question: "客户端先关还是服务端先关，有什么区别？",
        answer: [
            "谁先关闭，谁就在 TIME-WAIT 里等。这里是客户端，等 {0}；服务端马上是 CLOSED，什么也不留。",
            "这里是服务端，等 {0}：它要为每个这样的客户端留一个记录，而客户端什么也不留。让客户端先关，服务端就不用留。",
        ],
        rfc: "先发 FIN 的一方（主动关闭）经过 FIN-WAIT-1、FIN-WAIT-2、TIME-WAIT；另一方（被动关闭）经过 CLOSE-WAIT、LAST-ACK、CLOSED。",
        kernel: "对 python3 -m http.server 9000 运行 curl -s http://127.0.0.1:9000/，然后 ss -tan state time-wait:HTTP/1.0 的服务端先关闭，所以 TIME-WAIT 在它那里。",
        runs: &["客户端先关闭", "服务端先关闭"],
    },
    two_msl: Words {
        question: "TIME-WAIT 为什么要等 2MSL？不等的话，最后一个 ACK 丢了会怎样？",
        answer: [
            "最后一个 ACK 丢了，服务端就重传 FIN；客户端还在 TIME-WAIT，再确认一次，并重新等 2MSL。服务端正常结束。",
            "不等的话，FIN 再来时客户端已经什么都不知道，只能回 RST：该做的都做完了，服务端的连接却以错误结束。",
        ],
        rfc: "TIME-WAIT 持续 2MSL，足够最后一个 ACK 丢失、FIN 再来一次。能来的只有这个 FIN：确认它，重新计时。",
        kernel: "在客户端 close() 之前 iptables -A INPUT -p tcp --dport 9000 --tcp-flags FIN,ACK ACK -m length --length 40:52 -j DROP,Wireshark 抓 lo;ss -tano state time-wait 显示定时器。Linux 固定等 60 秒。",
        runs: &["等 2MSL", "不等"],
    },
    old_segment: Words {
        question: "旧的报文段会对下一个连接做什么？",
        answer: [
            "等 2MSL 就什么也做不了：旧报文段还可能在路上的时候，客户端不能从同一端口连接（EADDRNOTAVAIL），旧的副本找不到连接。",
            "不等的话，同一对端口上的新连接的序列号可能正好吻合：\"old!\" 的副本被当作新客户端的头几个字节，真正的反被当作重复，服务端读到的是 \"old!\"。校验和与错误码都发现不了。",
        ],
        rfc: "上一个化身的报文段必须消失，序列号才能再用：静默时间和 TIME-WAIT 就是为此。RFC 1337 称之为 TIME-WAIT 的危险。",
        kernel: "不做手脚看不到：Linux 的 TIME-WAIT 是 60 秒，另外还有时间戳（PAWS）。tc qdisc add dev lo root netem delay 50ms duplicate 10% 可以制造副本，它们会遇到 TIME-WAIT。",
        runs: &["等 2MSL", "不等"],
    },
    syn_meets_time_wait: Words {
        question: "TIME-WAIT 状态收到 SYN 会怎样？",
        answer: [
            "新的 SYN，序列号在旧连接之后：TIME-WAIT 就此结束，同一对端口上建立新的连接。",
            "旧的 SYN 不行：回一个 ACK（质询）。不认识那个连接的人会回 RST，而 TIME-WAIT 里的 RST 会被忽略。",
        ],
        rfc: "如果 SYN 的序列号大于用过的所有序列号，可以重新打开 TIME-WAIT 中的连接（MAY-2）；RFC 6191 用时间戳做同样的判断。",
        kernel: "用 Python 写一个先关闭的服务端，一分钟内运行两次 nc -p 5000 127.0.0.1 9000：第二次也能连上。Wireshark 会标出 Port numbers reused。",
        runs: &["新的 SYN", "旧的 SYN"],
    },
    fin_out_of_order: Words {
        question: "FIN 比它前面的数据先到（乱序），会怎样处理？",
        answer: [
            "什么也不会发生：FIN 的序列号说明前面还缺字节，所以服务端仍是 ESTABLISHED,recv() 既没有数据也没有结束。",
            "数据到了以后 FIN 才算数：recv() 先给出全部数据，然后是 0。这个协议栈不保存早到的 FIN，要等它重传，在数据之后 {0}；别的协议栈会存下来，缺口一补上就处理。",
        ],
        rfc: "报文段按序处理；乱序的应当存起来（SHLD-31）。FIN 在最后（第八步）检查。",
        kernel: "tc qdisc add dev lo root netem delay 20ms reorder 50% 50%，反复发送并关闭：Wireshark 标出 TCP Out-Of-Order。Linux 会保存 FIN：缺的数据一到就是 CLOSE-WAIT。",
        runs: &[],
    },
    half_close: Words {
        question: "一端关闭之后还能接收吗？（半关闭）",
        answer: [
            "能：shutdown(SHUT_WR) 之后客户端是 FIN-WAIT-2；服务端读到 0（结束），但仍可以发送，客户端能读到它的回答。",
            "客户端不能再发送：send() 以 EPIPE 失败。要等服务端的 FIN，连接才结束。",
        ],
        rfc: "TCP 连接是两个方向的字节流，各自关闭；已经关闭的一方可以继续接收，直到对方也关闭。",
        kernel: "printf question | nc -N 127.0.0.1 9000 在输入结束时 shutdown()，并打印之后收到的内容；ss -tan 一边是 FIN-WAIT-2，另一边是 CLOSE-WAIT。",
        runs: &[],
    },
    simultaneous_close: Words {
        question: "两端同时关闭会怎样？",
        answer: [
            "两个 FIN 在路上交错：自己的 FIN 还没有被确认就收到对方的 FIN，从 FIN-WAIT-1 进入 CLOSING。",
            "两个确认也交错之后，两端都在 TIME-WAIT 里等 {0}：双方都算先关闭的。",
        ],
        rfc: "见图 13：两端都是 FIN-WAIT-1、CLOSING、TIME-WAIT。",
        kernel: "手工很难碰到：两个 Python 程序在同一个 time.time() 调用 close()，再加 tc qdisc add dev lo root netem delay 100ms。这时 ss -tan 能看到 CLOSING。",
        runs: &[],
    },
    linger_0: Words {
        question: "linger 时间为 0 的 close() 会丢什么？",
        answer: [
            "普通的 close() 什么也不丢：协议栈把等着的数据继续发完，FIN 排在最后。服务端读到全部 {0} 个字节，然后是 0。",
            "linger 为 0 时立即发 RST，等着的数据都扔掉：{1} 个字节里有 {0} 个没有到，服务端的 recv() 以 ECONNRESET 结束，客户端没有 TIME-WAIT。",
        ],
        rfc: "ABORT 发 RST 并清空队列；CLOSE 先把数据发完。",
        kernel: "Python:s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(\"ii\",1,0)); s.close()。Wireshark 里是 RST,ACK 而不是 FIN,ACK。在 Linux 上，服务端收到而没有读的数据也会丢。",
        runs: &["close()", "linger 为 0 的 close()"],
    },
};
