# shellcheck shell=bash
# What the scripts that build or run the firmware share. To be sourced; it defines functions only.
#
#   firmware_need_qemu                 finds QEMU for Arm, or installs it, or ends the script
#   firmware_build BOARD [FEATURE]...  builds an image and sets FIRMWARE_IMAGE to its path; FEATURE small: one without
#                                      what a small part could do without
#
# The core library is built with the firmware: by far the smallest image. Its source and a compiler are
# taken from the first of these that works, and each says so:
#   installed  the Rust toolchain in use has the source
#   rustup     rustup adds the source to it
#   debian     Debian's compiler (rustc-web) and library source (rust-web-src)
# SMOLCHAT_CORE=installed|rustup|debian tries only that one.

FIRMWARE_TARGET=thumbv7m-none-eabi
FIRMWARE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
FIRMWARE_BOARDS="lm3s6965evb mps2-an385"
FIRMWARE_DEBIAN_RUSTC=/usr/bin/rustc
FIRMWARE_RUST=1.92 # The first with -Cpanic=immediate-abort.

# What makes the image small, measured in firmware/PORTING.md. A panic is one undefined instruction, which
# the fault handler reports; `scripts/where` names the line.
FIRMWARE_SMALL=(-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Ctarget-cpu=cortex-m3
    # Functions that are the same are there once, and so are the ends of texts.
    -Clink-arg=--icf=all -Clink-arg=-O2)
# Only drills say records as they are.
FIRMWARE_WITHOUT_DEBUG=(-Zfmt-debug=none)

# shellcheck source=scripts/lib/tools.sh
. "$FIRMWARE_ROOT/scripts/lib/tools.sh"

firmware_need_qemu() { tools_need qemu-system-arm qemu-system-arm; }

firmware_sysroot() { (cd "$FIRMWARE_ROOT/firmware" && "${1:-rustc}" --print sysroot 2>/dev/null); }

# Whether the compiler knows the target and the flags, and has the source of the core library beside it.
firmware_compiler_will_do() { # RUSTC
    RUSTC_BOOTSTRAP=1 "$1" "${FIRMWARE_SMALL[@]}" "${FIRMWARE_WITHOUT_DEBUG[@]}" --print cfg --target "$FIRMWARE_TARGET" >/dev/null 2>&1 || {
        tools_say "$("$1" --version 2>&1 | head -1): too old for the firmware"
        return 1
    }
    [ -f "$(firmware_sysroot "$1")/lib/rustlib/src/rust/library/core/Cargo.toml" ]
}

firmware_core_by_rustup() {
    command -v rustup >/dev/null || return 1
    tools_say "adding the source of the core library: rustup component add rust-src"
    (cd "$FIRMWARE_ROOT/firmware" && rustup component add rust-src) >&2 && firmware_compiler_will_do rustc
}

firmware_core_from_debian() {
    if ! dpkg -s rustc-web rust-web-src >/dev/null 2>&1 || ! firmware_compiler_will_do "$FIRMWARE_DEBIAN_RUSTC"; then
        tools_say "installing rustc-web rust-web-src"
        # There are old versions of it in lists of packages that nobody has refreshed.
        tools_install_newest rustc-web rust-web-src || return 1
    fi
    firmware_compiler_will_do "$FIRMWARE_DEBIAN_RUSTC" && firmware_find_linker >/dev/null
}

# Debian's compiler has no linker for boards of its own: the toolchain's, or Debian's lld.
firmware_find_linker() {
    find "$(firmware_sysroot)/lib/rustlib" -path '*/bin/rust-lld' -type f 2>/dev/null | grep -m1 . && return
    command -v ld.lld && return
    tools_install lld && command -v ld.lld
}

# Sets FIRMWARE_CORE to the way that works.
firmware_need_core() {
    local only=${SMOLCHAT_CORE:-}
    [ -z "${FIRMWARE_CORE:-}" ] || return 0
    if [ -z "$only" ] || [ "$only" = installed ]; then
        firmware_compiler_will_do rustc && FIRMWARE_CORE=installed && return
    fi
    if [ -z "$only" ] || [ "$only" = rustup ]; then
        firmware_core_by_rustup && FIRMWARE_CORE=installed && return
    fi
    if [ -z "$only" ] || [ "$only" = debian ]; then
        firmware_core_from_debian && FIRMWARE_CORE=debian && return
    fi
    tools_fail "there is no compiler with the source of the core library${only:+ (SMOLCHAT_CORE=$only)}." \
        "Do one of these first: rustup update && rustup component add rust-src," \
        "or with a Debian that has Rust $FIRMWARE_RUST: sudo apt-get install rustc-web rust-web-src lld"
}

# The compiler's own description of the target, but for the frame pointer: without it the code is smaller.
firmware_describe_target() { # RUSTC FILE
    mkdir -p "$(dirname "$2")"
    RUSTC_BOOTSTRAP=1 "$1" -Zunstable-options --print target-spec-json --target "$FIRMWARE_TARGET" |
        sed 's/"frame-pointer": "always"/"frame-pointer": "may-omit"/' >"$2.new" ||
        tools_fail "$1 does not describe the target $FIRMWARE_TARGET"
    # An unchanged file keeps its date, and nothing is built again.
    if cmp -s "$2.new" "$2"; then rm "$2.new"; else mv "$2.new" "$2"; fi
}

# Cargo with the core library built from source, for the target, as small as it gets. FIRMWARE_OUT is the
# directory of what it makes.
firmware_cargo() { # COMMAND [ARGUMENT]...
    firmware_need_core
    local target_dir=${CARGO_TARGET_DIR:-$FIRMWARE_ROOT/firmware/target} compiler=rustc flags directory
    local environment=(RUSTC_BOOTSTRAP=1) arguments=(-Zbuild-std=core -Zbuild-std-features=optimize_for_size)
    if [ "$FIRMWARE_CORE" = debian ]; then
        compiler=$FIRMWARE_DEBIAN_RUSTC
        tools_say "the compiler and the core library are Debian's: $("$compiler" --version)"
        # A directory of its own, or two compilers would rebuild each other's work for ever.
        target_dir=$target_dir/debian
        environment+=(RUSTC="$compiler" CARGO_TARGET_THUMBV7M_NONE_EABI_LINKER="$(firmware_find_linker)")
    fi
    local target=$target_dir/$FIRMWARE_TARGET.json
    firmware_describe_target "$compiler" "$target"
    # Newer versions of Cargo want to be told that the target is a file.
    if RUSTC_BOOTSTRAP=1 cargo -Zhelp 2>/dev/null | grep -q json-target-spec; then
        arguments+=(-Zjson-target-spec)
    fi
    # Debugging information names files: without where this machine keeps them, it is the same everywhere.
    flags=("${FIRMWARE_SMALL[@]}" "--remap-path-prefix=$FIRMWARE_ROOT=/smolchat"
        "--remap-path-prefix=$(firmware_sysroot "$compiler")/lib/rustlib/src/rust=/rust")
    for directory in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
        flags+=("--remap-path-prefix=$directory=/")
    done
    case " $* " in *drill*) ;; *) flags+=("${FIRMWARE_WITHOUT_DEBUG[@]}") ;; esac
    FIRMWARE_OUT=$target_dir/$FIRMWARE_TARGET/release
    (cd "$FIRMWARE_ROOT/firmware" && env "${environment[@]}" CARGO_TARGET_DIR="$target_dir" \
        cargo "$1" --quiet --locked --release --target "$target" "${arguments[@]}" \
        --config "target.$FIRMWARE_TARGET.rustflags=[$(printf "'%s'," "${flags[@]}")]" "${@:2}") >&2
}

firmware_build() {
    local board=$1
    shift
    case " $FIRMWARE_BOARDS " in
    *" $board "*) ;;
    *) tools_fail "no board named $board; there are: $FIRMWARE_BOARDS" ;;
    esac
    command -v cargo >/dev/null || tools_fail "cargo is missing. Install Rust first: https://rustup.rs"
    local features="semihosting,$board" name=$board feature full=,full
    for feature in "$@"; do
        if [ "$feature" = small ]; then full=; else features+=,$feature; fi
        name+=-$feature
    done
    features+=$full
    tools_say "building the firmware for $board"
    firmware_cargo build --no-default-features --features "$features" || tools_fail "the firmware does not build"
    firmware_keep "$FIRMWARE_OUT/smolchat-firmware" "$name"
}

# An echo server alone, the example of the board's library.
firmware_build_echo() { # BOARD [FEATURE]...
    local features="semihosting,$1" name=$1-echo feature
    for feature in "${@:2}"; do
        features+=,$feature
        name+=-${feature##*/}
    done
    tools_say "building the echo server for $1"
    firmware_cargo build --package smolboard --example echo --features "$features" ||
        tools_fail "the echo server does not build"
    firmware_keep "$FIRMWARE_OUT/examples/echo" "$name"
}

# Puts an image where the tests look for it, since the next build makes another in its place.
firmware_keep() { # FILE NAME
    local images=${CARGO_TARGET_DIR:-$FIRMWARE_ROOT/firmware/target}/images
    mkdir -p "$images"
    FIRMWARE_IMAGE=$images/$2.elf
    cp "$1" "$FIRMWARE_IMAGE"
}
