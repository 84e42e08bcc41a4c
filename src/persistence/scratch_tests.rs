use std::fs;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::super::own_directory::ATTEMPTS;
use super::*;

struct Place {
    base: TempDir,
    records: File,
}

impl Place {
    fn new() -> Place {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir(base.path().join("records")).unwrap();
        let records = File::open(base.path().join("records")).unwrap();
        Place { base, records }
    }

    fn scratch(&self) -> Scratch {
        Scratch::new(self.base.path(), &self.base.path().join("records"), false)
    }

    fn write(&self, scratch: &mut Scratch, name: &str, record: &[u8]) {
        scratch
            .write(self.records.as_fd(), Path::new(name), &[record], false)
            .unwrap();
        self.check(name, record);
    }

    /// What lies in the directories of unfinished files, sorted.
    fn unfinished(&self, scratch: &Scratch) -> Vec<PathBuf> {
        let own = fs::read_dir(&scratch.parent).unwrap();
        let files = own.flat_map(|own| fs::read_dir(own.unwrap().path()).unwrap());
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files
    }

    /// Into a file to be filled again.
    fn lend(&self, scratch: &mut Scratch, name: &str, record: &[u8]) -> Option<Spare> {
        let spare = scratch.write(self.records.as_fd(), Path::new(name), &[record], true);
        self.check(name, record);
        spare.unwrap()
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.base.path().join("records").join(name)).unwrap();
    }

    fn check(&self, name: &str, record: &[u8]) {
        let path = self.base.path().join("records").join(name);
        assert_eq!(fs::read(path).unwrap(), record);
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.base.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }
}

#[test]
fn a_file_system_without_unnamed_files_gets_the_same_records() {
    let place = Place::new();
    let mut scratch = place.scratch();
    scratch.unnamed_files = false;
    for record in [&[b'a'; 10_000][..], b"b"] {
        place.write(&mut scratch, "s-1", record);
    }
    scratch.clear();
    assert_eq!(place.names(), ["records"]);
}

#[test]
fn a_new_record_needs_nothing_in_the_base_directory() {
    let place = Place::new();
    let mut scratch = place.scratch();
    place.write(&mut scratch, "s-1", b"x");
    if scratch.unnamed_files {
        assert_eq!(place.names(), ["records"]);
    }
}

#[test]
fn a_full_disk_is_told() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let error = write_parts(&full, &[b"x"]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

#[test]
fn synchronised_records_are_the_same() {
    let place = Place::new();
    let records = place.base.path().join("records");
    let mut scratch = Scratch::new(place.base.path(), &records, true);
    for record in [b"old", b"new"] {
        place.write(&mut scratch, "s-1", record);
    }
    let spare = place
        .lend(&mut scratch, "s-2", b"to be filled again")
        .unwrap();
    place.remove("s-2");
    scratch.give_back(spare);
    assert!(place.lend(&mut scratch, "s-2", b"filled again").is_some());
    scratch.unnamed_files = false;
    place.write(&mut scratch, "s-3", b"a named one");
}

#[test]
fn remains_of_processes_that_died_are_removed_and_what_is_in_use_is_not() {
    let place = Place::new();
    let mut scratch = place.scratch();
    let spare = place.lend(&mut scratch, "s-1", b"x").unwrap();
    place.remove("s-1");
    scratch.give_back(spare);
    let dead = scratch.parent.join("1-0");
    fs::create_dir(&dead).unwrap();
    fs::write(dead.join("17"), "torn").unwrap();
    place.scratch();
    assert!(!dead.exists());
    let spare = place
        .lend(&mut scratch, "s-2", b"it is still there")
        .unwrap();
    scratch.discard(spare);
    place.check("s-2", b"it is still there");
    scratch.clear();
    assert_eq!(place.names(), ["records"]);
}

#[test]
fn nothing_is_removed_that_this_library_does_not_make() {
    let place = Place::new();
    let parent = place.scratch().parent;
    let elsewhere = place.base.path().join("elsewhere");
    for directory in ["5-1-h", "notes", "7-7"] {
        fs::create_dir_all(elsewhere.join(directory)).unwrap();
        fs::write(elsewhere.join(directory).join("s-1.msg"), "x").unwrap();
    }
    // A link leads to files of somebody else's.
    symlink(&elsewhere, &parent).unwrap();
    fs::write(elsewhere.join("7-7/1"), "x").unwrap();
    place.scratch();
    assert!(elsewhere.join("7-7/1").exists());
    fs::remove_file(&parent).unwrap();
    fs::rename(&elsewhere, &parent).unwrap();
    symlink("../records", parent.join("8-8")).unwrap();
    fs::write(place.base.path().join("records/1"), "x").unwrap();
    place.scratch();
    for file in ["5-1-h/s-1.msg", "notes/s-1.msg", "7-7/s-1.msg", "8-8/1"] {
        assert!(parent.join(file).exists(), "{file}");
    }
}

#[test]
fn names_in_use_are_no_hindrance() {
    let place = Place::new();
    let mut scratch = place.scratch();
    fs::create_dir(&scratch.parent).unwrap();
    let process = std::process::id();
    for number in 0..ATTEMPTS / 2 {
        fs::write(scratch.parent.join(format!("{process}-{number}")), "").unwrap();
    }
    place.write(&mut scratch, "s-1", b"old");
    place.write(&mut scratch, "s-1", b"new");
}

#[test]
fn only_so_many_and_so_large_files_are_filled_again() {
    let place = Place::new();
    let mut scratch = place.scratch();
    let large = vec![b'x'; MAX_SPARE_LENGTH as usize + 1];
    assert!(place.lend(&mut scratch, "large", &large).is_none());
    let mut lent: Vec<Spare> = (0..2 * MAX_SPARES)
        .filter_map(|number| place.lend(&mut scratch, &format!("s-{number}"), b"x"))
        .collect();
    assert_eq!(lent.len(), MAX_SPARES);
    place.remove("s-0");
    scratch.give_back(lent.swap_remove(0));
    scratch.discard(lent.swap_remove(0));
    for number in 0..3 {
        let spare = place.lend(&mut scratch, &format!("t-{number}"), b"y");
        assert_eq!(spare.is_some(), number < 2);
    }
}

#[test]
fn a_record_is_replaced_by_a_file_that_is_then_its_own() {
    let place = Place::new();
    let mut scratch = place.scratch();
    let old = place.lend(&mut scratch, "s-1", b"old").unwrap();
    assert!(place.lend(&mut scratch, "s-1", b"newer").is_none());
    scratch.give_back(old);
    let other = place.lend(&mut scratch, "s-2", b"other");
    assert!(other.is_some());
    place.check("s-1", b"newer");
}

/// Where a file cannot have two names it costs one attempt.
#[test]
fn a_file_system_without_links_gets_the_same_records() {
    let place = Place::new();
    let mut scratch = place.scratch();
    scratch.links = false;
    assert!(place.lend(&mut scratch, "s-1", b"x").is_none());
}

/// The copy that a forked child has.
fn forked(scratch: &Scratch) -> Scratch {
    let own = scratch.own.as_ref().map(|own| OwnDirectory {
        descriptor: own.descriptor.try_clone().unwrap(),
        name: own.name.clone(),
    });
    let copy = |&Spare { number, length, .. }: &Spare| Spare {
        number,
        length,
        file: None,
    };
    Scratch {
        parent: scratch.parent.clone(),
        other_parent: scratch.other_parent.clone(),
        own,
        generation: scratch.generation.wrapping_sub(1),
        spares: scratch.spares.iter().map(copy).collect(),
        ..*scratch
    }
}

#[test]
fn what_was_there_before_a_fork_is_left_to_the_parent() {
    let place = Place::new();
    let mut scratch = place.scratch();
    let spare = place.lend(&mut scratch, "s-1", b"spare").unwrap();
    let lent = place.lend(&mut scratch, "s-2", b"lent").unwrap();
    place.remove("s-1");
    scratch.give_back(spare);
    let of_parent = place.unfinished(&scratch);
    assert_eq!(of_parent.len(), 2);

    let (number, length) = (lent.number, lent.length);
    for use_in_child in [
        Scratch::discard,
        Scratch::give_back,
        |child: &mut Scratch, _| child.clear(),
    ] {
        let mut child = forked(&scratch);
        let file = None;
        use_in_child(
            &mut child,
            Spare {
                number,
                length,
                file,
            },
        );
        child.clear();
        assert_eq!(place.unfinished(&scratch), of_parent);
    }
    let mut child = forked(&scratch);
    let of_child = place.lend(&mut child, "s-3", b"of the child").unwrap();
    place.check("s-2", b"lent");
    assert_eq!(place.unfinished(&scratch).len(), 3);
    child.discard(of_child);
    child.clear();
    assert_eq!(place.unfinished(&scratch), of_parent);
    assert!(place.lend(&mut scratch, "s-4", b"of the parent").is_some());
    assert_eq!(place.unfinished(&scratch), of_parent, "it was filled again");
}

#[test]
fn a_directory_that_is_there_is_not_made_anew() {
    let place = Place::new();
    let mut scratch = place.scratch();
    let spare = place.lend(&mut scratch, "s-1", b"x").unwrap();
    place.remove("s-1");
    scratch.give_back(spare);
    let before = place.unfinished(&scratch);
    // What is not there is something else.
    let made = scratch.create::<()>(|_, _| Err(io::ErrorKind::NotFound.into()));
    assert_eq!(made.unwrap_err().kind(), io::ErrorKind::NotFound);
    assert_eq!(place.unfinished(&scratch), before);
    assert!(place.lend(&mut scratch, "s-2", b"y").is_some());
    assert_eq!(place.unfinished(&scratch), before, "it was filled again");
}

#[test]
fn a_directory_that_somebody_removed_is_made_anew() {
    let place = Place::new();
    let mut scratch = place.scratch();
    let spares: Vec<Spare> = ["s-1", "s-2"]
        .into_iter()
        .filter_map(|name| place.lend(&mut scratch, name, b"x"))
        .collect();
    assert_eq!(spares.len(), 2);
    spares
        .into_iter()
        .for_each(|spare| scratch.give_back(spare));
    place.write(&mut scratch, "s-3", b"old");
    fs::remove_dir_all(&scratch.parent).unwrap();
    place.write(&mut scratch, "s-3", b"new");
    assert!(place.lend(&mut scratch, "s-4", b"y").is_some());
}
