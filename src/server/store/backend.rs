//! What the database writes to: a file whose space is reserved before it is used, or memory over a file that is not touched.
//!
//! Neither locks anything for redb: the file is locked, as a whole, before there is a database.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
#[cfg(test)]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;
use rustix::fs::FallocateFlags;
use rustix::io::Errno;

/// A file that is changed in place.
#[derive(Debug)]
pub(super) struct InPlace {
    file: Arc<File>,
    failed: Arc<AtomicBool>,
    /// How long the file may become: a disk that is full, for tests.
    #[cfg(test)]
    room: Arc<AtomicU64>,
}

impl InPlace {
    /// `failed` is set when an operation fails.
    pub(super) fn new(file: &Arc<File>, failed: &Arc<AtomicBool>) -> Self {
        Self {
            file: Arc::clone(file),
            failed: Arc::clone(failed),
            #[cfg(test)]
            room: Arc::new(u64::MAX.into()),
        }
    }

    #[cfg(test)]
    pub(super) fn with_room(self, room: &Arc<AtomicU64>) -> Self {
        Self { room: Arc::clone(room), ..self }
    }

    #[cfg(test)]
    fn has_room(&self, len: u64) -> io::Result<()> {
        if len > self.room.load(Ordering::Acquire) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn noted<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if result.is_err() {
            self.failed.store(true, Ordering::Release);
        }
        result
    }

    /// Reserves the space, so that a full disk is known before anything is written, and what is written within the file's
    /// length, such as the next header, finds its space.
    fn grow(&self, old: u64, len: u64) -> io::Result<()> {
        #[cfg(test)]
        self.has_room(len)?;
        match rustix::fs::fallocate(&self.file, FallocateFlags::empty(), old, len - old) {
            Ok(()) => Ok(()),
            // A file system that cannot reserve.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => self.file.set_len(len),
            Err(error) => Err(error.into()),
        }
    }
}

impl StorageBackend for InPlace {
    fn len(&self) -> io::Result<u64> {
        self.noted(self.file.metadata().map(|metadata| metadata.len()))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.noted(self.file.read_exact_at(out, offset))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let old = self.len()?;
        self.noted(if len > old { self.grow(old, len) } else { self.file.set_len(len) })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.noted(self.file.sync_data())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        #[cfg(test)]
        self.noted(self.has_room(offset + data.len() as u64))?;
        self.noted(self.file.write_all_at(data, offset))
    }
}

/// The unit in which changes are kept.
const PAGE: u64 = 4096;
type Page = Box<[u8]>;

/// A file as it was, and beside it in memory what was changed since.
#[derive(Debug)]
pub(super) struct Overlay {
    file: Arc<File>,
    changed: Mutex<Changed>,
}

#[derive(Debug)]
struct Changed {
    len: u64,
    /// How much of the file still counts.
    kept: u64,
    pages: BTreeMap<u64, Page>,
}

impl Overlay {
    pub(super) fn new(file: &Arc<File>) -> io::Result<Self> {
        let len = file.metadata()?.len();
        let changed = Changed { len, kept: len, pages: BTreeMap::new() };
        Ok(Self { file: Arc::clone(file), changed: Mutex::new(changed) })
    }

    fn changed(&self) -> MutexGuard<'_, Changed> {
        self.changed.lock().expect("invariant: nothing panics while a page is copied")
    }
}

impl Changed {
    /// The part of the page at `number` from `start` on, without what was changed.
    fn read_file(&self, file: &File, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let there = usize::try_from(self.kept.saturating_sub(offset)).unwrap_or(usize::MAX).min(out.len());
        file.read_exact_at(&mut out[..there], offset)?;
        out[there..].fill(0);
        Ok(())
    }
}

/// The parts of `len` bytes from `offset` on that lie in one page each: page, start in it, length.
fn parts(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let end = offset + len as u64;
    let mut at = offset;
    std::iter::from_fn(move || {
        (at < end).then(|| {
            let (page, start) = (at / PAGE, at % PAGE);
            let length = (PAGE - start).min(end - at);
            at += length;
            (page, usize::try_from(start).unwrap_or_default(), usize::try_from(length).unwrap_or_default())
        })
    })
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.changed().len)
    }

    fn read(&self, offset: u64, mut out: &mut [u8]) -> io::Result<()> {
        let changed = self.changed();
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > changed.len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (page, start, length) in parts(offset, out.len()) {
            let (part, rest) = out.split_at_mut(length);
            match changed.pages.get(&page) {
                Some(bytes) => part.copy_from_slice(&bytes[start..start + length]),
                None => changed.read_file(&self.file, page * PAGE + start as u64, part)?,
            }
            out = rest;
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut changed = self.changed();
        changed.kept = changed.kept.min(len);
        changed.pages.split_off(&len.div_ceil(PAGE));
        let (page, start) = (len / PAGE, usize::try_from(len % PAGE).unwrap_or_default());
        if let Some(bytes) = changed.pages.get_mut(&page) {
            bytes[start..].fill(0);
        }
        changed.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, mut data: &[u8]) -> io::Result<()> {
        let mut changed = self.changed();
        if offset.checked_add(data.len() as u64).is_none_or(|end| end > changed.len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (page, start, length) in parts(offset, data.len()) {
            let (part, rest) = data.split_at(length);
            if !changed.pages.contains_key(&page) {
                let mut bytes = vec![0; usize::try_from(PAGE).unwrap_or_default()].into_boxed_slice();
                changed.read_file(&self.file, page * PAGE, &mut bytes)?;
                changed.pages.insert(page, bytes);
            }
            if let Some(bytes) = changed.pages.get_mut(&page) {
                bytes[start..start + length].copy_from_slice(part);
            }
            data = rest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Write(u64, Vec<u8>),
        Resize(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0_u64..20_000, proptest::collection::vec(any::<u8>(), 0..9_000))
                .prop_map(|(at, data)| Step::Write(at, data)),
            (0_u64..30_000).prop_map(Step::Resize),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn an_overlay_is_what_the_file_would_be_and_leaves_it_alone(
            begin in proptest::collection::vec(any::<u8>(), 0..15_000),
            steps in proptest::collection::vec(step(), 0..12),
        ) {
            let dir = tempfile::tempdir().expect("a directory");
            let path = dir.path().join("file");
            std::fs::write(&path, &begin).expect("a file");
            let overlay = Overlay::new(&Arc::new(File::open(&path).expect("a file"))).expect("an overlay");
            let mut model = begin.clone();
            for step in steps {
                match step {
                    Step::Write(at, data) => {
                        let place = usize::try_from(at).expect("small");
                        match model.get_mut(place..place + data.len()) {
                            Some(part) => {
                                part.copy_from_slice(&data);
                                overlay.write(at, &data).expect("within the file");
                            }
                            None => prop_assert!(overlay.write(at, &data).is_err()),
                        }
                    }
                    Step::Resize(len) => {
                        model.resize(usize::try_from(len).expect("small"), 0);
                        overlay.set_len(len).expect("any length");
                    }
                }
                let mut all = vec![0; model.len()];
                prop_assert_eq!(overlay.len().expect("a length"), model.len() as u64);
                overlay.read(0, &mut all).expect("all of it");
                prop_assert!(all == model);
            }
            prop_assert!(overlay.read(1, &mut vec![0; model.len()]).is_err());
            prop_assert!(std::fs::read(&path).expect("a file") == begin);
        }
    }
}
