//! A private network: a namespace in which even an unprivileged user may create a TAP.
//!
//! It is invisible to the outside and does not affect it, and it disappears with the last program in it.

use std::fs;
use std::io;

use rustix::io::Errno;
use rustix::process::{getegid, geteuid, getpid};
use rustix::thread::UnshareFlags;

use super::link::{self, LinkError};

/// Why a private namespace cannot be entered.
#[derive(Debug, thiserror::Error)]
pub enum NamespaceError {
    /// The system does not let this user have one.
    #[error(
        "not allowed to make a private network: this system forbids user namespaces to plain users \
         (see the settings kernel.unprivileged_userns_clone, \
         kernel.apparmor_restrict_unprivileged_userns and user.max_user_namespaces of sysctl), or this \
         container forbids them; run as root, in a container with the capabilities CAP_SYS_ADMIN and \
         CAP_NET_ADMIN"
    )]
    NotPermitted,
    /// As many as are allowed are in use.
    #[error(
        "cannot make a private network: no more namespaces are granted (see user.max_net_namespaces and \
         user.max_user_namespaces of sysctl); end other programs that have one, or let root raise these"
    )]
    TooMany,
    /// The kernel was built without namespaces.
    #[error("cannot make a private network: this kernel has no network namespaces; run as root")]
    NoNamespaces,
    /// The process has more than one thread.
    #[error("cannot make a private network once more than one thread runs")]
    Threads,
    /// Any other error of the system.
    #[error("cannot make a private network: {0}")]
    Io(#[from] io::Error),
    /// The namespace exists, but its loopback interface could not be brought up.
    #[error(transparent)]
    Link(#[from] LinkError),
}

/// The private network that this process is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Namespace {
    /// Whether it came with a user namespace, because this user is not root.
    user: bool,
}

impl Namespace {
    /// The command with which another terminal of the same user joins it.
    pub fn join_command(self) -> String {
        let pid = getpid().as_raw_nonzero();
        if self.user {
            format!("nsenter --preserve-credentials -U -n -t {pid}")
        } else {
            format!("nsenter -n -t {pid}")
        }
    }
}

/// Moves this process into a network namespace of its own, with the loopback interface up.
///
/// Root needs only that; other users also get a user namespace, in which they appear as root. Call it before any thread
/// is started: only the calling thread moves, and a process with several threads is refused a user namespace.
///
/// # Errors
/// Each says what to do next. After an error the process may be in a namespace without a network.
pub fn enter() -> Result<Namespace, NamespaceError> {
    let user = match unshare(UnshareFlags::NEWNET) {
        Ok(()) => false,
        Err(Errno::PERM) => {
            enter_user_namespace()?;
            true
        }
        Err(errno) => return Err(refused(errno)),
    };
    link::bring_loopback_up()?;
    Ok(Namespace { user })
}

fn enter_user_namespace() -> Result<(), NamespaceError> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNET).map_err(refused)?;
    // In this order: without privilege outside, a group map is allowed only once setgroups is not
    // (user_namespaces(7)).
    let maps = [
        ("/proc/self/setgroups", "deny".to_string()),
        ("/proc/self/uid_map", format!("0 {user} 1")),
        ("/proc/self/gid_map", format!("0 {group} 1")),
    ];
    for (path, text) in maps {
        fs::write(path, text).map_err(|error| match Errno::from_io_error(&error) {
            Some(errno) => refused(errno),
            None => NamespaceError::Io(error),
        })?;
    }
    Ok(())
}

fn refused(errno: Errno) -> NamespaceError {
    match errno {
        Errno::PERM | Errno::ACCESS => NamespaceError::NotPermitted,
        Errno::NOSPC | Errno::USERS => NamespaceError::TooMany,
        Errno::NOSYS => NamespaceError::NoNamespaces,
        Errno::INVAL if threads() == Some(1) => NamespaceError::NoNamespaces,
        Errno::INVAL => NamespaceError::Threads,
        other => NamespaceError::Io(other.into()),
    }
}

/// How many threads run.
fn threads() -> Option<usize> {
    Some(fs::read_dir("/proc/self/task").ok()?.count())
}

#[expect(
    deprecated,
    reason = "the successor is unsafe because of UnshareFlags::FILES, which is not used here"
)]
fn unshare(flags: UnshareFlags) -> Result<(), Errno> {
    rustix::thread::unshare(flags)
}
