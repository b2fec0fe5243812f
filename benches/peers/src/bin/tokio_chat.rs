//! A small chat as tokio's own example has it: a task for each member, a broadcast channel between
//! them; on the kernel's sockets. And the echo.

use std::net::Ipv4Addr;
use std::sync::Arc;

use clap::Parser;
use smolchat_peers::{CHAT, ECHO, RECEIPT};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::sync::broadcast;

#[derive(Parser)]
struct Arguments {
    #[arg(long)]
    address: Ipv4Addr,
}

/// A line, and whose it is.
type Said = (u64, Arc<str>);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let address = Arguments::parse().address;
    tokio::spawn(echo(listener(address, ECHO)));
    tokio::spawn(echo_datagrams(address));
    let chat = listener(address, CHAT);
    let (room, _) = broadcast::channel::<Said>(1024);
    for id in 0.. {
        let (stream, _) = chat.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        tokio::spawn(member(id, stream, room.clone()));
    }
}

fn listener(address: Ipv4Addr, port: u16) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind((address, port).into()).unwrap();
    socket.listen(4096).unwrap()
}

async fn echo(listener: TcpListener) {
    while let Ok((mut stream, _)) = listener.accept().await {
        stream.set_nodelay(true).unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                if stream.write_all(&buffer[..count]).await.is_err() {
                    break;
                }
            }
        });
    }
}

async fn echo_datagrams(address: Ipv4Addr) {
    let socket = UdpSocket::bind((address, ECHO)).await.unwrap();
    let mut buffer = [0; 65_536];
    while let Ok((count, from)) = socket.recv_from(&mut buffer).await {
        let _ = socket.send_to(&buffer[..count], from).await;
    }
}

async fn member(id: u64, stream: TcpStream, room: broadcast::Sender<Said>) {
    let mut heard = room.subscribe();
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    loop {
        tokio::select! {
            line = lines.next_line() => {
                let Ok(Some(line)) = line else { return };
                let _ = room.send((id, format!("guest-{id}: {line}\n").into()));
                if write.write_all(RECEIPT).await.is_err() {
                    return;
                }
            }
            said = heard.recv() => {
                let Ok((from, line)) = said else { continue };
                if from != id && write.write_all(line.as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    }
}
