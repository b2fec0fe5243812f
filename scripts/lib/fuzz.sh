# shellcheck shell=bash
# Building and running the fuzz targets. To be sourced after tools.sh; it defines only.
#
# libFuzzer needs no sanitizer here, since the library has no `unsafe`, and so no nightly toolchain and no
# cargo-fuzz either: the passes that it needs are in every rustc. Whoever has cargo-fuzz may use it as well.
#
#   fuzz_build                builds all targets
#   fuzz_replay TARGET        plays each file of its corpus and of its regressions
#   fuzz_run TARGET SECONDS   runs one, and keeps what it finds below fuzz/artifacts/TARGET
#   fuzz_look TARGET SECONDS  the same, and says only how much was done, or all that was said if it failed

FUZZ_TARGETS="node chat web capture board"
FUZZ_HOST=$(rustc -vV | sed -n 's/^host: //p')
FUZZ_FLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing"

fuzz_build() {
    tools_need c++ g++
    local target bins=()
    for target in $FUZZ_TARGETS; do bins+=(--bin "$target"); done
    (cd fuzz && RUSTFLAGS=$FUZZ_FLAGS cargo build --quiet --locked --release --features libfuzzer \
        --target "$FUZZ_HOST" "${bins[@]}")
}

fuzz_replay() {
    local files=(fuzz/corpus/"$1"/* fuzz/regressions/"$1"/*) log
    log=$(mktemp)
    "fuzz/target/$FUZZ_HOST/release/$1" -timeout=20 -rss_limit_mb=4096 "${files[@]}" >"$log" 2>&1 || {
        tail -n 40 "$log"
        tools_fail "$1 fails with a file that it had passed"
    }
    rm "$log"
    printf '%s: %d files\n' "$1" "${#files[@]}"
}

fuzz_run() {
    local found=fuzz/artifacts/$1 seen=fuzz/target/corpus/$1
    mkdir -p "$found" "$seen"
    "fuzz/target/$FUZZ_HOST/release/$1" -max_total_time="$2" -max_len=3000 -len_control=0 -timeout=20 \
        -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix="$found/" \
        "$seen" "fuzz/corpus/$1" "fuzz/regressions/$1"
}

fuzz_look() {
    local log
    log=$(mktemp)
    fuzz_run "$@" >"$log" 2>&1 || {
        cat "$log"
        tools_say "$1 found something; it is in fuzz/artifacts/$1"
        return 1
    }
    printf '%s: ' "$1"
    grep -h "^frames\|^stat::number_of_executed_units" "$log" | tail -n 2 | paste -sd ' '
    rm "$log"
}
