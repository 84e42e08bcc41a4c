#!/usr/bin/env bash
# demo.sh: the library at work beside the original one: the same programs, first on the one, then on the other.
# BROKER=tcp://host:port uses that broker instead of starting one.
set -euo pipefail
CDPATH= cd "$(dirname "$0")/.."
. scripts/lib.sh

messages=${MESSAGES:-50}

step "Setting up"
scripts/setup.sh
need cargo cc timeout
echo "everything that could be installed is there"

step "Building"
make --no-print-directory all examples

step "Broker"
if [ -n "${BROKER:-}" ]; then
    echo "using $BROKER"
elif have mosquitto && have mosquitto_passwd; then
    start_mosquitto
    BROKER=tcp://127.0.0.1:$BROKER_PORT
    echo "mosquitto listens on $BROKER"
else
    echo "no broker on this machine: using the small one that comes with the sources"
    own_broker=$(cargo_example loopback-broker --release)
    "$own_broker" >"$WORK/broker.log" 2>&1 </dev/null &
    STARTED+=($!)
    wait_for_line "$WORK/broker.log" '^listening on ' 30 $! || die "the broker does not start"
    BROKER=tcp://$(sed -n 's/^listening on //p' "$WORK/broker.log" | head -n 1)
    echo "it listens on $BROKER"
fi

failures=0
topic=demo/$$

# paho_cs_pub sends the lines of its standard input as messages and waits for each to be acknowledged;
# paho_cs_sub prints what arrives.
pub_and_sub() { # TITLE LIBRARY_DIR QOS
    local title=$1 library=$2 qos=$3 pid start elapsed arrived missing
    : >"$WORK/sub.out"
    LD_LIBRARY_PATH=$library paho_cs_sub -t "$topic/$qos" -q "$qos" -c "$BROKER" -i "demo-sub-$$" --trace protocol \
        >"$WORK/sub.out" 2>&1 </dev/null &
    pid=$!
    STARTED+=("$pid")
    wait_for_line "$WORK/sub.out" '<- SUBACK' 20 "$pid" ||
        die "paho_cs_sub does not subscribe at $BROKER ($title): $(grep -v "^Trace" "$WORK/sub.out" | tail -n 3)"
    start=$EPOCHREALTIME
    seq -f 'message %g' "$messages" | LD_LIBRARY_PATH=$library timeout --foreground 120 paho_cs_pub -t "$topic/$qos" -q "$qos" \
        -c "$BROKER" -i "demo-pub-$$" >"$WORK/pub.out" 2>&1 || die "paho_cs_pub fails ($title): $(cat "$WORK/pub.out")"
    elapsed=$(seconds_since "$start")
    wait_for_line "$WORK/sub.out" "^message $messages\$" 20 "$pid" || true
    kill -INT "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    arrived=$(grep -c '^message ' "$WORK/sub.out" || true)
    missing=$(seq -f 'message %g' "$messages" | sort | comm -23 - <(grep '^message ' "$WORK/sub.out" | sort -u) | wc -l)
    printf '%-22s QoS %d  sent %4d  arrived %4d  missing %4d  %8s s\n' "$title" "$qos" "$messages" "$arrived" "$missing" "$elapsed"
    if [ "$missing" -ne 0 ] || { [ "$qos" -eq 2 ] && [ "$arrived" -ne "$messages" ]; }; then
        failures=$((failures + 1))
    fi
}

step "Debian's programs paho_cs_pub and paho_cs_sub, $messages messages (at QoS 1 and 2 the program itself pauses 0.1 s after each)"
if have paho_cs_pub && have paho_cs_sub; then
    for library in "" "$PWD/build/lib"; do
        LD_LIBRARY_PATH=$library ldd "$(command -v paho_cs_pub)" | sed -n 's/ (0x.*//; s/^[[:space:]]*\(libpaho.*\)/uses \1/p'
    done
    for qos in 0 1 2; do
        pub_and_sub "the original library" "" $qos
        pub_and_sub "this library" "$PWD/build/lib" $qos
    done
else
    echo "not on this machine (package paho.mqtt.c-examples), so only the examples of this project follow"
fi

step "The same program on both: $messages times publish + MQTTClient_waitForCompletion (c-examples/publish.c)"
original=$(PATH=$PATH:/sbin ldconfig -p 2>/dev/null | sed -n 's|.* => \(.*\)/libpaho-mqtt3c\.so\.1$|\1|p' | head -n 1)
for library in "$original" "$PWD/build/lib"; do
    [ -n "$library" ] || continue
    [ "$library" = "$original" ] && title="the original library" || title="this library"
    start=$EPOCHREALTIME
    for qos in 1 2; do
        LD_LIBRARY_PATH=$library build/examples/publish --uri "$BROKER" --topic "$topic/sync" --count "$messages" \
            --qos $qos >"$WORK/publish.out" || { failures=$((failures + 1)); cat "$WORK/publish.out"; }
    done
    printf '%-22s %d messages at QoS 1 and %d at QoS 2  %8s s\n' "$title" "$messages" "$messages" "$(seconds_since "$start")"
done

step "All combinations of QoS (c-examples/qos_levels.c)"
start=$EPOCHREALTIME
build/examples/qos_levels --uri "$BROKER" --topic "$topic/levels" --count 20 || failures=$((failures + 1))
echo "took $(seconds_since "$start") s"

step "Publishing with callbacks (c-examples/publish_callbacks.c)"
start=$EPOCHREALTIME
build/examples/publish_callbacks --uri "$BROKER" --topic "$topic/callbacks" --count 1000 || failures=$((failures + 1))
echo "took $(seconds_since "$start") s"

step "Result"
[ $failures -eq 0 ] || die "$failures of the runs above lost or repeated something"
echo "everything was delivered"
