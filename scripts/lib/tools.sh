# shellcheck shell=bash
# Finding and installing the programs that the scripts use. To be sourced; it defines functions only.
#
#   tools_say MESSAGE...          to standard error
#   tools_fail MESSAGE...         the same, and ends the script
#   tools_install PACKAGE...      Debian packages, if that is possible without asking anybody
#   tools_install_newest PACKAGE...  the same, after asking which versions there are
#   tools_help ARGUMENT...        for -h or --help: the comment at the head of the script, and the end
#   tools_need COMMAND PACKAGE    finds a command, or installs its package, or ends the script

tools_say() { printf '%s\n' "$*" >&2; }

tools_fail() {
    tools_say "error: $*"
    exit 1
}

tools_help() {
    case "${1:-}" in
    -h | --help)
        sed -n '2,${ /^#/!q; s/^# \{0,1\}//; p; }' "$0"
        exit 0
        ;;
    esac
}

# apt-get, as root, if that is possible without asking anybody.
tools_apt() {
    command -v apt-get >/dev/null || return 1
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || return 1
        as_root=(sudo -n)
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@" >/dev/null 2>&1
}

tools_install() {
    tools_say "installing $*"
    tools_apt install -y --no-install-recommends "$@" || tools_install_newest "$@"
}

tools_install_newest() { tools_apt update && tools_apt install -y --no-install-recommends "$@"; }

tools_need() {
    command -v "$1" >/dev/null && return
    tools_install "$2" && command -v "$1" >/dev/null && return
    tools_fail "$1 is missing and could not be installed. Do this first: sudo apt-get install $2"
}
