//! When to look for a second frame at once, and when to leave it to the next wake-up.

/// How many frames there usually are at once.
///
/// A read that finds nothing costs as much as one that finds a frame. Where a frame has come alone for a
/// while, the second look is left out: the caller waits for the descriptor anyway, and is woken at once
/// if there was another frame after all. Now and then the look is made, to notice when habits change.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReadAhead {
    /// Frames since the last time there was none.
    frames: u32,
    /// How often in a row a frame came alone.
    alone: u8,
    /// Looks left out since the last one that was made.
    left_out: u8,
}

impl ReadAhead {
    /// So often alone, and it is taken for the rule.
    const TIMES: u8 = 8;
    /// So many looks are left out in a row.
    const LEFT_OUT: u8 = 31;

    /// Whether the next look is to be left out, as if it had found nothing.
    pub(super) const fn leaves_out(&mut self) -> bool {
        if self.frames != 1 || self.alone < Self::TIMES {
            return false;
        }
        if self.left_out == Self::LEFT_OUT {
            self.left_out = 0;
            return false;
        }
        self.left_out += 1;
        self.frames = 0;
        true
    }

    pub(super) const fn found(&mut self) {
        self.frames = self.frames.saturating_add(1);
        if self.frames > 1 {
            self.alone = 0;
        }
    }

    pub(super) const fn found_nothing(&mut self) {
        if self.frames == 1 {
            self.alone = self.alone.saturating_add(1);
        }
        self.frames = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_look_is_left_out_where_frames_come_alone_and_made_where_they_do_not() {
        let mut read_ahead = ReadAhead::default();
        let mut round = |frames: u32| {
            for _ in 0..frames {
                if read_ahead.leaves_out() {
                    return false;
                }
                read_ahead.found();
            }
            let looked = !read_ahead.leaves_out();
            if looked {
                read_ahead.found_nothing();
            }
            looked
        };
        for _ in 0..ReadAhead::TIMES {
            assert!(round(1));
        }
        for _ in 0..ReadAhead::LEFT_OUT {
            assert!(!round(1));
        }
        // The look that is made now and then finds that frames come in pairs again.
        assert!(round(2));
        assert!(round(1));
        // A wake-up without a frame says nothing about habits.
        assert!(round(0));
    }
}
