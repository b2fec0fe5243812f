//! Who makes room for whom when a room is full.

use super::*;
use crate::chat::Newcomer;

const ALICE: Endpoint = (1, 4000);

#[test]
fn whoever_has_many_waiting_takes_no_place_of_those_who_have_few() {
    let mut scene = Scene::with(8, 8);
    // Each member from a host of its own, silent for long, and many wait who are all from one.
    let origin_of = |key: Key| Some(Origin::of_v4([10, 0, 0, key as u8]));
    scene.now += Limits::default().first_words * 2;
    let yields = |places| {
        let newcomer = Newcomer {
            places,
            waiting: 100,
        };
        scene.room.who_yields(scene.now, &newcomer, origin_of)
    };
    assert_eq!(yields(1), Some(scene.ids[&1]));
    assert_eq!(yields(2), Some(scene.ids[&1]));
    assert_eq!(yields(3), None);
    assert_eq!(yields(50), None);
}

#[test]
fn a_word_holds_no_place_of_a_crowd_for_long_against_who_comes_from_elsewhere() {
    let mut scene = Scene::with(8, 8);
    scene.room.keep_for_streams(8);
    let first_words = Limits::default().first_words;
    // So many members of one host, all others of a host of their own.
    let yields = |scene: &Scene<'_>, crowd: Key| {
        let host = |key: Key| if key <= crowd { 0 } else { key as u8 };
        let origin_of = |key| Some(Origin::of_v4([10, 0, 0, host(key)]));
        let newcomer = Newcomer {
            places: 1,
            waiting: 1,
        };
        scene.room.who_yields(scene.now, &newcomer, origin_of)
    };
    scene.settle();
    let first = scene.ids[&1];
    assert_eq!(
        yields(&scene, 3),
        Some(first),
        "three of eight are more than a share"
    );
    scene.room.limits.per_origin = Some(4);
    assert_eq!(yields(&scene, 3), None, "all spoke just now");
    scene.wait(first_words.secs());
    assert_eq!(yields(&scene, 3), Some(first));
    assert_eq!(
        yields(&scene, 2),
        None,
        "two are no crowd beside a newcomer"
    );
}

#[test]
fn the_more_wait_the_sooner_who_never_spoke_makes_room() {
    let mut scene = Scene::with(8, 8);
    let first_words = Limits::default().first_words;
    // Each member from a host of its own, and nobody in a crowd.
    let yields = |scene: &Scene<'_>, waiting| {
        let origin_of = |key: Key| Some(Origin::of_v4([10, 0, 0, key as u8]));
        let newcomer = Newcomer { places: 1, waiting };
        scene.room.who_yields(scene.now, &newcomer, origin_of)
    };
    assert_eq!(yields(&scene, 1), None, "all came just now");
    scene.now += first_words / 32;
    assert_eq!(yields(&scene, 4), None);
    assert_eq!(yields(&scene, 5), Some(scene.ids[&1]));
    scene.now += first_words / 2;
    assert_eq!(yields(&scene, 1), Some(scene.ids[&1]));
}

#[test]
fn whoever_speaks_keeps_a_fair_share_and_who_comes_from_elsewhere_gets_what_is_beyond_it() {
    let mut scene = Scene::with(64, 64);
    scene.room.keep_for_streams(64);
    scene.settle();
    // So many hosts with so many members each, all others each on a host of their own; all spoke just now.
    let yields = |scene: &Scene<'_>, hosts: Key, members: Key| {
        let host = |key: Key| match key <= hosts * members {
            true => (key - 1) / members,
            false => key + 100,
        };
        let origin_of = |key| Some(Origin::of_v4([10, 0, 0, host(key) as u8]));
        let newcomer = Newcomer {
            places: 1,
            waiting: 1,
        };
        // Two crowds that are counted together at one look are told apart at another.
        let looks = (0..10).map(|look| scene.now + Duration::from_millis(20) * look);
        let mut put_out = looks.filter_map(|now| scene.room.who_yields(now, &newcomer, origin_of));
        let of_a_crowd = |id| {
            let mut ids = scene.ids.iter();
            ids.any(|(key, it)| *it == id && *key <= hosts * members)
        };
        put_out.next().map(of_a_crowd)
    };
    for (hosts, members) in [(1, 17), (2, 16), (3, 16), (4, 16), (8, 8), (5, 9), (12, 4)] {
        assert_eq!(
            yields(&scene, hosts, members),
            Some(true),
            "{members} at {hosts}"
        );
    }
    for (hosts, members) in [(1, 2), (16, 2), (32, 2), (0, 1)] {
        assert_eq!(yields(&scene, hosts, members), None, "{members} at {hosts}");
    }
    scene.room.limits.per_origin = Some(16);
    assert_eq!(yields(&scene, 3, 16), None, "the operator chose the share");
}

#[test]
fn whoever_leaves_and_comes_again_goes_on_where_it_was() {
    let mut scene = Scene::with(8, 1);
    let said = |scene: &Scene<'_>| scene.room.counts().messages - scene.room.counts().too_fast;
    let proof = scene.ask_for_a_code(ALICE);
    scene.datagram(ALICE, proof.as_bytes());
    let before = said(&scene);
    for _ in 0..50 {
        (0..20).for_each(|_| scene.datagram(ALICE, b"hello"));
        scene.datagram(ALICE, b"q");
        scene.datagram(ALICE, proof.as_bytes());
    }
    // Its first twenty, and each `q`; over TCP one more for each connection.
    assert!(
        said(&scene) - before <= 20 + 2 * 50,
        "{}",
        said(&scene) - before
    );
    let before = said(&scene);
    for key in 1..50 {
        (0..20).for_each(|_| scene.line(key, "hello"));
        scene.room.leave(scene.ids[&key]);
        let origin = origin_of(1);
        let id = scene
            .room
            .join_tcp(scene.now, key + 1, origin, &mut scene.delivered);
        scene.ids.insert(key + 1, id.unwrap());
    }
    assert_eq!(said(&scene) - before, 20 + 48);
    // Whoever is silent for a while has all of it again.
    scene.wait(10);
    let before = said(&scene);
    (0..30).for_each(|_| scene.line(50, "hello"));
    assert_eq!(said(&scene) - before, 20);
}
