//! Puts the linker's description of the chosen board where the linker looks for it.

use std::env;
use std::fs;
use std::path::PathBuf;

const BOARDS: [&str; 2] = ["lm3s6965evb", "mps2-an385"];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=boards");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return; // A test of the safe half on the host: nothing is linked for a board.
    }
    let chosen: Vec<&str> = BOARDS
        .into_iter()
        .filter(|board| feature_is_on(board))
        .collect();
    let [board] = chosen[..] else {
        panic!(
            "choose exactly one board: --no-default-features --features semihosting,NAME with NAME one of {BOARDS:?}; now: {chosen:?}"
        );
    };
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let memory = if feature_is_on("large-stack") {
        "memory-large-stack.x"
    } else {
        "memory.x"
    };
    fs::copy(format!("boards/{board}/{memory}"), out.join("memory.x"))
        .expect("the board's memory.x is there");
    // cortex-m-rt includes device.x for weak interrupt names. The table here names its handlers itself.
    fs::write(out.join("device.x"), "").expect("OUT_DIR is writable");
    println!("cargo:rustc-link-search={}", out.display());
}

fn feature_is_on(name: &str) -> bool {
    env::var_os(format!(
        "CARGO_FEATURE_{}",
        name.to_uppercase().replace('-', "_")
    ))
    .is_some()
}
