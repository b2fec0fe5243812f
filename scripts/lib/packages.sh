# shellcheck shell=bash
# What would go to the registry. To be sourced after tools.sh; it defines functions only.
#
#   packages_check    that both crates are complete, small, and build from what is packed of them

# Of the warnings these are meant: tests and benchmarks need the whole tree, and nothing is uploaded.
PACKAGES_WARNINGS='ignoring (test|benchmark) |aborting upload due to dry run'

packages_check() {
    local package files file log warnings fresh status=0
    for package in smolhost smolchat; do
        files=$(cargo package --quiet --locked --allow-dirty --list --package "$package" 2>/dev/null)
        for file in Cargo.toml LICENSE-APACHE LICENSE-MIT README.md src/lib.rs; do
            grep -qxF "$file" <<<"$files" || tools_fail "$file is not in what is packed of $package"
        done
    done
    # The chat builds on the stack as it was packed, which is in no registry yet: that takes both at once. Cargo takes
    # what is in a registry to be for ever as it first saw it there, so this one has another place each time.
    fresh=$(mktemp -d)
    log=$(CARGO_TERM_COLOR=never cargo publish --locked --allow-dirty --workspace --dry-run \
        --target-dir "$fresh" 2>&1) || status=$?
    rm -rf "$fresh" "${CARGO_HOME:-$HOME/.cargo}"/registry/{src,cache}/-*/smolhost-*
    [ "$status" -eq 0 ] || tools_fail "the crates cannot be published: $log"
    # Also what was yanked of the dependencies is told as a warning.
    warnings=$(grep '^warning' <<<"$log" | grep -vE "$PACKAGES_WARNINGS" || true)
    [ -z "$warnings" ] || tools_fail "the crates could be published, but $warnings"
    files=$(grep 'Packaged' <<<"$log")
    # Half a MiB, compressed, is twice what it is now.
    ! grep -qE '\([5-9][0-9]{2}\.[0-9]KiB|MiB compressed' <<<"$files" || tools_fail "something large is packed: $files"
    tools_say "$files"
}
