# shellcheck shell=bash
# Building and running the fuzz targets. To be sourced after tools.sh; it defines only.
#
# libFuzzer needs no sanitizer here, since the library has no `unsafe`, and so no nightly toolchain and no
# cargo-fuzz either: the passes that it needs are in every rustc. Whoever has cargo-fuzz may use it as well.
#
#   fuzz_build               builds all targets
#   fuzz_run TARGET SECONDS  runs one, and keeps what it finds below fuzz/artifacts/TARGET

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

fuzz_run() {
    local found=fuzz/artifacts/$1 seen=fuzz/target/corpus/$1
    mkdir -p "$found" "$seen"
    "fuzz/target/$FUZZ_HOST/release/$1" -max_total_time="$2" -max_len=3000 -len_control=0 -timeout=20 \
        -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix="$found/" \
        "$seen" "fuzz/corpus/$1" "fuzz/regressions/$1"
}
