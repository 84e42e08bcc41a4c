//! What the dynamic linker sees of the library: its name, what it exports, what it needs.

#[allow(dead_code, reason = "each test uses a part of it")]
mod common;

use object::read::elf::{Dyn, ElfFile64, FileHeader};
use object::{Endianness, Object, ObjectSymbol, elf};
use std::fs;

/// The strings that dynamic entries of this kind name.
fn dynamic_strings(data: &[u8], tag: elf::DynamicTag) -> Vec<String> {
    let header = elf::FileHeader64::<Endianness>::parse(data).unwrap();
    let endian = header.endian().unwrap();
    let sections = header.sections(endian, data).unwrap();
    let (entries, link) = sections.dynamic(endian, data).unwrap().unwrap();
    let strings = sections.strings(endian, data, link).unwrap();
    entries
        .iter()
        .filter(|entry| entry.d_tag(endian) == tag)
        .map(|entry| {
            let offset = u32::try_from(entry.d_val(endian)).unwrap();
            String::from_utf8(strings.get(offset).unwrap().to_vec()).unwrap()
        })
        .collect()
}

fn library() -> Vec<u8> {
    fs::read(common::shared_library()).unwrap()
}

#[test]
fn exported_symbols_are_those_of_the_list() {
    let data = library();
    let file = ElfFile64::<Endianness>::parse(&*data).unwrap();
    let mut exported: Vec<_> = file
        .dynamic_symbols()
        .filter(|symbol| symbol.is_definition() && symbol.is_global())
        .map(|symbol| symbol.name().unwrap().to_owned())
        .collect();
    exported.sort();
    let listed = fs::read_to_string(common::in_package("tests/exports.txt")).unwrap();
    assert_eq!(exported, listed.lines().collect::<Vec<_>>());
}

#[test]
fn soname_is_that_of_the_original() {
    let expected = if cfg!(feature = "tls") {
        "libpaho-mqtt3cs.so.1"
    } else {
        "libpaho-mqtt3c.so.1"
    };
    assert_eq!(dynamic_strings(&library(), elf::DT_SONAME), [expected]);
}

#[test]
fn openssl_is_needed_only_with_tls() {
    let needed = dynamic_strings(&library(), elf::DT_NEEDED);
    let openssl: Vec<_> = needed
        .iter()
        .filter(|name| name.starts_with("libssl") || name.starts_with("libcrypto"))
        .collect();
    // The linker may leave out what is not used.
    assert!(cfg!(feature = "tls") || openssl.is_empty(), "{needed:?}");
    for name in needed.iter().filter(|name| !openssl.contains(name)) {
        let expected = ["libgcc_s.so.", "libc.so.", "ld-linux"];
        assert!(
            expected.iter().any(|start| name.starts_with(start)),
            "{needed:?}"
        );
    }
}
