#!/usr/bin/env bash
# c-tests.sh original|shared|static|shared-tls|static-tls|i686|address|thread [NAME...]
# Compiles the scenarios of tests/c against one library and runs them on a broker of their own, which they reach by
# WAY=tcp (the default), unix, ws, ssl or wss. `i686` is what `make check-i686` builds, `address` and `thread` are the libraries
# that scripts/sanitize.sh builds.
set -euo pipefail
CDPATH= cd "$(dirname "$0")/.."
. scripts/lib.sh
. scripts/ways.sh

mode=${1:-}
[ $# -gt 0 ] && shift
flags=(-std=gnu11 -O1 -g -Wall -Wextra -Werror -Itests/c)
run_path=
compiler=cc
libraries=build/lib
case $mode in
original) link=(-lpaho-mqtt3c) ;;
shared) link=(-Lbuild/lib -lpaho-mqtt3c) ;;
shared-tls) link=(-Lbuild/lib -lpaho-mqtt3cs) ;;
static) link=(build/lib/libpaho-mqtt3c.a) ;;
static-tls) link=(build/lib/libpaho-mqtt3cs.a -lssl -lcrypto) ;;
i686)
    libraries=build/i686
    flags+=(-m32)
    link=($libraries/libpaho-mqtt3c.so.1)
    ;;
address | thread)
    # With the runtime that belongs to the library's compiler; clang's own may be of another version.
    compiler=clang
    libraries=build/sanitize/$mode
    flags+=(-DSANITIZED "-fsanitize=$mode" -fno-sanitize-link-runtime -fno-omit-frame-pointer)
    link=("$libraries/libmqtt3c.a" -rdynamic -Wl,--whole-archive "$libraries/runtime.a" -Wl,--no-whole-archive
        -lssl -lcrypto -lm -lrt -ldl)
    ;;
*) die "usage: $0 original|shared|static|shared-tls|static-tls|i686|address|thread [NAME...]" ;;
esac
if [ "$mode" != original ]; then
    flags+=(-DFIXED -Iinclude)
    run_path=$PWD/$libraries
fi
link+=(-lpthread)
need $compiler timeout

# What the manifest has for this library, or of that what was asked for.
names=()
while read -r name passes_on _; do
    case $name in '' | '#'*) continue ;; esac
    [ -f "tests/c/$name.c" ] || die "the manifest names $name, but there is no tests/c/$name.c"
    [ "$mode" = original ] && [ "$passes_on" = fixed ] && continue
    [ $# -gt 0 ] && [[ " $* " != *" $name "* ]] && continue
    names+=("$name")
done <tests/c/manifest.txt
for source in tests/c/*.c; do
    name=${source##*/}
    grep -q "^${name%.c} " tests/c/manifest.txt || die "$source is not in the manifest"
done
[ ${#names[@]} -gt 0 ] || die "nothing to run"

out=build/c-tests/$mode
mkdir -p "$out"
compile() {
    local name=$1 newest
    # shellcheck disable=SC2012 # names are ours
    newest=$(ls -t tests/c/*.h include/*.h "tests/c/$name.c" "$libraries"/* "$out/$name" 2>/dev/null | head -n 1)
    [ "$newest" = "$out/$name" ] ||
        $compiler "${flags[@]}" -o "$out/$name" "tests/c/$name.c" "${link[@]}" || die "$name does not compile"
}

way=${WAY:-tcp}
# Else a packet that follows another waits up to 40 ms: for the original's TCP, or for that of the relay between WebSockets and
# the broker.
case $mode,$way in original,* | *,ws | *,wss) BROKER_OPTIONS='set_tcp_nodelay true' ;; esac
if [ "$way" = tcp ]; then start_mosquitto; else start_ways; fi
case $way in
tcp) uri=tcp://127.0.0.1:$BROKER_PORT ;;
unix) uri=unix://$WORK/socket ;;
ws) uri=ws://127.0.0.1:$ws_port ;;
ssl) uri=ssl://localhost:$tls_port ;;
wss) uri=wss://localhost:$wss_port/mqtt ;;
*) die "there is no way $way" ;;
esac
case $way in ssl | wss) export TRUST_STORE=$WORK/tls/ca.pem ;; esac
unique=t$$

# When a test hangs, in seconds: the longest takes 25 where nothing else runs, and 9 times as long beside 16 others.
LIMIT=300

# One test: prints its line, and keeps its result in a file.
run() {
    local name=$1 start=$EPOCHREALTIME status=0
    (compile "$name") >"$WORK/$name.out" 2>&1 &&
        LD_LIBRARY_PATH=$run_path timeout -k 5 $LIMIT "$out/$name" "$uri" "$unique/$name" \
            "tcp://127.0.0.1:$AUTH_PORT" >>"$WORK/$name.out" 2>&1 </dev/null || status=$?
    if [ $status -eq 0 ]; then
        printf 'ok      %-28s %6s s\n' "$name" "$(seconds_since "$start")"
        grep '^skipped: ' "$WORK/$name.out" || true # what cannot be shown here
    else
        printf 'FAILED  %-28s %6s s  exit %d\n%s\n' "$name" "$(seconds_since "$start")" "$status" \
            "$(sed 's/^/        /' "$WORK/$name.out")"
    fi
    echo $status >"$WORK/$name.status"
}

jobs=${JOBS:-4}
running=0
tests=()
for name in "${names[@]}"; do
    if [ "$running" -ge "$jobs" ]; then
        wait -n || true
        running=$((running - 1))
    fi
    run "$name" &
    tests+=($!)
    running=$((running + 1))
done
wait "${tests[@]}" 2>/dev/null || true # some were waited for above

for name in "${names[@]}"; do
    if [ "$(cat "$WORK/$name.status" 2>/dev/null)" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
sum_up "C tests ($mode, $way)"
