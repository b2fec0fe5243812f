//! IPv6 beside IPv4.

use std::net::SocketAddr;

use edge_nal::io::{Read, Write};
use edge_nal::{TcpConnect, UdpBind, UdpReceive, UdpSend};
use smolhost::smoltcp::time::Duration;
use smolhost::smoltcp::wire::IpCidr;

use crate::net::{Net, any, at, service, task};

#[test]
fn both_families_come_to_one_port_and_datagrams_too() {
    let net: Net = Net::new();
    let six = |host: u16, port| SocketAddr::from(([0xfd00, 0, 0, 0, 0, 0, 0, host], port));
    for (stack, host) in [(&net.a, 1), (&net.b, 2)] {
        let both = [at(host, 0).ip(), six(host.into(), 0).ip()];
        let both = both.map(|ip| IpCidr::new(ip.into(), 24));
        stack.with(|node| node.set_addresses(net.now(), &both, &[]).expect("they fit"));
    }
    net.run(vec![
        service(crate::echo::echo(&net.b, 7)),
        task(async {
            for server in [six(2, 7), at(2, 7)] {
                let mut peer = net.a.connect(server).await.expect("it is served");
                assert_eq!(peer.remote(), Some(server));
                peer.write_all(b"text").await.expect("it listens");
                let mut octets = [0; 4];
                peer.read_exact(&mut octets).await.expect("it answers");
                assert_eq!(&octets, b"text");
            }
        }),
        task(async {
            let mut socket = UdpBind::bind(&net.b, six(2, 9)).await.expect("it is free");
            let mut octets = [0; 4];
            // What came to the other address is none of its.
            let received = socket.receive(&mut octets).await;
            assert_eq!(received, Ok((4, six(1, 5000))));
        }),
        task(async {
            let mut socket = UdpBind::bind(&net.a, any(5000)).await.expect("it is free");
            socket
                .send(at(2, 9), b"four")
                .await
                .expect("there is a way");
            socket
                .send(six(2, 9), b"six.")
                .await
                .expect("there is a way");
            net.sleep(Duration::from_secs(1)).await;
        }),
    ]);
}
