use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed},
};

/// The system's allocator, which counts when it is asked to.
///
/// Each call takes two instructions more even when it is not.
pub struct Counting {
    counts: AtomicBool,
    bytes: AtomicIsize,
    blocks: AtomicIsize,
}

/// Memory that came into use; less than nothing if more was freed.
pub struct Used {
    pub bytes: isize,
    pub blocks: isize,
}

impl Counting {
    pub const fn new() -> Self {
        Self {
            counts: AtomicBool::new(false),
            bytes: AtomicIsize::new(0),
            blocks: AtomicIsize::new(0),
        }
    }

    /// What is in use after `action` and was not before it, and what `action` returns.
    pub fn used_by<T>(&self, action: impl FnOnce() -> T) -> (Used, T) {
        self.bytes.store(0, Relaxed);
        self.blocks.store(0, Relaxed);
        self.counts.store(true, Relaxed);
        let kept = action();
        self.counts.store(false, Relaxed);
        let (bytes, blocks) = (self.bytes.load(Relaxed), self.blocks.load(Relaxed));
        (Used { bytes, blocks }, kept)
    }

    fn add(&self, bytes: isize, blocks: isize) {
        if self.counts.load(Relaxed) {
            self.bytes.fetch_add(bytes, Relaxed);
            self.blocks.fetch_add(blocks, Relaxed);
        }
    }
}

// Only the counting is added, so the contract is the system allocator's. No size exceeds
// `isize::MAX`, which `Layout` promises.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.add(layout.size() as isize, 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        self.add(-(layout.size() as isize), -1);
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, len: usize) -> *mut u8 {
        self.add(len as isize - layout.size() as isize, 0);
        unsafe { System.realloc(memory, layout, len) }
    }
}
