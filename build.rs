//! Names the shared library, notes the commit it is built from, and writes the C headers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// One public header: its name, what it is for, and what it is made of.
struct Header {
    name: &'static str,
    summary: &'static str,
    guard: &'static str,
    sys_includes: &'static [&'static str],
    includes: &'static [&'static str],
    /// Text taken over as it is: the overview and the initializer macros.
    verbatim: &'static str,
    /// Sources whose enums are spelled `enum X { .. }` without a typedef.
    enums: &'static [(&'static str, &'static str)],
    sources: &'static [&'static str],
    /// Types that no function of the header mentions.
    types: &'static [&'static str],
}

const HEADERS: [Header; 6] = [
    Header {
        name: "MQTTClient.h",
        summary: "the synchronous MQTT client",
        guard: "MQTTCLIENT_H",
        sys_includes: &["stdio.h"],
        includes: &[
            "MQTTExportDeclarations.h",
            "MQTTProperties.h",
            "MQTTReasonCodes.h",
            "MQTTSubscribeOpts.h",
        ],
        verbatim: "client.h",
        enums: &[("client/trace.rs", "TraceLevelNames")],
        sources: &[
            "client/codes.rs",
            "client/types.rs",
            "client/lifecycle.rs",
            "client/callbacks.rs",
            "client/connection.rs",
            "client/subscription.rs",
            "client/publication.rs",
            "client/reception.rs",
            "client/memory.rs",
            "client/trace.rs",
            "client/information.rs",
        ],
        types: &["MQTTClient_token"],
    },
    Header {
        name: "MQTTClientPersistence.h",
        summary: "where messages in flight are kept, and stores of your own",
        guard: "MQTTCLIENTPERSISTENCE_H",
        sys_includes: &[],
        includes: &[],
        verbatim: "persistence.h",
        enums: &[],
        sources: &["persistence.rs"],
        types: &["MQTTClient_persistence"],
    },
    Header {
        name: "MQTTExportDeclarations.h",
        summary: "how the functions of the library are declared",
        guard: "EXPORTDECLARATIONS_H",
        sys_includes: &[],
        includes: &[],
        verbatim: "export_declarations.h",
        enums: &[],
        sources: &[],
        types: &[],
    },
    Header {
        name: "MQTTProperties.h",
        summary: "MQTT 5 properties",
        guard: "MQTTPROPERTIES_H",
        sys_includes: &["stdint.h"],
        includes: &["MQTTExportDeclarations.h"],
        verbatim: "properties.h",
        enums: &[
            ("properties.rs", "PropertyCodeNames"),
            ("properties.rs", "PropertyTypeNames"),
        ],
        sources: &["properties.rs"],
        types: &[],
    },
    Header {
        name: "MQTTReasonCodes.h",
        summary: "MQTT 5 reason codes",
        guard: "MQTTREASONCODES_H",
        sys_includes: &[],
        includes: &["MQTTExportDeclarations.h"],
        verbatim: "reason_codes.h",
        enums: &[("reason_codes.rs", "ReasonCodeNames")],
        sources: &["reason_codes.rs"],
        types: &[],
    },
    Header {
        name: "MQTTSubscribeOpts.h",
        summary: "MQTT 5 subscription options",
        guard: "SUBOPTS_H",
        sys_includes: &[],
        includes: &[],
        verbatim: "subscribe_opts.h",
        enums: &[],
        sources: &["subscribe_opts.rs"],
        types: &["MQTTSubscribe_options"],
    },
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    name_library();
    link_unwinder();
    pack_relocations();
    note_commit();
    write_headers();
}

/// Puts the unwinder, with which panics are caught, into the shared library. Most C programs load `libgcc_s.so.1` for
/// nothing else, and that takes a third of the time that loading this library takes. Without a static unwinder the shared
/// one is used.
fn link_unwinder() {
    println!("cargo::rerun-if-env-changed=CC");
    // As make has it, `CC` may hold words: `ccache gcc`.
    let compiler = env::var("CC").unwrap_or_default();
    let mut words = compiler.split_whitespace();
    let found = Command::new(words.next().unwrap_or("cc"))
        .args(words)
        .arg("-print-file-name=libgcc_eh.a")
        .output();
    // What it does not find it gives back as it was asked for.
    let exists = found.is_ok_and(|output| {
        let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Path::new(&path).is_absolute() && Path::new(&path).exists()
    });
    if !exists || !is_for_this_system() {
        return;
    }
    // The standard library asks for gcc_s by name, and finds this linker script first.
    let directory =
        PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("unwinder");
    fs::create_dir_all(&directory).expect("OUT_DIR can be written");
    fs::write(directory.join("libgcc_s.so"), "INPUT(-lgcc_eh -lgcc)\n")
        .expect("OUT_DIR can be written");
    println!("cargo::rustc-cdylib-link-arg=-L{}", directory.display());
}

/// Packs the addresses that are filled in at load, if the C library of this machine can unpack them: one that cannot
/// would refuse the shared library.
fn pack_relocations() {
    const FIRST_THAT_UNPACKS: (u32, u32) = (2, 36);
    if is_for_this_system() && c_library().is_some_and(|version| version >= FIRST_THAT_UNPACKS) {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of the GNU C library here.
fn c_library() -> Option<(u32, u32)> {
    let output = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.trim().strip_prefix("glibc ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Whether what is built is for Linux with the GNU C library, and for machines like this one.
fn is_for_this_system() -> bool {
    env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux")
        && env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "gnu")
        && env::var("HOST") == env::var("TARGET")
}

/// The soname by which programs linked to the original find this library.
fn name_library() {
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        return;
    }
    let suffix = if env::var_os("CARGO_FEATURE_TLS").is_some() {
        "s"
    } else {
        ""
    };
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libpaho-mqtt3c{suffix}.so.1");
}

/// `MQTT3C_COMMIT` for the version information: the variable if given, else git's answer, else `unknown`.
fn note_commit() {
    println!("cargo::rerun-if-env-changed=MQTT3C_COMMIT");
    let commit = env::var("MQTT3C_COMMIT")
        .ok()
        .filter(|given| !given.is_empty())
        .or_else(commit_of_checkout)
        .unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=MQTT3C_COMMIT={commit}");
}

/// The checked-out commit. A copy unpacked inside somebody else's repository has none.
fn commit_of_checkout() -> Option<String> {
    if !manifest_dir().join(".git").exists() {
        return None;
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD"].into_iter().chain(branch.as_deref()) {
        let path = manifest_dir().join(git(&["rev-parse", "--git-path", name])?);
        // A path that does not exist (a packed branch) would make every build run this again.
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    Some(commit)
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .current_dir(manifest_dir())
        .args(arguments)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// Writes each header to the output folder and, where that is possible, to `include/`.
fn write_headers() {
    println!("cargo::rerun-if-changed=cbindgen.toml");
    println!("cargo::rerun-if-changed=src/ffi");
    let fresh = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("include");
    let committed = manifest_dir().join("include");
    fs::create_dir_all(&fresh).expect("the output folder can be written");
    for header in &HEADERS {
        let text = header.text();
        fs::write(fresh.join(header.name), &text).expect("the output folder can be written");
        let path = committed.join(header.name);
        if fs::read_to_string(&path).ok().as_deref() != Some(&text) {
            // An unpacked package may be read-only; tests/headers.rs tells when the two differ.
            let _ = fs::create_dir_all(&committed).and_then(|()| fs::write(&path, &text));
        }
    }
}

impl Header {
    fn text(&self) -> String {
        let verbatim = ffi_dir().join("headers").join(self.verbatim);
        let mut after_includes = fs::read_to_string(&verbatim)
            .unwrap_or_else(|error| panic!("{}: {error}", verbatim.display()));
        for (source, name) in self.enums {
            after_includes += "\n";
            after_includes += enum_definition(source, name).trim();
            after_includes += "\n";
        }
        let mut config = shared_config();
        config.header = Some(format!(
            "/*\n * {}: {}.\n *\n * SPDX-License-Identifier: MIT OR Apache-2.0\n * Generated from src/ffi by build.rs: make changes there.\n */",
            self.name, self.summary
        ));
        config.include_guard = Some(self.guard.to_owned());
        config.sys_includes = self.sys_includes.iter().map(|&name| name.into()).collect();
        config.includes = self.includes.iter().map(|&name| name.into()).collect();
        let gap = if self.includes.len() + self.sys_includes.len() > 0 {
            "\n"
        } else {
            ""
        };
        config.after_includes = Some(format!("{gap}{}", after_includes.trim_end()));
        config.export.include = self.types.iter().map(|&name| name.into()).collect();
        // Enums come with the text above.
        config.export.item_types = vec![
            cbindgen::ItemType::Constants,
            cbindgen::ItemType::Structs,
            cbindgen::ItemType::Unions,
            cbindgen::ItemType::Typedefs,
            cbindgen::ItemType::OpaqueItems,
            cbindgen::ItemType::Functions,
        ];
        generate(config, self.sources)
    }
}

/// `enum X { .. };` without the typedef that structs get.
fn enum_definition(source: &str, name: &str) -> String {
    let mut config = shared_config();
    config.style = cbindgen::Style::Tag;
    config.cpp_compat = false;
    config.export.item_types = vec![cbindgen::ItemType::Enums];
    config.export.include = vec![name.to_owned()];
    // C89 and C++98 know no comma behind the last one.
    generate(config, &[source]).replace(",\n}", "\n}")
}

fn generate(config: cbindgen::Config, sources: &[&str]) -> String {
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in sources {
        builder = builder.with_src(ffi_dir().join(source));
    }
    let bindings = builder
        .generate()
        .unwrap_or_else(|error| panic!("header from {sources:?}: {error}"));
    let mut text = Vec::new();
    bindings.write(&mut text);
    let text = String::from_utf8(text).expect("headers are UTF-8");
    hexadecimal(&old_comments(&text))
}

/// Compilers warn where a macro is defined twice and not by the same text, as it is by `MQTTAsync.h` of the original.
fn hexadecimal(text: &str) -> String {
    text.replace(
        "#define MQTT_BAD_SUBSCRIBE 128",
        "#define MQTT_BAD_SUBSCRIBE 0x80",
    )
}

/// C89 knows no `//`, which cbindgen writes behind the ends of its blocks.
fn old_comments(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let (code, end) = line.split_at(line.trim_end_matches('\n').len());
        match code.rsplit_once("// ") {
            Some((block, name)) if block.starts_with("#endif ") || block.starts_with("} ") => {
                format!("{block}/* {name} */{end}")
            }
            _ => line.to_owned(),
        }
    });
    lines.collect()
}

fn shared_config() -> cbindgen::Config {
    let path = manifest_dir().join("cbindgen.toml");
    cbindgen::Config::from_file(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn ffi_dir() -> PathBuf {
    manifest_dir().join("src/ffi")
}

fn manifest_dir() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
