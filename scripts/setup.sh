#!/usr/bin/env bash
# setup.sh [--strict]: sees to the programs and libraries that the tests and the demonstration use.
# As root on a system with apt-get it installs what is missing, and starts no service; elsewhere it says what is
# missing. With --strict, something missing at the end is an error.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

packages=()
wanted() { # PACKAGE TEST...: needed unless TEST succeeds
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || packages+=("$package")
}

survey() {
    packages=()
    wanted gcc command -v cc
    wanted binutils command -v objcopy
    wanted make command -v make
    wanted libc6-dev test -e /usr/include/stdlib.h
    wanted pkg-config command -v pkg-config
    wanted libssl-dev pkg-config --exists openssl
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
missing=("${packages[@]}")
command -v cargo >/dev/null || missing+=("Rust 1.85 or newer with cargo, see https://rustup.rs")

if [ ${#missing[@]} -gt 0 ]; then
    printf 'missing (named after the Debian packages):\n' >&2
    printf '  %s\n' "${missing[@]}" >&2
    [ "${1:-}" != --strict ] || exit 1
fi
