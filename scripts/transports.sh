#!/usr/bin/env bash
# transports.sh [LIBRARY_DIR [PROGRAM_DIR]]
# Debian's paho_cs_pub and paho_cs_sub over every way to a broker: TLS (server and client certificates),
# WebSockets with and without TLS, a Unix domain socket, HTTP proxies. Without LIBRARY_DIR they use the installed original
# library, which is expected to fail where it has no such transport.
set -uo pipefail # no -e: what fails is counted
CDPATH= cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/ways.sh

library=${1:-} programs=${2:-/usr/bin}
need tinyproxy timeout "$programs/paho_cs_pub" "$programs/paho_cs_sub"

start_ways
free_ports proxy_port auth_proxy_port
for kind in proxy auth_proxy; do
    port=${kind}_port
    printf 'Port %s\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 60\nLogLevel Info\n' "${!port}" >"$WORK/$kind.conf"
    [ $kind = proxy ] || echo 'BasicAuth user pass' >>"$WORK/$kind.conf"
    start_server $kind "${!port}" tinyproxy -d -c "$WORK/$kind.conf"
done

head -c 300000 /dev/zero | tr '\0' x >"$WORK/large"
printf 'short\n%s\n' "$(cat "$WORK/large")" >"$WORK/lines"
show_outputs() {
    cut -c 1-200 "$WORK/pub.out" "$WORK/sub.out" | grep -v '^Trace : 3' | tail -n 12
}

# round_trip NAME OPTIONS...: a short and a large message go out and come back, at QoS 2
round_trip() {
    local name=$1 status=0 pid topic=way/$RANDOM
    shift
    : >"$WORK/sub.out"
    LD_LIBRARY_PATH=$library timeout 60 "$programs/paho_cs_sub" -t "$topic" -q 2 -i "sub-$RANDOM" --trace protocol "$@" \
        >"$WORK/sub.out" 2>&1 </dev/null &
    pid=$!
    STARTED+=("$pid")
    wait_for_line "$WORK/sub.out" '<- SUBACK' 10 "$pid" || status=1
    if [ $status -eq 0 ]; then
        for message in "-m short" "-f $WORK/large" "-m last"; do
            # shellcheck disable=SC2086 # words are what is wanted
            LD_LIBRARY_PATH=$library timeout 20 "$programs/paho_cs_pub" -t "$topic" -q 2 -i "pub-$RANDOM" $message "$@" \
                >"$WORK/pub.out" 2>&1 </dev/null || status=1
        done
        wait_for_line "$WORK/sub.out" '^last$' 10 "$pid" || status=1
        [ "$(grep -c -x -F -f "$WORK/lines" "$WORK/sub.out")" = 2 ] || status=1
    fi
    kill -INT "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    verdict $status "$name"
}

# refused NAME OPTIONS...: connecting fails, and soon
refused() {
    local name=$1 status=0 start=${EPOCHREALTIME/[.,]/}
    shift
    : >"$WORK/sub.out"
    LD_LIBRARY_PATH=$library timeout 20 "$programs/paho_cs_pub" -t x -m x "$@" >"$WORK/pub.out" 2>&1 </dev/null
    grep -q '^Connect failed return code: Failure' "$WORK/pub.out" || status=1 # the program exits with 0 all the same
    [ $((${EPOCHREALTIME/[.,]/} - start)) -lt 5000000 ] || status=1
    verdict $status "$name"
}

ca=(--cafile "$WORK/tls/ca.pem")
round_trip "Unix socket" -c "unix://$WORK/socket"
round_trip "TLS" -c "ssl://localhost:$tls_port" "${ca[@]}"
round_trip "TLS, an address" -c "ssl://127.0.0.1:$tls_port" "${ca[@]}"
round_trip "TLS, authorities in a directory" -c "ssl://localhost:$tls_port" --capath "$WORK/tls/hashed"
round_trip "TLS, MQTT 5" -V 5 -c "ssl://localhost:$tls_port" "${ca[@]}"
round_trip "TLS, listed ciphers" -c "ssl://localhost:$tls_port" "${ca[@]}" --ciphers ECDHE-RSA-AES256-GCM-SHA384
round_trip "TLS, server unchecked" -c "ssl://localhost:$tls_port" --insecure "${ca[@]}"
round_trip "TLS, client certificate" -c "ssl://localhost:$client_port" "${ca[@]}" \
    --cert "$WORK/tls/client.pem" --key "$WORK/tls/client.key"
round_trip "TLS, encrypted client key" -c "ssl://localhost:$client_port" "${ca[@]}" \
    --cert "$WORK/tls/client.pem" --key "$WORK/tls/client.encrypted.key" --keypass word
refused "TLS, nobody vouches for the server" -c "ssl://localhost:$tls_port"
refused "TLS, another authority" -c "ssl://localhost:$tls_port" --cafile "$WORK/tls/other-ca.pem"
refused "TLS, no client certificate" -c "ssl://localhost:$client_port" "${ca[@]}"
refused "TLS, encrypted client key without password" -c "ssl://localhost:$client_port" "${ca[@]}" \
    --cert "$WORK/tls/client.pem" --key "$WORK/tls/client.encrypted.key"
refused "TLS to a port without" -c "ssl://localhost:$BROKER_PORT" "${ca[@]}"
refused "plain to a port with TLS" -c "tcp://localhost:$tls_port"
round_trip "WebSocket" -c "ws://127.0.0.1:$ws_port"
round_trip "WebSocket, MQTT 5" -V 5 -c "ws://127.0.0.1:$ws_port/path"
round_trip "WebSocket over TLS" -c "wss://localhost:$wss_port/path" "${ca[@]}"
refused "WebSocket to a port without" -c "ws://127.0.0.1:$BROKER_PORT"
round_trip "proxy" -c "tcp://127.0.0.1:$BROKER_PORT" --http-proxy "http://127.0.0.1:$proxy_port"
round_trip "proxy, TLS" -c "ssl://localhost:$tls_port" "${ca[@]}" --https-proxy "http://127.0.0.1:$proxy_port"
round_trip "proxy with credentials" -c "tcp://127.0.0.1:$BROKER_PORT" --http-proxy "user:p%61ss@127.0.0.1:$auth_proxy_port"
status=0
grep -q "Setting http proxy to 127.0.0.1:$auth_proxy_port" "$WORK/sub.out" || status=1
! grep -q "$(printf user:pass | base64)" "$WORK/sub.out" || status=1
verdict $status "the proxy, without its credentials, in the trace"
round_trip "proxy, WebSocket" -c "ws://127.0.0.1:$ws_port" --http-proxy "http://127.0.0.1:$proxy_port"
round_trip "proxy, WebSocket over TLS" -c "wss://localhost:$wss_port" "${ca[@]}" --https-proxy "127.0.0.1:$proxy_port"
refused "proxy, credentials missing" -c "tcp://127.0.0.1:$BROKER_PORT" --http-proxy "http://127.0.0.1:$auth_proxy_port"
PAHO_C_CLIENT_USE_HTTP_PROXY=TRUE http_proxy=http://127.0.0.1:$proxy_port \
    round_trip "proxy of the environment" -c "tcp://127.0.0.1:$BROKER_PORT"
PAHO_C_CLIENT_USE_HTTP_PROXY=TRUE http_proxy=http://127.0.0.1:1 no_proxy=127.0.0.1 \
    round_trip "exempt from the proxy of the environment" -c "tcp://127.0.0.1:$BROKER_PORT"

if [ -n "$library" ]; then
    : >"$WORK/sub.out"
    cc -o "$WORK/websocket" -Iinclude c-examples/websocket.c "-L$library" -lpaho-mqtt3c
    LD_LIBRARY_PATH=$library timeout 60 "$WORK/websocket" --uri "ws://127.0.0.1:$ws_port/mqtt" >"$WORK/pub.out" 2>&1
    verdict $? "the example websocket"
    cc -o "$WORK/tls_example" -Iinclude c-examples/tls.c "-L$library" -lpaho-mqtt3cs
    KEY_PASSWORD=word LD_LIBRARY_PATH=$library timeout 60 "$WORK/tls_example" --uri "ssl://localhost:$client_port" \
        --ca "$WORK/tls/ca.pem" --cert "$WORK/tls/client.pem" --key "$WORK/tls/client.encrypted.key" >"$WORK/pub.out" 2>&1
    verdict $? "the example tls"
    cc -std=gnu11 -O1 -g -Wall -Wextra -Werror -DFIXED -Iinclude -o "$WORK/tls_options" tests/c/ways/tls_options.c \
        "-L$library" -lpaho-mqtt3cs -lpthread
    LD_LIBRARY_PATH=$library timeout 60 "$WORK/tls_options" "ssl://localhost:$tls_port" "ssl://localhost:$psk_port" \
        "tcp://127.0.0.1:$BROKER_PORT" "$WORK/tls/ca.pem" >"$WORK/pub.out" 2>&1
    verdict $? "the TLS options of the interface"
    cc -std=gnu11 -O1 -g -Wall -Wextra -Werror -DFIXED -Iinclude -o "$WORK/tls_turns" tests/c/ways/tls_turns.c \
        "-L$library" -lpaho-mqtt3cs -lssl -lcrypto -lpthread
    LD_LIBRARY_PATH=$library timeout 60 "$WORK/tls_turns" "$WORK/tls/server.pem" "$WORK/tls/server.key" \
        "$WORK/tls/ca.pem" >"$WORK/pub.out" 2>&1
    verdict $? "TLS with new keys while messages are under way"
fi

sum_up transports
