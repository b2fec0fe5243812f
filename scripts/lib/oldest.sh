# shellcheck shell=bash
# The oldest Rust that Cargo.toml promises, and whether everything builds with it. To be sourced after firmware.sh; it
# defines functions only.
#
#   oldest_need     finds that toolchain, or installs it, or ends the script
#   oldest_check    that the libraries, the program and the firmware build with it: no code is made

# The first release of it: what is promised as 1.91 must not need 1.91.1.
oldest_version() {
    local version
    version=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$FIRMWARE_ROOT/Cargo.toml")
    case "$version" in
    *.*.*) printf '%s\n' "$version" ;;
    *.*) printf '%s.0\n' "$version" ;;
    *) tools_fail "Cargo.toml names no rust-version" ;;
    esac
}

# The toolchain, and the source of its core library for the board.
oldest_installed() { # VERSION
    [ -f "$(rustup run "$1" rustc --print sysroot 2>/dev/null)/lib/rustlib/src/rust/library/core/Cargo.toml" ]
}

oldest_need() {
    local version install
    version=$(oldest_version)
    install="rustup toolchain install $version --profile minimal --component rust-src"
    command -v rustup >/dev/null ||
        tools_fail "rustup is missing, and with it Rust $version, the oldest that Cargo.toml promises." \
            "Install it first (https://rustup.rs), then: $install"
    oldest_installed "$version" && return
    tools_say "installing Rust $version: $install"
    $install >&2 && oldest_installed "$version" && return
    tools_fail "Rust $version, the oldest that Cargo.toml promises, could not be installed. Do this first: $install"
}

oldest_cargo() { rustup run "$(oldest_version)" cargo "$@" --quiet --locked; }

# What is built of a crate with another compiler lies beside what was built before: nothing is built again for it.
oldest_check() {
    oldest_need
    (
        cd "$FIRMWARE_ROOT"
        oldest_cargo check --workspace --lib --bins
        oldest_cargo check --workspace --lib --all-features
        oldest_cargo check --workspace --lib --no-default-features
        # With the core library of the same release, as the scripts build it; without the flags, which are newer.
        cd firmware
        RUSTC_BOOTSTRAP=1 oldest_cargo check -Zbuild-std=core
    )
}
