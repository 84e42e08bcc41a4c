//! What the tests of the built library share.

use std::env;
use std::path::{Path, PathBuf};

/// The shared library that cargo built along with this test.
pub(crate) fn shared_library() -> PathBuf {
    let test = env::current_exe().expect("a running test has a path");
    let deps = test
        .parent()
        .expect("tests are built in target/PROFILE/deps");
    // Beside the test is what this cargo call built; the copy one level up may be of another call's features.
    let library = deps.join("libmqtt3c.so");
    assert!(library.is_file(), "{} is missing", library.display());
    library
}

/// A path inside the package.
pub(crate) fn in_package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
