# shellcheck shell=bash
# A broker that can be reached in every way; to be sourced after lib.sh.

# wait_for_port PORT: until something listens there on loopback, at most 10 s
wait_for_port() {
    local tries
    for tries in $(seq 100); do
        (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
        sleep 0.1
    done
    return 1
}

# make_certificates DIR: ca.pem and other-ca.pem; server.pem with server.key for localhost and 127.0.0.1; client.pem with
# client.key and client.encrypted.key (password "word"); hashed/ as OpenSSL's directory of authorities
make_certificates() {
    need openssl
    local dir=$1 name
    mkdir -p "$dir/hashed"
    {
        for name in ca other-ca; do
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$name" -keyout "$dir/$name.key" -out "$dir/$name.pem"
        done
        for name in server client; do
            openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout "$dir/$name.key" -out "$dir/$name.csr"
            openssl x509 -req -days 2 -in "$dir/$name.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial \
                -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') -out "$dir/$name.pem"
        done
        openssl rsa -aes256 -passout pass:word -in "$dir/client.key" -out "$dir/client.encrypted.key"
        cp "$dir/ca.pem" "$dir/hashed/"
        openssl rehash "$dir/hashed"
    } >"$dir/log" 2>&1 || { cat "$dir/log"; die "the certificates cannot be made"; }
}

start_server() { # NAME PORT COMMAND...
    local name=$1 port=$2
    shift 2
    "$@" >"$WORK/$name.log" 2>&1 </dev/null &
    STARTED+=($!)
    wait_for_port "$port" || { cat "$WORK/$name.log"; die "$name does not start"; }
}

# As start_mosquitto; sets tls_port, client_port (asks for a certificate), psk_port (identity "somebody", key in
# $WORK/psk), ws_port and wss_port besides, and makes $WORK/socket and $WORK/tls.
start_ways() {
    need websockify
    make_certificates "$WORK/tls"
    free_ports tls_port client_port psk_port ws_port wss_port
    echo 'somebody:00112233445566778899aabbccddeeff' >"$WORK/psk"
    chmod -R a+rX "$WORK/tls" "$WORK/psk"
    local server="cafile $WORK/tls/ca.pem
certfile $WORK/tls/server.pem
keyfile $WORK/tls/server.key"
    BROKER_OPTIONS="listener $tls_port 127.0.0.1
allow_anonymous true
$server
listener $client_port 127.0.0.1
allow_anonymous true
require_certificate true
$server
listener $psk_port 127.0.0.1
allow_anonymous true
psk_hint hint
psk_file $WORK/psk
listener 0 $WORK/socket
allow_anonymous true"
    start_mosquitto
    start_server ws "$ws_port" scripts/websocket-relay.py "127.0.0.1:$ws_port" "127.0.0.1:$BROKER_PORT"
    start_server wss "$wss_port" scripts/websocket-relay.py --ssl-only --cert "$WORK/tls/server.pem" \
        --key "$WORK/tls/server.key" "127.0.0.1:$wss_port" "127.0.0.1:$BROKER_PORT"
}
