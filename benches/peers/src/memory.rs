use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
};

/// The system's allocator, which counts allocations and the bytes in use when it is asked to.
pub struct Counting {
    counts: AtomicBool,
    allocations: AtomicUsize,
    used: AtomicUsize,
    peak: AtomicUsize,
}

/// What `action` allocated: how often, and how many bytes at once.
pub fn of(memory: &Counting, action: impl FnOnce()) -> (usize, usize) {
    for counter in [&memory.allocations, &memory.used, &memory.peak] {
        counter.store(0, Relaxed);
    }
    memory.counts.store(true, Relaxed);
    action();
    memory.counts.store(false, Relaxed);
    (memory.allocations.load(Relaxed), memory.peak.load(Relaxed))
}

impl Counting {
    pub const fn new() -> Self {
        Self {
            counts: AtomicBool::new(false),
            allocations: AtomicUsize::new(0),
            used: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
        }
    }
}

impl Counting {
    fn add(&self, len: usize) {
        if self.counts.load(Relaxed) {
            self.allocations.fetch_add(1, Relaxed);
            let used = self.used.fetch_add(len, Relaxed) + len;
            self.peak.fetch_max(used, Relaxed);
        }
    }

    fn subtract(&self, len: usize) {
        if self.counts.load(Relaxed) {
            self.used.fetch_sub(len, Relaxed);
        }
    }
}

// Only the counting is added, so the contract is the system allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.add(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        self.subtract(layout.size());
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, len: usize) -> *mut u8 {
        self.add(len);
        self.subtract(layout.size());
        unsafe { System.realloc(memory, layout, len) }
    }
}
