#!/usr/bin/env bash
# paho-cs-options.sh [LIBRARY_DIR [PROGRAM_DIR]]
# Runs Debian's paho_cs_pub and paho_cs_sub with each of their options for plain TCP, against mosquitto. Without
# LIBRARY_DIR they use the installed original library. The broker's log and mosquitto_sub are the witnesses.
set -uo pipefail # no -e: what fails is counted
CDPATH= cd "$(dirname "$0")/.."
. scripts/lib.sh

library=${1:-} programs=${2:-/usr/bin}
need mosquitto_sub mosquitto_pub timeout "$programs/paho_cs_pub" "$programs/paho_cs_sub"
BROKER_OPTIONS='queue_qos0_messages true'
start_mosquitto
host=127.0.0.1 port=$BROKER_PORT

# The topic may be the first argument, so what a test gives comes first.
pub() {
    LD_LIBRARY_PATH=$library timeout 20 "$programs/paho_cs_pub" "$@" -h "$host" -p "$port" >"$WORK/pub.out" 2>&1
}

show_outputs() {
    head -n 12 "$WORK"/{pub,sub,seen}.out 2>/dev/null
}

# A session that keeps what comes in while its owner is away: no need to be quicker than the publisher.
witness=witness-$$
remember() {
    mosquitto_sub -h "$host" -p "$port" -i "$witness" -c -q 2 -t 'opt/#' -E >/dev/null 2>&1
}
recall() { # COUNT [FORMAT]
    timeout 10 mosquitto_sub -h "$host" -p "$port" -i "$witness" -c -q 2 -t 'opt/#' -C "$1" \
        -F "${2:-%t %q %p}" >"$WORK/seen.out" 2>/dev/null || true
    cat "$WORK/seen.out"
}

# expect_message NAME "TOPIC QOS PAYLOAD" OPTIONS...
expect_message() {
    local name=$1 wanted=$2 status=0
    shift 2
    remember
    pub "$@" </dev/null || status=1
    [ "$(recall 1)" = "$wanted" ] || status=1
    verdict $status "pub $name"
}

# expect_log NAME PATTERN OPTIONS...: the broker noted it
expect_log() {
    local name=$1 pattern=$2 status=0
    shift 2
    pub -t log -m x "$@" </dev/null || status=1
    wait_for_line "$BROKER_LOG" "$pattern" 5 || status=1
    verdict $status "pub $name"
}

echo "library: ${library:-original}, programs: $programs"
expect_message '-m' 'opt/a 0 hello' -t opt/a -m hello
expect_message '--message --topic' 'opt/b 0 hello' --topic opt/b --message hello
expect_message 'topic as first argument' 'opt/c 0 hello' opt/c -m hello
for qos in 0 1 2; do
    expect_message "-q $qos" "opt/q $qos hello" -t opt/q -m hello -q $qos
done
expect_message '--qos 2' 'opt/q 2 hello' -t opt/q -m hello --qos 2
expect_message '-n' 'opt/n 1 ' -t opt/n -n -q 1
printf 'from a\nfile' >"$WORK/payload"
expect_message '-f' "opt/f 1 $(cat "$WORK/payload")" -t opt/f -f "$WORK/payload" -q 1
expect_message '--filename' "opt/f 1 $(cat "$WORK/payload")" -t opt/f --filename "$WORK/payload" -q 1
expect_message '-c' 'opt/c 1 hello' -c "tcp://$host:$port" -t opt/c -m hello -q 1
expect_message '--connection mqtt://' 'opt/c 1 hello' --connection "mqtt://$host:$port" -t opt/c -m hello -q 1
expect_message '--host --port' 'opt/h 1 hello' --host "$host" --port "$port" -t opt/h -m hello -q 1
expect_message '--quiet' 'opt/quiet 1 hello' --quiet -t opt/quiet -m hello -q 1
for version in 31 311; do
    expect_message "-V $version" 'opt/v 2 hello' -V $version -t opt/v -m hello -q 2 -i "v$version"
done
for level in error min max protocol; do
    expect_message "--trace $level" 'opt/trace 1 hello' --trace $level -t opt/trace -m hello -q 1
done
pub -t log -m hello -q 1 --trace protocol </dev/null && grep -q ' -> PUBLISH msgid: 1 qos: 1 retained: 0 rc 0 payload len(5): hello' "$WORK/pub.out"
verdict $? 'pub --trace protocol prints protocol lines'

# connection options, as the broker saw them: p1 is 3.1, p2 is 3.1.1
expect_log '-i' 'as own-id \(p2, c1, k10\)' -i own-id
expect_log '--clientid' 'as other-id \(p2' --clientid other-id
expect_log '-k' 'as keep-id \(p2, c1, k77\)' -i keep-id -k 77
expect_log '--keepalive' 'as keep2-id \(p2, c1, k78\)' -i keep2-id --keepalive 78
expect_log '-V 31' 'as old-id \(p1' -i old-id -V 31
expect_log '--will-topic' 'Will message specified \(0 bytes\) \(r0, q0\)' --will-topic opt/will
expect_log '--will-payload --will-qos --will-retain' 'Will message specified \(4 bytes\) \(r1, q2\)' \
    --will-topic opt/will --will-payload last --will-qos 2 --will-retain on # it takes a value, whatever its help says
port=$AUTH_PORT
pub -t log -m x -u user -P secret -i user-id </dev/null && wait_for_line "$BROKER_LOG" "as user-id .*u'user'" 5
verdict $? 'pub -u -P'
pub -t log -m x --username user --password secret -i user2-id </dev/null && wait_for_line "$BROKER_LOG" "as user2-id .*u'user'" 5
verdict $? 'pub --username --password'
pub -t log -m x -u user -P wrong </dev/null
grep -q 'Connect failed return code: .*5' "$WORK/pub.out" # its exit status does not tell
verdict $? 'pub refused with a wrong password'
port=$BROKER_PORT

# lines of standard input, one message each, delimiter included
remember
printf 'one\ntwo\nthree\n' | pub -t opt/lines -q 1 || true
[ "$(recall 3 %p | tr '\n' ,)" = one,,two,,three,, ]
verdict $? 'pub lines of standard input'
remember
printf 'one;two;' | pub -t opt/lines -q 1 --delimiter ';' || true
[ "$(recall 2 %p | tr '\n' ,)" = 'one;,two;,' ]
verdict $? 'pub --delimiter'
remember
printf 'abcdefgh\n' | pub -t opt/lines -q 1 --maxdatalen 4 || true
[ "$(recall 2 %p | tr '\n' ,)" = abcd,efgh, ]
verdict $? 'pub --maxdatalen'

# MQTT 5: the same options once more, in its packets (p5 in the log)
for qos in 0 1 2; do
    expect_message "-V 5 -q $qos" "opt/q $qos hello" -V 5 -t opt/q -m hello -q $qos
done
expect_message '-V 5 -n' 'opt/n 1 ' -V 5 -t opt/n -n -q 1
expect_message '-V 5 -f' "opt/f 1 $(cat "$WORK/payload")" -V 5 -t opt/f -f "$WORK/payload" -q 1
expect_message '-V 5 --connection' 'opt/c 1 hello' -V 5 --connection "mqtt://$host:$port" -t opt/c -m hello -q 1
for level in error min max protocol; do
    expect_message "-V 5 --trace $level" 'opt/trace 1 hello' -V 5 --trace $level -t opt/trace -m hello -q 1
done
expect_log '-V 5 -i -k' 'as five-id \(p5, c1, k79\)' -V 5 -i five-id -k 79
expect_log '-V 5 --will-topic' 'Will message specified \(0 bytes\) \(r0, q0\)' -V 5 --will-topic opt/will5
expect_log '-V 5 --will-payload --will-qos --will-retain' 'Will message specified \(5 bytes\) \(r1, q1\)' \
    -V 5 --will-topic opt/will5 --will-payload last5 --will-qos 1 --will-retain on
port=$AUTH_PORT
pub -V 5 -t log -m x -u user -P secret -i user5-id </dev/null && wait_for_line "$BROKER_LOG" "as user5-id \(p5.*u'user'" 5
verdict $? 'pub -V 5 -u -P'
pub -V 5 -t log -m x -u user -P wrong </dev/null
grep -q 'Connect failed return code: .*\(Not authorized\|135\)' "$WORK/pub.out"
verdict $? 'pub -V 5 refused with a wrong password'
port=$BROKER_PORT
remember
printf 'one\ntwo\nthree\n' | pub -V 5 -t opt/lines -q 2 || true
[ "$(recall 3 %p | tr '\n' ,)" = one,,two,,three,, ]
verdict $? 'pub -V 5 lines of standard input'
remember
printf 'one;two;' | pub -V 5 -t opt/lines -q 1 --delimiter ';' || true
[ "$(recall 2 %p | tr '\n' ,)" = 'one;,two;,' ]
verdict $? 'pub -V 5 --delimiter'
remember
printf 'abcdefgh\n' | pub -V 5 -t opt/lines -q 1 --maxdatalen 4 || true
[ "$(recall 2 %p | tr '\n' ,)" = abcd,efgh, ]
verdict $? 'pub -V 5 --maxdatalen'
status=0
mosquitto_sub -V 5 -h "$host" -p "$port" -i five -c -x 60 -q 2 -t opt5 -E >/dev/null 2>&1
pub -V 5 -t opt5 -m hello -q 2 --user-property name value --message-expiry 60 </dev/null || status=1
timeout 10 mosquitto_sub -V 5 -h "$host" -p "$port" -i five -c -x 0 -q 2 -t opt5 -C 1 -F '%t %q %P %p' >"$WORK/seen.out" || true
[ "$(cat "$WORK/seen.out")" = 'opt5 2 name:value hello' ] || status=1
verdict $status 'pub -V 5 --user-property --message-expiry'

# a message that expires while its subscriber is away is never seen, one that does not loses the time
status=0
mosquitto_sub -V 5 -h "$host" -p "$port" -i five -c -x 60 -q 1 -t opt5 -E >/dev/null 2>&1
pub -V 5 -t opt5 -m short -q 1 --message-expiry 1 </dev/null || status=1
pub -V 5 -t opt5 -m long -q 1 --message-expiry 100 </dev/null || status=1
sleep 2.2 # time itself is what is waited for
timeout 10 mosquitto_sub -V 5 -h "$host" -p "$port" -i five -c -x 0 -q 1 -t opt5 -C 1 -F '%p' >"$WORK/seen.out" || true
[ "$(cat "$WORK/seen.out")" = long ] || status=1
verdict $status 'pub -V 5 --message-expiry runs out'

# paho_cs_sub: a retained message is there at once, a live one when the broker has seen the subscription
pub -t sub/kept1 -m kept1 -q 1 -r </dev/null
pub -t sub/kept2 -m kept2 -q 1 --retained </dev/null

# expect_output NAME TEXT OPTIONS...: what it prints, with one more message published after it subscribed
expect_output() {
    local name=$1 wanted=$2 status=0 pid id=sub-$RANDOM
    shift 2
    : >"$WORK/sub.out"
    LD_LIBRARY_PATH=$library timeout 20 "$programs/paho_cs_sub" "$@" -h "$host" -p "$port" -i "$id" >"$WORK/sub.out" 2>"$WORK/sub.err" </dev/null &
    pid=$!
    wait_for_line "$BROKER_LOG" "Sending SUBACK to $id" 10 || status=1
    mosquitto_pub -h "$host" -p "$BROKER_PORT" -q 2 -t sub/live -m live
    timeout 5 head -c ${#wanted} >/dev/null < <(exec timeout 5 tail -n +1 -f "$WORK/sub.out") || status=1
    # timeout hands the signal on to the program
    kill -INT "$pid"
    wait "$pid" 2>/dev/null || true
    [ "$(grep -v '^Trace' "$WORK/sub.out")" = "$wanted" ] || status=1
    verdict $status "sub $name"
}
expect_output '-t' 'live' -t sub/live
expect_output 'topic as first argument' 'live' sub/live
for qos in 0 1 2; do
    expect_output "-q $qos" 'live' -t sub/live -q $qos
    grep -q "sub/live (QoS $qos)" "$BROKER_LOG"
    verdict $? "sub -q $qos is what the broker was asked for"
done
expect_output '--topic --qos' 'live' --topic sub/live --qos 1
expect_output 'of a message published with -r' 'kept1' -t sub/kept1
expect_output 'of a message published with --retained' 'kept2' -t sub/kept2
expect_output '-R' 'live' -t sub/live -R
expect_output '--no-retained' 'live' -t sub/live --no-retained
expect_output '--delimiter' 'live;' -t sub/live --delimiter ';'
expect_output '--no-delimiter' 'live' -t sub/live --no-delimiter
expect_output '-V 31' 'live' -t sub/live -V 31
expect_output '-V 5' 'live' -t sub/live -V 5
for qos in 0 1 2; do
    expect_output "-V 5 -q $qos" 'live' -V 5 -t sub/live -q $qos
    grep -q "sub/live (QoS $qos)" "$BROKER_LOG"
    verdict $? "sub -V 5 -q $qos is what the broker was asked for"
done
expect_output '-V 5 of a message published with -r' 'kept1' -V 5 -t sub/kept1
expect_output '-V 5 -R' 'live' -V 5 -t sub/live -R
expect_output '-V 5 --delimiter' 'live;' -V 5 -t sub/live --delimiter ';'
expect_output '-V 5 --no-delimiter' 'live' -V 5 -t sub/live --no-delimiter
expect_output '-V 5 --trace protocol' 'live' -V 5 -t sub/live --trace protocol
expect_output '-V 5 -k' 'live' -V 5 -t sub/live -k 33
expect_output '-c' 'live' -c "tcp://$host:$port" -t sub/live
expect_output '--quiet' 'live' --quiet -t sub/live
expect_output '--trace protocol' 'live' -t sub/live --trace protocol
expect_output '-k' 'live' -t sub/live -k 33
port=$AUTH_PORT
expect_output '-u -P' 'live' -t sub/live -u user -P secret
expect_output '-V 5 -u -P' 'live' -V 5 -t sub/live -u user -P secret
port=$BROKER_PORT

# the will of a subscriber that is killed
for version in 311 5; do
    remember
    LD_LIBRARY_PATH=$library "$programs/paho_cs_sub" -V $version -h "$host" -p "$port" -i "mortal-$version" -t sub/live \
        --will-topic opt/will --will-payload 'last words' --will-qos 1 >"$WORK/sub.out" 2>&1 </dev/null &
    mortal=$!
    disown # its end is no news
    wait_for_line "$BROKER_LOG" "Sending SUBACK to mortal-$version" 10
    kill -KILL "$mortal"
    [ "$(recall 1)" = 'opt/will 1 last words' ]
    verdict $? "sub -V $version --will-topic --will-payload --will-qos"
done

sum_up "paho_cs options"
