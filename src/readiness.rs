//! Descriptors whose readiness the runtime tells.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// `descriptor`, to wait until there is something to read. Must be called within a runtime.
#[expect(
    deprecated,
    reason = "its successor is unsafe for types whose descriptor may change; that of an `OwnedFd` cannot"
)]
pub fn readable(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(descriptor, Interest::READABLE)
}
