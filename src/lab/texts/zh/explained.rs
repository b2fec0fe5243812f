//! What a row and a state mean.

use crate::lab::texts::Meaning;
use crate::trace::State;

pub(super) const fn state(state: State) -> &'static str {
    match state {
        State::Closed => "（关闭）这里没有连接。",
        State::Listen => "（监听）服务端等待任何人的 SYN。",
        State::SynSent => "（同步已发送）SYN 已发出，等待回答。",
        State::SynReceived => "（同步已收到）收到 SYN 并已回答，回答还没有被确认。",
        State::Established => "（已建立连接）双方都知道对方在，可以双向传数据。",
        State::FinWait1 => "（终止等待 1）本端已关闭，FIN 还没有被确认。",
        State::FinWait2 => "（终止等待 2）FIN 已被确认，对方仍可以发数据。",
        State::CloseWait => "（关闭等待）对方已关闭，本端的程序还没有。",
        State::Closing => "（正在关闭）两个 FIN 交错，本端的 FIN 还没有被确认。",
        State::LastAck => "（最后确认）双方都已关闭，只差对本端 FIN 的确认。",
        State::TimeWait => {
            "（时间等待）都做完了，再等 2MSL：对方重传 FIN 时可以回答，旧报文段也会消失。"
        }
    }
}

pub(super) const fn explained(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::Syn => "SYN：请求建立连接，我的序列号从这里开始。它占一个序列号。",
        Meaning::SynAck => "SYN,ACK：同意，你的序列号我收到了，我的从这里开始。",
        Meaning::Ack => "ACK：这个号之前的我都收到了。纯粹的确认本身不会再被确认。",
        Meaning::Data => "数据：seq 是第一个字节的序列号，len 是字节数。",
        Meaning::Fin => "FIN：我不再发送了。它占一个序列号，所以和数据一样要被确认。",
        Meaning::Reset => "RST：这里没有（或不再有）这个连接。不用确认，谁也不用等。",
        Meaning::Datagram => "数据报：独立的一份，没有序列号，也不会被确认。",
        Meaning::Icmp => "ICMP：主机在，但没有程序用这个端口。",
        Meaning::Retransmission => "没有及时收到确认，于是用同样的序列号再发一次。",
        Meaning::Duplicate => "全部内容以前都收到过：再确认一次，然后丢掉。",
        Meaning::OutOfOrder => "它前面缺了一段：先存起来，确认号仍然指向缺口。",
        Meaning::KeepAlive => "探测沉默的对方，序列号比下一个小一：只要对方在，就必须回答。",
        Meaning::WindowProbe => "往关闭的窗口里送一个字节：回答会说明窗口开了没有。",
        Meaning::Lost => "发出去了，但没有到达。没有人通知：发送方只能靠等待来发现。",
        Meaning::Late => "它在路上的时间比后发的还长。",
        Meaning::Copy => "网络又送来了以前送过的、或早该到的东西。",
        Meaning::Forged => "第三方伪造的，写着客户端的地址。",
        Meaning::NobodyThere => "到了，但那里没有开机。",
        Meaning::Refused => "到了，但到此为止。",
        Meaning::Held => "等到有空闲的连接为止，现在还不回答。",
        Meaning::Listen => "程序请协议栈在这个端口上接纳别人。",
        Meaning::Connect => "程序请协议栈建立连接，随后发出 SYN。",
        Meaning::Accept => "程序取走一个早已完成握手的连接。",
        Meaning::Send => "字节进了协议栈的缓冲区。这不说明对方收到了。",
        Meaning::Receive => "程序取走协议栈里已有的，最多取它要的那么多。",
        Meaning::WouldBlock => "还什么都没有：阻塞的调用会在这里睡眠。",
        Meaning::EndOfData => "0：对方已关闭，之前的数据都读完了。",
        Meaning::Failed => "出错：名字是 C 里的名字。",
        Meaning::Shutdown => "只关闭发送的一半：发 FIN，本端还继续读。",
        Meaning::Close => "程序用完了这个连接，协议栈还没有。",
        Meaning::Abort => "连接立即以 RST 结束。",
        Meaning::Bind => "程序要这个端口的数据报。",
        Meaning::Timer => "什么也没来：定时器到时，状态只因它而改变。",
        Meaning::TimeWait => "从这里开始数 2MSL。",
        Meaning::Over => "连接什么也不剩了，只剩程序能知道它怎样结束。",
        Meaning::CablePulled => "从此什么都过不去。两端谁也不会被通知。",
        Meaning::CablePlugged => "从此发出的又能过去了。",
        Meaning::PowerLost => "它连同它知道的一切都没了，什么也没说。",
        Meaning::Started => "它对以前的事一无所知。",
        Meaning::Killed => "程序没了，协议栈替它关闭打开的东西。",
    }
}
