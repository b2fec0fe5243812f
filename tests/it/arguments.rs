//! What the program says to arguments that cannot be: one clear sentence, and status 2. It touches
//! no device before its arguments are right.
use std::io::Write;
use std::process::{Command, Stdio};

fn refusal(arguments: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_smolchat"))
        .args(arguments.split_whitespace())
        .env("COLUMNS", "1000")
        .output()
        .expect("the program was built for this test");
    let said = String::from_utf8(output.stderr).expect("it speaks UTF-8");
    assert_eq!(output.status.code(), Some(2), "{arguments}: {said}");
    assert!(output.stdout.is_empty(), "{arguments}");
    let first = said.lines().next().unwrap_or_default();
    first.to_string()
}

fn assert_refused(arguments: &str, sentence: &str) {
    let said = refusal(arguments);
    assert!(said.contains(sentence), "{arguments}\nsays {said:?}");
}

#[test]
fn port_0_is_refused_and_a_usable_port_named() {
    let sentence =
        "port 0 means \"any port\" and nobody can connect to it; give one from 1 to 65535";
    for arguments in [
        "serve --port 0",
        "serve --udp-port 0",
        "connect 192.168.69.100:0",
    ] {
        assert_refused(arguments, sentence);
    }
    assert_refused("serve --port 65536", "a port is a number from 1 to 65535");
    assert_refused("serve --port -1", "unexpected argument '-1'");
}

#[test]
fn an_address_that_is_no_cidr_is_refused_and_shown_as_one() {
    for (address, sentence) in [
        (
            "192.168.69.1",
            "the prefix length is missing; write 192.168.69.1/24",
        ),
        ("fd00::1", "the prefix length is missing; write fd00::1/64"),
        (
            "192.168.69/24",
            "not an address with its prefix length (CIDR), such as 192.168.69.1/24",
        ),
        ("host/24", "not an address with its prefix length"),
        ("192.168.69.1/33", "the prefix length must be from 1 to 30"),
        ("192.168.69.1/31", "the prefix length must be from 1 to 30"),
        ("fd00::1/0", "the prefix length must be from 1 to 126"),
        (
            "192.168.69.0/24",
            "this is the address of the subnet itself",
        ),
        (
            "192.168.69.255/24",
            "this is the broadcast address of its subnet",
        ),
        (
            "224.0.0.1/24",
            "this is not an address that a node can have",
        ),
        ("127.0.0.1/8", "this is not an address that a node can have"),
        ("0.0.0.0/8", "this is not an address that a node can have"),
    ] {
        assert_refused(&format!("serve --address {address}"), sentence);
        assert_refused(&format!("serve --host-address {address}"), sentence);
    }
}

#[test]
fn a_host_and_a_node_in_different_subnets_are_refused() {
    let sentence = "are in different subnets and could not reach each other";
    for pair in [
        "--address 192.168.69.1/24 --host-address 192.168.70.100/24",
        "--address 192.168.69.1/24 --host-address 192.168.69.100/25",
        "--address 192.168.69.1/24 --host-address fd00::100/64",
        "--host-address 10.0.0.1/8",
    ] {
        assert_refused(&format!("serve {pair}"), sentence);
    }
    assert_refused(
        "serve --address 10.0.0.1/24 --address fd00::1/64 --host-address 10.0.0.2/24",
        "the node fd00::1/64 has no host in its subnet",
    );
}

#[test]
fn a_host_that_is_left_alone_has_no_address_beside() {
    assert_refused(
        "serve --host-address none --host-address 192.168.69.100/24",
        "--host-address none says that the host gets no address, and others say which",
    );
    assert_refused(
        "serve --address none",
        "not an address with its prefix length",
    );
    assert_refused("serve --address fe80::1%tap0/64", "leave the zone out");
}

#[test]
fn an_address_that_two_have_is_refused() {
    assert_refused(
        "serve --address 10.0.0.1/24 --host-address 10.0.0.1/24",
        "the node and the host both have the address 10.0.0.1",
    );
    assert_refused(
        "serve --address 10.0.0.1/24 --address 10.0.0.1/24",
        "the address 10.0.0.1 is given twice",
    );
}

#[test]
fn more_addresses_than_a_node_has_room_for_are_refused() {
    let addresses: String = (1..=9)
        .map(|n| format!(" --address 10.0.{n}.1/24"))
        .collect();
    assert_refused(
        &format!("serve{addresses}"),
        "there are 9 addresses and a node has room for 8",
    );
}

#[test]
fn an_mtu_out_of_range_is_refused_and_the_range_told() {
    for mtu in ["0", "575", "65522", "many"] {
        assert_refused(
            &format!("serve --mtu {mtu}"),
            "an MTU is a number of octets from 576 to 65521, and at least 1280 where IPv6 is used",
        );
    }
    assert_refused(
        "serve --mtu 1279 --address fd00::1/64",
        "an MTU of 1279 octets is too small for IPv6, which needs 1280",
    );
}

#[test]
fn a_segment_size_that_does_not_fit_the_mtu_is_refused() {
    for mss in ["0", "63", "65536", "many"] {
        assert_refused(
            &format!("serve --mss {mss}"),
            "a segment size is a number of octets from 64 to the MTU less 40",
        );
    }
    assert_refused(
        "serve --mss 1461",
        "segments of 1461 octets do not fit an MTU of 1500: give --mss at most 1460, or raise --mtu",
    );
}

#[test]
fn a_tap_name_that_the_kernel_would_cut_is_refused() {
    assert_refused(
        "serve --tap sixteen-octets-x",
        "the name of an interface has 1 to 15 octets, none of them white space, '/', ':' or '%'; \
         this has 16",
    );
    assert_refused(
        "serve --tap a/b",
        "the name of an interface has 1 to 15 octets",
    );
}

#[test]
fn a_time_that_makes_no_sense_is_refused() {
    for msl in ["0s", "30", "11min", "soon", "-1s"] {
        assert_refused(
            &format!("serve --msl={msl}"),
            "a maximum segment lifetime is a time from 10ms to 10min, such as 30s, 1min or 2min",
        );
    }
    assert_refused("serve --spin 2s", "a spin is a time from 0s to 1s");
}

#[test]
fn a_number_of_connections_out_of_range_is_refused() {
    for count in ["0", "60001", "all"] {
        assert_refused(
            &format!("serve --connections {count}"),
            "the number of connections is from 1 to 60000",
        );
    }
    assert_refused(
        "serve --backlog 0",
        "the number of waiting connections is from 1 to 4096",
    );
}

#[test]
fn buffers_and_rates_out_of_range_are_refused() {
    for octets in ["2047", "1048577", "64K"] {
        assert_refused(
            &format!("serve --buffer {octets}"),
            "a buffer has from 2048 to 1048576 octets",
        );
    }
    assert_refused("serve --messages-per-second -1", "unexpected argument '-1'");
    assert_refused(
        "serve --messages-per-second 1000001",
        "the messages of a second are from 1 to 1000000, or 0 for no limit",
    );
}

#[test]
fn a_peer_that_the_node_could_not_reach_is_refused() {
    for (arguments, sentence) in [
        (
            "192.168.69.100",
            "not ADDRESS:PORT, such as 192.168.69.100:9000",
        ),
        ("localhost:9000", "a number, not a name"),
        (
            "255.255.255.255:9000",
            "a connection needs the address of one host",
        ),
        (
            "224.0.0.1:9000",
            "a connection needs the address of one host",
        ),
        ("0.0.0.0:9000", "a connection needs the address of one host"),
        ("192.168.69.1:9000", "192.168.69.1 is the node itself"),
        (
            "[fd00::1]:9000",
            "the node has no IPv6 address and cannot reach fd00::1",
        ),
        (
            "10.1.1.1:9000",
            "10.1.1.1 is outside the subnets of the node; name the host that forwards",
        ),
        (
            "10.1.1.1:9000 --gateway 10.1.1.2",
            "the gateway 10.1.1.2 is in no subnet of the node",
        ),
        (
            "10.1.1.1:9000 --gateway 192.168.69.1",
            "the gateway 192.168.69.1 is in no subnet",
        ),
        (
            "[fd00::2%tap0]:9000 --address fd00::1/64",
            "only a link-local address, such as fe80::100, takes a zone",
        ),
        (
            "[fe80::2%eth0]:9000 --address fe80::1/64",
            "the zone eth0 is not the link that the node is on, which is tap0; write %tap0",
        ),
        ("fe80::2%tap0:9000", "or [fe80::100%tap0]:9000"),
    ] {
        assert_refused(&format!("connect {arguments}"), sentence);
    }
}

#[test]
fn the_loopback_of_this_machine_is_refused_with_an_address_that_the_node_can_reach() {
    for (arguments, loopback, reachable) in [
        ("127.0.0.1:9000", "127.0.0.1", ", as in 192.168.69.100:9000"),
        (
            "127.9.9.9:80 --udp",
            "127.9.9.9",
            ", as in 192.168.69.100:80",
        ),
        (
            "[::1]:9000 --address fd00:69::1/64",
            "::1",
            ", as in [fd00:69::100]:9000",
        ),
        ("127.0.0.1:9000 --host-address none", "127.0.0.1", ""),
    ] {
        let sentence = format!(
            "{loopback} is the loopback of this machine, and the node has a stack of its own, at the other \
             end of the TAP: from there nobody reaches it; connect to this host's address on the \
             TAP{reachable}, and let the server listen on all its addresses"
        );
        assert_eq!(
            refusal(&format!("connect {arguments}")),
            format!("error: {sentence}")
        );
    }
}

#[test]
fn a_seed_a_share_and_a_port_of_a_service_are_refused_with_what_to_give() {
    let seed = "a seed is a whole number from 0 to 18446744073709551615, such as 1";
    assert_refused("serve --seed abc", seed);
    assert_refused("demo --seed 1.5", seed);
    assert_refused(
        "serve --per-address 0",
        "one address keeps from 1 to 60000 places, since with none nobody could talk",
    );
    for (option, port) in [("--port", 7), ("--port", 19), ("--udp-port", 9)] {
        assert_refused(
            &format!("serve --services {option} {port}"),
            &format!(
                "port {port} is taken by --services, which has echo at 7, discard at 9 and the character \
                 generator at 19: give the chat another with {option}, such as 9000, or leave --services out"
            ),
        );
    }
}

#[test]
fn what_is_nothing_but_ladders_has_none_without() {
    for arguments in ["ladder file.pcap --plain", "demo --wire --plain"] {
        assert_refused(arguments, "unexpected argument '--plain' found");
    }
}

/// Runs the program with an address space of so many KiB, and ends it as soon as it reads.
fn run_within(kibioctets: &str, arguments: &str) -> (Option<i32>, String) {
    let limited = format!("ulimit -v {kibioctets}; exec \"$0\" \"$@\"");
    let mut child = Command::new("sh")
        .args(["-c", &limited, env!("CARGO_BIN_EXE_smolchat")])
        .args(arguments.split_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("there is a shell");
    // One that was refused reads nothing.
    let _ = child.stdin.take().expect("piped").write_all(b"q\n");
    let output = child.wait_with_output().expect("it was started");
    let said = String::from_utf8(output.stderr).expect("it speaks UTF-8");
    (output.status.code(), said)
}

/// It served and ended, or refused in a sentence; nothing else.
fn assert_no_accident(kibioctets: &str, arguments: &str) {
    let (code, said) = run_within(kibioctets, arguments);
    match code {
        Some(0) => assert_eq!(said, "", "{arguments}"),
        Some(1 | 2) => assert!(said.starts_with("error: "), "{arguments}: {said}"),
        _ => panic!("{arguments}: {code:?} {said}"),
    }
}

/// What somebody may write where a number, a time or an address with its prefix length is asked for.
const VALUES: [&str; 24] = [
    "0",
    "1",
    "2",
    "+5",
    "-1",
    "1.5",
    "1e3",
    "0x10",
    "64K",
    "４",
    "NaN",
    "100",
    "2048",
    "60000",
    "65535",
    "65536",
    "1048576",
    "4294967296",
    "9223372036854775807",
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "-9223372036854775808",
    "10min",
    "584942417355y",
];

#[test]
fn no_value_of_a_numeric_option_ends_the_program_by_accident() {
    let mut prefixes = vec![
        "connect 192.168.69.1:".to_string(),
        "serve --private --address=10.0.0.1/".to_string(),
        "serve --private --address=fd00::1/".to_string(),
    ];
    for option in [
        "port",
        "udp-port",
        "backlog",
        "messages-per-second",
        "mtu",
        "mss",
        "msl",
        "connections",
        "buffer",
        "spin",
        "seed",
        "address",
        "host-address",
        "gateway",
        "mac",
    ] {
        prefixes.push(format!("serve --private --{option}="));
    }
    std::thread::scope(|scope| {
        for prefix in &prefixes {
            scope.spawn(move || {
                for value in VALUES {
                    assert_no_accident("unlimited", &format!("{prefix}{value}"));
                }
            });
        }
    });
    assert_no_accident("unlimited", "demo --wire --seed 18446744073709551615");
}

#[test]
fn memory_that_the_system_does_not_give_is_refused_with_what_would_fit() {
    let much = ["--connections 60000", "--buffer 1048576"];
    let serve = |options: [&str; 2]| {
        run_within(
            "2000000",
            &format!("serve --private {} {}", options[0], options[1]),
        )
    };
    let (code, said) = serve(much);
    assert_eq!(code, Some(1), "{said}");
    let sentence = "60000 connections with two buffers of 1048576 octets each take 120150 MiB, and this \
                    system does not give so much; ";
    let (_, fits) = said.split_once(sentence).expect("that sentence");
    let (connections, buffer) = fits.trim_end().split_once(" would fit, or ").expect("both");
    for options in [[connections, much[1]], [much[0], buffer]] {
        let (code, said) = serve(options);
        assert_eq!(code, Some(0), "{options:?}: {said}");
    }
    // However little there is, it ends with a sentence.
    for kibioctets in ["20000", "50000", "100000", "150000", "200000", "500000"] {
        for connections in ["1", "64", "60000"] {
            let arguments = format!("serve --private --connections {connections}");
            assert_no_accident(kibioctets, &arguments);
        }
    }
}
