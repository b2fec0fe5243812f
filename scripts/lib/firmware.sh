# shellcheck shell=bash
# What the scripts that build or run the firmware share. To be sourced; it defines functions only.
#
#   firmware_need_qemu                 finds QEMU for Arm, or installs it, or ends the script
#   firmware_build BOARD [FEATURE]...  builds an image and sets FIRMWARE_IMAGE to its path
#
# A core library for the board is taken from the first of these that works, and each says so:
#   installed  the Rust toolchain in use has it
#   rustup     rustup adds it
#   debian     Debian's compiler (rustc-web) builds it from Debian's library source (rust-web-src)
# SMOLCHAT_CORE=installed|rustup|debian tries only that one.

FIRMWARE_TARGET=thumbv7m-none-eabi
FIRMWARE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
FIRMWARE_BOARDS="lm3s6965evb mps2-an385"
FIRMWARE_DEBIAN_RUSTC=/usr/bin/rustc

# shellcheck source=scripts/lib/tools.sh
. "$FIRMWARE_ROOT/scripts/lib/tools.sh"

firmware_need_qemu() { tools_need qemu-system-arm qemu-system-arm; }

firmware_core_is_installed() {
    [ -d "$(cd "$FIRMWARE_ROOT/firmware" && rustc --print sysroot 2>/dev/null)/lib/rustlib/$FIRMWARE_TARGET/lib" ]
}

firmware_core_by_rustup() {
    command -v rustup >/dev/null || return 1
    tools_say "adding the core library: rustup target add $FIRMWARE_TARGET"
    (cd "$FIRMWARE_ROOT/firmware" && rustup target add "$FIRMWARE_TARGET") >&2 && firmware_core_is_installed
}

firmware_core_from_debian() {
    if ! dpkg -s rustc-web rust-web-src >/dev/null 2>&1; then
        tools_install rustc-web rust-web-src || return 1
    fi
    [ -x "$FIRMWARE_DEBIAN_RUSTC" ] && firmware_find_linker >/dev/null
}

# Debian's compiler has no linker for boards of its own: the toolchain's, or Debian's lld.
firmware_find_linker() {
    local sysroot
    sysroot=$(rustc --print sysroot 2>/dev/null)
    find "$sysroot/lib/rustlib" -path '*/bin/rust-lld' -type f 2>/dev/null | grep -m1 . && return
    command -v ld.lld && return
    tools_install lld && command -v ld.lld
}

# Sets FIRMWARE_CORE to the way that works.
firmware_need_core() {
    local only=${SMOLCHAT_CORE:-}
    if [ -z "$only" ] || [ "$only" = installed ]; then
        firmware_core_is_installed && FIRMWARE_CORE=installed && return
    fi
    if [ -z "$only" ] || [ "$only" = rustup ]; then
        firmware_core_by_rustup && FIRMWARE_CORE=installed && return
    fi
    if [ -z "$only" ] || [ "$only" = debian ]; then
        firmware_core_from_debian && FIRMWARE_CORE=debian && return
    fi
    tools_fail "there is no core library for $FIRMWARE_TARGET${only:+ (SMOLCHAT_CORE=$only)}." \
        "Do one of these first: rustup target add $FIRMWARE_TARGET, or: sudo apt-get install rustc-web rust-web-src lld"
}

firmware_build() {
    local board=$1
    shift
    case " $FIRMWARE_BOARDS " in
    *" $board "*) ;;
    *) tools_fail "no board named $board; there are: $FIRMWARE_BOARDS" ;;
    esac
    command -v cargo >/dev/null || tools_fail "cargo is missing. Install Rust first: https://rustup.rs"
    firmware_need_core

    local target_dir=${CARGO_TARGET_DIR:-$FIRMWARE_ROOT/firmware/target}
    local images=$target_dir/images
    local features="semihosting,$board" name=$board environment=() arguments=() feature linker directory
    for feature in "$@"; do
        features+=,$feature
        name+=-$feature
    done
    if [ "$FIRMWARE_CORE" = debian ]; then
        tools_say "building the core library with $("$FIRMWARE_DEBIAN_RUSTC" --version)"
        linker=$(firmware_find_linker)
        # A directory of its own, or two compilers would rebuild each other's work for ever.
        target_dir=$target_dir/debian
        environment=(RUSTC="$FIRMWARE_DEBIAN_RUSTC" RUSTC_BOOTSTRAP=1
            CARGO_TARGET_THUMBV7M_NONE_EABI_LINKER="$linker")
        arguments=(-Zbuild-std=core)
    fi
    # Panics name files: without where this machine keeps them, images are smaller, and the same everywhere.
    local registry=${CARGO_HOME:-$HOME/.cargo}/registry/src
    arguments+=(--config "target.$FIRMWARE_TARGET.rustflags=['--remap-path-prefix=$FIRMWARE_ROOT/=']")
    for directory in "$registry"/*; do
        arguments+=(--config "target.$FIRMWARE_TARGET.rustflags=['--remap-path-prefix=$directory/=']")
    done
    tools_say "building the firmware for $board"
    (cd "$FIRMWARE_ROOT/firmware" && env "${environment[@]}" CARGO_TARGET_DIR="$target_dir" \
        cargo build --quiet --release --target "$FIRMWARE_TARGET" \
        --no-default-features --features "$features" "${arguments[@]}") >&2 ||
        tools_fail "the firmware does not build"
    mkdir -p "$images"
    FIRMWARE_IMAGE=$images/$name.elf
    cp "$target_dir/$FIRMWARE_TARGET/release/smolchat-firmware" "$FIRMWARE_IMAGE"
}
