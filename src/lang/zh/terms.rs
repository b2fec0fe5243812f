//! 图例.

use crate::lang::act::{Act, Bill};
use crate::lang::term::{Entry, Term};

const fn is(gloss: &'static str, text: &'static str) -> Entry {
    Entry { gloss, text }
}

/// How to read a ladder.
pub(super) const LEGEND: &str = "\
怎样读梯形图
  时间从上往下,从第一个事件算起。左边:本节点,状态变化时写出,是确定的。
  右边:对端,(括号中的状态)从它的报文段推断。箭头是一个经过网络的报文段。
    SYN   请求建立连接,说明字节从哪里开始编号     seq  第一个字节的序列号
    ACK   ack=N:N 以前的都到了,下一个是 N        len  其中数据的字节数
    PSH   请马上交给应用                          mss  能接收的最大报文段
    FIN   没有话要说了;和 SYN 一样占一个序列号   win  接收窗口;0:停
    RST   立即结束一切,不需要应答
  ack = seq + len:SYN 和 FIN 再加 1,所以能像字节一样被确认和重传。
  三次握手  LISTEN - SYN-RECEIVED - ESTABLISHED          connect():SYN-SENT - ESTABLISHED
  四次挥手  先关闭的一方:FIN-WAIT-1 - FIN-WAIT-2 - TIME-WAIT(等 2 MSL)- CLOSED
            另一方:      CLOSE-WAIT - LAST-ACK - CLOSED    同时关闭:CLOSING
  MSL  报文段在网络中的最长寿命      RTO  没有 ACK 时等多久重传
  更多:smolchat explain 词
";

/// What an act is.
pub(super) const fn bill(act: Act) -> Bill {
    let (title, seen) = match act {
        Act::Exchange => (
            "1. 一问一答：socket, connect, send, recv(1024), close",
            "成员先关闭，所以节点经过 CLOSE-WAIT 和 LAST-ACK。",
        ),
        Act::Loop => (
            "2. 聊天直到 q，然后是下一个客户端",
            "节点用 q 回答 q 并先关闭：在 TIME-WAIT 中等 2 MSL 的是节点。",
        ),
        Act::Several => (
            "3. 几个人同时在一个房间里，有的用 TCP，有的用 UDP",
            "一行话发给其他所有人；说话的人得到一个回执。",
        ),
        Act::ServerFirst => (
            "4a. 节点先关闭",
            "FIN 得到确认之前是 FIN-WAIT-1，对端的 FIN 到来之前是 FIN-WAIT-2，然后在 TIME-WAIT 中等 2 MSL。",
        ),
        Act::Reset => (
            "4b. 复位",
            "没有 FIN，没有 TIME-WAIT：一个 RST，两端都是 CLOSED。",
        ),
        Act::Together => (
            "4c. 同时关闭",
            "两个 FIN 在路上交错：双方都是 CLOSING，双方都等 2 MSL。在内存中的线路上。",
        ),
        Act::Contest => ("5. TCP 与 UDP", ""),
    };
    Bill { title, seen }
}

pub(super) const fn entry(term: Term) -> Entry {
    match term {
        Term::Syn => is(
            "请求建立连接",
            "同步：“我的字节从这里开始编号，请说你的。”双方各发一个。它占一个序列号，所以会被确认，丢了会重传。",
        ),
        Term::Ack => is(
            "确认号有效",
            "确认：ack 字段有效。除了最初的 SYN 和某些 RST，所有报文段都有。",
        ),
        Term::Fin => is(
            "没有话要说了",
            "结束：发送方的方向关闭，另一个方向可以继续（半关闭）。它占一个序列号：确认了它，就确认了它之前的一切。",
        ),
        Term::Rst => is(
            "立即结束一切",
            "复位：没有这个连接，或不再有。双方不经 FIN 和 TIME-WAIT 就忘掉它；路上的和没读的数据可能丢失，应用读到的是错误。",
        ),
        Term::Psh => is(
            "马上交给应用",
            "推送：发送方暂时没有更多数据，接收方不必再等，把已有的交给应用。它不是消息的边界：TCP 是字节流，所以才会有“粘包”和“拆包”。",
        ),
        Term::Seq => is(
            "第一个字节的序列号",
            "报文段中第一个字节的序列号。图中从 ISN 算起：SYN 是 0，第一个数据字节是 1。",
        ),
        Term::AckNumber => is(
            "期待的下一个序列号",
            "确认号：它以前的都已到达。对一个报文段就是 seq + len，有 SYN 或 FIN 再加 1。",
        ),
        Term::Len => is(
            "数据的字节数",
            "报文段中数据的字节数，SYN 和 FIN 另算。没有写 len 的报文段不带数据。",
        ),
        Term::Mss => is(
            "最大报文段长度",
            "发送它的一方在一个报文段中最多接收多少字节数据。只有 SYN 带这个选项；以太网上多为 1460，即 MTU 1500 减去首部 40。",
        ),
        Term::Win => is(
            "接收窗口",
            "从 ack 起还能接收多少字节。应用不读，窗口就变小；到 0 时发送方必须停下。图中只写出 0。",
        ),
        Term::Isn => is(
            "初始序列号",
            "每个连接重新选取，使旧连接的报文段对不上新连接，外人也猜不到。",
        ),
        Term::Handshake => is(
            "三次握手",
            "SYN，SYN 和 ACK，ACK。双方都要说出自己的序列号，并得知它已到达：本是四次，中间两次合成一次。若只有两次，网络中滞留的旧 SYN 就能建立一个没人要的连接。",
        ),
        Term::Teardown => is(
            "四次挥手",
            "每个方向一个 FIN 和一个 ACK。第二个 FIN 与第一个 ACK 合在一起就是三次；同时关闭则交错。先关闭的一方等 2 MSL。",
        ),
        Term::Listen => is("监听", "服务器调用了 listen()，等待任何人的 SYN。"),
        Term::SynSent => is("同步已发送，等应答", "connect() 之后。"),
        Term::SynReceived => is("同步已收到，自己的 SYN 等确认", "半连接：还差第三次握手。"),
        Term::Established => is("已建立连接，双方都能说", "两个 SYN 都已确认。"),
        Term::FinWait1 => is(
            "终止等待 1：先关闭，FIN 等确认",
            "close() 之后。另一方仍可发送。",
        ),
        Term::FinWait2 => is(
            "终止等待 2：FIN 已确认，等对方的 FIN",
            "半关闭：这一方只听不说，直到另一方的应用关闭。",
        ),
        Term::CloseWait => is(
            "关闭等待：对方已关闭，这里的应用还没有",
            "仍可发送。一直停在这里，多半是应用忘了 close()。",
        ),
        Term::Closing => is(
            "正在关闭：双方同时关闭，FIN 等确认",
            "两个 FIN 交错。确认之后双方都进入 TIME-WAIT。",
        ),
        Term::LastAck => is(
            "最后确认：后关闭，FIN 等最后的 ACK",
            "之后就是 CLOSED，不需要等待。",
        ),
        Term::TimeWait => is(
            "时间等待：先关闭，等 2 MSL",
            "两个理由。最后的 ACK 若丢失，FIN 会再来，必须有人用 ACK 应答：没有 TIME-WAIT 应答就是 RST。同样的地址和端口用于新连接之前，迟到的报文段必须先消失：否则会混进新连接的数据。",
        ),
        Term::Closed => is("已关闭，没有连接", "什么也不保留。"),
        Term::Msl => is(
            "最长报文段寿命",
            "报文段在网络中最多能存在多久。RFC 9293 中是两分钟；常见的是 30 秒。",
        ),
        Term::TwoMsl => is(
            "TIME-WAIT 的时间",
            "最后的 ACK 在去的路上消失，FIN 从那边再来：各占一个寿命。",
        ),
        Term::Rto => is(
            "超时重传时间",
            "没有 ACK 时等多久重传：由测得的往返时间算出，每次没有应答就加倍（RFC 6298）。",
        ),
        Term::Retransmission => is(
            "重传",
            "没有等到 ACK：报文段丢了，或 ACK 丢了。发送方分不清，就用同样的序列号再发一次。",
        ),
        Term::Duplicate => is("重复", "全部早已到达。再确认一次，但只交给应用一次。"),
        Term::OutOfOrder => is(
            "乱序",
            "它前面的报文段丢了或被超过。接收方继续确认它所期待的；三个这样的 ACK 使发送方立即重发（快速重传）。",
        ),
        Term::DelayedAck => is(
            "延迟确认",
            "ACK 可以稍等（RFC 9293：小于 0.5 秒；本节点：10 毫秒），好搭数据的便车。等不到就单独发出。",
        ),
        Term::WindowProbe => is(
            "零窗口探测",
            "win=0 时发送方不时试发一个字节：打开窗口的 ACK 可能丢失，没有探测双方会永远等待。",
        ),
        Term::KeepAlive => is(
            "保活",
            "长时间没有消息后，用旧的序列号发一个必须应答的报文段。一个也不应答，就是不在了。",
        ),
        Term::ChallengeAck => is(
            "质询 ACK",
            "对可能伪造的 RST 或 SYN，用带真实序列号的 ACK 反问。真正放弃了的对端会用完全吻合的 RST 应答（RFC 5961）。",
        ),
        Term::SynCookie => is(
            "不占内存的握手",
            "半连接队列满时，需要的信息编码在 ISN 中，由 ack 带回来（RFC 4987）。",
        ),
        Term::Inferred => is(
            "括号：从报文段推断",
            "节点知道自己的状态。对端的状态只能从它发送和应答的报文段读出，写在括号里。",
        ),
    }
}

/// Words on the rules of a ladder and beside its arrows.
pub(super) fn phrase(words: &str) -> Option<&'static str> {
    Some(match words {
        "connection #{}" => "连接 #{}",
        "{} MSL starts again: {} s" => "{} MSL 重新开始：{} s",
        "{} MSL starts again: {} ms" => "{} MSL 重新开始：{} ms",
        "{} MSL: {} s of {} s left" => "{} MSL：剩 {} s，共 {} s",
        "{} MSL: {} ms of {} s left" => "{} MSL：剩 {} ms，共 {} s",
        "{} MSL: {} ms of {} ms left" => "{} MSL：剩 {} ms，共 {} ms",
        "no acknowledgment after {} attempt" => "{} 次发送后没有确认",
        "no acknowledgment after {} attempts" => "{} 次发送后没有确认",
        "initial number {}, not {}" => "初始序列号 {}，不是 {}",
        "{} earlier record overwritten" => "{} 条较早的记录已被覆盖",
        "{} earlier records overwritten" => "{} 条较早的记录已被覆盖",
        "three-way handshake" => "三次握手",
        "simultaneous open" => "同时打开",
        "data" => "数据",
        "teardown" => "挥手",
        "four-way teardown" => "四次挥手",
        "teardown in three segments" => "三次挥手",
        "simultaneous close" => "同时关闭",
        "half-closed: data one way" => "半关闭：单向数据",
        "teardown, second half" => "挥手的后一半",
        "reset" => "复位",
        "given up" => "放弃",
        "closed before it was open" => "建立之前就关闭",
        "closed by both sides" => "双方都已关闭",
        "reset by peer" => "被对端复位",
        "refused by peer" => "被对端拒绝",
        "aborted here" => "在此中止",
        "our address went away" => "本端地址消失",
        "peer unreachable" => "对端不可达",
        "gave way to another connection" => "让位给别的连接",
        "this node" => "本节点",
        "the node (noted)" => "本节点（有记录）",
        "peer (inferred)" => "对端（推断）",
        "client (inferred)" => "客户端（推断）",
        "server (inferred)" => "服务器（推断）",
        "one end (inferred)" => "一端（推断）",
        "other end (inferred)" => "另一端（推断）",
        "2 MSL over" => "2 MSL 已过",
        "timed out" => "超时",
        "timeout" => "超时",
        "no acknowledgment" => "没有确认",
        "handshake too slow" => "握手太慢",
        "peer did not close" => "对端没有关闭",
        "we did not close" => "本端没有关闭",
        "keep-alive unanswered" => "保活无应答",
        "address lost" => "失去地址",
        "unreachable" => "不可达",
        "evicted" => "让位",
        "retransmission" => "重传",
        "duplicate" => "重复",
        "out of order" => "乱序",
        "keep-alive" => "保活",
        "window probe" => "窗口探测",
        "held until a connection is free" => "等待空闲的连接",
        "gate" => "代答",
        "answered" => "应答",
        "repaired" => "修正",
        "dropped" => "丢弃",
        "not sent" => "未发出",
        "challenge ACK" => "质询 ACK",
        "FIN acknowledged again" => "再次确认 FIN",
        "SYN,ACK again" => "再发 SYN,ACK",
        "ACK owed" => "应答 ACK",
        "old ACK" => "旧的 ACK",
        "old window" => "旧的窗口",
        "trimmed to the window" => "按窗口裁剪",
        "sender went back" => "发送方后退",
        "contradictory flags" => "标志矛盾",
        "illegal option" => "非法选项",
        "malformed" => "格式错误",
        "not for us" => "不是给本端的",
        "not unicast" => "不是单播",
        "from our own address" => "来自本端地址",
        "backlog full" => "队列已满",
        "no ACK flag" => "没有 ACK 标志",
        "reset not in place" => "RST 位置不对",
        "reset in TIME-WAIT" => "TIME-WAIT 中的 RST",
        "late, in TIME-WAIT" => "迟到，TIME-WAIT 中",
        "answers used up" => "应答已用完",
        "unrelated ICMP" => "无关的 ICMP",
        "no such port" => "没有这个端口",
        "queue full" => "队列满",
        "duplicate ACK" => "重复的 ACK",
        "stray reset" => "无主的 RST",
        "handshake incomplete" => "握手不完整",
        "fragment" => "分片",
        "unknown protocol" => "未知协议",
        "no hardware address" => "没有硬件地址",
        "no route" => "没有路由",
        "device full" => "设备已满",
        "before our SYN" => "在本端 SYN 之前",
        "source route" => "源路由",
        "extension header" => "扩展首部",
        "too long" => "太长",
        "fragments overlap" => "分片重叠",
        "fragments missing" => "分片不全",
        "connection" => "连接",
        "{} connection" => "{} 个连接",
        "{} connections" => "{} 个连接",
        "ended" => "结束",
        "begins" => "开始",
        "lasts" => "持续",
        "handshake" => "握手",
        "segments" => "报文段",
        "octets" => "字节",
        "again" => "重传",
        "gaps" => "空缺",
        "missing" => "缺少",
        "between" => "两端",
        "ended: closed" => "closed(双方都已关闭)",
        "ended: half-closed" => "half-closed(半关闭)",
        "ended: reset" => "reset(被复位)",
        "ended: refused" => "refused(被拒绝)",
        "ended: unanswered" => "unanswered(无应答)",
        "ended: half-open" => "half-open(半连接)",
        "ended: given-up" => "given-up(已放弃)",
        "ended: open" => "open(仍打开)",
        "unasked" => "没有人问",
        "draws no answer" => "不予应答",
        _ => return None,
    })
}
