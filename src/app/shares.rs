//! How often somebody wanted more than an address's share: the journal counts that, where there is one.

use crate::node::Node;

/// How often that was.
#[cfg(feature = "ladder")]
pub(super) fn beyond_a_share(node: &Node<'_>) -> u64 {
    node.journal()
        .counters()
        .full(crate::trace::Resource::Share)
}

/// Nobody counts.
#[cfg(not(feature = "ladder"))]
pub(super) fn beyond_a_share(_: &Node<'_>) -> u64 {
    0
}
