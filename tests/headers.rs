//! The public headers: they are what the sources say, and what programs written for the original expect.

#[allow(dead_code, reason = "each test uses a part of it")]
mod common;

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output};
use std::{env, fs, io};

/// With this variable set every compiler mode is tried, which takes a minute; without it one of C and one of C++.
const ALL_MODES: &str = "MQTT3C_CHECK_ALL_MODES";

#[test]
fn committed_headers_are_those_that_the_sources_make() {
    let fresh = Path::new(env!("OUT_DIR")).join("include");
    let mut names = Vec::new();
    for entry in fs::read_dir(&fresh).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let made = fs::read_to_string(fresh.join(&name)).unwrap();
        let committed = fs::read_to_string(common::in_package("include").join(&name)).unwrap();
        assert!(
            made == committed,
            "include/{name} was changed by hand, or could not be written"
        );
        names.push(name);
    }
    names.sort();
    assert_eq!(
        names,
        [
            "MQTTClient.h",
            "MQTTClientPersistence.h",
            "MQTTExportDeclarations.h",
            "MQTTProperties.h",
            "MQTTReasonCodes.h",
            "MQTTSubscribeOpts.h",
        ]
    );
}

#[test]
fn a_program_in_the_oldest_c_and_cpp_compiles_without_a_warning() {
    for mode in [["cc", "-std=c89", "-xc"], ["c++", "-std=c++98", "-xc++"]] {
        let output = Command::new(mode[0])
            .args(&mode[1..])
            .args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only"])
            .arg("-I")
            .arg(common::in_package("include"))
            .args(["-include", "MQTTClient.h"])
            .args(["-include", "MQTTClientPersistence.h"])
            .arg("/dev/null")
            .output();
        check(mode[0], output);
    }
}

/// A macro may be defined again only by the same text, and a program may use both interfaces.
#[test]
fn macros_that_the_asynchronous_header_of_the_original_defines_too_are_the_same() {
    let both = [
        "MQTT_BAD_SUBSCRIBE=0x80",
        "MQTT_INVALID_PROPERTY_ID=-2",
        "MQTT_SSL_VERSION_DEFAULT=0",
        "MQTT_SSL_VERSION_TLS_1_0=1",
        "MQTT_SSL_VERSION_TLS_1_1=2",
        "MQTT_SSL_VERSION_TLS_1_2=3",
        "MQTTVERSION_DEFAULT=0",
        "MQTTVERSION_3_1=3",
        "MQTTVERSION_3_1_1=4",
        "MQTTVERSION_5=5",
    ];
    let output = Command::new("cc")
        .args(both.map(|macro_| format!("-D{macro_}")))
        .args(["-Werror", "-fsyntax-only", "-xc", "-I"])
        .arg(common::in_package("include"))
        .args(["-include", "MQTTClient.h", "/dev/null"])
        .output();
    check("cc", output);
}

/// The compiler must be content. Without one for C++ the one for C is what can be asked.
fn check(compiler: &str, output: io::Result<Output>) {
    match output {
        Err(error) if error.kind() == ErrorKind::NotFound && compiler == "c++" => {}
        output => {
            let output = output.expect("a C compiler must be installed to check the headers");
            let complaints = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{compiler}: {complaints}");
        }
    }
}

/// Programs begin as copies of them.
#[test]
fn the_examples_compile_without_a_warning_in_strict_c99_and_in_cpp() {
    let folder = common::in_package("c-examples");
    let mut examples: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    examples.sort();
    assert!(examples.len() >= 10, "{examples:?}");
    for mode in [["cc", "-std=c99", "-xc"], ["c++", "-std=c++11", "-xc++"]] {
        let output = Command::new(mode[0])
            .args(&mode[1..])
            .args(["-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I"])
            .arg(common::in_package("include"))
            .args(&examples)
            .output();
        check(mode[0], output);
    }
}

#[test]
fn headers_and_library_offer_the_interface_of_the_original() {
    let mut check = Command::new("python3");
    check.arg(common::in_package("tests/abi/check-headers"));
    if env::var_os(ALL_MODES).is_none() {
        check.arg("--quick");
    }
    let output = check
        .arg(common::in_package("include"))
        .arg(common::shared_library())
        .output()
        .expect("python3 must be installed to check the headers");
    let report = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{report}{complaints}");
    assert!(report.trim_end().ends_with(" 0 failed"), "{report}");
}
