//! Asking for a cache line before it is needed.

/// Says that `slice[index]` will be read soon; nothing happens where the processor has no such instruction.
#[inline]
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "the intrinsic takes a raw pointer")]
pub fn prefetch<T>(slice: &[T], index: usize) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    if let Some(item) = slice.get(index) {
        // SAFETY: the pointer comes from a reference, and a prefetch reads nothing into the program.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(item).cast()) }
    }
}

/// Says that `slice[index]` will be read soon; nothing happens on this processor.
#[inline]
#[cfg(not(target_arch = "x86_64"))]
pub fn prefetch<T>(_slice: &[T], _index: usize) {}
