//! UDP by its traits.

use edge_nal::io::{Error as _, ErrorKind};
use edge_nal::{MulticastV4, Readable, UdpBind, UdpConnect, UdpReceive, UdpSend, UdpSplit};
use smolhost::nal::Error;
use smolhost::node::{ListenError, SendToError, Sizes};
use smolhost::smoltcp::time::Duration;

use crate::net::{Net, any, at, service, task};

/// Sends back whatever comes.
async fn echo(net: &impl UdpBind, port: u16) {
    let mut socket = net.bind(any(port)).await.expect("it is free");
    let mut octets = [0; 1500];
    loop {
        let (count, from) = socket.receive(&mut octets).await.expect("it is bound");
        socket
            .send(from, &octets[..count])
            .await
            .expect("there is a way");
    }
}

#[test]
fn datagrams_come_back_to_whoever_sent_them() {
    let net: Net = Net::new();
    let ask = |number: u8| {
        let net = &net;
        task(async move {
            let mut socket = UdpBind::bind(&net.a, any(0))
                .await
                .expect("there are ports");
            assert!(socket.port() >= 49_152);
            socket
                .send(at(2, 7), &[number; 40])
                .await
                .expect("there is a way");
            let mut octets = [0; 100];
            let (count, from) = socket.receive(&mut octets).await.expect("it is bound");
            assert_eq!((count, from), (40, at(2, 7)));
            assert_eq!(octets[..40], [number; 40]);
        })
    };
    net.run(vec![service(echo(&net.b, 7)), ask(1), ask(2), ask(3)]);
    assert_eq!([net.a.waiting(), net.b.waiting()], [0, 0]);
    // The ports are free again.
    assert!(!net.b.with(|node| node.is_bound(7)));
}

#[test]
fn a_connected_port_hears_its_peer_and_nobody_else() {
    let net: Net = Net::new();
    net.run(vec![
        service(echo(&net.b, 7)),
        task(async {
            let mut stranger = UdpBind::bind(&net.b, any(9)).await.expect("it is free");
            let socket = UdpConnect::connect(&net.a, any(5000), at(2, 7)).await;
            let mut socket = socket.expect("it is free");
            stranger
                .send(at(1, 5000), b"buy")
                .await
                .expect("there is a way");
            net.sleep(Duration::from_secs(1)).await;
            let (mut receives, mut sends) = socket.split();
            // Wherever it is said to go.
            sends
                .send(at(9, 9), b"hello")
                .await
                .expect("there is a way");
            let mut octets = [0; 9];
            let (count, from) = receives.receive(&mut octets).await.expect("it is bound");
            assert_eq!((&octets[..count], from), (&b"hello"[..], at(2, 7)));
        }),
    ]);
}

#[test]
fn a_datagram_longer_than_the_buffer_is_cut_and_says_how_long_it_was() {
    let net: Net = Net::new();
    net.run(vec![
        task(async {
            let mut socket = UdpBind::bind(&net.b, any(7)).await.expect("it is free");
            socket.readable().await.expect("it is bound");
            let mut octets = [0; 4];
            let received = socket.receive(&mut octets).await;
            assert_eq!(received, Ok((9, at(1, 5000))));
            assert_eq!(&octets, b"long");
        }),
        task(async {
            let mut socket = UdpBind::bind(&net.a, at(1, 5000))
                .await
                .expect("it is free");
            socket
                .send(at(2, 7), b"long text")
                .await
                .expect("there is a way");
        }),
    ]);
}

#[test]
fn who_sends_faster_than_datagrams_leave_waits_and_none_is_lost() {
    let sizes = Sizes {
        datagrams: 3000,
        ..Sizes::default()
    };
    let net: Net = Net::with(sizes, Sizes::default());
    let mut got = 0;
    net.run(vec![
        task(async {
            let mut socket = UdpBind::bind(&net.b, any(7)).await.expect("it is free");
            while got < 100 {
                let mut octets = [0; 1000];
                let (count, _) = socket.receive(&mut octets).await.expect("it is bound");
                assert_eq!((count, octets[0]), (1000, got));
                got += 1;
            }
        }),
        task(async {
            let mut socket = UdpBind::bind(&net.a, any(0))
                .await
                .expect("there are ports");
            for number in 0..100 {
                socket
                    .send(at(2, 7), &[number; 1000])
                    .await
                    .expect("there is a way");
            }
        }),
    ]);
    assert_eq!(got, 100);
}

#[test]
fn what_cannot_be_sent_or_bound_is_an_error_and_no_wait() {
    let net: Net = Net::new();
    net.run(vec![task(async {
        let mut socket = UdpBind::bind(&net.a, any(53)).await.expect("it is free");
        let error = UdpBind::bind(&net.a, any(53))
            .await
            .expect_err("it is bound");
        assert_eq!(error, Error::Listen(ListenError::InUse));
        let error = UdpBind::bind(&net.a, at(9, 54))
            .await
            .expect_err("another's");
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
        let error = socket.send(at(2, 7), &[0; 70_000]).await;
        assert_eq!(error, Err(Error::SendTo(SendToError::TooLong)));
        let far = "198.51.100.1:7".parse().expect("an address");
        let error = socket.send(far, b"text").await;
        assert_eq!(error, Err(Error::SendTo(SendToError::NoRoute)));
        let group = "224.0.0.251".parse().expect("an address");
        let error = socket.join_v4(group, [0; 4].into()).await;
        assert_eq!(error, Err(Error::Unsupported));
    })]);
}
