//! The web page: Node.js builds it from `components/web` into `components/web/built`, which spin.toml mounts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::paths::{Data, Repo};
use crate::progress::{note, step};
use crate::stop::Stop;
use crate::{install, node, run};

/// What it is built from, in `components/web`.
const SOURCES: [&str; 6] =
    ["page/package.json", "page/package-lock.json", "page/tsconfig.json", "page/build.mjs", "page/src", "client/src"];

/// Builds the page if it changed. All else works without it, so where it cannot be built, that is said and no more.
pub fn build(repo: &Repo, data: &Data, stop: &Stop) -> Result<()> {
    if let Err(error) = ensure(repo, data, stop) {
        stop.check()?;
        note(&format!("warning: the web page cannot be built: {error:#}"));
    }
    Ok(())
}

/// The program that looks at it for what people with a disability trip over, once the page is built.
pub fn axe(repo: &Repo) -> PathBuf {
    repo.dev().join("page/page/node_modules/axe-core/axe.min.js")
}

/// Builds the page if it changed, in a copy, so that the clone gets nothing but the result.
pub fn ensure(repo: &Repo, data: &Data, stop: &Stop) -> Result<()> {
    let version = node::ensure(data, stop)?;
    let (from, to) = (repo.root.join("components/web"), repo.dev().join("page"));
    let files = sources(&from)?;
    let text: String = files.iter().map(|(name, text)| format!("{}\n{text}", name.display())).collect();
    let (marker, wanted) = (to.join("built-from.txt"), format!("{version}{text}"));
    let is_built = from.join("built/files.json").is_file();
    if is_built && fs::read_to_string(&marker).is_ok_and(|built| built == wanted) {
        return Ok(());
    }
    step("building the web page");
    for old in ["page/src", "client"] {
        let _ = fs::remove_dir_all(to.join(old));
    }
    let _ = fs::remove_file(&marker);
    for (name, text) in &files {
        let path = to.join(name);
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, text))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let folder = to.join("page");
    install::node_modules(&folder, &from.join("page"), &data.log("npm-page"), stop)?;
    let built = from.join("built").display().to_string();
    for words in [&["node_modules/typescript/bin/tsc", "--noEmit"][..], &["build.mjs", &built][..]] {
        let mut command = Command::new("node");
        run::logged(command.args(words).current_dir(&folder), &data.log("page"), stop)?;
    }
    fs::write(&marker, wanted).with_context(|| format!("cannot write {}", marker.display()))
}

/// Every source with its text, in an order that is always the same.
fn sources(from: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    for name in SOURCES {
        node::collect(from, Path::new(name), &mut files)?;
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_the_page_is_built_from_is_there() {
        let web = Repo::find().unwrap().root.join("components/web");
        let files = sources(&web).unwrap();
        for name in ["page/src/index.html", "page/src/main.tsx", "client/src/index.ts"] {
            assert!(files.iter().any(|(found, _)| found == Path::new(name)), "{name}");
        }
    }
}
