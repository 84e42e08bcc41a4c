//! The documents name tests that exist.

#[allow(dead_code, reason = "each test uses a part of it")]
mod common;

use std::fs;

/// The sources of tests named as `docs/conformance-5.md` says; `None` if that is no such name.
fn sources(name: &str) -> Option<String> {
    let (room, name) = name.split_once('/')?;
    let path = match room {
        "c" => format!("tests/c/{name}"),
        "src" => format!("src/{name}"),
        "transport" => format!("src/transport/{name}/tests"),
        room => format!("src/{room}/tests/{name}"),
    };
    let path = common::in_package(&path);
    let mut text = String::new();
    for extension in ["c", "rs"] {
        text += &fs::read_to_string(path.with_extension(extension)).unwrap_or_default();
    }
    for part in fs::read_dir(path).into_iter().flatten() {
        text += &fs::read_to_string(part.unwrap().path()).unwrap();
    }
    Some(text)
}

#[test]
fn the_tests_that_show_conformance_exist() {
    for (document, least) in [("conformance-3.1.1.md", 70), ("conformance-5.md", 130)] {
        let text = fs::read_to_string(common::in_package("docs").join(document)).unwrap();
        let mut names = 0;
        for row in text.lines().filter(|line| line.starts_with("| MQTT-")) {
            let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
            let plain = |char: char| char.is_ascii_alphanumeric() || "_/".contains(char);
            let mut text = String::new();
            for name in tests.split(|char| !plain(char)) {
                if let Some(sources) = sources(name) {
                    assert!(!sources.is_empty(), "{document}: no {name}: {row}");
                    text = sources;
                } else if name.contains('_') && !name.contains("MQTT") {
                    let defined = [format!("fn {name}("), format!("void {name}(")];
                    let is_there = defined.iter().any(|start| text.contains(start));
                    assert!(is_there, "{document}: no {name}: {row}");
                } else {
                    continue;
                }
                names += 1;
            }
        }
        assert!(names >= least, "{document}: {names} names");
    }
}
