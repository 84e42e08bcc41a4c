#!/usr/bin/env bash
# store-exchange.sh [LIBRARY_DIR]: file stores that the original library and this one leave to each other, in every
# state that a message can be in. A scripted server sees to the states, and compares every byte of what is sent.
set -euo pipefail
CDPATH= cd "$(dirname "$0")/.."
. scripts/lib.sh
ours=${1:-$PWD/build/lib}
need cargo cc timeout

server=$(cargo_example scripted-broker)
program=$WORK/exchange
# Against the original, whose functions both have; LD_LIBRARY_PATH says which library it runs on.
cc -O1 -Wall -Wextra -Werror -o "$program" tests/store/exchange.c -lpaho-mqtt3c

declare -A library=([original]='' [ours]=$ours)

# half LIBRARY leave|take SCRIPT VERSION MESSAGES EXPECTED: one process, with a server that plays the script.
half() {
    local name=$1 part=$2 script=$3 version=$4 messages=$5 expected=$6 log=$WORK/server.log pid status=0
    : >"$log"
    timeout -k 5 60 "$server" -e "$script" >"$log" 2>&1 &
    pid=$!
    STARTED=("$pid")
    wait_for_line "$log" '^listening on' 10 "$pid" || die "the server does not start: $(cat "$log")"
    local address
    address=$(sed -n 's/^listening on //p' "$log")
    LD_LIBRARY_PATH=${library[$name]} timeout -k 5 60 "$program" "$part" "tcp://$address" "$store" "$version" \
        "$messages" "$expected" >"$WORK/received" 2>"$WORK/errors" || status=$?
    wait "$pid" || status=$((status + 100))
    STARTED=()
    [ $status -eq 0 ] || die "$title, $part by $name: status $status
$(cat "$WORK/errors" "$log")"
}

dump() { # DIRECTORY: names and contents of the records
    (cd "$1" && for file in *; do echo "$file" "$(od -An -v -tx1 "$file" | tr -d '\n')"; done)
}

# exchange FROM TO TITLE VERSION LEAVE_SCRIPT TAKE_SCRIPT MESSAGES RECEIVED
exchange() {
    local from=$1 to=$2 title="$3, from $1 to $2" version=$4 leave=$5 take=$6 messages=$7 received=$8
    store=$WORK/store
    half "$from" leave "$leave" "$version" "$messages" 0
    dump "$store/cid-server-1883" >"$WORK/left-$from"
    half "$to" take "$take" "$version" 0 "$(printf '%s' "$received" | grep -c .)"
    [ "$(cat "$WORK/received")" = "$received" ] || die "$title: received
$(cat "$WORK/received")
instead of
$received"
    [ ! -e "$store/cid-server-1883" ] || die "$title: records stay: $(ls "$store/cid-server-1883")"
    rm -rf "$store"
    echo "ok      $title"
}

same_files() { # TITLE
    diff "$WORK/left-original" "$WORK/left-ours" >&2 || die "$1: the two left different files"
    echo "ok      $1: both left the same files"
}

connected3='accept; expect CONNECT; send 20 02 01 00'
connected5='accept; expect CONNECT; send 20 03 01 00 00'

# "message 0" unacknowledged, "message 1" before PUBREC, "message 2" after it; "in 2" before PUBREL, "in 1" untaken.
# QoS 2 of MQTT 5 is queued on PUBLISH.
leave3="$connected3
expect 33 0e 00 01 74 00 01 6d 65 73 73 61 67 65 20 30
expect 34 0e 00 01 74 00 02 6d 65 73 73 61 67 65 20 31
expect 34 0e 00 01 74 00 03 6d 65 73 73 61 67 65 20 32
send 50 02 00 03
expect 62 02 00 03
send 34 09 00 01 69 00 4d 69 6e 20 32
expect 50 02 00 4d
send 32 09 00 01 69 00 4e 69 6e 20 31
expect 40 02 00 4e
expect-eof"
take3="$connected3
expect 3b 0e 00 01 74 00 01 6d 65 73 73 61 67 65 20 30
expect 3c 0e 00 01 74 00 02 6d 65 73 73 61 67 65 20 31
expect 62 02 00 03
send 40 02 00 01
send 50 02 00 02
expect 62 02 00 02
send 70 02 00 03 70 02 00 02
send 62 02 00 4d
expect 70 02 00 4d
expect DISCONNECT"
leave5="$connected5
expect 33 16 00 01 74 00 01 07 26 00 01 6b 00 01 76 6d 65 73 73 61 67 65 20 30
expect 34 16 00 01 74 00 02 07 26 00 01 6b 00 01 76 6d 65 73 73 61 67 65 20 31
expect 34 16 00 01 74 00 03 07 26 00 01 6b 00 01 76 6d 65 73 73 61 67 65 20 32
send 50 02 00 03
expect 62 02 00 03
send 34 0a 00 01 69 00 4d 00 69 6e 20 32
expect 50 02 00 4d
send 32 0a 00 01 69 00 4e 00 69 6e 20 31
expect 40 02 00 4e
expect-eof"
take5="$connected5
expect 3b 16 00 01 74 00 01 07 26 00 01 6b 00 01 76 6d 65 73 73 61 67 65 20 30
expect 3c 16 00 01 74 00 02 07 26 00 01 6b 00 01 76 6d 65 73 73 61 67 65 20 31
expect 62 02 00 03
send 40 02 00 01
send 50 02 00 02
expect 62 02 00 02
send 70 02 00 03 70 02 00 02
send 62 02 00 4d
expect 70 02 00 4d
expect DISCONNECT"

# exchange3 TITLE VERSION CONNACK: MQTT 3.1 has the packets of 3.1.1, but no session present flag.
exchange3() {
    local pair from to leave=${leave3/20 02 01 00/$3} take=${take3/20 02 01 00/$3}
    for pair in 'original ours' 'ours original' 'ours ours'; do
        read -r from to <<<"$pair"
        exchange "$from" "$to" "$1" "$2" "$leave" "$take" 3 $'i in 1 1\ni in 2 2'
    done
    same_files "$1"
}
exchange3 "MQTT 3.1.1" 4 '20 02 01 00'
exchange3 "MQTT 3.1" 3 '20 02 00 00'

# The original does not store the queue of MQTT 5; what this library stores of it, the original reads.
exchange original ours "MQTT 5" 5 "$leave5" "$take5" 3 ''
for to in original ours; do
    exchange ours $to "MQTT 5" 5 "$leave5" "$take5" 3 $'i in 2 2\ni in 1 1'
done
sed -i '/^q5-/d' "$WORK/left-ours"
same_files "MQTT 5 but for the queue"

# Many messages, the first ones just before identifiers start again at 1.
plant() {
    mkdir -p "$WORK/store/cid-server-1883"
    printf '\x32\x0e\x00\x01t\xff\xfe%s' 'planted 0' >"$WORK/store/cid-server-1883/s-65534.msg"
    printf '\x32\x0e\x00\x01t\xff\xff%s' 'planted 1' >"$WORK/store/cid-server-1883/s-65535.msg"
}
planted='expect 3a 0e 00 01 74 ff fe 70 6c 61 6e 74 65 64 20 30
expect 3a 0e 00 01 74 ff ff 70 6c 61 6e 74 65 64 20 31'
sent='' again='' acks=''
for i in {0..59}; do
    text=$(printf 'message %d' "$i" | od -An -v -tx1 | tr -d '\n')
    [ $((i % 3)) -eq 0 ] && first=32 dup=3a || first=34 dup=3c
    [ "$i" -eq 0 ] && first=33 dup=3b
    length=$([ "$i" -lt 10 ] && echo 0e || echo 0f)
    id=$(printf '00 %02x' $((i + 1)))
    sent+=$'\n'"expect $first $length 00 01 74 $id$text"
    again+=$'\n'"expect $dup $length 00 01 74 $id$text"
    [ $((i % 3)) -eq 0 ] && acks+=$'\n'"send 40 02 $id" ||
        acks+=$'\n'"send 50 02 $id; expect 62 02 $id; send 70 02 $id"
done
for pair in 'original ours' 'ours original' 'ours ours'; do
    read -r from to <<<"$pair"
    plant
    exchange "$from" "$to" "62 messages across the wrap" 4 "$connected3
$planted$sent
expect-eof" "$connected3
$planted$again
send 40 02 ff fe 40 02 ff ff$acks
expect DISCONNECT" 60 ''
done
same_files "62 messages across the wrap"
