//! The folder of an export: files of lines, what their contents are, and how far it is.

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

const PROGRESS: &str = "progress.json";
const MANIFEST: &str = "manifest.json";
const MISSING: &str = "missing";
const CONTENTS: &str = "contents";

/// Where it goes on: the number of a part, and the place in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The part; those in front of it are whole.
    pub part: usize,
    /// Behind which place.
    pub after: Option<String>,
}

/// How far it is.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Progress {
    of: String,
    place: Place,
    /// How many bytes of each file count; what is behind them was written before a run was cut off.
    bytes: BTreeMap<String, u64>,
}

/// An open folder.
pub struct Folder {
    path: PathBuf,
    progress: Progress,
    files: BTreeMap<String, File>,
}

impl Folder {
    /// Opens or makes it. One of something else, or with something else in it, is left alone.
    pub fn open(path: &Path, of: &str) -> anyhow::Result<Self> {
        // It is as secret as what is in it.
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path.join(CONTENTS))
            .with_context(|| format!("{} cannot be made", path.display()))?;
        let progress: Progress = match fs::read(path.join(PROGRESS)) {
            Ok(text) => serde_json::from_slice(&text).with_context(|| format!("{PROGRESS} cannot be read"))?,
            Err(_) => {
                ensure!(is_empty(path)?, "{} is not empty, and no export", path.display());
                Progress { of: of.to_owned(), ..Progress::default() }
            }
        };
        if progress.of != of {
            bail!("{} has the export of {}", path.display(), progress.of);
        }
        for (name, bytes) in &progress.bytes {
            let is_plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
            ensure!(is_plain, "{PROGRESS} names {name:?}, which is not in the folder");
            let file = OpenOptions::new().write(true).open(path.join(name))?;
            ensure!(file.metadata()?.len() >= *bytes, "{name} is shorter than it was: begin with an empty folder");
            file.set_len(*bytes)?;
        }
        Ok(Self { path: path.to_owned(), progress, files: BTreeMap::new() })
    }

    /// Where a part goes on; `None`: it is whole.
    pub fn place_in(&self, part: usize) -> Option<Option<String>> {
        let place = &self.progress.place;
        (place.part <= part).then(|| place.after.clone().filter(|_| place.part == part))
    }

    /// Adds a line to a part. It counts from the next [`note`](Self::note) on.
    pub fn line(&mut self, part: &str, line: &Value) -> anyhow::Result<()> {
        let name = format!("{part}.ndjson");
        if !self.files.contains_key(&name) {
            let path = self.path.join(&name);
            // What no place was noted for does not count.
            let is_known = self.progress.bytes.contains_key(&name);
            let file = if is_known { OpenOptions::new().append(true).open(path) } else { made(&path) };
            self.files.insert(name.clone(), file.with_context(|| format!("{name} cannot be written"))?);
        }
        let file = self.files.get_mut(&name).context("no file")?;
        Ok(file.write_all(format!("{line}\n").as_bytes())?)
    }

    /// Adds something that could not be had.
    pub fn missing(&mut self, line: &Value) -> anyhow::Result<()> {
        self.line(MISSING, line)
    }

    /// Has everything on the disk, and then notes where to go on.
    pub fn note(&mut self, place: Place) -> anyhow::Result<()> {
        for (name, file) in &self.files {
            file.sync_data()?;
            self.progress.bytes.insert(name.clone(), file.metadata()?.len());
        }
        self.progress.place = place;
        self.replace(PROGRESS, &serde_json::to_vec(&self.progress)?)
    }

    /// The lines of a part; none where it has no file.
    pub fn lines(&self, part: &str) -> anyhow::Result<Vec<String>> {
        match File::open(self.path.join(format!("{part}.ndjson"))) {
            Ok(file) => Ok(BufReader::new(file).lines().collect::<Result<_, _>>()?),
            Err(_) => Ok(Vec::new()),
        }
    }

    /// A new file for a content, and what it is called once it is whole.
    pub fn content(&self, server: &str, media: &str) -> anyhow::Result<(File, String)> {
        // Whatever an address has, it leads nowhere else.
        let plain =
            |text: &str| text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect::<String>();
        let tag = Sha256::digest(format!("{server}/{media}"));
        let tag: String = tag.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{CONTENTS}/{:.80}-{:.80}-{tag}", plain(server), plain(media));
        Ok((made(&self.path.join(format!("{name}.part")))?, name))
    }

    /// A content is whole.
    pub fn keep(&self, name: &str) -> anyhow::Result<()> {
        let part = self.path.join(format!("{name}.part"));
        File::open(&part)?.sync_data()?;
        Ok(fs::rename(part, self.path.join(name))?)
    }

    /// Writes the manifest: every file with its bytes, its lines and its SHA-256. Gives what could not be had.
    pub fn finish(&self) -> anyhow::Result<Vec<String>> {
        let mut files = Vec::new();
        for name in self.progress.bytes.keys() {
            let (bytes, lines, sha256) = measured(&self.path.join(name))?;
            files.push(json!({"name": name, "bytes": bytes, "lines": lines, "sha256": sha256}));
        }
        for line in self.lines(CONTENTS)? {
            let line: Value = serde_json::from_str(&line)?;
            let name = line.get("path").and_then(Value::as_str).context("a content without a path")?;
            let (bytes, _, sha256) = measured(&self.path.join(name))?;
            ensure!(line.get("sha256") == Some(&json!(sha256)), "{name} is not what was downloaded");
            files.push(json!({"name": name, "bytes": bytes, "sha256": sha256}));
        }
        let missing = self.lines(MISSING)?;
        let manifest = json!({"format": 1, "of": self.progress.of, "missing": missing.len(), "files": files});
        self.replace(MANIFEST, format!("{manifest:#}\n").as_bytes())?;
        for part in fs::read_dir(self.path.join(CONTENTS))? {
            let part = part?.path();
            if part.extension().is_some_and(|extension| extension == "part") {
                fs::remove_file(part)?;
            }
        }
        Ok(missing)
    }

    fn replace(&self, name: &str, text: &[u8]) -> anyhow::Result<()> {
        let part = self.path.join(format!("{name}.part"));
        let mut file = made(&part)?;
        file.write_all(text)?;
        file.sync_data()?;
        Ok(fs::rename(part, self.path.join(name))?)
    }
}

/// A new file that nobody else may read, in place of one of before.
fn made(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Whether nothing is in a folder but what a run that was cut off at once has left.
fn is_empty(path: &Path) -> std::io::Result<bool> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let is_ours = entry.file_name() == CONTENTS || entry.file_name() == format!("{PROGRESS}.part").as_str();
        if !is_ours {
            return Ok(false);
        }
    }
    Ok(fs::read_dir(path.join(CONTENTS))?.next().is_none())
}

/// The bytes, lines and SHA-256 of a file.
fn measured(path: &Path) -> anyhow::Result<(u64, u64, String)> {
    let mut file = File::open(path).with_context(|| format!("{} is gone", path.display()))?;
    let (mut hash, mut buffer, mut bytes, mut lines) = (Sha256::new(), vec![0; 65_536], 0, 0);
    loop {
        let read = file.read(&mut buffer)?;
        let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else { break };
        hash.update(chunk);
        bytes += u64::try_from(read)?;
        lines += u64::try_from(chunk.iter().filter(|byte| **byte == b'\n').count())?;
    }
    Ok((bytes, lines, hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> PathBuf {
        std::env::temp_dir().join(format!("export-{}", uuid::Uuid::new_v4()))
    }

    #[test]
    fn a_run_that_was_cut_off_goes_on_where_a_place_was_noted() {
        let path = place();
        {
            let mut folder = Folder::open(&path, "channel x").unwrap();
            folder.line("messages", &json!(1)).unwrap();
            folder.note(Place { part: 2, after: Some("1".to_owned()) }).unwrap();
            folder.line("messages", &json!("lost")).unwrap();
            folder.line("pins", &json!("lost")).unwrap();
        }
        let mut folder = Folder::open(&path, "channel x").unwrap();
        assert_eq!(folder.place_in(1), None, "whole");
        assert_eq!((folder.place_in(2), folder.place_in(3)), (Some(Some("1".to_owned())), Some(None)));
        folder.line("messages", &json!(2)).unwrap();
        folder.line("pins", &json!(3)).unwrap();
        folder.note(Place { part: 4, after: None }).unwrap();
        assert_eq!(
            (folder.lines("messages").unwrap(), folder.lines("pins").unwrap()),
            (vec!["1".to_owned(), "2".to_owned()], vec!["3".to_owned()])
        );
        assert!(folder.finish().unwrap().is_empty());
        let manifest: Value = serde_json::from_slice(&fs::read(path.join(MANIFEST)).unwrap()).unwrap();
        assert_eq!(manifest.pointer("/files/0/lines"), Some(&json!(2)));
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_folder_of_something_else_is_left_alone() {
        let path = place();
        Folder::open(&path, "channel x").unwrap().note(Place::default()).unwrap();
        assert!(Folder::open(&path, "channel y").is_err());
        fs::remove_file(path.join(PROGRESS)).unwrap();
        fs::write(path.join("mine.txt"), "mine").unwrap();
        assert!(Folder::open(&path, "channel x").is_err());
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_run_that_was_cut_off_at_once_is_begun_again() {
        let path = place();
        Folder::open(&path, "channel x").unwrap();
        fs::write(path.join(format!("{PROGRESS}.part")), "{").unwrap();
        assert!(Folder::open(&path, "channel x").is_ok());
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn nobody_else_may_read_it_and_no_file_outside_is_touched() {
        use std::os::unix::fs::PermissionsExt;
        let path = place();
        let mut folder = Folder::open(&path, "channel x").unwrap();
        folder.line("messages", &json!(1)).unwrap();
        folder.note(Place::default()).unwrap();
        let mode = |name: &str| fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o077;
        assert_eq!([".", CONTENTS, "messages.ndjson", PROGRESS].map(mode), [0; 4]);
        let outside = std::env::temp_dir().join(format!("export-outside-{}", uuid::Uuid::new_v4()));
        fs::write(&outside, "mine").unwrap();
        for name in [outside.to_str().unwrap(), "../outside"] {
            let progress = json!({"of": "channel x", "place": Place::default(), "bytes": {name: 0}});
            fs::write(path.join(PROGRESS), progress.to_string()).unwrap();
            assert!(Folder::open(&path, "channel x").is_err());
        }
        assert_eq!(fs::read_to_string(&outside).unwrap(), "mine");
        fs::remove_file(outside).unwrap();
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_content_leads_to_no_other_folder() {
        let path = place();
        let folder = Folder::open(&path, "channel x").unwrap();
        let (_, name) = folder.content("../..", "../../etc/passwd").unwrap();
        assert!(name.starts_with("contents/") && !name.contains(".."), "{name}");
        assert_ne!(name, folder.content("..a..", "../../etc/passwd").unwrap().1);
        fs::remove_dir_all(path).unwrap();
    }
}
