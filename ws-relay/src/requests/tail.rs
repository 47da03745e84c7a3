//! The end of a file that somebody else appends to, cuts and replaces.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The longest line that is read; what is longer is left out.
pub const LINE_BYTES: usize = 4096;
/// What one turn reads of a file at most.
const TURN_BYTES: u64 = 1 << 20;

/// A file that is followed.
pub struct Tail {
    path: PathBuf,
    file: File,
    inode: u64,
    offset: u64,
    /// The beginning of a line that has no end yet.
    unfinished: Vec<u8>,
    /// The line that is being read is none: it is too long, or began before this did.
    skips: bool,
}

/// What a turn has found.
#[derive(Debug, Default, PartialEq)]
pub struct Turn {
    /// There is more to read at once.
    pub has_more: bool,
    /// Lines that were too long.
    pub too_long: u64,
}

impl Tail {
    /// Opens a file: what is in it is read, or, with `at_end`, only what comes.
    pub fn open(path: &Path, at_end: bool) -> io::Result<Self> {
        // Before it is opened: a pipe would wait for somebody who writes into it.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::other("not a file"));
        }
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        let offset = if at_end { metadata.len() } else { 0 };
        // The byte before says whether a line begins here.
        let mut before = [b'\n'];
        if offset > 0 {
            file.seek(SeekFrom::Start(offset.saturating_sub(1)))?;
            file.read_exact(&mut before)?;
        }
        let (path, inode) = (path.to_owned(), metadata.ino());
        Ok(Self { path, file, inode, offset, unfinished: Vec::new(), skips: before != *b"\n" })
    }

    /// Reads what was written since, at most [`TURN_BYTES`], and gives each whole line.
    pub fn turn(&mut self, mut line: impl FnMut(&[u8])) -> io::Result<Turn> {
        let mut turn = Turn::default();
        if self.file.metadata()?.len() < self.offset {
            // It was cut, as `copytruncate` of logrotate does.
            self.offset = 0;
            self.begin_anew();
        }
        self.file.seek(SeekFrom::Start(self.offset))?;
        let mut new = Vec::new();
        let read = (&mut self.file).take(TURN_BYTES).read_to_end(&mut new)?;
        self.offset = self.offset.saturating_add(u64::try_from(read).unwrap_or(0));
        for piece in new.split_inclusive(|byte| *byte == b'\n') {
            turn.too_long += u64::from(self.piece(piece, &mut line));
        }
        turn.has_more = u64::try_from(read).is_ok_and(|read| read == TURN_BYTES);
        if read == 0 && std::fs::metadata(&self.path).is_ok_and(|now| now.ino() != self.inode) {
            // Another file has its name; nothing comes to this one any more.
            *self = Self::open(&self.path, false)?;
            turn.has_more = true;
        }
        Ok(turn)
    }

    /// Takes a piece of a line, or its end; says whether it is too long now.
    fn piece(&mut self, piece: &[u8], line: &mut impl FnMut(&[u8])) -> bool {
        let (text, is_end) = piece.strip_suffix(b"\n").map_or((piece, false), |text| (text, true));
        let is_too_long = !self.skips && self.unfinished.len().saturating_add(text.len()) > LINE_BYTES;
        if is_too_long {
            self.skips = true;
            self.unfinished = Vec::new();
        } else if !self.skips {
            self.unfinished.extend_from_slice(text);
        }
        if is_end {
            if !self.skips {
                line(&self.unfinished);
            }
            self.begin_anew();
        }
        is_too_long
    }

    fn begin_anew(&mut self) {
        self.unfinished.clear();
        self.skips = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, OpenOptions};
    use std::io::Write;

    struct Log(PathBuf);

    impl Log {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("ws-relay-tail-{}-{name}", std::process::id()));
            fs::write(&path, "").unwrap();
            Self(path)
        }

        fn append(&self, text: &str) {
            OpenOptions::new().append(true).open(&self.0).unwrap().write_all(text.as_bytes()).unwrap();
        }
    }

    impl Drop for Log {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    /// The lines until nothing comes, and how many were too long.
    fn lines(tail: &mut Tail) -> (Vec<String>, u64) {
        let (mut lines, mut too_long) = (Vec::new(), 0);
        loop {
            let turn = tail.turn(|line| lines.push(String::from_utf8_lossy(line).into_owned())).unwrap();
            too_long += turn.too_long;
            if !turn.has_more {
                return (lines, too_long);
            }
        }
    }

    fn only(lines: &[&str]) -> (Vec<String>, u64) {
        (lines.iter().map(|&line| line.to_owned()).collect(), 0)
    }

    #[test]
    fn a_line_is_given_once_and_whole() {
        let log = Log::new("whole");
        log.append("before\nhalf a li");
        let mut tail = Tail::open(&log.0, true).unwrap();
        assert_eq!(lines(&mut tail), only(&[]));
        log.append("ne\na\n");
        assert_eq!(lines(&mut tail), only(&["a"]), "what began before this did is none");
        log.append("b");
        assert_eq!(lines(&mut tail), only(&[]));
        log.append("c\n\n");
        assert_eq!(lines(&mut tail), only(&["bc", ""]));
        assert_eq!(lines(&mut Tail::open(&log.0, false).unwrap()), only(&["before", "half a line", "a", "bc", ""]));
    }

    #[test]
    fn a_file_that_is_cut_or_replaced_is_followed_from_its_beginning() {
        let log = Log::new("cut");
        log.append("one\ntwo\n");
        let mut tail = Tail::open(&log.0, true).unwrap();
        log.append("unfinish");
        assert_eq!(lines(&mut tail), only(&[]));
        fs::write(&log.0, "three\n").unwrap();
        assert_eq!(lines(&mut tail), only(&["three"]));
        // By a rename, with a last line in the old one.
        let old = Log::new("cut.1");
        log.append("four\n");
        fs::rename(&log.0, &old.0).unwrap();
        fs::write(&log.0, "five\n").unwrap();
        assert_eq!(lines(&mut tail), only(&["four"]), "the old one to its end");
        assert_eq!(lines(&mut tail), only(&["five"]));
        fs::remove_file(&log.0).unwrap();
        assert_eq!(lines(&mut tail), only(&[]));
    }

    #[test]
    fn no_line_and_no_file_takes_more_memory_than_it_may() {
        let log = Log::new("long");
        let mut tail = Tail::open(&log.0, true).unwrap();
        let (fits, long) = ("x".repeat(LINE_BYTES), "y".repeat(LINE_BYTES + 1));
        log.append(&format!("{fits}\n{long}\n{}", "z".repeat(3 << 20)));
        assert_eq!(lines(&mut tail), (vec![fits], 2));
        assert!(tail.unfinished.capacity() <= 2 * LINE_BYTES);
        log.append("z\nnext\n");
        assert_eq!(lines(&mut tail), only(&["next"]));
    }

    #[test]
    fn what_is_no_file_is_not_followed() {
        assert!(Tail::open(&std::env::temp_dir(), true).is_err());
        assert!(Tail::open(Path::new("/no/such/file"), true).is_err());
    }
}
