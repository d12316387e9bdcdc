//! Many words of 64 bits that are read at random: in huge pages where the system has them, which makes that twice as fast.

use std::io;

use memmap2::MmapMut;

use super::prefetch::prefetch;

/// Words of 64 bits, at first 0.
#[derive(Debug)]
pub(crate) struct Huge(MmapMut);

impl Huge {
    /// So many words, at least one.
    ///
    /// # Errors
    ///
    /// If there is not so much memory.
    pub(crate) fn new(count: usize) -> io::Result<Self> {
        let memory = MmapMut::map_anon(count.max(1).saturating_mul(8))?;
        // Without huge pages it works all the same.
        #[cfg(target_os = "linux")]
        let _ = memory.advise(memmap2::Advice::HugePage);
        Ok(Self(memory))
    }

    #[inline]
    fn words(&self) -> &[[u8; 8]] {
        self.0.as_chunks::<8>().0
    }

    pub(crate) fn len(&self) -> usize {
        self.words().len()
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> u64 {
        u64::from_ne_bytes(self.words()[index])
    }

    pub(crate) fn set(&mut self, index: usize, word: u64) {
        self.0.as_chunks_mut::<8>().0[index] = word.to_ne_bytes();
    }

    /// Says that a word will be read soon.
    #[inline]
    pub(crate) fn prefetch(&self, index: usize) {
        prefetch(self.words(), index);
    }
}
