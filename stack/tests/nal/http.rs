//! Somebody else's HTTP server on one stack, and their client on the other.

use std::fmt::{Debug, Display};

use edge_http::Method;
use edge_http::io::Error;
use edge_http::io::client;
use edge_http::io::server::{Connection, Handler, Server};
use edge_nal::io::{Read, Write};
use edge_nal::{TcpBind, TcpConnect, TcpShutdown, TcpSplit};
use smolhost::node::Sizes;
use smolhost::smoltcp::time::Duration;
use smolhost::trace::Kind;

use crate::echo::pattern;
use crate::net::{Net, any, at, service, task};

/// `/`: a greeting. `/long`: a long page. `/back`: what was posted.
struct Pages;

impl Handler for Pages {
    type Error<E>
        = Error<E>
    where
        E: Debug;

    async fn handle<T, const N: usize>(
        &self,
        _: impl Display + Copy,
        connection: &mut Connection<'_, T, N>,
    ) -> Result<(), Error<T::Error>>
    where
        T: Read + Write + TcpSplit,
    {
        let headers = connection.headers()?;
        match (headers.method, headers.path) {
            (Method::Get, "/") => {
                let length = [("Content-Length", "5")];
                connection.initiate_response(200, None, &length).await?;
                connection.write_all(b"hello").await
            }
            (Method::Get, "/long") => {
                connection.initiate_response(200, None, &[]).await?;
                connection.write_all(&pattern(100_000)).await
            }
            (Method::Post, "/back") => {
                let (mut body, mut octets) = (Vec::new(), [0; 500]);
                while let count @ 1.. = connection.read(&mut octets).await? {
                    body.extend(&octets[..count]);
                }
                connection.initiate_response(200, None, &[]).await?;
                connection.write_all(&body).await
            }
            _ => connection.initiate_response(404, None, &[]).await,
        }
    }
}

/// Serves with so many tasks.
async fn serve<const TASKS: usize>(net: &impl TcpBind) {
    let listener = net.bind(any(80)).await.expect("it is free");
    let mut server = Box::new(Server::<TASKS, 1024, 16>::new());
    let ended = server.run(None, listener, Pages).await;
    panic!("the server gave up: {:?}", ended.err());
}

type Client<'b, T> = client::Connection<'b, T, 16>;

/// What the server has to say.
async fn ask<T: TcpConnect>(
    connection: &mut Client<'_, T>,
    method: Method,
    page: &str,
    body: &[u8],
) -> (u16, Vec<u8>) {
    let length = body.len().to_string();
    let headers = [("Host", "smolhost"), ("Content-Length", &length)];
    let headers = if body.is_empty() {
        &headers[..1]
    } else {
        &headers
    };
    let asked = connection.initiate_request(true, method, page, headers);
    asked.await.expect("it is served");
    connection.write_all(body).await.expect("it listens");
    connection.initiate_response().await.expect("it answers");
    let code = connection.headers().expect("it has some").code;
    let (mut page, mut octets) = (Vec::new(), [0; 999]);
    while let count @ 1.. = connection.read(&mut octets).await.expect("it answers") {
        page.extend(&octets[..count]);
    }
    (code, page)
}

/// How many connections a node saw.
fn opened(net: &Net) -> usize {
    let is_opened = |kind| matches!(kind, Kind::Opened { .. });
    net.b.with(|node| {
        let events = node.journal().iter();
        events.filter(|it| is_opened(it.1.kind())).count()
    })
}

#[test]
fn a_client_asks_four_times_over_one_connection() {
    let net: Net = Net::new();
    net.run(vec![
        service(serve::<4>(&net.b)),
        task(async {
            let mut buffer = [0; 2048];
            let mut connection = Client::new(&mut buffer, &net.a, at(2, 80));
            let hello = (200, b"hello".to_vec());
            assert_eq!(ask(&mut connection, Method::Get, "/", b"").await, hello);
            let (code, page) = ask(&mut connection, Method::Get, "/long", b"").await;
            assert!(code == 200 && page == pattern(100_000), "{code}");
            let body = pattern(9000);
            let back = ask(&mut connection, Method::Post, "/back", &body).await;
            assert!(back == (200, body));
            let none = ask(&mut connection, Method::Get, "/none", b"").await;
            assert_eq!(none, (404, Vec::new()));
            connection.close().await.expect("it listens");
        }),
    ]);
    assert_eq!(opened(&net), 1);
    assert_eq!([net.a.waiting(), net.b.waiting()], [0, 0]);
}

#[test]
fn thirty_clients_are_served_by_four_tasks_and_the_others_wait_their_turn() {
    let net: Net = Net::new();
    let ask = |number: u64| {
        let net = &net;
        task(async move {
            net.sleep(Duration::from_micros(100 * number)).await;
            let mut buffer = [0; 2048];
            let mut connection = Client::new(&mut buffer, &net.a, at(2, 80));
            let (code, page) = ask(&mut connection, Method::Get, "/long", b"").await;
            assert!(code == 200 && page == pattern(100_000), "{code}");
            connection.close().await.expect("it listens");
        })
    };
    let asks = (0..30).map(ask);
    let tasks = [service(serve::<4>(&net.b))].into_iter().chain(asks);
    net.run(tasks.collect());
    assert_eq!(net.b.crowded(), 0);
}

#[test]
fn who_goes_away_in_the_middle_does_not_hold_up_the_next() {
    let sizes = Sizes {
        receive: 1500,
        transmit: 1500,
        ..Sizes::default()
    };
    let net: Net = Net::with(sizes, sizes);
    net.run(vec![
        // One task: who comes next is served when it is free.
        service(serve::<1>(&net.b)),
        task(async {
            for asked in [
                &b"GET /lo"[..],
                b"GET /long HTTP/1.1\r\n\r\n",
                b"\0\0\r\n\r\n",
            ] {
                let mut peer = net.a.connect(at(2, 80)).await.expect("it is served");
                peer.write_all(asked).await.expect("it listens");
                net.sleep(Duration::from_millis(50)).await;
                peer.abort().await.expect("it never fails");
            }
            let mut buffer = [0; 2048];
            let mut connection = Client::new(&mut buffer, &net.a, at(2, 80));
            let hello = (200, b"hello".to_vec());
            assert_eq!(ask(&mut connection, Method::Get, "/", b"").await, hello);
        }),
    ]);
}

#[test]
fn a_server_that_queues_its_connections_itself_serves_them_all() {
    let net: Net = Net::new();
    let ask = |_| {
        task(async {
            let mut buffer = [0; 2048];
            let mut connection = Client::new(&mut buffer, &net.a, at(2, 80));
            let (code, page) = ask(&mut connection, Method::Get, "/long", b"").await;
            assert!(code == 200 && page == pattern(100_000), "{code}");
            connection.close().await.expect("it listens");
        })
    };
    let serve = async {
        let listener = TcpBind::bind(&net.b, any(80)).await.expect("it is free");
        let mut server = Box::new(Server::<2, 1024, 16>::new());
        let served = server.run_with_socket_queue::<_, _, 4>(None, listener, Pages);
        panic!("the server gave up: {:?}", served.await.err());
    };
    let tasks = [service::<()>(serve)].into_iter().chain((0..12).map(ask));
    net.run(tasks.collect());
}
