# shellcheck shell=bash
# What the scripts share. To be sourced; sets a trap that ends whatever was started, and removes its temporary files.

# `die` may be called anywhere, also in a subshell.
die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# One headline per step.
step() {
    printf '\n== %s\n' "$*"
}

have() {
    command -v "$1" >/dev/null 2>&1
}

need() {
    local tool
    for tool in "$@"; do
        have "$tool" || die "$tool is missing (scripts/setup.sh installs what it can)"
    done
}

# cargo_example NAME [OPTION...]: builds an example and prints where it is, which the environment decides
# (CARGO_TARGET_DIR, CARGO_BUILD_TARGET, cargo's configuration).
cargo_example() {
    cargo build --locked --quiet --message-format=json-render-diagnostics --example "$@" |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p'
}

# mosquitto lives where only root's PATH leads to.
PATH=$PATH:/usr/sbin:/sbin

# With it closed the first socket would be number 0, which the original library takes for none.
[ -e /proc/self/fd/0 ] || exec </dev/null

# Hundreds of clients, and the broker they meet at, need more descriptors than some systems give unasked.
if [ "$(ulimit -S -n)" != unlimited ] && [ "$(ulimit -S -n)" -lt 1024 ]; then
    ulimit -S -n 1024 2>/dev/null || ulimit -S -n "$(ulimit -H -n)"
fi

# Programs are made in it and run; the path of a Unix socket has no more than 107 bytes, and for mosquitto no blanks.
fits() {
    [[ $1 == /* && $1 != *[[:space:]]* && ${#1} -le 70 ]] && echo '#!/bin/sh' >"$1/run" && chmod +x "$1/run" && "$1/run" && rm "$1/run"
} 2>/dev/null

for WORK in "${TMPDIR:-/tmp}" /tmp /var/tmp "$PWD"; do
    WORK=$(mktemp -d "$WORK/mqtt3c.XXXXXX" 2>/dev/null) || continue
    fits "$WORK" && break
    rm -rf "$WORK"
    WORK=
done
[ -n "$WORK" ] || die "no folder for temporary files: neither \$TMPDIR nor /tmp can be written and run programs"
chmod 755 "$WORK" # the broker may give up its privileges before it reads its files
export TMPDIR=$WORK
STARTED=()

stop_started() {
    local pid
    for pid in "${STARTED[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    STARTED=()
}

# end_all PID...: ends processes, and what they have started, which would go on without them.
end_all() {
    local pid children
    for pid in "$@"; do
        children=()
        read -ra children 2>/dev/null <"/proc/$pid/task/$pid/children" || true
        kill -KILL "$pid" 2>/dev/null || true
        end_all "${children[@]}"
    done
}

finish() {
    stop_started
    # What nobody waits for any more, when something failed or was interrupted.
    local left
    mapfile -t left < <(jobs -rp)
    if [ ${#left[@]} -gt 0 ]; then
        { end_all "${left[@]}" && wait "${left[@]}"; } 2>/dev/null || true
    fi
    rm -rf "$WORK"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# wait_for_line FILE PATTERN [SECONDS [PID]]: until a line of the growing file matches; false when PID ends or time is up.
wait_for_line() {
    local file=$1 pattern=$2 seconds=${3:-10} pid=${4:-$$}
    timeout "$seconds" grep -q -m 1 -E -e "$pattern" < <(exec timeout "$seconds" tail --pid="$pid" -n +1 -f "$file" 2>/dev/null)
}

seconds_since() { # START, in the format of EPOCHREALTIME
    local now=${EPOCHREALTIME/[.,]/} start=${1/[.,]/}
    printf '%d.%02d' $(((now - start) / 1000000)) $(((now - start) / 10000 % 100))
}

# free_ports NAME...: sets each variable to a port that is free now
free_ports() {
    need python3
    local ports
    ports=$(python3 -c 'import socket, sys
sockets = [socket.socket() for _ in sys.argv[1:]]
for each in sockets: each.bind(("127.0.0.1", 0))
print(*[each.getsockname()[1] for each in sockets])' "$@")
    # shellcheck disable=SC2229 # the names are in the arguments
    read -r "$@" <<<"$ports"
}

# start_mosquitto [PORT]: on loopback; sets BROKER_PORT, AUTH_PORT (user "user", password "secret"), BROKER_LOG;
# BROKER_OPTIONS may hold further lines of configuration.
# It logs to stderr because its stdout is buffered, and others wait for lines of the log.
start_mosquitto() {
    need mosquitto mosquitto_passwd
    local attempt pid
    BROKER_LOG=$WORK/mosquitto.log
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        BROKER_PORT=${1:-$((20000 + (RANDOM * 32768 + RANDOM) % 12000))}
        AUTH_PORT=$((BROKER_PORT + 1))
        rm -f "$WORK/passwords"
        mosquitto_passwd -b -c "$WORK/passwords" user secret >/dev/null 2>&1
        chmod 644 "$WORK/passwords"
        cat >"$WORK/mosquitto.conf" <<END
user $(id -un)
per_listener_settings true
persistence false
max_inflight_messages 1000
max_queued_messages 10000
log_dest stderr
log_type all
${BROKER_OPTIONS:-}
listener $BROKER_PORT 127.0.0.1
allow_anonymous true
listener $AUTH_PORT 127.0.0.1
allow_anonymous false
password_file $WORK/passwords
END
        : >"$BROKER_LOG"
        mosquitto -c "$WORK/mosquitto.conf" >"$BROKER_LOG" 2>&1 </dev/null &
        pid=$!
        STARTED+=("$pid")
        if wait_for_line "$BROKER_LOG" 'mosquitto version .* running' 10 "$pid" && kill -0 "$pid" 2>/dev/null; then
            return
        fi
        unset 'STARTED[-1]'
        # most likely the port was taken
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    cat "$BROKER_LOG" >&2
    die "mosquitto does not start"
}

# verdict STATUS NAME: a line for a test that has run, and counts it. Behind a failed one stands what the script's function
# show_outputs prints.
passed=0 failed=0
verdict() {
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
        printf 'ok      %s\n' "$2"
    else
        failed=$((failed + 1))
        printf 'FAILED  %s\n' "$2"
        show_outputs | sed 's/^/        /'
    fi
}

# sum_up WHAT: how many tests have passed; false if not all
sum_up() {
    echo "$1: $passed passed, $failed failed"
    [ $failed -eq 0 ]
}
