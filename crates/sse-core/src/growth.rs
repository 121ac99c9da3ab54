//! Room for what there may be very many of.

use slab::Slab;

/// Makes room for one more by a fourth of what there is. To double it, as is usual, leaves a third of the room
/// empty on average, for as long as they are there.
pub(crate) fn grow_slab<T>(slab: &mut Slab<T>) {
    if slab.len() == slab.capacity() {
        slab.reserve_exact(more(slab.len()));
    }
}

/// The same for a vector.
pub(crate) fn grow_vec<T>(vec: &mut Vec<T>) {
    if vec.len() == vec.capacity() {
        vec.reserve_exact(more(vec.len()));
    }
}

/// Most channels have one listener.
fn more(len: usize) -> usize {
    match len {
        0..4 => 1,
        _ => len / 4,
    }
}
