//! Reads the sources: no exported function may do anything outside its boundary call.

use std::fs;
use std::path::Path;

/// Name, ABI and body of each exported function in a source text.
fn exported_functions(source: &str) -> Vec<(String, String, String)> {
    let mut functions = Vec::new();
    for (position, attribute) in source.match_indices("#[unsafe(no_mangle)]\n") {
        // Declarations for the header generator are no code.
        if source[..position].trim_end().ends_with("#[cfg(cbindgen)]") {
            continue;
        }
        let item = &source[position + attribute.len()..];
        let item = &item[..item
            .find("\n}\n")
            .expect("a function ends in a line of its own")];
        let (signature, body) = item.split_once(" {\n").expect("a function has a body");
        let (_, signature) = signature
            .split_once("extern \"")
            .expect("an exported function has an ABI");
        let (abi, signature) = signature
            .split_once("\" fn ")
            .expect("an ABI is followed by a name");
        let (name, _) = signature
            .split_once('(')
            .expect("a name is followed by parameters");
        functions.push((name.to_owned(), abi.to_owned(), body.to_owned()));
    }
    functions
}

/// Whether the body is exactly one call of a function of the boundary with the name of the function, from which a cancelled
/// thread can be unwound.
fn is_one_boundary_call(name: &str, abi: &str, body: &str) -> bool {
    let code: String = body
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| [line.trim(), " "])
        .collect();
    let calls = [
        "boundary(",
        "boundary_or(",
        "memory_boundary(",
        "cancellation_point(",
        "cancellable_wait(",
    ];
    let arguments = calls.iter().find_map(|call| code.trim().strip_prefix(call));
    let Some(arguments) = arguments.filter(|_| abi == "C-unwind") else {
        return false;
    };
    let mut depth = 1_i32;
    let end = arguments.find(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0
    });
    arguments.trim_start().starts_with(&format!("\"{name}\","))
        && end.is_some_and(|end| arguments[end + 1..].trim().is_empty())
}

fn visit(folder: &Path, look: &mut dyn FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, look);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            look(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_exported_function_is_one_boundary_call() {
    let mut names = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    visit(&root, &mut |path, source| {
        if path.ends_with("tests/boundary_calls.rs") {
            return;
        }
        for (name, abi, body) in exported_functions(source) {
            assert!(is_one_boundary_call(&name, &abi, &body), "{name}: {body}");
            names.push(name);
        }
    });
    names.sort();
    let listed = include_str!("../../../tests/exports.txt");
    let listed: Vec<_> = listed.lines().collect();
    assert_eq!(names, listed);
}

#[test]
fn code_beside_the_boundary_call_is_noticed() {
    for body in [
        "    // why\n    boundary(\"f\", || g(1))",
        "    boundary_or(\"f\", 0, || {\n        g()\n    })",
        "    memory_boundary(\"f\", || g(1))",
        "    cancellation_point(\"f\", g)",
    ] {
        assert!(is_one_boundary_call("f", "C-unwind", body), "{body}");
        assert!(!is_one_boundary_call("f", "C", body), "{body}");
    }
    for body in [
        "    boundary(\"g\", || g(1))",
        "    boundary(\"f\", || g(1)).into()",
        "    let a = 1;\n    boundary(\"f\", || g(a))",
        "    boundary(\"f\", || g(1));\n    h()",
        "    g(1)",
    ] {
        assert!(!is_one_boundary_call("f", "C-unwind", body), "{body}");
    }
}
