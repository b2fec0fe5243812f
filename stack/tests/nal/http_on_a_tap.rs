//! The example on a real TAP, asked by curl: the kernel's TCP at the other end.

#[path = "../../examples/http_on_a_tap.rs"]
mod example;

use std::process::Command;

/// Runs in the private network, where the other test starts it.
#[test]
#[ignore = "a_server_that_knows_only_the_traits_answers_curl runs it"]
fn serve() {
    example::serve("tap0").expect("it serves for ever");
}

/// What a script says in a network of its own, in which the example serves at 192.0.2.2.
fn beside_the_server(script: &str) -> String {
    let setup = r#"set -euo pipefail
        ip link set lo up
        ip tuntap add tap0 mode tap
        ip addr add 192.0.2.1/24 dev tap0
        ip link set tap0 up
        "$0" --exact http_on_a_tap::serve --ignored --nocapture >&2 &
        trap "kill $!" EXIT
        ask() { curl --silent --show-error --retry-connrefused --retry 20 --max-time 20 "$@"; }
    "#;
    let program = std::env::current_exe().expect("it runs");
    let output = Command::new("unshare")
        .args(["-rn", "bash", "-c", &format!("{setup}{script}")])
        .arg(program)
        .output()
        .expect("unshare is installed: scripts/test installs what is missing");
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {why}", output.status);
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_server_that_knows_only_the_traits_answers_curl() {
    let said = beside_the_server(
        r#"
        ask -i http://192.0.2.2/
        # Twice over one connection.
        ask http://192.0.2.2/ http://192.0.2.2/ -w '%{num_connects}\n'
        ask -o /dev/null -w '%{http_code}\n' http://192.0.2.2/none
        ask http://192.0.2.2/numbers | cmp - <(seq 100000) && echo same
        # Ten at a time: more than the server has tasks.
        many=$(seq 50 | xargs -P 10 -I{} curl --silent --show-error --max-time 30 -o /dev/null -w '%{http_code}\n' 'http://192.0.2.2/numbers?{}')
        echo "$many" | sort | uniq -c
        "#,
    );
    let lines: Vec<_> = said.lines().map(str::trim_end).collect();
    assert_eq!(lines[0], "HTTP/1.1 200 OK");
    let rest = said.split("\r\n\r\n").nth(1).expect("a body");
    let greeting = "hello from smolhost\n";
    let expected = format!("{greeting}{greeting}1\n{greeting}0\n404\nsame\n     50 404\n");
    assert_eq!(rest, expected);
}

#[test]
fn an_idle_connection_is_closed_when_its_time_is_over() {
    // The server's own timeout, by a clock that is not the stack's: whoever is woken from another thread runs.
    let said = beside_the_server(
        r"
        ask -o /dev/null http://192.0.2.2/
        exec 3<>/dev/tcp/192.0.2.2/80
        before=$(date +%s%N)
        timeout 10 cat <&3
        after=$(date +%s%N)
        echo $(( (after - before) / 1000000 ))
        ",
    );
    let waited: u32 = said.trim().parse().expect("a number");
    assert!((2500..8000).contains(&waited), "{waited} ms");
}
