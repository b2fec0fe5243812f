//! The echo server on a board: the stack without the room.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

use crate::board::{BOARDS, Board, PATIENCE, Plug, Setup};

#[test]
#[ignore = "needs QEMU: scripts/test-firmware"]
fn more_than_every_buffer_holds_comes_back_from_four_at_once_and_the_board_closes_after_them() {
    for board in BOARDS {
        let mut board = Board::start(&Setup {
            echo: true,
            ..Setup::new(board, Plug::UserNetwork)
        });
        let (tcp, _) = board.forwarded();
        // One after the other, so that the places are free again: TIME-WAIT needs none.
        for _ in 0..2 {
            let peers: Vec<_> = (0..4u8)
                .map(|number| thread::spawn(move || echo(tcp, number)))
                .collect();
            peers.into_iter().for_each(|peer| peer.join().unwrap());
        }
    }
}

fn echo(room: std::net::SocketAddr, number: u8) {
    let mut peer = TcpStream::connect(room).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let said: Vec<u8> = (0..20_000u32).map(|at| at as u8 ^ number).collect();
    let mut writer = peer.try_clone().unwrap();
    let text = said.clone();
    let writer = thread::spawn(move || {
        writer.write_all(&text).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).unwrap();
    assert!(
        heard == said,
        "{} of {} octets, or others",
        heard.len(),
        said.len()
    );
    writer.join().unwrap();
}
