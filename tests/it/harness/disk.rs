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
