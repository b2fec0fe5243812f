//! What goes wrong.

use crate::lab::texts::{Trouble, Words};

pub(super) const TROUBLE: Trouble = Trouble {
    cable_pulled: Words {
        question: "拔掉网线，连接还在吗？",
        answer: [
            "只要谁也不说话，就还在：{0} 里没有任何报文段经过，状态也没有变化，之后连接照常可用。",
            "有话要说的一方会重传，每次等待的时间加倍：及时插回去，数据就能到；否则，这里是发了 {0} 次、过了 {1} 之后，连接以 ETIMEDOUT 结束。",
        ],
        rfc: "R2 是放弃连接之前的时间，应当至少 100 秒。TCP 不需要链路的信号，空闲的连接什么也不需要。",
        kernel: "用两台机器，或者用网络命名空间和 ip link set veth0 down：ss -tno 里的 timer:(on,...) 越来越长。Linux 在 tcp_retries2 = 15 次之后放弃，大约 15 分钟。",
        runs: &["谁也不说话", "5 秒后插回", "一直不插回"],
    },
    power_lost: Words {
        question: "一端断电与进程崩溃有什么区别？",
        answer: [
            "进程被杀死，系统还在，会替它关闭：FIN 在 {0} 后到达客户端，recv() 返回 0。",
            "断电时没有人说什么：过了 {0}，客户端仍以为连接还在。直到它发数据，重新启动的机器才回 RST,recv() 以 ECONNRESET 失败。",
        ],
        rfc: "半打开连接：一端崩溃而另一端不知道。一发送数据，就会被 RST 发现。",
        kernel: "对 nc -l 执行 kill -9：发出 FIN（如果还有没读的数据则是 RST）。断电用虚拟机：virsh destroy，或者在里面 echo b > /proc/sysrq-trigger；另一端在 ss -tan 里一直是 ESTAB。",
        runs: &["进程被杀死", "断电，一小时后重新启动"],
    },
    syn_flood: Words {
        question: "SYN 洪水攻击做了什么，SYN cookie 怎样抵挡？",
        answer: [
            "伪造的 SYN（这里是 {0} 个）占住了正常客户端的位置，而且没有人来完成握手。没有 cookie 时，客户端的 SYN 被悄悄丢弃；它靠第二个 SYN，在 {1} 后才连上。",
            "有 {0} 个伪造的 SYN 时，服务端用 cookie 回答：要记住的都在初始序列号里，半连接队列里什么也不存。客户端 {1} 后是 ESTABLISHED；它的 ACK 把 cookie 带回来，{2} 后 accept() 就取到它。",
        ],
        rfc: "这个序列号由地址、端口、时钟和密钥算出，还带着报文段大小；能把它带回来的人，一定收到过它。",
        kernel: "只在自己的网络里试：在命名空间里 hping3 -S -p 9000 --rand-source --flood；看 sysctl net.ipv4.tcp_syncookies 和 nstat -az TcpExtSyncookiesSent TcpExtSyncookiesRecv。",
        runs: &[
            "伪造的 SYN 不多：起初没有 cookie",
            "伪造的 SYN 很多：使用 cookie",
        ],
    },
    blind_reset: Words {
        question: "第三方伪造一个 RST，能断开连接吗？",
        answer: [
            "只是接近不行：序列号在窗口里，但不正好是下一个，服务端就用质询 ACK 去问客户端，连接还在。",
            "正好是下一个序列号就可以：服务端变成 CLOSED,recv() 以 ECONNRESET 失败。看不到报文的人，要从四十多亿个号里猜中一个，还要猜中两个端口。",
        ],
        rfc: "RST 的序列号必须等于 RCV.NXT 才算数；在窗口的其他位置只会引出质询 ACK。RFC 793 则接受窗口里的任何序列号。",
        kernel: "在两个命名空间之间用 scapy:send(IP(src=...,dst=...)/TCP(sport=...,dport=9000,flags=\"R\",seq=...))，一次用 ss -ti 看到的下一个号，一次用旁边的号；看 nstat -az TcpExtTCPChallengeACK。",
        runs: &["窗口里的一个序列号", "正好是下一个序列号"],
    },
    keep_alive: Words {
        question: "服务端怎样发现沉默的客户端已经不在了？（保活）",
        answer: [
            "沉默 {0} 之后它发保活探测，序列号比下一个小一：只要对方在就必须回答，连接保持，程序毫不知情。",
            "不在的不会回答：{0} 次探测、{1} 之后连接结束，recv() 以 ETIMEDOUT 失败。没有保活的话，要等到有人发数据才会知道。",
        ],
        rfc: "保活是可选的，默认关闭（MUST-25）；间隔可以设置，默认至少两小时（MUST-28）。这里是 60 秒，180 秒没有回答就放弃。",
        kernel: "s.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)，以及 TCP_KEEPIDLE、TCP_KEEPINTVL、TCP_KEEPCNT；ss -tno 显示 timer:(keepalive,...);Wireshark:TCP Keep-Alive。",
        runs: &["客户端还在", "客户端断电"],
    },
    lossy_path: Words {
        question: "在丢 30% 的路径上，TCP 和 UDP 各会怎样？",
        answer: [
            "TCP:{0} 条消息全部按顺序到达，尽管 {2} 个报文段丢了 {1} 个；用了 {3}。",
            "UDP:{1} 个数据报到了 {0} 个，每个都是一次就到；其余的没有人再要。",
        ],
        rfc: "TCP 重传到被确认为止，每次定时器加倍；UDP 把这些留给程序。",
        kernel: "tc qdisc add dev lo root netem loss 30%，再 time curl 走 TCP，用 iperf3 -u 数丢了多少。之后：tc qdisc del dev lo root。",
        runs: &["TCP", "UDP"],
    },
};
