# GNU make. `make help` lists what there is.

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
CC ?= cc
CFLAGS ?= -O2 -g
CARGO ?= cargo
INSTALL ?= install

# The version of the interface, not of the crate: what programs of the original library ask for.
VERSION := 1.3.15
SOVERSION := 1

HEADERS := MQTTClient.h MQTTClientPersistence.h MQTTExportDeclarations.h MQTTProperties.h MQTTReasonCodes.h MQTTSubscribeOpts.h
EXAMPLES := publish publish_callbacks subscribe_callbacks receive qos_levels persistent_publish request_response subscribe_v5 websocket tls
NAMES := paho-mqtt3c paho-mqtt3cs
LIBRARIES := $(foreach name,$(NAMES),build/lib/lib$(name).so build/lib/lib$(name).a)
RUST_SOURCES := $(shell find src -type f) Makefile $(wildcard build.rs Cargo.toml Cargo.lock cbindgen.toml rust-toolchain.toml .cargo/config.toml)

# Where cargo puts what it builds for a target that it was told, be it this machine's own.
RELEASE := $(if $(CARGO_BUILD_TARGET),$(CARGO_BUILD_TARGET)/)release

.PHONY: all install uninstall examples demo test soak soak-differential check-original check-i686 bench clean help
.DELETE_ON_ERROR:
.SECONDARY:

all: $(LIBRARIES)

help:
	@echo 'make                 build both libraries, shared and static, into build/lib'
	@echo 'make install         into PREFIX=$(PREFIX) (also LIBDIR, INCLUDEDIR, DESTDIR)'
	@echo 'make uninstall       remove what install put there'
	@echo 'make examples        build the C examples into build/examples'
	@echo 'make demo            show it at work, beside the original library (BROKER=tcp://host:port to use yours)'
	@echo 'make test            everything: formatting, lints, documentation, C programs, Rust tests'
	@echo 'make soak             kill programs 200 times, and see that no message is lost or comes twice (15 minutes)'
	@echo 'make soak-differential  play random stories SEEDS="1 1000" on the original and on this library (5 minutes)'
	@echo 'make bench           compare speed with the installed original library (5 minutes)'
	@echo 'make check-original  run the C tests on the installed original library'
	@echo 'make check-i686      build for 32-bit x86 and run the C tests there'
	@echo 'make clean           remove build/ and target/'

# Asked where something has to be built: who installs what is built already needs none of them.
define tools
@command -v $(CARGO) >/dev/null || { echo 'cargo is missing: install Rust 1.85 or newer, see https://rustup.rs' >&2; exit 1; }
@command -v $(CC) >/dev/null || { echo 'a C compiler is missing: install gcc or clang' >&2; exit 1; }
@command -v ld >/dev/null && command -v objcopy >/dev/null || { echo 'ld or objcopy is missing: install binutils' >&2; exit 1; }
endef

# A function is repeated where it is called if that takes no more than this (LLVM's default at this level: 225). Those that
# each message passes through say so themselves.
INLINING := -C llvm-args=-inline-threshold=50

# Two variants of one crate, each with a target directory of its own so that neither rebuild disturbs the other.
# Without the crate type for Rust programs: cargo does no link-time optimization where it also makes that one.
build/cargo/paho-mqtt3cs/$(RELEASE)/libmqtt3c.so: FEATURES :=
build/cargo/paho-mqtt3c/$(RELEASE)/libmqtt3c.so: FEATURES := --no-default-features
build/cargo/%/$(RELEASE)/libmqtt3c.so: $(RUST_SOURCES)
	$(tools)
	$(CARGO) rustc --release --locked --lib --crate-type cdylib,staticlib $(FEATURES) --target-dir build/cargo/$* -- $(INLINING)
	@touch $@

build/cargo/%/$(RELEASE)/libmqtt3c.a: build/cargo/%/$(RELEASE)/libmqtt3c.so
	@touch $@

build/lib/lib%.so.$(VERSION): build/cargo/%/$(RELEASE)/libmqtt3c.so
	@mkdir -p $(@D)
	cp $< $@.new && mv -f $@.new $@ # a program that runs keeps the old one

build/lib/lib%.so.$(SOVERSION): build/lib/lib%.so.$(VERSION)
	ln -sf $(<F) $@

build/lib/lib%.so: build/lib/lib%.so.$(SOVERSION)
	ln -sf $(<F) $@

build/lib/lib%.a: build/cargo/%/$(RELEASE)/libmqtt3c.a tests/exports.txt scripts/hide-symbols.sh
	@mkdir -p $(@D)
	scripts/hide-symbols.sh $< tests/exports.txt $@

examples: $(EXAMPLES:%=build/examples/%)

build/examples/%: LIBRARY := paho-mqtt3c
build/examples/tls: LIBRARY := paho-mqtt3cs
build/examples/tls: build/lib/libpaho-mqtt3cs.so
build/examples/%: c-examples/%.c c-examples/example.h build/lib/libpaho-mqtt3c.so
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Wall -Wextra -Iinclude -o $@ $< -Lbuild/lib -l$(LIBRARY) -lpthread '-Wl,-rpath,$$ORIGIN/../lib'

CMAKEDIR := $(LIBDIR)/cmake/eclipse-paho-mqtt-c
INCLUDE_FROM_LIB = $(shell realpath -m --relative-to='$(LIBDIR)' '$(INCLUDEDIR)')
FILL_IN = sed -e 's|@VERSION@|$(VERSION)|g' -e 's|@INCLUDE_FROM_LIB@|$(INCLUDE_FROM_LIB)|g'

install: all
	$(INSTALL) -d '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(CMAKEDIR)' '$(DESTDIR)$(INCLUDEDIR)'
	for name in $(NAMES); do \
	    $(INSTALL) -m 755 build/lib/lib$$name.so.$(VERSION) '$(DESTDIR)$(LIBDIR)/' && \
	    ln -sf lib$$name.so.$(VERSION) '$(DESTDIR)$(LIBDIR)'/lib$$name.so.$(SOVERSION) && \
	    ln -sf lib$$name.so.$(SOVERSION) '$(DESTDIR)$(LIBDIR)'/lib$$name.so && \
	    $(INSTALL) -m 644 build/lib/lib$$name.a '$(DESTDIR)$(LIBDIR)/' && \
	    $(FILL_IN) packaging/$$name.pc.in | $(INSTALL) -m 644 /dev/stdin '$(DESTDIR)$(LIBDIR)'/pkgconfig/$$name.pc || exit 1; \
	done
	for file in eclipse-paho-mqtt-cConfig eclipse-paho-mqtt-cConfigVersion; do \
	    $(FILL_IN) packaging/$$file.cmake.in | $(INSTALL) -m 644 /dev/stdin '$(DESTDIR)$(CMAKEDIR)'/$$file.cmake || exit 1; \
	done
	$(INSTALL) -m 644 $(HEADERS:%=include/%) '$(DESTDIR)$(INCLUDEDIR)/'

uninstall:
	for name in $(NAMES); do \
	    rm -f '$(DESTDIR)$(LIBDIR)'/lib$$name.so '$(DESTDIR)$(LIBDIR)'/lib$$name.so.$(SOVERSION) \
	        '$(DESTDIR)$(LIBDIR)'/lib$$name.so.$(VERSION) '$(DESTDIR)$(LIBDIR)'/lib$$name.a \
	        '$(DESTDIR)$(LIBDIR)'/pkgconfig/$$name.pc; \
	done
	rm -f '$(DESTDIR)$(CMAKEDIR)'/eclipse-paho-mqtt-cConfig.cmake '$(DESTDIR)$(CMAKEDIR)'/eclipse-paho-mqtt-cConfigVersion.cmake
	rm -f $(foreach header,$(HEADERS),'$(DESTDIR)$(INCLUDEDIR)/$(header)')

demo:
	@scripts/demo.sh

test:
	@scripts/test.sh

soak: build/lib/libpaho-mqtt3c.so
	@scripts/survive.sh 200

SEEDS ?= 1 1000
soak-differential: build/lib/libpaho-mqtt3c.so
	@scripts/differential.sh random soak $(SEEDS)

check-original:
	@scripts/c-tests.sh original

# Needs gcc-multilib, and Rust's library for this target.
check-i686:
	$(CARGO) rustc --release --locked --lib --crate-type cdylib --no-default-features \
	    --target i686-unknown-linux-gnu --target-dir build/cargo/i686
	@mkdir -p build/i686
	cp build/cargo/i686/i686-unknown-linux-gnu/release/libmqtt3c.so build/i686/libpaho-mqtt3c.so.1
	@scripts/c-tests.sh i686

bench: all
	@scripts/bench.sh

clean:
	rm -rf build target
