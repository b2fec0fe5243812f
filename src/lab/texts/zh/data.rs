//! What is sent on it.

use crate::lab::texts::{Data, Words};

pub(super) const DATA: Data = Data {
    numbers: Words {
        question: "序列号和确认号怎样变化？",
        answer: [
            "SYN 和 FIN 各占一个号，每个字节占一个号，纯粹的 ACK 不占号：SYN 和 \"hello\" 之后，FIN 的序列号是 6，对它的确认号是 7。",
            "没有丢失时，每一端发的正好是对方最近要的那个号；最后客户端到 {0}，服务端到 {1}。",
        ],
        rfc: "SEG.LEN 包括数据字节以及 SYN 和 FIN；ACK n 表示 n 之前的都收到了。",
        kernel: "Wireshark 默认显示相对序列号，下面有 Next sequence number;Statistics - Flow Graph 可以画出来。",
        runs: &[],
    },
    sticking: Words {
        question: "TCP 为什么会粘包，UDP 会吗？",
        answer: [
            "TCP 是字节流：两次 send() 用两个报文段发出，一次 recv() 就把两个一起读到，是 \"hello,world\"。消息在哪里结束，TCP 不记录。",
            "UDP 不会粘包，每个数据报各是各的：两次 sendto()，两次 recvfrom()，每次一条消息。",
        ],
        rfc: "TCP 提供可靠、有序的字节流；UDP 的数据报要么整个交付，要么不交付。",
        kernel: "用 Python：发送两次，接收方先 time.sleep(0.1) 再 recv(1024)。所以 TCP 之上的协议要自己划边界（拆包）：前面加长度，或者用换行之类的结束符。",
        runs: &["TCP", "UDP"],
    },
    recv_blocks: Words {
        question: "recv 为什么会阻塞，什么时候返回？",
        answer: [
            "因为还没有数据可给：从第一次调用起会睡 {0}，直到带数据的报文段到达，那一刻就能读到 \"hello\"。",
            "之后又没有数据，直到有东西来：来的是 FIN，于是返回 0，这不是错误，而是结束。",
        ],
        rfc: "RECEIVE：数据不够时请求就等着；FIN 说明不会再有数据。",
        kernel: "strace -e trace=recvfrom nc 127.0.0.1 9000 可以看到没有返回的调用。s.setblocking(False) 之后不再睡眠，而是 EAGAIN(BlockingIOError)，就像这里写的那样。",
        runs: &[],
    },
    zero_window: Words {
        question: "接收方不读数据会怎样？（零窗口）",
        answer: [
            "{0} 字节的缓冲区满了，它用 win=0 确认：发送方停下来，每次用一个字节探测窗口开了没有，这里探测了 {1} 次，间隔越来越长。",
            "服务端一读，就主动通知（窗口更新），剩下的接着来：一共 {0} 个字节，一个也没丢。",
        ],
        rfc: "发送方必须做零窗口探测（MUST-36），第一次在一个 RTO 之后（SHLD-29），间隔指数增长（SHLD-30）；只要探测有回答，连接就保持。",
        kernel: "服务端 accept 之后睡眠，再运行 yes | nc 127.0.0.1 9000。Wireshark:TCP ZeroWindow、TCP ZeroWindowProbe、TCP Window Update;ss -tno 显示 timer:(persist,...)。",
        runs: &[],
    },
    silly_window: Words {
        question: "接收方每次只读一个字节会怎样？（糊涂窗口）",
        answer: [
            "窗口一直关着：{0} 次只读一个字节之后，两个方向都没有报文段，否则每个字节都要搭上 40 字节的首部。",
            "缓冲区空出一半，窗口才打开，一次打开 {0} 字节，下一个报文段带 {1} 个字节。",
        ],
        rfc: "接收方要等到能把窗口推进半个缓冲区或一个最大报文段（取小的）时才推进（MUST-39）。",
        kernel: "服务端 s.setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)，然后 recv(1) 并停顿；在 Wireshark 里看 win=。",
        runs: &[],
    },
    nagle: Words {
        question: "Nagle 算法遇上延迟确认会怎样？",
        answer: [
            "不用 Nagle，两个小报文段在得到任何确认之前就都发出了，第一次 send() 之后 {0}，服务端就收齐了。",
            "按 Nagle 的规则，第二个要等第一个的 ACK，而 ACK 又在等更多要确认的数据：一共 {0}，其中 {1} 只是延迟确认。",
        ],
        rfc: "Nagle：还有数据没确认时，小的数据先等着。延迟确认：最多 0.5 秒，但至少每两个满报文段确认一次（SHLD-18、SHLD-19）。各自都好，合在一起就互相等待。",
        kernel: "用 Python 写、写、读，服务端收齐才回答：Linux 上 40 毫秒，Windows 上 200 毫秒；s.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1) 可以消除。这个节点从不使用 Nagle：这里的规则写在客户端的脚本里。",
        runs: &["不用 Nagle", "按 Nagle 的规则"],
    },
    lost_message: Words {
        question: "丢了一条消息，TCP 和 UDP 各会怎样？",
        answer: [
            "TCP：第 {0} 条消息一直重传到收到为止，比第一次发送晚 {1}。后面说的在服务端的缓冲区里等它，recv() 按顺序给出全部。",
            "UDP：第 {0} 条消息就没了。没有人重传，也没有人通知；其他的照样到达，好像什么也没发生。",
        ],
        rfc: "发送方的定时器（RTO）及其加倍：RFC 6298。UDP 既不保证送达也不保证顺序，RFC 768 第一页就这么说。",
        kernel: "tc qdisc add dev lo root netem loss 30%，用带 -u 和不带 -u 的 nc；Wireshark 会标出 TCP Retransmission，UDP 则什么也看不出来。",
        runs: &["TCP", "UDP"],
    },
    duplicate: Words {
        question: "网络把一条消息送来两次会怎样？",
        answer: [
            "TCP：副本的序列号都收到过了，所以再确认一次，然后丢掉；recv() 给出的每个字节只有一次。",
            "UDP：副本和原来的一样有效；recvfrom() 会给出两次，只有程序自己能分辨。",
        ],
        rfc: "窗口之外的报文段，确认后丢弃。UDP 不防重复。",
        kernel: "tc qdisc add dev lo root netem duplicate 50%；用 nc -u -l 一行会出现两次，用 nc -l 从不会。",
        runs: &["TCP", "UDP"],
    },
};
