#!/usr/bin/env bash
# differential.sh check|record|show [STORY...], differential.sh random COMMAND...
# check   runs the stories of tests/differential on build/lib and compares with what was recorded
# record  runs them on the installed original library and keeps what it did; what ours does is kept too where the story
#         says `# differs: reason`
# show    prints the difference between the two, without keeping anything
# random  stories made from seeds: COMMAND is check, soak FIRST LAST, record FIRST LAST, show SEED, story SEED
set -euo pipefail
CDPATH= cd "$(dirname "$0")/.."
. scripts/lib.sh

mode=${1:-}
[ $# -gt 0 ] && shift
case $mode in check | record | show | random) ;; *) die "usage: $0 check|record|show [STORY...], or random COMMAND..." ;; esac
need cc timeout diff
folder=tests/differential
driver=build/differential/driver
ours=$PWD/build/lib
mkdir -p "$folder/recorded" "$folder/recorded-ours" "$(dirname "$driver")"
for name in paho-mqtt3c paho-mqtt3cs; do # the second one for stories that come by TLS
    cc -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -Iinclude -o "$driver.$$" "$folder"/driver/*.c -L"$ours" -l$name \
        -lssl -lcrypto -lpthread
    mv "$driver.$$" "$driver-$name"
done

if [ "$mode" = random ]; then
    need python3
    case ${1:-} in soak | record | show)
        [ -n "$(ldconfig -p | grep 'libpaho-mqtt3c\.so\.1')" ] || die "the original is missing (scripts/setup.sh installs it)" ;;
    esac
    python3 -B "$folder/random" "$PWD/$driver-paho-mqtt3c" "$ours" "$@"
    exit
fi

stories=("$@")
if [ ${#stories[@]} -eq 0 ]; then
    for story in "$folder"/stories/*.story; do
        story=${story##*/}
        stories+=("${story%.story}")
    done
fi

play() { # LIBRARY_PATH STORY [EXPECTED]
    local name=paho-mqtt3c
    ! grep -qE '^way (ssl|wss)' "$folder/stories/$2.story" || name=paho-mqtt3cs
    (
        cd "$WORK" # the original deletes files in the working directory
        LD_LIBRARY_PATH=$1 timeout -k 5 150 "$OLDPWD/$driver-$name" "$OLDPWD/$folder/stories/$2.story" ${3:+"$OLDPWD/$3"}
    ) </dev/null 2>&1
}

differs() {
    grep -q '^# differs:' "$folder/stories/$1.story"
}

check_one() { # STORY: prints what is wrong
    local expected=$folder/recorded/$1.txt
    if differs "$1"; then
        expected=$folder/recorded-ours/$1.txt
        if cmp -s "$expected" "$folder/recorded/$1.txt"; then
            echo "it says that we differ, but we do not"
            return 1
        fi
    fi
    play "$ours" "$1" "$expected" >"$WORK/$1.out" || true
    diff -U 3 --label recorded "$expected" --label now "$WORK/$1.out"
}

record_one() { # STORY: twice, to see that it is the story and not the moment
    play '' "$1" >"$WORK/$1.first" || true
    play '' "$1" >"$WORK/$1.second" || true
    diff -U 3 --label first "$WORK/$1.first" --label second "$WORK/$1.second" || return 1
    mv "$WORK/$1.first" "$folder/recorded/$1.txt"
    rm -f "$folder/recorded-ours/$1.txt"
    if differs "$1"; then
        play "$ours" "$1" >"$folder/recorded-ours/$1.txt" || true
    fi
}

show_one() {
    play '' "$1" >"$WORK/$1.original" || true
    play "$ours" "$1" >"$WORK/$1.ours" || true
    diff -U 4 --label original "$WORK/$1.original" --label ours "$WORK/$1.ours"
}

jobs=${JOBS:-8}
running=0
started=()
for story in "${stories[@]}"; do
    [ -f "$folder/stories/$story.story" ] || die "there is no story $story"
    if [ "$running" -ge "$jobs" ]; then
        wait -n || true
        running=$((running - 1))
    fi
    {
        status=0
        "${mode}_one" "$story" >"$WORK/$story.verdict" 2>&1 || status=1
        echo $status >"$WORK/$story.status"
        if [ $status -ne 0 ]; then
            printf 'FAILED  %s\n%s\n' "$story" "$(sed 's/^/        /' "$WORK/$story.verdict")"
        fi
    } &
    started+=($!)
    running=$((running + 1))
done
wait "${started[@]}" 2>/dev/null || true # some were waited for above

failed=()
for story in "${stories[@]}"; do
    [ "$(cat "$WORK/$story.status" 2>/dev/null)" = 0 ] || failed+=("$story")
done
# Some stories look how long a call takes: a few may fail beside so many others, on a machine that is busy besides.
if [ "$mode" = check ] && [ ${#failed[@]} -gt 0 ] && [ ${#failed[@]} -le 3 ]; then
    again=("${failed[@]}")
    failed=()
    for story in "${again[@]}"; do
        if check_one "$story" >/dev/null 2>&1; then
            echo "ok      $story, alone"
        else
            failed+=("$story")
        fi
    done
fi
echo "differential stories ($mode): $((${#stories[@]} - ${#failed[@]})) passed, ${#failed[@]} failed"
[ ${#failed[@]} -eq 0 ]
