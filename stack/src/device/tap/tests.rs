use super::*;

#[test]
fn a_name_that_no_interface_can_have_is_refused_before_the_kernel_cuts_it() {
    for name in ["", "sixteen-octets-x", "a b", "a/b", "a:b", "tap%d", "."] {
        assert!(matches!(Tap::open(name, 1500), Err(TapError::Name(_))));
    }
    assert!(is_interface_name("fifteen-octets-"));
}

#[test]
fn an_mtu_larger_than_a_frame_is_refused() {
    let refused = Tap::open("tap0", MAX_MTU + 1);
    assert!(matches!(refused, Err(TapError::Mtu(65_522))));
}

#[test]
fn every_error_of_the_system_has_its_own_sentence() {
    for (errno, sentence) in [
        (Errno::BUSY, "the TAP tap0 is busy"),
        (Errno::INVAL, "exists and is not a TAP"),
        (Errno::PERM, "not allowed to make or attach to the TAP tap0"),
        (Errno::ACCESS, "not allowed to open /dev/net/tun"),
        (Errno::NOENT, "there is no /dev/net/tun"),
        (Errno::NODEV, "no driver for it"),
        (Errno::NXIO, "no driver for it"),
        (
            Errno::MFILE,
            "cannot open the TAP tap0: Too many open files",
        ),
    ] {
        let said = refused("tap0", errno.into()).to_string();
        assert!(said.contains(sentence), "{said}");
    }
}
