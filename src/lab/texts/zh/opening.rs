//! How a connection begins.

use crate::lab::texts::{Opening, Words};

pub(super) const OPENING: Opening = Opening {
    without_accept: Words {
        question: "服务端没有调用 accept()，能建立连接吗？",
        answer: [
            "能：调用 accept() 之前，两端都已经是 ESTABLISHED；accept() 只是从全连接队列里取走一个连接。",
            "这期间客户端发的数据照样被确认并存起来：{0} 个字节在服务端的缓冲区里等着，accept() 之后 recv() 就能读到。",
        ],
        rfc: "三次握手只需要被动打开（LISTEN）；accept() 不是 TCP 的调用，而是套接字接口的。",
        kernel: "运行 python3 -c 'import socket,time; s=socket.create_server((\"127.0.0.1\",9000)); time.sleep(60)'，再运行 nc 127.0.0.1 9000，用 ss -tan 看：状态是 ESTAB，监听套接字的 Recv-Q 是 1。Wireshark 抓 lo，过滤 tcp.port==9000。",
        runs: &[],
    },
    without_listen: Words {
        question: "服务端没有 listen，客户端发起连接会发生什么？",
        answer: [
            "TCP 用 RST 回答 SYN：经过一个往返（{0}）客户端就是 CLOSED，调用以 ECONNREFUSED 失败。",
            "UDP 没有握手：数据报照样发出，只有一个 ICMP 报文（端口不可达）说明没有人用这个端口。",
        ],
        rfc: "发给 CLOSED 的报文段会引出 RST；发给没有人用的端口的数据报应当引出 ICMP 端口不可达。",
        kernel: "nc -v 127.0.0.1 9999 会说 Connection refused;nc -u 127.0.0.1 9999 要输入第二行才出错。Wireshark 抓 lo:tcp.flags.reset==1 or icmp.type==3。",
        runs: &["TCP", "UDP"],
    },
    three_not_two: Words {
        question: "为什么是三次握手而不是两次？",
        answer: [
            "这里到达的是一个没有人再等的旧 SYN：服务端回答后进入 SYN-RECEIVED，而不是 ESTABLISHED。如果只有两次握手，它就会为一个不存在的人建立连接。",
            "客户端没有这个连接，第三次发来的是 RST：服务端把它忘掉，accept() 什么也取不到。",
        ],
        rfc: "三次握手的主要理由，是防止旧的重复连接请求造成混乱；见图 8。",
        kernel: "用 scapy 造一个旧 SYN：send(IP(dst=\"127.0.0.1\")/TCP(sport=5000,dport=9000,flags=\"S\",seq=1))。内核没有这个套接字，会自己用 RST 回答 SYN,ACK。",
        runs: &[],
    },
    lost_syn: Words {
        question: "SYN 丢了会怎样？",
        answer: [
            "它用同样的序列号重传：第一次在 {0} 之后，以后每次等待的时间加倍。",
            "connect() 不知道这些，只是花的时间更长。这里从第一个 SYN 到 ESTABLISHED 用了 {0}，重传了 {1} 次。",
        ],
        rfc: "每次超时，定时器加倍（5.5）。SYN 至少要尝试 3 分钟（R2）。",
        kernel: "iptables -A INPUT -p tcp --dport 9000 -j DROP，再 time nc -v 127.0.0.1 9000：Wireshark 里可以看到 1、3、7、15 秒时的 SYN；sysctl net.ipv4.tcp_syn_retries 是次数。",
        runs: &[],
    },
    queues_full: Words {
        question: "SYN 什么时候会被丢弃？半连接队列和全连接队列满了会怎样？",
        answer: [
            "没有人调用 accept()，两个 ESTABLISHED 的连接占满了所有位置；下一个 SYN 在半连接队列里等，得不到回答，再下一个就被丢弃。",
            "不会有 RST 来通知。有一个连接被 accept 并结束后，等着的 SYN 马上得到回答；被丢弃的只能自己重传 SYN。",
        ],
        rfc: "可以有多少连接等待，TCP 不管，backlog 属于套接字接口。RFC 4987 讲了 backlog 以及什么会把它占满。",
        kernel: "在 Python 里 s.listen(1) 但不 accept()，然后在后台开几个 nc：ss -tan 里有一两个 ESTAB，其余是 SYN-SENT；nstat -az TcpExtListenOverflows TcpExtListenDrops 有计数。",
        runs: &[],
    },
    isns_differ: Words {
        question: "为什么每次建立连接，初始序列号都不一样？",
        answer: [
            "端口不同，初始序列号就不同（{0} 和 {1}），差别也不只是时钟造成的。",
            "同样的端口，它在 {1} 里增加了 {0}，每 4 微秒加一：所以上一个连接的旧报文段都落在新连接的序列号之前。",
        ],
        rfc: "ISN = M + F（地址，端口，密钥）：M 是每 4 微秒走一步的时钟，F 是带密钥的散列。没有密钥的人算不出别人连接的序列号，也就不能往里面伪造报文段。",
        kernel: "在 Wireshark 的 Protocols - TCP 里关掉 Relative sequence numbers，再用 nc -p 5002 和不带 -p 的 nc 各连接几次。",
        runs: &[],
    },
    simultaneous_open: Words {
        question: "两端同时向对方发起连接（同时打开）会怎样？",
        answer: [
            "两个 SYN 在路上交错，两端都经过 SYN-SENT、SYN-RECEIVED 到 ESTABLISHED：没有谁是服务端。",
            "得到的是一个连接，不是两个，一共 {0} 个报文段，而且没有人调用过 listen()。",
        ],
        rfc: "必须支持同时打开（MUST-10）；见图 7。",
        kernel: "两个终端：while :; do nc -p 5000 127.0.0.1 9000 </dev/null; done，另一个把端口对调。SYN 交错时，ss -tan 里两端看到的是同一个连接。",
        runs: &[],
    },
    port_in_use: Words {
        question: "端口什么时候算被占用？",
        answer: [
            "已经在监听的端口不能再监听一次：第二个 listen() 以 EADDRINUSE 失败。",
            "先关闭的一方把这个连接的四元组保留 2MSL（这里是 {0}）：在那之前，从同一端口连同一服务端会以 EADDRNOTAVAIL 失败，之后就可以了。",
        ],
        rfc: "对同一对端点再次 OPEN 是错误（连接已存在）；TIME-WAIT 期间连接仍然算存在，持续 2MSL。",
        kernel: "把 python3 -m http.server 9000 运行两次：Address already in use。先关闭的服务端 60 秒内重启也会这样，除非设置 SO_REUSEADDR；用 ss -tan state time-wait 看原因。",
        runs: &[],
    },
    tcp_and_udp_port: Words {
        question: "TCP 和 UDP 可以同时使用同一个端口吗？",
        answer: [
            "可以：端口 {0} 上，TCP 的 listen() 和 UDP 的 bind() 都成功，因为先看的是 IP 首部里的协议号。",
            "各收各的：TCP 发的由 recv() 读到，数据报由 recvfrom() 读到，互不干扰。",
        ],
        rfc: "端口是各协议自己首部的一部分；IP 按协议字段分发：6 是 TCP,17 是 UDP。",
        kernel: "nc -l 9000 和 nc -u -l 9000 同时开着；ss -tuln 里两个都有。DNS 服务器在 53 端口就是这样。",
        runs: &[],
    },
};
