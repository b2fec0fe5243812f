//! `Debug` for what holds too much to be printed: its name.

#[doc(hidden)]
#[macro_export]
macro_rules! opaque {
    ([$($generics:tt)*] $type:ty, $name:literal) => {
        impl<$($generics)*> core::fmt::Debug for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!($name, " { .. }"))
            }
        }
    };
}

pub(crate) use opaque;
