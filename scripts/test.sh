#!/usr/bin/env bash
# test.sh: all there is to test, stopping at the first thing that fails. The Rust tests come last.
set -euo pipefail
CDPATH= cd "$(dirname "$0")/.."
. scripts/lib.sh
trap 'echo "${0##*/}: failed at: $current" >&2; finish' ERR
current=start
step() {
    current=$*
    printf '\n== %s\n' "$*"
}

step "Setting up"
scripts/setup.sh --strict
need cargo cc cmake mosquitto

step "Formatting"
cargo fmt --check

step "Lints"
cargo clippy --locked --all-targets -- -D warnings
cargo clippy --locked --all-targets --no-default-features -- -D warnings

step "Documentation"
RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --document-private-items

step "Both libraries"
make --no-print-directory all examples

for mode in shared static shared-tls static-tls; do
    step "C tests, $mode"
    scripts/c-tests.sh $mode
done

for way in unix ws ssl wss; do
    step "C tests over $way"
    WAY=$way scripts/c-tests.sh shared-tls callback_mode receive_mode many_threads_one_client qos_cap \
        message_false_return yield_pause
done
WAY=ssl scripts/c-tests.sh shared-tls large_payload

step "Stores exchanged with the original library"
scripts/store-exchange.sh

step "Killed programs"
scripts/survive.sh 20

step "The recorded behaviour of the original"
scripts/differential.sh check
scripts/differential.sh random check

step "Debian's prebuilt programs"
scripts/paho-cs-options.sh "$PWD/build/lib"
scripts/debian-programs.sh "$PWD/build/lib"
scripts/transports.sh "$PWD/build/lib"

step "Debian's example sources, compiled against include/"
sources=/usr/src/paho.mqtt.c-examples
programs=$PWD/build/debian
mkdir -p "$programs"
for program in MQTTClient_publish MQTTClient_publish_async MQTTClient_subscribe; do
    cc -O1 -w -Iinclude -o "$programs/$program" "$sources/$program.c" -Lbuild/lib -lpaho-mqtt3c -lpthread
done
for program in paho_cs_pub paho_cs_sub; do
    cc -O1 -w -Iinclude -Itests/c/debian -o "$programs/$program" "$sources/$program.c" "$sources/pubsub_opts.c" \
        -Lbuild/lib -lpaho-mqtt3cs
done
scripts/paho-cs-options.sh "$PWD/build/lib" "$programs"
scripts/debian-programs.sh "$PWD/build/lib" "$programs"

step "Installation, and the examples by cc, pkg-config and CMake"
prefix=$WORK/prefix
make --no-print-directory install PREFIX="$prefix" >/dev/null
mv "$prefix" "$WORK/moved" # an installation can be moved
prefix=$WORK/moved
start_mosquitto
uri=tcp://127.0.0.1:$BROKER_PORT
cc -o "$WORK/publish" c-examples/publish.c "-I$prefix/include" "-L$prefix/lib" -lpaho-mqtt3c
LD_LIBRARY_PATH=$prefix/lib "$WORK/publish" --uri "$uri"
# shellcheck disable=SC2046 # words are what is wanted
cc -o "$WORK/publish" c-examples/publish.c $(PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config --cflags --libs paho-mqtt3cs)
LD_LIBRARY_PATH=$prefix/lib "$WORK/publish" --uri "$uri" --qos 2
cmake -S c-examples -B "$WORK/cmake" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build "$WORK/cmake" >/dev/null
cmake -S c-examples -B "$WORK/cmake-plain" -DCMAKE_DISABLE_FIND_PACKAGE_eclipse-paho-mqtt-c=ON \
    -DMQTT_INCLUDE_DIR="$PWD/include" -DMQTT_LIBRARY="$PWD/build/lib/libpaho-mqtt3c.so" >/dev/null
cmake --build "$WORK/cmake-plain" >/dev/null
for build in build/examples "$WORK/cmake" "$WORK/cmake-plain"; do
    "$build/publish" --uri "$uri"
    "$build/publish_callbacks" --uri "$uri"
    "$build/qos_levels" --uri "$uri" --count 5
    (
        program=$(realpath "$build/persistent_publish")
        cd "$WORK"
        timeout -s KILL 0.2 "$program" --uri "$uri" --count 1000 || true
        "$program" --uri "$uri" --count 1000
    )
    "$build/request_response" --uri "$uri"
    for receiver in receive subscribe_callbacks subscribe_v5; do
        "$build/$receiver" --uri "$uri" --topic "$receiver/#" --count 3 --timeout 20000 >"$WORK/received" &
        pid=$!
        wait_for_line "$WORK/received" '^subscribed' 20 "$pid"
        "$build/publish" --uri "$uri" --topic "$receiver/hello" --count 3 >/dev/null
        wait "$pid"
        cat "$WORK/received"
    done
done
stop_started

step "Rust tests"
cargo test --locked --doc --quiet # nextest does not run these
if have cargo-nextest; then
    rust_tests=(cargo nextest run --locked)
else
    rust_tests=(cargo test --locked)
fi
"${rust_tests[@]}" --no-default-features
"${rust_tests[@]}"
