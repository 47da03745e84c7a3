//! The `files` of a component: as `spin up` does it, they are copied when the host starts, and the guest reads the copy
//! and cannot write.

use std::{
    fs,
    os::unix::fs::DirBuilderExt as _,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use crate::manifest::FilesMount;

/// The copy, which goes with the value.
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// Copies what a component declares; `None` when that is nothing. `root` is the manifest's folder.
    ///
    /// # Errors
    /// A source that is not there, or what leads out of the application's or the guest's folder.
    pub fn copy(id: &str, declared: &[FilesMount], root: &Path) -> Result<Option<Self>> {
        if declared.is_empty() {
            return Ok(None);
        }
        let folder = std::env::temp_dir().join(format!("local-host-{}-{id}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let files = Self { folder };
        for mount in declared {
            let FilesMount::Placement { source, destination } = mount else { continue };
            let (from, to) = (Path::new(source), Path::new(destination.trim_start_matches('/')));
            ensure!(stays_inside(from) && stays_inside(to), "{source:?} or {destination:?} leads out of its folder");
            let (from, to) = (root.join(from), files.folder.join(to));
            let found = fs::metadata(&from).with_context(|| format!("cannot read the source {source:?} of `files`"))?;
            if found.is_dir() { copy_folder(&from, &to)? } else { copy_file(&from, &to)? }
        }
        Ok(Some(files))
    }

    /// Where the copy is: the guest's `/`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn stays_inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// Copies every file below a folder. Like Spin's glob it follows links to files, and none to folders.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot create {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot list {}", from.display()))? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_folder(&from, &to)?;
        } else if from.is_file() {
            copy_file(&from, &to)?;
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    to.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::copy(from, to).map(drop))
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(source: &str, destination: &str) -> FilesMount {
        FilesMount::Placement { source: source.to_owned(), destination: destination.to_owned() }
    }

    #[test]
    fn a_folder_and_a_file_are_copied_and_go_with_the_value() {
        let root = std::env::temp_dir().join(format!("local-host-files-{}", std::process::id()));
        fs::create_dir_all(root.join("built/deep")).unwrap();
        fs::write(root.join("built/deep/a.txt"), "a").unwrap();
        fs::write(root.join("b.txt"), "b").unwrap();
        let declared = [placed("built", "/"), placed("b.txt", "in/c.txt")];
        let files = Files::copy("copied", &declared, &root).unwrap().unwrap();
        let folder = files.folder().to_path_buf();
        // Later changes are not seen, as under `spin up`.
        fs::write(root.join("b.txt"), "changed").unwrap();
        assert_eq!(fs::read_to_string(folder.join("deep/a.txt")).unwrap(), "a");
        assert_eq!(fs::read_to_string(folder.join("in/c.txt")).unwrap(), "b");
        drop(files);
        assert!(!folder.exists());
        assert!(Files::copy("none", &[], &root).unwrap().is_none());
        for (source, destination) in [("nothing", "/"), ("../etc", "/"), ("/etc", "/"), ("built", "../x")] {
            assert!(Files::copy("refused", &[placed(source, destination)], &root).is_err(), "{source} {destination}");
        }
        fs::remove_dir_all(root).unwrap();
    }
}
