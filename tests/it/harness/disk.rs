//! A small disk that can be full. Only root can make one.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system of its own, gone when dropped.
pub(crate) struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Makes one of this size, such as `256k`, at a directory, if this user may.
    pub(crate) fn mount(at: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tidings-test"]).arg(at);
        let done = command.output().is_ok_and(|output| output.status.success());
        if !done {
            println!("left out: a small file system needs the right to mount");
        }
        done.then(|| Self { at: at.to_owned() })
    }

    /// Takes all the room that is left.
    pub(crate) fn fill(&self) {
        let full = std::fs::write(self.at.join("ballast"), vec![0; 64 << 20]).unwrap_err();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    }

    /// Lets nothing be written until it is called with `false`. Nobody may be writing.
    pub(crate) fn read_only(&self, is_read_only: bool) {
        let options = if is_read_only { "remount,ro" } else { "remount,rw" };
        assert!(Command::new("mount").args(["-o", options]).arg(&self.at).status().unwrap().success());
    }

    /// Gives it back.
    pub(crate) fn empty(&self) {
        std::fs::remove_file(self.at.join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg("--lazy").arg(&self.at).status();
        assert!(done.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

/// A disk that can be made to fail: a library that is loaded before the program's own refuses what it writes to databases.
pub(crate) struct BrokenDisk {
    place: tempfile::TempDir,
}

impl BrokenDisk {
    pub(crate) fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/harness/broken_disk.c");
        let library = place.path().join("broken_disk.so");
        let done =
            Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        Self { place }
    }

    /// What the program needs to know.
    pub(crate) fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [("LD_PRELOAD", self.place.path().join("broken_disk.so")), ("BROKEN_DISK", self.flag())]
    }

    pub(crate) fn fail(&self) {
        std::fs::write(self.flag(), "").unwrap();
    }

    pub(crate) fn heal(&self) {
        std::fs::remove_file(self.flag()).unwrap();
    }

    fn flag(&self) -> PathBuf {
        self.place.path().join("fails")
    }
}
