//! The keyed hash by which tables are searched: whoever does not know the key cannot choose what meets in
//! one place.

/// Asked for datagrams and strangers, so the shorter of the two SipHashes. A board has flash for one: the longer,
/// which sequence numbers need.
#[cfg(feature = "std")]
pub(super) use siphasher::sip::SipHasher13 as Sip;
#[cfg(not(feature = "std"))]
pub(super) use siphasher::sip::SipHasher24 as Sip;
