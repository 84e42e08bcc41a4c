//! Building, installing and setting up on machines that differ from the usual one.

#[allow(dead_code, reason = "each test uses a part of it")]
mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A copy of the package by links, in which `build/` is its own, and a folder `bin` with programs of the test.
fn package() -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix("mit Leerzeichen und ü")
        .tempdir()
        .unwrap();
    for entry in fs::read_dir(common::in_package("")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if !["build", "target", ".git"].iter().any(|own| name == *own) {
            symlink(entry.path(), folder.path().join(name)).unwrap();
        }
    }
    fs::create_dir(folder.path().join("bin")).unwrap();
    folder
}

fn program(package: &Path, name: &str, text: &str) {
    let path = package.join("bin").join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Links the named programs of this machine into `bin`.
fn programs_of_this_machine(package: &Path, names: &[&str]) {
    for name in names {
        let path = ["/usr/bin", "/bin", "/usr/local/bin"]
            .iter()
            .map(|folder| Path::new(folder).join(name))
            .find(|path| path.exists())
            .unwrap_or_else(|| panic!("{name} is missing"));
        symlink(path, package.join("bin").join(name)).unwrap();
    }
}

/// A command in the package, with nothing of the environment of this test.
fn command(package: &Path, name: &str) -> Command {
    let mut command = Command::new(name);
    command
        .current_dir(package)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    text(&output)
}

/// A cargo that has the library ready: a C one with the same names.
fn ready_cargo(package: &Path) {
    let names = fs::read_to_string(package.join("tests/exports.txt")).unwrap();
    let functions: String = names
        .lines()
        .map(|name| format!("void {name}(void) {{}}\n"))
        .collect();
    fs::write(package.join("ready.c"), functions).unwrap();
    succeeds(command(package, "cc").args(["-fPIC", "-fno-builtin", "-c", "ready.c"]));
    succeeds(command(package, "cc").args(["-shared", "-o", "ready.so", "ready.o"]));
    succeeds(command(package, "ar").args(["rc", "ready.a", "ready.o"]));
    program(
        package,
        "cargo",
        r#"while [ $# -gt 0 ]; do [ "$1" != --target-dir ] || folder=$2; shift; done
folder=$folder/${CARGO_BUILD_TARGET:+$CARGO_BUILD_TARGET/}release
mkdir -p "$folder" && cp ready.so "$folder/libmqtt3c.so" && cp ready.a "$folder/libmqtt3c.a""#,
    );
}

fn install(package: &Path, cargo: &str) -> Command {
    let mut make = command(package, "make");
    make.args(["install", "PREFIX=/opt/ü x", "DESTDIR=place to be"])
        .env("CARGO", cargo);
    make
}

#[test]
fn who_installs_what_is_built_needs_no_cargo() {
    let package = package();
    ready_cargo(package.path());
    let output = install(package.path(), "no-such-cargo").output().unwrap();
    assert!(!output.status.success());
    assert!(text(&output).contains("cargo is missing"), "{output:?}");
    succeeds(&mut install(package.path(), "bin/cargo"));
    succeeds(&mut install(package.path(), "no-such-cargo"));
    let installed = package.path().join("place to be/opt/ü x");
    for file in [
        "lib/libpaho-mqtt3c.so",
        "lib/libpaho-mqtt3cs.a",
        "lib/pkgconfig/paho-mqtt3c.pc",
        "include/MQTTClient.h",
    ] {
        assert!(installed.join(file).is_file(), "{file}");
    }
}

#[test]
fn a_target_that_cargo_is_told_is_found() {
    let package = package();
    ready_cargo(package.path());
    let mut make = install(package.path(), "bin/cargo");
    succeeds(make.env("CARGO_BUILD_TARGET", "some-target"));
    let made = package.path().join("build/cargo/paho-mqtt3c/some-target");
    assert!(made.is_dir());
}

#[test]
fn scripts_find_their_folder_whatever_the_search_path_of_cd() {
    let package = package();
    let other = tempfile::tempdir().unwrap();
    fs::create_dir(other.path().join("scripts")).unwrap();
    let output = command(package.path(), "scripts/c-tests.sh")
        .env("CDPATH", other.path())
        .output()
        .unwrap();
    assert!(
        text(&output).starts_with("c-tests.sh: usage: "),
        "{output:?}"
    );
}

#[test]
fn temporary_files_go_where_sockets_and_programs_can_be() {
    let package = package();
    let long = package.path().join("x".repeat(100));
    fs::create_dir(&long).unwrap();
    let missing = package.path().join("missing");
    for unfit in [&long, &missing, package.path(), Path::new("relative")] {
        let folder = succeeds(
            command(package.path(), "bash")
                .args(["-c", ". scripts/lib.sh; test -d \"$WORK\"; echo \"$WORK\""])
                .env("TMPDIR", unfit),
        );
        assert!(folder.starts_with('/') && folder.len() < 100, "{folder}");
    }
    assert_eq!(fs::read_dir(&long).unwrap().count(), 0);
}

#[test]
fn scripts_have_an_input_and_descriptors_although_started_without() {
    let package = package();
    let script =
        "ulimit -S -n 256; exec <&-; . scripts/lib.sh; readlink /proc/self/fd/0; ulimit -S -n";
    let said = succeeds(command(package.path(), "bash").args(["-c", script]));
    let (input, descriptors) = said.trim().split_once('\n').unwrap();
    assert_eq!(input, "/dev/null");
    let most = succeeds(command(package.path(), "bash").args(["-c", "ulimit -H -n"]));
    let most = most.trim().parse().unwrap_or(1024); // it may be "unlimited"
    assert_eq!(descriptors.parse(), Ok(most.min(1024)));
}

/// What setup.sh says on a machine where `bin` is all there is.
fn setup(package: &Path, arguments: &[&str]) -> (bool, String) {
    let output = command(package, "bash")
        .arg("scripts/setup.sh")
        .args(arguments)
        .env("PATH", package.join("bin"))
        .output()
        .unwrap();
    (output.status.success(), text(&output))
}

const TO_BUILD: [&str; 12] = [
    "as",
    "bash",
    "cc",
    "dirname",
    "head",
    "id",
    "make",
    "objcopy",
    "pkg-config",
    "sed",
    "sh",
    "sort",
];

#[test]
fn setup_tells_what_building_needs_from_what_only_tests_need() {
    let package = package();
    programs_of_this_machine(package.path(), &TO_BUILD);
    program(
        package.path(),
        "cargo",
        "echo 'cargo 1.100.0 (abc 2030-01-01)'",
    );
    let (built, said) = setup(package.path(), &[]);
    assert!(built && said.contains("\n  mosquitto-clients\n"), "{said}");
    assert!(!said.contains("Rust"), "{said}");
    let (tested, said) = setup(package.path(), &["--strict"]);
    assert!(
        !tested && said.contains("\n  mosquitto-clients\n"),
        "{said}"
    );
    fs::remove_file(package.path().join("bin/objcopy")).unwrap();
    let (built, said) = setup(package.path(), &[]);
    assert!(!built && said.contains("\n  binutils\n"), "{said}");
}

#[test]
fn setup_says_that_rust_is_missing_or_old_or_incomplete() {
    let package = package();
    programs_of_this_machine(package.path(), &TO_BUILD);
    let (built, said) = setup(package.path(), &[]);
    assert!(
        !built && said.contains("Rust 1.85 or newer with cargo"),
        "{said}"
    );
    program(
        package.path(),
        "cargo",
        "echo 'cargo 1.75.0 (1d8b05cdd 2023-11-20)'",
    );
    let (built, said) = setup(package.path(), &[]);
    assert!(!built && said.contains("(this is 1.75.0)"), "{said}");

    program(
        package.path(),
        "cargo",
        "case $1 in --version) echo 'cargo 1.85.0' ;; *) test -e with-tools ;; esac",
    );
    let (_, said) = setup(package.path(), &["--strict"]);
    assert!(said.contains("rustup component add"), "{said}");
    program(package.path(), "rustup", ": >with-tools");
    let (_, said) = setup(package.path(), &["--strict"]);
    assert!(
        said.contains("installing rustfmt clippy with rustup"),
        "{said}"
    );
    assert!(!said.contains("rustup component add"), "{said}");
}
