//! The examples do what they say.

#[path = "../../stack/examples/echo.rs"]
mod echo;

#[test]
fn the_echo_comes_back_and_the_ladder_shows_a_whole_life() {
    let (heard, drawn) = echo::say("你好, TCP");
    assert_eq!(heard, "你好, TCP");
    let mut rest = drawn.as_str();
    for state in [
        "CLOSED",
        "SYN-SENT",
        "ESTABLISHED",
        "FIN-WAIT-1",
        "FIN-WAIT-2",
        "TIME-WAIT",
        "2 MSL",
    ] {
        let at = rest
            .find(state)
            .unwrap_or_else(|| panic!("no {state} in\n{drawn}"));
        rest = &rest[at..];
    }
}

#[test]
fn an_echo_longer_than_every_buffer_comes_back_whole() {
    let text = "octets ".repeat(20_000);
    assert_eq!(echo::say(&text).0, text);
}
