#!/usr/bin/env bash
# bench.sh [SCENARIO...]: a short comparison with the original library, where it is installed, and with the same traffic
# without any library. Prints ratios: machines are noisy, absolute numbers mean little. Scenarios (also in SCENARIOS):
# benches/c/README.md; without any, a short set and what benches/*.c show.
set -euo pipefail
CDPATH= cd "$(dirname "$0")/.."
. scripts/lib.sh
need cc python3 make openssl

bin=$PWD/build/bench
original=$WORK/original
new=$PWD/build/lib
mkdir -p "$bin" "$original"
libraries=()
for name in libpaho-mqtt3c.so.1 libpaho-mqtt3cs.so.1; do
    # Ours may be installed too, under the same name.
    while read -r found; do
        if ! grep -q MQTT3C_FSYNC "$found"; then
            cp -L "$found" "$original/"
            libraries=(--lib "original=$original")
            break
        fi
    done < <(/sbin/ldconfig -p | awk -v name="$name" '$1 == name {print $NF}')
done
[ ${#libraries[@]} -gt 0 ] || echo "The original library is not installed (Debian: libpaho-mqtt1.3): compared with raw traffic only."
step "Benchmark programs"
make -s -C benches/c OUT="$bin" PAHO_INCLUDE="$PWD/include" PAHO_LIBDIR="$new"
for program in publishers clients records; do
    cc -O2 -Wall -Wextra -Iinclude -o "$bin/$program" benches/$program.c -Lbuild/lib -l:libpaho-mqtt3c.so.1 -lpthread
done

read -ra scenarios <<<"${*:-${SCENARIOS:-}}"
all=false
[ ${#scenarios[@]} -gt 0 ] || all=true
$all && scenarios=(pub0/16 pub0/4096 pub1/16/w100 pub1p/16/w100 pubsync1/16 sub0/16 sub1/16 ping0/16)
step "Compared in turn: the last column but one is what to look at"
benches/c/compare --bin "$bin" "${libraries[@]}" --lib new="$new" \
    --prog "raw=$bin/rawbench" --prog "raw1=$bin/rawbench --raw write1" \
    --rounds "${ROUNDS:-3}" --seconds "${SECONDS_EACH:-1}" "${scenarios[@]/#/--scenario=}"

$all || exit 0
free_ports port
"$bin/sink" -p "$port" >"$WORK/sink" &
STARTED+=($!)
wait_for_line "$WORK/sink" '^ready' 10 $! || die "the sink does not answer"
both() { # COMMAND...: on the original and on ours
    if [ ${#libraries[@]} -gt 0 ]; then
        printf 'original  '
        LD_LIBRARY_PATH=$original "$@"
    fi
    printf 'new       '
    LD_LIBRARY_PATH=$new "$@"
}
uri=tcp://127.0.0.1:$port
step "Several threads on one client"
for qos in 0 1; do
    for threads in 1 4; do
        both "$bin/publishers" "$uri" $qos $threads 1
    done
done
step "Many clients in one process"
both "$bin/clients" "$uri" "${CLIENTS:-50}"
step "File system calls of a stored message, made raw"
LD_LIBRARY_PATH=$new "$bin/records" "$WORK" 20000
