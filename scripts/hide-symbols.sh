#!/usr/bin/env bash
# hide-symbols.sh IN.a NAMES OUT.a
# Makes one object of a Rust static library, in which only the names listed are global: a C program may then link
# it beside another Rust library, and sees no name that is not part of the interface. LD, OBJCOPY, NM and AR may name tools for
# another machine.
set -euo pipefail

[ $# -eq 3 ] || { echo "usage: $0 IN.a NAMES OUT.a" >&2; exit 2; }
input=$1 names=$2 output=$3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
grep -Ev '^[[:space:]]*(#|$)' "$names" >"$work/names"

# The names are the roots; what none of them needs is left out.
mapfile -t roots < <(sed 's/^/--undefined=/' "$work/names")
${LD:-ld} -r --gc-sections "${roots[@]}" -o "$work/all.o" "$input"
# Rust's standard library brings compiler bitcode and debug information along, which no C program can use.
${OBJCOPY:-objcopy} --keep-global-symbols="$work/names" --strip-debug --remove-section=.llvmbc --remove-section=.llvmcmd \
    "$work/all.o" "$work/mqtt3c.o"

missing=$(${NM:-nm} --defined-only --extern-only --format=just-symbols "$work/mqtt3c.o" | sort | comm -13 - <(sort "$work/names"))
[ -z "$missing" ] || { echo "$input does not define:" $missing >&2; exit 1; }

rm -f "$output"
${AR:-ar} rcsD "$output" "$work/mqtt3c.o"
