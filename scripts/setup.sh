#!/usr/bin/env bash
# setup.sh [--strict] [--sanitizers]: sees to the programs and libraries that the tests and the demonstration use, and
# what sanitize.sh needs besides.
# As root on a system with apt-get it installs what is missing, and starts no service; elsewhere it says what is
# missing. Something missing at the end is an error if nothing can be built without it; with --strict, which is for the
# tests, in any case.
set -euo pipefail
CDPATH= cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
strict=false sanitizers=false
for option in "$@"; do
    case $option in
    --strict) strict=true ;;
    --sanitizers) sanitizers=true ;;
    *) echo "usage: $0 [--strict] [--sanitizers]" >&2 && exit 2 ;;
    esac
done

packages=()
wanted() { # PACKAGE TEST...: needed unless TEST succeeds
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || packages+=("$package")
}

to_build=0 # so many of the packages are needed for building
survey() {
    packages=()
    wanted gcc command -v cc
    wanted binutils command -v objcopy
    wanted make command -v make
    wanted libc6-dev compiles '#include <stdlib.h>'
    # openssl-sys may have been told where it is
    if [ -z "${OPENSSL_DIR:-}${OPENSSL_LIB_DIR:-}" ]; then
        wanted pkg-config command -v pkg-config
        wanted libssl-dev pkg-config --exists openssl
    fi
    to_build=${#packages[@]}
    wanted cmake command -v cmake
    wanted python3 command -v python3
    wanted mosquitto command -v mosquitto
    wanted mosquitto-clients command -v mosquitto_sub
    wanted libpaho-mqtt-dev test -e /usr/include/MQTTClient.h
    wanted libpaho-mqtt1.3 sh -c 'ldconfig -p | grep -q libpaho-mqtt3c.so.1'
    wanted openssl command -v openssl
    wanted websockify command -v websockify
    wanted tinyproxy-bin command -v tinyproxy
    wanted paho.mqtt.c-examples command -v paho_cs_pub
    wanted util-linux command -v unshare
    wanted iproute2 command -v ip
    ! $sanitizers || wanted clang command -v clang
    # others have these from where they have Rust
    if $strict && [ "$(command -v cargo)" = /usr/bin/cargo ]; then
        wanted rustfmt cargo fmt --version
        wanted rust-clippy cargo clippy --version
    fi
}

compiles() { # LINE of C
    cc -xc -fsyntax-only - <<<"$1"
}

# What of Rust is missing. Its compiler is nothing to install behind anyone's back.
rust() {
    local oldest version
    oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    if ! command -v cargo >/dev/null; then
        echo "Rust $oldest or newer with cargo, see https://rustup.rs"
        return
    fi
    version=$(cargo --version 2>&1 | sed -n 's/^cargo \([0-9][0-9.]*\).*/\1/p')
    if [ "$(printf '%s\n' "$oldest" "${version:-0}" | sort -V | head -n 1)" != "$oldest" ]; then
        echo "Rust $oldest or newer, see https://rustup.rs (this is ${version:-a cargo that does not work})"
    fi
}

rust_tools() {
    cargo fmt --version >/dev/null 2>&1 || echo rustfmt
    cargo clippy --version >/dev/null 2>&1 || echo clippy
}

# Packages may want to start their services right away; this is Debian's way to say no.
install_packages() {
    local policy=/usr/sbin/policy-rc.d ours=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        ours=$policy
    fi
    # shellcheck disable=SC2064 # the value of now
    trap "${ours:+rm -f $ours}" RETURN EXIT
    export DEBIAN_FRONTEND=noninteractive
    local install=(apt-get install -y -q --no-install-recommends "${packages[@]}")
    echo "installing ${packages[*]}"
    "${install[@]}" </dev/null >/dev/null 2>&1 && return
    # the lists may be old or not there yet
    apt-get update -q </dev/null && "${install[@]}" </dev/null
}

survey
if [ ${#packages[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    install_packages || echo "apt-get could not install everything" >&2
    survey
fi
mapfile -t missing < <(rust)
to_build=$((to_build + ${#missing[@]}))
if $strict && [ ${#missing[@]} -eq 0 ]; then
    mapfile -t missing < <(rust_tools)
    if [ ${#missing[@]} -gt 0 ] && command -v rustup >/dev/null; then
        echo "installing ${missing[*]} with rustup"
        rustup component add "${missing[@]}" </dev/null || true
        mapfile -t missing < <(rust_tools)
    fi
    missing=("${missing[@]/%/, a part of Rust: rustup component add rustfmt clippy}")
fi
missing=("${packages[@]}" "${missing[@]}")

if [ ${#missing[@]} -gt 0 ]; then
    printf 'missing (named after the Debian packages):\n' >&2
    printf '  %s\n' "${missing[@]}" >&2
    if $strict || [ "$to_build" -gt 0 ]; then exit 1; fi
fi
