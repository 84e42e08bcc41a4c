#!/usr/bin/env bash
# debian-programs.sh LIBRARY_DIR [PROGRAM_DIR]
# Runs MQTTClient_publish, MQTTClient_publish_async and MQTTClient_subscribe. A public broker's name is compiled into
# them, so this happens in a network of their own, where that name is this machine's and mosquitto listens there.
# LIBRARY_DIR "" is the installed original library.
set -euo pipefail

if [ "${INSIDE_NAMESPACE:-}" != yes ]; then
    if ! unshare -rnm true 2>/dev/null; then
        echo "SKIPPED: MQTTClient_publish, _publish_async and _subscribe: no namespaces can be made here" >&2
        exit 0
    fi
    INSIDE_NAMESPACE=yes exec unshare -rnm "$0" "$@"
fi

CDPATH= cd "$(dirname "$0")/.."
. scripts/lib.sh
library=${1:-} programs=${2:-/usr/bin}
need ip mosquitto_pub mosquitto_sub timeout

ip link set lo up
printf '127.0.0.1 localhost mqtt.eclipseprojects.io\n' >"$WORK/hosts"
mount --bind "$WORK/hosts" /etc/hosts
start_mosquitto 1883
topic='MQTT Examples'

run() {
    LD_LIBRARY_PATH=$library timeout 60 "$programs/$1"
}

for program in MQTTClient_publish MQTTClient_publish_async; do
    start=$EPOCHREALTIME
    mosquitto_sub -h 127.0.0.1 -i witness -c -q 2 -t "$topic" -E >/dev/null
    run $program >"$WORK/out" 2>&1 </dev/null || { cat "$WORK/out"; die "$program ends with an error"; }
    seen=$(timeout 10 mosquitto_sub -h 127.0.0.1 -i witness -c -q 2 -t "$topic" -C 1 -F '%q %p') || true
    [ "$seen" = '1 Hello World!' ] || { cat "$WORK/out"; die "$program: \"$seen\" arrived"; }
    echo "ok      $program $(seconds_since "$start") s"
done

# It ends when it reads a Q.
start=$EPOCHREALTIME
mkfifo "$WORK/keys"
run MQTTClient_subscribe <"$WORK/keys" >"$WORK/out" 2>&1 &
subscriber=$!
exec {keys}>"$WORK/keys"
wait_for_line "$BROKER_LOG" 'Sending SUBACK to ExampleClientSub' 20 || die "MQTTClient_subscribe does not subscribe"
mosquitto_pub -h 127.0.0.1 -q 1 -t "$topic" -m 'for the subscriber'
wait_for_line "$BROKER_LOG" 'Received PUBACK from ExampleClientSub' 10 || die "MQTTClient_subscribe does not acknowledge"
echo Q >&"$keys"
exec {keys}>&-
wait "$subscriber" || { cat "$WORK/out"; die "MQTTClient_subscribe ends with an error"; }
grep -q 'for the subscriber' "$WORK/out" || { cat "$WORK/out"; die "MQTTClient_subscribe does not print the message"; }
echo "ok      MQTTClient_subscribe $(seconds_since "$start") s"
