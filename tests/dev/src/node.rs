//! What the tests run on Node: the client of the service, in `components/web/client`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths::{Data, Repo};
use crate::progress::step;
use crate::stop::Stop;
use crate::{install, run};

/// The oldest Node that runs the client: that of Debian 12.
const NODE: u32 = 18;
/// What of `components/web/client` is no result of a build.
const SOURCES: [&str; 7] =
    ["README.md", "package.json", "package-lock.json", "tsconfig.json", "generate", "src", "test"];

/// Builds the client and its tests, if they changed; returns the folder with `build` in it. The clone stays clean.
pub fn client(repo: &Repo, data: &Data, stop: &Stop) -> Result<PathBuf> {
    let version = ensure(data, stop)?;
    let (from, to) = (repo.root.join("components/web/client"), repo.dev().join("client"));
    let mut files = Vec::new();
    for name in SOURCES {
        collect(&from, Path::new(name), &mut files)?;
    }
    files.sort();
    let sources: String = files.iter().map(|(name, text)| format!("{}\n{text}", name.display())).collect();
    let wanted = format!("{version}{sources}");
    let marker = to.join("built-from.txt");
    if fs::read_to_string(&marker).is_ok_and(|built| built == wanted) {
        return Ok(to);
    }
    step("building the client");
    for name in ["built-from.txt", "generate", "src", "test", "build"] {
        let old = to.join(name);
        let _ = if old.is_dir() { fs::remove_dir_all(&old) } else { fs::remove_file(&old) };
    }
    for (name, text) in &files {
        let path = to.join(name);
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, text))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    install::node_modules(&to, &from, &data.log("npm"), stop)?;
    let mut compile = Command::new("node");
    compile.args(["node_modules/typescript/bin/tsc", "-p", "test"]).current_dir(&to);
    run::logged(&mut compile, &data.log("tsc"), stop)?;
    fs::write(&marker, wanted).with_context(|| format!("cannot write {}", marker.display()))?;
    Ok(to)
}

/// Runs the client's unit tests: whether they passed.
pub fn test_client(folder: &Path, stop: &Stop) -> Result<bool> {
    let mut tests = Vec::new();
    collect(folder, Path::new("build/test"), &mut tests)?;
    let mut command = Command::new("node");
    command.arg("--test").args(
        tests
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| name.to_str().is_some_and(|name| name.ends_with(".test.js"))),
    );
    Ok(run::visible(command.current_dir(folder), stop)?.success())
}

/// Adds a file, or every file of a folder, with its text.
pub fn collect(root: &Path, name: &Path, files: &mut Vec<(PathBuf, String)>) -> Result<()> {
    let path = root.join(name);
    let complaint = || format!("cannot read {}", path.display());
    if !path.is_dir() {
        files.push((name.to_path_buf(), fs::read_to_string(&path).with_context(complaint)?));
        return Ok(());
    }
    for entry in fs::read_dir(&path).with_context(complaint)? {
        collect(root, &name.join(entry.with_context(complaint)?.file_name()), files)?;
    }
    Ok(())
}

/// Makes sure that there are Node and npm; returns Node's version.
pub fn ensure(data: &Data, stop: &Stop) -> Result<String> {
    install::ensure_node(data, stop)?;
    let version = run::output(Command::new("node").arg("--version"))?;
    match major(&version) {
        Some(found) if found >= NODE => Ok(version),
        _ => bail!("Node {NODE} or later is needed, this is {}", version.trim()),
    }
}

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_as_node_prints_it() {
        assert_eq!(major("v18.20.4\n"), Some(18));
        assert_eq!(major("18.20.4"), None);
        assert_eq!(major(""), None);
    }
}
