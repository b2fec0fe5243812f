//! Words around the experiments and in the ladders.

use crate::lab::texts::{Frame, Ladder};
use crate::trace::{Answer, Ending, Mark, Reason, Timer};

pub(super) const FRAME: Frame = Frame {
    list: "关于 TCP 和 UDP 的问题，每一个都用内存里的两个节点做实验来回答。",
    list_end: "做一个实验：         smolchat lab 名字\n\
               逐行猜下一步：       smolchat lab 名字 --step\n\
               留给 Wireshark 看：  smolchat lab 名字 --pcap 文件",
    groups: [
        "连接怎样建立",
        "连接怎样结束",
        "数据怎样传送",
        "出了问题会怎样",
    ],
    answer: "答案",
    kernel: "用内核看同样的现象",
    knobs: "可以调整：{0}",
    seed_only: "可以调整：--seed",
    row: "（见第 {0} 行）",
    rows: "（见第 {0} 行）",
    not_shown: "用这组参数，实验没有得到答案中的这一部分。",
    section: "第 {0} 节",
    names: ["客户端", "服务端"],
    page: "每个问题都由一个实验来回答：内存里的两个节点、一根网线、一个虚拟时钟。`smolchat lab 名字` 做一个实验，\
           `--step` 让你先猜每一行，`--pcap 文件` 留给 Wireshark 看。两个节点都是实验室自己的，所以两端的状态都是\
           确定的，不是推断的。每一行两边都有时间：左边是客户端的，右边是服务端的。序列号从各自的初始序列号数起。\
           调用的返回值按 C 的写法；会阻塞的调用写作 EAGAIN。答案中的每句话都对照测量结果检查过，并注明证明它的行。",
    picture: "画成图",
    index: "实验室",
    page_end: "`SMOLCHAT_ACCEPT=1 cargo test --test it laboratory` 重新生成本页；不加它时，本页若与实验结果不符，测试就会失败。",
    prompt: "下一行会是什么？回车看下一行，b 退一行，? 解释这一行，q 结束。",
    before_first: "还没有显示任何一行：按回车看第一行。",
    not_a_step: "按回车看下一行，或者输入 b、? 或 q。",
};

pub(super) const LADDER: Ladder = Ladder {
    lost: "丢失",
    late: "迟到 {0}",
    twice: "会到达两次",
    copy: "旧的副本",
    forged: "别人伪造的",
    nobody: "对面没有人",
    held: "在半连接队列里等",
    dropped: "丢弃：{0}",
    cable_pulled: "拔掉网线",
    cable_plugged: "插回网线",
    power_lost: "断电",
    started: "重新启动",
    killed: "进程被杀死",
    mark,
    reason,
    answer,
    timer,
    ending,
};

const fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::None => "",
        Mark::Retransmission => "重传",
        Mark::Duplicate => "重复",
        Mark::OutOfOrder => "乱序",
        Mark::KeepAlive => "保活探测",
        Mark::WindowProbe => "零窗口探测",
    }
}

const fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::ChallengeAck => "质询 ACK",
        Answer::TimeWaitAck => "再次确认",
        Answer::SynAckAgain => "重发 SYN,ACK",
        Answer::SynCookie => "SYN cookie",
        Answer::Reset => "这里没有这个连接",
        Answer::Ack => "应回的 ACK",
    }
}

/// The reasons that experiments meet; others are told by one word.
const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::NotForUs => "不是它的地址",
        Reason::BacklogFull => "队列已满",
        Reason::ResetOutOfWindow => "序列号不完全吻合",
        Reason::ResetInTimeWait => "TIME-WAIT 中的 RST",
        Reason::TimeWait => "TIME-WAIT 中迟到的报文段",
        Reason::NoSuchPort => "没有这个端口",
        Reason::StrayReset => "没有这个连接",
        Reason::NoAck => "没有 ACK",
        Reason::DuplicateAck => "没有新内容",
        Reason::RateLimited => "应答太多",
        Reason::CookieIncomplete => "握手不完整",
        _ => "拒绝",
    }
}

const fn timer(timer: Timer) -> &'static str {
    match timer {
        Timer::TimeWait => "2MSL 已过",
        Timer::Retransmission => "太久没有收到确认",
        Timer::HalfOpen => "握手拖得太久",
        Timer::FinWait2 => "对方迟迟不关闭",
        Timer::CloseWait => "本端迟迟不关闭",
        Timer::KeepAlive => "保活探测没有回应",
    }
}

const fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Closed => "结束：双方都已关闭",
        Ending::ResetByPeer => "结束：被对方复位",
        Ending::Refused => "结束：被拒绝",
        Ending::TimedOut(_) => "结束：超时",
        Ending::Aborted => "结束：本端中止",
        Ending::AddressLost => "结束：本机地址没有了",
        Ending::Unreachable => "结束：对方不可达",
        Ending::Evicted => "结束：给别的连接让位",
    }
}
