//! Somebody else's MQTT client, and a broker of a few octets.

use std::num::NonZero;

use edge_nal::io::{Read, Write};
use edge_nal::{TcpAccept, TcpBind, TcpConnect};
use rust_mqtt::Bytes;
use rust_mqtt::buffer::BumpBuffer;
use rust_mqtt::client::Client;
use rust_mqtt::client::event::Event;
use rust_mqtt::client::options::{
    ConnectOptions, DisconnectOptions, PublicationOptions, SubscriptionOptions, TopicReference,
};
use rust_mqtt::config::KeepAlive;
use rust_mqtt::types::{MqttString, TopicFilter, TopicName};

use crate::net::{Net, any, at, task};

/// A packet of MQTT: its first octet and what follows its length.
async fn packet(peer: &mut impl Read) -> (u8, Vec<u8>) {
    let (mut first, mut length) = ([0; 1], [0; 1]);
    peer.read_exact(&mut first).await.expect("it says");
    // Short packets are enough here: a length of one octet.
    peer.read_exact(&mut length).await.expect("it says");
    assert!(length[0] < 128);
    let mut rest = vec![0; usize::from(length[0])];
    peer.read_exact(&mut rest).await.expect("it says");
    (first[0], rest)
}

/// Answers one client of MQTT 5 until it disconnects; what it publishes goes back to it. Says how much that was.
async fn broker(net: &impl TcpBind) -> usize {
    let listener = net.bind(any(1883)).await.expect("it is free");
    let (_, mut peer) = listener.accept().await.expect("it is served");
    let mut published = 0;
    loop {
        let (first, rest) = packet(&mut peer).await;
        let answer = match first >> 4 {
            // CONNECT: CONNACK, success, no properties.
            1 => vec![0x20, 3, 0, 0, 0],
            // SUBSCRIBE: SUBACK with its number, QoS 0 granted.
            8 => vec![0x90, 4, rest[0], rest[1], 0, 0],
            // PUBLISH of QoS 1: the same with QoS 0, without its number, and then PUBACK.
            3 => {
                published += 1;
                let topic = 2 + usize::from(u16::from_be_bytes([rest[0], rest[1]]));
                let (topic, number) = (&rest[..topic], &rest[topic..topic + 2]);
                let message = &rest[topic.len() + 2..];
                let length = topic.len() + message.len();
                let back = [&[0x30, length as u8][..], topic, message].concat();
                [&back[..], &[0x40, 2], number].concat()
            }
            // PINGREQ: PINGRESP.
            12 => vec![0xd0, 0],
            // DISCONNECT.
            14 => return published,
            other => panic!("packet {other}"),
        };
        peer.write_all(&answer).await.expect("it listens");
        peer.flush().await.expect("it listens");
    }
}

#[test]
fn a_client_subscribes_publishes_and_hears_what_it_published() {
    let net: Net = Net::new();
    let mut published = 0;
    let polls = net.run(vec![
        task(async { published = broker(&net.b).await }),
        task(async {
            let peer = net.a.connect(at(2, 1883)).await.expect("it is served");
            let mut memory = [0; 4096];
            let mut buffer = BumpBuffer::new(&mut memory);
            let mut client = Client::<'_, '_, _, _, 1, 1, 1, 1, 1, 1, 1>::new(&mut buffer);
            let name = MqttString::from_str("smolhost").expect("it is short");
            let keep_alive = KeepAlive::Seconds(NonZero::new(60).expect("not 0"));
            let options = ConnectOptions::new().clean_start().keep_alive(keep_alive);
            client
                .connect(peer, &options, Some(name))
                .await
                .expect("CONNACK");
            let topic = MqttString::from_str("a/topic").expect("it is short");
            let filter = TopicFilter::new(topic.as_borrowed()).expect("one");
            let options = SubscriptionOptions::new();
            let subscribed = client.subscribe(filter, &options);
            subscribed.await.expect("it listens");
            let Ok(Event::Suback(_)) = client.poll().await else {
                panic!("no SUBACK")
            };
            for number in 0..20u8 {
                let topic = TopicName::new(topic.as_borrowed()).expect("one");
                let options = PublicationOptions::new(TopicReference::Name(topic)).at_least_once();
                let text = [number; 50];
                let sent = client.publish(&options, Bytes::Borrowed(&text)).await;
                sent.expect("it listens");
                match client.poll().await.expect("it answers") {
                    Event::Publish(heard) => assert_eq!(heard.message.as_bytes(), text),
                    other => panic!("{other:?}"),
                }
                match client.poll().await.expect("it answers") {
                    Event::PublishAcknowledged(_) => {}
                    other => panic!("{other:?}"),
                }
            }
            client.ping().await.expect("it listens");
            let Ok(Event::Pingresp) = client.poll().await else {
                panic!("no PINGRESP")
            };
            let options = DisconnectOptions::new();
            client.disconnect(&options).await.expect("it listens");
        }),
    ]);
    assert_eq!(published, 20);
    assert_eq!([net.a.waiting(), net.b.waiting()], [0, 0]);
    assert!(polls.iter().sum::<usize>() < 300, "{polls:?}");
}
