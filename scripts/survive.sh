#!/usr/bin/env bash
# survive.sh [KILLS [LIBRARY_DIR]]: a publisher and a subscriber are killed with SIGKILL KILLS times each (default 20), at
# random moments; so is, as often, a broker of our own that stores before it answers; then the server is restarted, then
# connections are cut in the middle of a packet. Nothing may be lost, at QoS 2 nothing come twice, and the order stay; but
# for the one message that was in the program's own hands, and for what mosquitto sends again against the rules.
set -euo pipefail
CDPATH= cd "$(dirname "$0")/.."
. scripts/lib.sh
kills=${1:-20}
ours=${2:-$PWD/build/lib}
need cc cargo mosquitto

own_broker=$(cargo_example loopback-broker)

program=$WORK/survivor
cc -O1 -Wall -Wextra -Werror -Iinclude -o "$program" tests/store/survivor.c "-L$ours" -lpaho-mqtt3c
export LD_LIBRARY_PATH=$ours
mkdir "$WORK/broker"
chmod 777 "$WORK/broker"
BROKER_OPTIONS="persistence true
persistence_location $WORK/broker/
max_queued_messages 0"

pause() { # MIN MAX, in ms
    local ms=$(($1 + RANDOM % ($2 - $1)))
    sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
}

# keep_killing TIMES ARGUMENT...: the program lives a little longer each time, or not.
keep_killing() {
    local times=$1 i pid
    shift
    for ((i = 0; i < times; i++)); do
        "$program" "$@" &
        pid=$!
        # Longer lives reach what a store does when many records have come.
        if ((RANDOM % 5 == 0)); then pause 200 500; else pause 5 120; fi
        kill -KILL "$pid" || die "$* ended by itself"
        wait "$pid" 2>/dev/null || true
    done
}

# How many messages mosquitto sent the subscriber again although it had their PUBREC [MQTT-4.3.3-6]. 2.0 does so when a
# connection ends while it repeats its PUBRELs. No receiver can tell such a message from a new one.
sent_against_rules() {
    find "$WORK" -name 'mosquitto.log*' | sort -r | xargs -r -d '\n' cat | tr -d ',)' | awk '
        / Received PUBREC from subscriber / { received[$NF] = 1; next }
        / Received PUBCOMP from subscriber / { id = $0; gsub(/.*Mid: | RC.*/, "", id); delete received[id]; next }
        / Sending PUBLISH to subscriber .d1 / { id = $9; sub("m", "", id); count += id in received; delete received[id] }
        END { print count + 0 }'
}

# check MODE QOS TITLE: the two journals against each other.
check() {
    awk -v mode="$1" -v qos="$2" -v title="$3" -v allowed="$(sent_against_rules)" '
        BEGIN { highest = -1 }
        FNR == 1 { file++ }
        $1 == "start" { lives[file]++; born = 1; next }
        $1 == "subscribed" { next }
        file == 1 {
            if ($1 == "try") tried[$2] = 1; else if ($1 == "sent") sent[$2] = 1; else refused[$2] = 1
            if ($2 > last) last = $2
            next
        }
        # The message that the last process had in hand when it died, or received and had not written down.
        $1 in seen {
            if (born && $1 == before) hands++
            else if (qos == 2) twice[++repeated] = $1
            else again++
            born = 0
            next
        }
        { seen[$1] = 1; count++ }
        # Taken and lost by a process that died, and sent again by a server that had no acknowledgement yet.
        qos == 1 && $1 in missed { again++; born = 0; next }
        {
            number = $1 == "end" ? last + 1 : $1 + 0
            if (number <= highest) { print title ": " $1 " after " highest; bad = 1; next }
            for (i = highest + 1; i < number; i++)
                if (i in sent) {
                    if (mode == "receive" && born && !excused[lives[file]]++) { hands++; missed[i] }
                    else { print title ": " i " is lost"; bad = 1 }
                }
            highest = number
            before = $1
            born = 0
        }
        END {
            for (i in refused) {
                refusals++
                if (i in seen) { print title ": " i " was refused and came"; bad = 1 }
            }
            for (i = 1; i <= repeated && repeated > allowed; i++) { print title ": " twice[i] " came twice"; bad = 1 }
            for (i in tried) if (!(i in sent) && !(i in refused)) { doubt++; if (i in seen) came++ }
            printf "%s  %s: %d messages, %d and %d processes; in the hands of the subscriber %d, of the publisher %d (%d of them sent), refused %d, repeated at QoS 1: %d, by mosquitto at QoS 2: %d of %d\n",
                bad ? "FAILED" : "ok    ", title, count, lives[1], lives[2], hands, doubt, came, refusals, again, repeated, allowed
            if (!("end" in seen)) { print title ": no end"; bad = 1 }
            exit bad
        }' "$WORK/sent" "$WORK/received"
}

declare -A names=([3]=3.1 [4]=3.1.1 [5]=5)

# story TITLE MODE QOS VERSION SERVER TROUBLE...: TROUBLE runs beside the two programs, or kills them itself.
story() {
    local title="$1, QoS $3, $2, MQTT ${names[$4]}" mode=$2 qos=$3 version=$4 server=$5 publisher subscriber
    shift 5
    rm -rf "$WORK/publisher" "$WORK/subscriber" "$WORK/sent" "$WORK/received"
    local publish=(publish "$server" "$WORK/publisher" "$qos" "$WORK/sent" "$version")
    local subscribe=("$mode" "$server" "$WORK/subscriber" "$qos" "$WORK/received" "$version")
    # the subscription first
    : >"$WORK/received"
    "$program" "${subscribe[@]}" &
    subscriber=$!
    wait_for_line "$WORK/received" subscribed 30 || {
        kill -KILL "$subscriber"
        die "$title: no subscription"
    }
    kill -KILL "$subscriber"
    wait "$subscriber" 2>/dev/null || true
    : >"$WORK/received"
    "$@"
    # undisturbed, so that every exchange comes to its end
    publish[1]=tcp://127.0.0.1:$BROKER_PORT
    subscribe[1]=tcp://127.0.0.1:$BROKER_PORT
    timeout 60 "$program" "${subscribe[@]}" &
    subscriber=$!
    timeout 60 "$program" "${publish[@]}" finish || die "$title: the publisher does not finish"
    wait "$subscriber" || die "$title: the subscriber does not get the end"
    check "$mode" "$qos" "$title"
    leftover=$(find "$WORK/publisher" "$WORK/subscriber" -mindepth 1)
    [ -z "$leftover" ] || die "$title: remains in the stores: $leftover"
}

# Both are killed, while something else happens if there are arguments.
killed() {
    keep_killing "$kills" "${publish[@]}" &
    publisher=$!
    keep_killing "$kills" "${subscribe[@]}" &
    subscriber=$!
    "$@"
    wait "$publisher"
    wait "$subscriber"
}

# Both live on while something else happens.
beside() {
    "$program" "${publish[@]}" &
    publisher=$!
    "$program" "${subscribe[@]}" &
    subscriber=$!
    "$@"
    kill -KILL "$publisher" "$subscriber"
    wait "$publisher" "$subscriber" 2>/dev/null || true
}

restarts() {
    local i
    for i in 1 2 3 4; do
        pause 200 400
        stop_started
        cat "$BROKER_LOG" >>"$BROKER_LOG.before"
        start_mosquitto "$BROKER_PORT"
    done
    pause 100 200
}

# start_own: the broker that stores before it answers, where mosquitto was. Not on just any port: a client that tries to
# connect while nobody listens could be given that port itself.
start_own() {
    local log=$WORK/own.log
    : >"$log"
    "$own_broker" --state "$WORK/own.state" "$BROKER_PORT" >"$log" 2>&1 </dev/null &
    OWN_PID=$!
    STARTED+=("$OWN_PID")
    wait_for_line "$log" listening 10 "$OWN_PID" || die "no broker of our own: $(cat "$log")"
}

begin_own() { # with no session
    stop_started
    rm -f "$WORK/own.state" "$WORK"/mosquitto.log*
    start_own
}

kill_own() {
    local i
    for ((i = 0; i < kills; i++)); do
        # Longer lives let more than one window of messages through.
        if ((RANDOM % 5 == 0)); then pause 100 400; else pause 5 100; fi
        kill -KILL "$OWN_PID" || die "our broker ended by itself"
        wait "$OWN_PID" 2>/dev/null || true
        STARTED=()
        start_own
    done
    pause 50 100
}

start_relay() { # to the server there is
    RELAY_PORT=$((BROKER_PORT + 2))
    "$program" relay "$RELAY_PORT" "$BROKER_PORT" >"$WORK/relay.log" &
    STARTED+=($!)
    wait_for_line "$WORK/relay.log" listening || die "no relay"
}

cuts() {
    sleep "$((1 + kills / 20))"
}

forget_sessions() { # both clients begin anew
    stop_started
    rm -f "$WORK/broker/"* "$WORK"/mosquitto.log*
    start_mosquitto "${1:-}"
}

{
    for version in 3 4 5; do
        for mode in callback receive; do
            for qos in 2 1; do
                forget_sessions
                story "killed" $mode $qos $version "tcp://127.0.0.1:$BROKER_PORT" killed
            done
        done
        for mode in callback receive; do
            for qos in 2 1; do
                begin_own
                story "own broker killed" $mode $qos $version "tcp://127.0.0.1:$BROKER_PORT" beside kill_own
            done
            begin_own
            story "own broker and programs killed" $mode 2 $version "tcp://127.0.0.1:$BROKER_PORT" killed kill_own
        done
        forget_sessions
        story "server restarted" callback 2 $version "tcp://127.0.0.1:$BROKER_PORT" beside restarts
        forget_sessions
        start_relay
        story "connections cut" callback 2 $version "tcp://127.0.0.1:$RELAY_PORT" beside cuts
        begin_own
        start_relay
        story "connections to own broker cut" callback 2 $version "tcp://127.0.0.1:$RELAY_PORT" beside cuts
    done
} 2> >(grep -v -E ' Killed +"\$(program|own_broker)"|^$' >&2)
