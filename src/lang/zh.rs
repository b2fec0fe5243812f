//! 简体中文. States, flags and calls stay as they are.

mod terms;

use std::format;
use std::string::String;

use smoltcp::time::Duration;

use super::act::{Did, Guest};
use super::term::Term;
use super::texts::Texts;
use crate::explain::meaning::{Meaning, Party, View};
use crate::trace::{Ending, Timer};

pub(super) const TEXTS: Texts = Texts {
    code: "zh",
    sentence,
    entry: terms::entry,
    legend: terms::LEGEND,
    list: "smolchat explain 词 说明其中一个：",
    unknown,
    phrase: terms::phrase,
    bill: terms::bill,
    guest: |guest| match guest {
        Guest::Member => "成员",
        Guest::First => "第一个",
        Guest::Second => "第二个",
        Guest::OverUdp => "eve（UDP）",
    },
    did: |did, what| match did {
        Did::Call => format!("：{what}"),
        Did::Received => format!("：recv(1024) 得到 {what}"),
        Did::End => format!("：recv(1024) 得到 {what} 个字节：结尾"),
        Did::Linger => "：close()，linger 时间为零".into(),
        Did::Operator => format!("管理员：{what}"),
    },
    contest: |[messages, octets, lost, twice, late, seed]| {
        format!(
            "   {messages} 条消息，每条 {octets} 个字节；线路在每个方向上每千帧丢失 {lost} 帧、重复 {twice} 帧、打乱 {late} 帧\n   \
             （种子 {seed}，虚拟时间）。TCP 按序交付全部消息，让它们互相等待；UDP 交付线路所交付的，何时到就何时交付。\n"
        )
    },
    rows: [
        "已交付",
        "交付了两次",
        "乱序",
        "延迟，中位数（ms）",
        "延迟，第 99 百分位（ms）",
        "每条消息在线路上的字节数",
        "每个对端占用的内存字节数",
    ],
    members: [
        "成员：内核的套接字；节点在专用网络中的 TAP 后面。",
        "成员：内存中一条线路上的两个节点，虚拟时钟。",
    ],
    played: |acts| format!("共 {acts} 幕。现在自己试试：smolchat serve"),
};

const fn name(view: View, who: Party) -> &'static str {
    match (view, who) {
        (View::Inside, Party::Node) => "本节点",
        (View::Inside, Party::Peer) => "对端",
        (View::Opened, Party::Node) => "客户端",
        (View::Opened, Party::Peer) => "服务器",
        (View::Middle, Party::Node) => "左端",
        (View::Middle, Party::Peer) => "右端",
    }
}

fn span(time: Duration) -> String {
    let micros = time.total_micros();
    match micros {
        0..1_000 => format!("{micros} 微秒"),
        1_000..1_000_000 => format!("{} 毫秒", micros / 1_000),
        _ => format!("{}.{} 秒", micros / 1_000_000, micros / 100_000 % 10),
    }
}

/// Octets by their numbers.
fn range(first: u32, last: u32) -> String {
    if first == last {
        format!("第 {first} 号字节")
    } else {
        format!("第 {first} 到 {last} 号字节")
    }
}

/// What is unknown of what was under way.
fn open(unacked: u32, who: &str) -> String {
    match unacked {
        0 => format!("{who}说过的话没有还在路上的。"),
        _ => format!("{who}最后的 {unacked} 个字节没有得到确认，是否到达无从知道。"),
    }
}

/// What a term is called in a remark.
fn word(words: &str) -> String {
    terms::phrase(words).unwrap_or(words).into()
}

fn sentence(meaning: &Meaning, view: View) -> String {
    let s = |who| name(view, who);
    let r = |who: Party| name(view, who.other());
    let node = s(Party::Node);
    let peer = s(Party::Peer);
    match *meaning {
        Meaning::Syn { who, isn } => format!("第一次握手：{}请求建立连接。SYN 表示它的字节从初始序列号 {isn} 开始编号（图中记为 0），并请{}应答、告知自己的序列号。", s(who), r(who)),
        Meaning::SynAck { who, isn } => format!("第二次握手：{}用一个报文段既应答又询问。ACK：SYN 已收到，SYN 占一个序列号，所以 ack=1（0 + 1）。SYN：它自己的字节从 {isn} 开始编号（图中记为 0）。", s(who)),
        Meaning::ThirdAck { who } => format!("第三次握手：{}应答对方的 SYN，ack=1。没有这第三次，{}就无法知道自己的序列号是否到达，也分不清最初的 SYN 是不是网络中滞留的旧报文段。", s(who), r(who)),
        Meaning::SynCrosses { who, isn } => format!("{}也请求建立连接（字节从 {isn} 开始编号）：没有 ACK，说明它发送时还没有见到{}的 SYN。两个 SYN 相互交错，只建立一个连接（同时打开）。", s(who), r(who)),
        Meaning::SynAckCrossed { who } => format!("{}应答与自己交错的 SYN：ack=1。其中的 SYN 就是先前那一个（seq=0），并非新的请求。", s(who)),
        Meaning::SynAgain { who, waited, times } => format!("{} 内没有应答：{}第 {times} 次发送同一个 SYN，序列号不变，不会被当成另一个连接。它或对它的应答没有到达。", span(waited), s(who)),
        Meaning::SynDuplicate { who } => format!("{}的 SYN 又来了，序列号相同：发送它时应答还没有到达，或者网络复制了它。", s(who)),
        Meaning::SynAckAgain { who } => format!("SYN 又来了一次，{}就再给一次同样的应答。", s(who)),
        Meaning::Cookie { who, isn } => format!("{}作出应答而不保存任何状态：以后需要的信息编码在序列号 {isn} 中（SYN cookie），真正的第三次握手会用 ack 把它带回来。所以半连接队列满了也能应答。", s(who)),
        Meaning::Held { who } => format!("此刻没有空闲的连接：{}的 SYN 在这里等待，有空闲时再应答。", s(who)),
        Meaning::MaximumSegment { who, mss } => format!("mss={mss}：{}在一个报文段中最多接收 {mss} 字节数据。只有 SYN 才带这个选项。", s(who)),
        Meaning::Data { who, first, last } => format!("{}发送{}。应等待的确认号：seq {first} + len {} = {}。", s(who), range(first, last), last.wrapping_sub(first).wrapping_add(1), last.wrapping_add(1)),
        Meaning::Push => "PSH：后面暂时没有数据了，请马上交给应用，不必再等。".into(),
        Meaning::Rides { who, ack, octets } => format!("它顺便带上确认：ack={ack}，{}的 {octets} 个字节已到达，不必另发一个 ACK。", r(who)),
        Meaning::AckDelayed { who, ack, octets, waited } => format!("ack={ack}：{octets} 个字节已到达，下一个是 {ack}。这个 ACK 等了 {}，想搭数据的便车；{}没有话说，只好单独发出（延迟确认）。", span(waited), s(who)),
        Meaning::AckAtOnce { who, ack, octets } => format!("ack={ack}：{octets} 个字节已到达，{}期待的下一个是 {ack}。它立即单独发出。", s(who)),
        Meaning::AckCame { who, ack, octets, after } => format!("ack={ack}：{}已有此前的 {octets} 个字节，期待 {ack}。它不带数据，在所确认的最后一个报文段之后 {} 出现：包括路上的时间，以及{}为搭便车可能等待的时间。", s(who), span(after), s(who)),
        Meaning::AckNothingNew { who, ack } => format!("{}仍然期待 {ack}：没有确认新的数据。连续三个这样的 ACK 就是在要缺少的部分。", s(who)),
        Meaning::AckRepeats { who, ack } => format!("作为应答，{}说明自己的位置：{ack} 以前的都已收到。", s(who)),
        Meaning::AckAsksAgain { who, ack } => format!("后面的字节到了，{}却仍然期待 {ack}：以此告诉{}缺了什么。", s(who), r(who)),
        Meaning::WindowZero { who } => format!("win=0：{}的应用没有读走数据，接收缓冲区已满（零窗口）。{}必须停下，直到有空位。", s(who), r(who)),
        Meaning::WindowStillZero { who } => format!("仍然是 win=0：{}还在，但还没有空位。", s(who)),
        Meaning::WindowOpens { who, window } => format!("{}的应用读走了数据，又有空位了：首部中 win={window}。如果它丢失，只有探测才能发现窗口已打开。", s(who)),
        Meaning::WindowProbe { who, number } => format!("零窗口探测：{}向关闭的窗口发送一个字节（{number} 号），{}必须应答。打开窗口的报文段可能丢失，没有探测双方会永远等待。", s(who), r(who)),
        Meaning::ProbedBefore { number } => format!("{number} 号字节先前作为窗口探测发过，没有被接收：所以算是重传。"),
        Meaning::KeepAlive { who, seq, silent } => format!("{} 没有任何消息：{}用旧的序列号 {seq} 发一个必须应答的报文段，询问{}是否还在（保活）。", span(silent), s(who), r(who)),
        Meaning::KeepAliveAnswer { who } => format!("{}还在：对保活的应答，还是同样的 ACK。", s(who)),
        Meaning::DataAgain { who, first, last, waited, times } => format!("{} 内{}{}没有得到确认：{}第 {times} 次发送同样的内容。报文段或对它的 ACK 没有到达。", span(waited), if view == View::Inside { "（超时重传时间 RTO）" } else { "" }, range(first, last), s(who)),
        Meaning::DataAgainFast { who, first, last, asked } => format!("连续 {asked} 个 ACK 都要 {first} 号：{}不等定时器，立即重发{}（快速重传）。", s(who), range(first, last)),
        Meaning::HadArrived { who } => format!("{}自己的记录表明它其实已经到达：丢失的是 ACK。", s(who)),
        Meaning::HadNotArrived { who } => format!("{}自己的记录表明它没有到达：丢失的是报文段本身。", s(who)),
        Meaning::DataDuplicate { who, first, last } => format!("{}早已到达：ACK 没有及时到达{}，或者网络复制了报文段。应用只会得到一次。", range(first, last), s(who)),
        Meaning::OutOfOrder { who, missing, before } => format!("{}的{}还没有到：丢失了，或在路上被超过。在它们到来之前，应用得不到这里的任何内容。", s(who), range(missing, before)),
        Meaning::HoleFilled { who, last } => format!("空缺补上了：{}到 {last} 号为止的数据都已按序到齐。", s(who)),
        Meaning::Fin { who, number } => format!("{}没有话要说了：FIN。它占一个序列号（{number} 号），所以能像字节一样被确认和重传。{}还可以继续说。", s(who), r(who)),
        Meaning::FinOnData { octets } => format!("FIN 搭在最后 {octets} 个字节上：已知是结尾，就不必另发报文段。"),
        Meaning::FinAcked { who, ack } => format!("ack={ack}，比 FIN 的序列号多 1：FIN 和它之前的一切，{}都已收到。那个方向已关闭；另一个方向上{}仍可发送（半关闭）。", s(who), s(who)),
        Meaning::FinAnswers { who, ack, number } => format!("{}也没有话要说了：对 FIN 的确认（ack={ack}）和它自己的 FIN（{number} 号）在同一个报文段中，所以四次挥手变成三次。", s(who)),
        Meaning::FinSecond { who, number } => format!("{}也关闭自己的方向：FIN，{number} 号。现在只差对它的确认。", s(who)),
        Meaning::FinCrosses { who, number } => format!("{}也关闭：FIN，{number} 号。它的 ack 没有包含{}的 FIN，说明发送时还没有见到：两个 FIN 交错（同时关闭）。", s(who), r(who)),
        Meaning::LastAck { who, ack } => format!("ack={ack}：第二个 FIN {}也收到了。ACK 本身没有人确认，{}无法知道它是否到达：TIME-WAIT 的 2 MSL 正是为此。", s(who), s(who)),
        Meaning::CrossedFinAcked { who, ack } => format!("ack={ack}：{}收到了与自己交错的 FIN。双方都是主动关闭，所以双方都要等 2 MSL。", s(who)),
        Meaning::FinAgain { who, waited, times } => format!("{} 内 FIN 没有得到确认：{}第 {times} 次发送。它或对它的 ACK 没有到达。", span(waited), s(who)),
        Meaning::FinDuplicate { who } => format!("{}的 FIN 又来了：发送它时确认还没有到达，或者网络复制了它。", s(who)),
        Meaning::FinInTimeWait { who } => format!("{}的 FIN 又来了：最后的 ACK 没有到达，或者网络复制了 FIN。TIME-WAIT 就是为此：没有它，应答会是 RST，{}就会以错误告终。", s(who), s(who)),
        Meaning::FinAckedAgain { who, ack } => format!("{}再次确认 FIN:ack={ack}。", s(who)),
        Meaning::ResetByCall { who, unacked } => format!("{}立即结束两个方向：RST 不需要应答，也没有人等待 TIME-WAIT。{}它还没有读走的数据被丢弃。", s(who), open(unacked, s(who))),
        Meaning::ResetByNode { who, unacked } => format!("{}放弃连接并用 RST 告知，不等应答。{}", s(who), open(unacked, s(who))),
        Meaning::ResetReceived { who, unacked } => format!("{}放弃了连接：它中止了，或关闭时还有数据没读，或已不认识这个连接；RST 不说是哪一种。{}", s(who), open(unacked, r(who))),
        Meaning::Refused { who } => format!("{}拒绝：通常是因为那个端口没有人监听。连接没有建立过，所以什么也没有丢。", s(who)),
        Meaning::ResetNotInPlace { who } => format!("这个 RST 的序列号不是{}所期待的：旧的或伪造的，不予理会。", r(who)),
        Meaning::ResetInTimeWait { who } => format!("TIME-WAIT 中的 RST 不予理会（RFC 1337）：{}的这个 RST 可能是旧的，会让等待过早结束。", s(who)),
        Meaning::ChallengedReset { who, seq } => format!("RST 的序列号是 {seq}，并不正好是{}期待的下一个：可能是别人猜的。不轻信，先反问（RFC 5961）。", r(who)),
        Meaning::ChallengedSyn { who } => format!("已建立的连接上来了 SYN：{}重新启动了，或者有人冒充。{}不放弃，先反问（RFC 5961）。", s(who), r(who)),
        Meaning::ChallengedNumbers { who } => format!("它的确认号不是{}近来发送过的：旧的或伪造的。{}先反问（RFC 5961）。", r(who), r(who)),
        Meaning::ChallengeAck { who, ack } => format!("质询 ACK：{}说明自己的位置，ack={ack}。如果{}真的放弃了，它会用正好这个序列号的 RST 应答；否则什么也没有发生。", s(who), r(who)),
        Meaning::OldInTimeWait { who } => format!("{}迟到的报文段在 TIME-WAIT 中到来，到此为止。没有这段等待，同样端口上的新连接可能把它当成自己的数据。", s(who)),
        Meaning::Unacceptable { who } => format!("{}现在不期待{}的这些序列号：在窗口之外。什么也不接收，只说明自己的位置。", r(who), s(who)),
        Meaning::Dropped { who, reason } => format!("{}不接收这个报文段（{}）；没有得到确认的，{}会重发。", r(who), word(&format!("{reason}")), s(who)),
        Meaning::NotSent { who, reason } => format!("它没有离开{}（{}）。重传定时器会处理。", s(who), word(&format!("{reason}"))),
        Meaning::Repaired { repair } => format!("接收了，但有所改动（{}）。", word(&format!("{repair}"))),
        Meaning::Listens => format!("listen()：{node}等待任何人的 SYN（被动打开）。"),
        Meaning::Connects => format!("connect()：{node}的应用要建立连接，将发出 SYN（主动打开）。"),
        Meaning::Closes => format!("close()：{node}的应用没有话要说了。先前说的仍会发出，随后是 FIN（主动关闭）。"),
        Meaning::ClosesToo => format!("close()：{node}的应用读到{peer}已关闭，也关闭（被动关闭）；在此之前它本来可以继续说。"),
        Meaning::GivesUp => format!("连接还没有建立就 close()：{node}放弃，不需要发送什么。"),
        Meaning::Aborts => format!("abort()：{node}的应用要连接立即消失，不管路上还有什么。"),
        Meaning::TimeWaits { lasts } => format!("TIME-WAIT，{}：报文段在网络中最长寿命的两倍（2 MSL）。没有它会出两种错：最后的 ACK 丢失时，再来的 FIN 得到的是 RST；迟到的报文段会混进同样端口上的新连接。", span(lasts)),
        Meaning::TimeWaitsAgain { lasts } => format!("2 MSL 重新开始，{}：刚才发出的 ACK 也可能丢失。", span(lasts)),
        Meaning::TimeWaitOver => "2 MSL 已过：路上不再有这个连接的任何报文段，同样的端口可以用于新连接。到此结束，是安全的。".into(),
        Meaning::TimedOut { timer } => timed_out(timer, node, peer),
        Meaning::AddressLost => format!("{node}失去了连接所用的地址：在那里既不能发送也不能接收。"),
        Meaning::Unreachable => format!("路由器或{peer}的主机用 ICMP 告知：{peer}无法到达。"),
        Meaning::Evicted => "另一个连接需要它的位置。".into(),
        Meaning::SlowPeer { attempts } => format!("发送了 {attempts} 次仍没有 ACK：{node}报告此事，并继续尝试。"),
        Meaning::OtherNumber => "连接本应从另一个初始序列号开始。现在用已经发出的那个继续。".into(),
        Meaning::Illegal { from, to } => format!("RFC 9293 中没有由此从 {from} 到 {to} 的变化：这是本程序的错误。"),
        Meaning::EndedClosed { sent: 0, received: 0, again } => format!("结束。两个 FIN 都得到确认；在 SYN 和 FIN 之间什么也没有说。{}", sent_again(again, node)),
        Meaning::EndedClosed { sent, received, again } => format!("结束。两个 FIN 都得到确认，它们之前的一切也就都到达了：{node}的 {sent} 个字节，{peer}的 {received} 个字节。{}", sent_again(again, node)),
        Meaning::EndedClosedPartly => "结束。两个 FIN 都得到确认，它们之前的一切也就都到达了：什么也没有丢。".into(),
        Meaning::EndedUnopened => "还没有建立就结束了：什么也没有说，所以什么也没有丢。".into(),
        Meaning::EndedRefused => "结束：从未建立，所以什么也没有丢。".into(),
        Meaning::EndedEarly { ending: ending @ (Ending::ResetByPeer | Ending::Aborted), .. } => early(ending).into(),
        Meaning::EndedEarly { ending, unacked } => format!("{}{}", early(ending), open(unacked, node)),
        Meaning::Inferred if view != View::Inside => "括号中的状态是从报文段推断的：抓包文件里没有别的。".into(),
        Meaning::Inferred => format!("括号中的状态是推断的：{node}看不到{peer}内部，只能从报文段读出。"),
        Meaning::Enters { state } => format!("{state}：{}。", terms::entry(Term::of_state(state)).gloss),
    }
}

fn timed_out(timer: Timer, node: &str, peer: &str) -> String {
    match timer {
        Timer::TimeWait => "2 MSL 已过。".into(),
        Timer::Retransmission => format!("一再重发，{peer}始终没有确认：{node}放弃（R2）。"),
        Timer::HalfOpen => format!("第三次握手没有及时到来：{node}放弃，免得半连接占满内存。"),
        Timer::FinWait2 => format!("{peer}确认了 FIN，却一直没有发自己的 FIN：{node}不再等待。"),
        Timer::CloseWait => {
            format!("{peer}早已关闭，{node}的应用却一直没有关闭：由协议栈代为结束。")
        }
        Timer::KeepAlive => format!("{peer}不再应答保活探测：它的主机不在了，或者路不通了。"),
    }
}

fn sent_again(again: u32, node: &str) -> String {
    match again {
        0 => format!("{node}没有重传任何报文段。"),
        again => format!("{node}重传了 {again} 个报文段，应用只感到慢了一些。"),
    }
}

const fn early(ending: Ending) -> &'static str {
    match ending {
        Ending::Closed => "结束。",
        Ending::ResetByPeer => "以 RST 而不是 FIN 结束：应用读到的是错误，而不是结尾。",
        Ending::Refused => "结束：被拒绝。",
        Ending::TimedOut(_) => "等待太久而结束；没有交换 FIN 来说明结尾在哪里。",
        Ending::Aborted => "以 abort() 结束：对方的应用读到的是错误，而不是结尾。",
        Ending::AddressLost => "结束：没有可用的地址了。",
        Ending::Unreachable => "结束：对方无法到达。",
        Ending::Evicted => "结束：让位给别的连接。",
    }
}

fn unknown(word: &str, nearest: &str) -> String {
    format!(
        "图例中没有“{word}”；最接近的是 {nearest}：smolchat explain {nearest}。全部：smolchat explain"
    )
}
