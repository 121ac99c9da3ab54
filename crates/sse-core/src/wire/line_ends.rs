#[cfg(target_arch = "x86_64")]
use memchr::arch::x86_64::avx2::memchr::Two;
use memchr::memchr2;

/// Finds line ends as [`memchr2`] does, which looks at each call for what the processor can.
///
/// Lines are so short that this look is a tenth of the time.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineEnds {
    #[cfg(target_arch = "x86_64")]
    avx2: Option<Two>,
}

impl LineEnds {
    pub(super) fn new() -> Self {
        Self {
            #[cfg(target_arch = "x86_64")]
            avx2: Two::new(b'\n', b'\r'),
        }
    }

    #[inline]
    pub(super) fn find(&self, bytes: &[u8]) -> Option<usize> {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = &self.avx2 {
            return avx2.find(bytes);
        }
        memchr2(b'\n', b'\r', bytes)
    }
}
