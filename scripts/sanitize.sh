#!/usr/bin/env bash
# sanitize.sh address|thread c [NAME...]
# sanitize.sh address|thread rust [ARGUMENT OF cargo nextest run...]
# Runs the C tests or the Rust tests with all Rust code, the standard library too, built for AddressSanitizer (with its
# search for leaks) or ThreadSanitizer. To be run by hand: a build takes minutes, and the tests five times as long.
# OpenSSL and libc are not built that way: of them only what the sanitizer intercepts is seen.
set -euo pipefail
CDPATH= cd "$(dirname "$0")/.."
. scripts/lib.sh

sanitizer=${1:-} what=${2:-}
case $sanitizer in
address) runtime=asan ;;
thread) runtime=tsan ;;
*) what= ;;
esac
case $what in c | rust) shift 2 ;; *) die "usage: $0 address|thread c|rust [NAME...]" ;; esac
scripts/setup.sh --strict --sanitizers
need cargo rustc
sysroot=$(rustc --print sysroot)
host=$(rustc -vV | sed -n 's/^host: //p')
if [ ! -d "$sysroot/lib/rustlib/src/rust/library" ]; then
    ! have rustup || rustup component add rust-src </dev/null || true
    [ -d "$sysroot/lib/rustlib/src/rust/library" ] || die "the standard library's sources are missing: rustup component add rust-src"
fi

out=$PWD/build/sanitize/$sanitizer
mkdir -p "$out"
# What it takes is not in stable Rust yet, but in its compiler.
# The sanitizers see system calls made by the C library only.
export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=$sanitizer -Cforce-frame-pointers=yes --cfg=rustix_use_libc"
build=(--locked -Zbuild-std --target "$host" --target-dir "$out/cargo")
# The tests start threads in forked children, and leave some to the end of the process.
export TSAN_OPTIONS="die_after_fork=0 report_thread_leaks=0"

if [ "$what" = c ]; then
    export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=1
    cargo build --release --lib "${build[@]}"
    cp -u "$out/cargo/$host/release/libmqtt3c.a" "$out/"
    cp -u "$sysroot/lib/rustlib/$host/lib/"librustc-*_rt.$runtime.a "$out/runtime.a"
    unset RUSTC_BOOTSTRAP RUSTFLAGS
    scripts/c-tests.sh "$sanitizer" "$@"
else
    need cargo-nextest
    export CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=1
    # That one measures the process's memory, of which the sanitizer has its share.
    cargo nextest run --no-fail-fast "${build[@]}" "$@" -- \
        --skip reading_pauses_when_callbacks_do_not_keep_up
fi
