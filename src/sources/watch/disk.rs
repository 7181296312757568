//! Which file systems tell of every change.
//!
//! In: a directory. Out: the kind of its file system, if others can change it behind this machine's back.

use std::path::Path;

/// The kind of the file system that `path` is on, if it may change without a word: what another machine, the host of a
/// virtual one, or a program behind FUSE changes there is told to nobody here.
#[cfg(target_os = "linux")]
pub(super) fn silent(path: &Path) -> Option<&'static str> {
    kind(u64::try_from(rustix::fs::statfs(path).ok()?.f_type).ok()?)
}

/// Elsewhere nobody asks.
#[cfg(not(target_os = "linux"))]
pub(super) fn silent(_path: &Path) -> Option<&'static str> {
    None
}

/// By the numbers that statfs(2) and the kernel's own headers list.
#[cfg(target_os = "linux")]
fn kind(number: u64) -> Option<&'static str> {
    Some(match number {
        0x6969 => "NFS",
        0x517B | 0xFE53_4D42 | 0xFF53_4D42 => "SMB",
        0x0102_1997 => "9p",
        0x786F_4256 => "vboxsf",
        0x6573_5546 => "FUSE",
        0x00C3_6400 => "Ceph",
        0x5346_414F | 0x6B41_4653 => "AFS",
        _ => return None,
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn network_disks_are_known_by_their_numbers() {
        let (nfs, smb, ext4, tmpfs, overlay) = (0x6969, 0xFE53_4D42, 0xEF53, 0x0102_1994, 0x794C_7630);
        assert_eq!([nfs, smb, ext4, tmpfs, overlay].map(kind), [Some("NFS"), Some("SMB"), None, None, None]);
    }
}
