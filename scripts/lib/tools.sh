# shellcheck shell=bash
# Finding and installing the programs that the scripts use. To be sourced; it defines functions only.
#
#   tools_say MESSAGE...          to standard error
#   tools_fail MESSAGE...         the same, and ends the script
#   tools_install PACKAGE...      Debian packages, if that is possible without asking anybody
#   tools_need COMMAND PACKAGE    finds a command, or installs its package, or ends the script

tools_say() { printf '%s\n' "$*" >&2; }

tools_fail() {
    tools_say "error: $*"
    exit 1
}

tools_install() {
    command -v apt-get >/dev/null || return 1
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || return 1
        as_root=(sudo -n)
    fi
    tools_say "installing $*"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1 ||
        { "${as_root[@]}" apt-get update >/dev/null 2>&1 &&
            "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1; }
}

tools_need() {
    command -v "$1" >/dev/null && return
    tools_install "$2" && command -v "$1" >/dev/null && return
    tools_fail "$1 is missing and could not be installed. Do this first: sudo apt-get install $2"
}
