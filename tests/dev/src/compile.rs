//! Building: the components for the Spin host, the native programs for this machine.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::args::Host;
use crate::manifest::Manifest;
use crate::paths::{Data, Repo, which};
use crate::progress::step;
use crate::stop::Stop;
use crate::{page, run};

const TARGET: &str = "wasm32-wasip2";
const NATIVE: [&str; 4] = ["--profile", "native", "-p", "ws-relay"];

/// Cargo, as if called from a shell: what `cargo run` adds to our own environment would make it build things again.
pub fn cargo(repo: &Repo) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command.current_dir(&repo.root).env("CARGO_TARGET_DIR", repo.target());
    command
}

/// The same for a build whose output goes into a log: the bar tells how much is done and what is compiled at the moment.
pub fn with_bar(repo: &Repo) -> Command {
    let mut command = cargo(repo);
    command.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "100");
    command
}

/// Which native programs to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Native {
    /// Those that the stack runs.
    Programs,
    /// Those of both hosts, and their unit tests. In one build, because the tests' own dependencies switch on
    /// features in shared ones, which cargo would otherwise build twice.
    WithTests,
}

/// Builds everything that the stack runs: the components beside the native programs, as neither keeps all processors busy
/// all the time, and each has folders of its own below the target folder.
pub fn all(repo: &Repo, data: &Data, manifest: &Manifest, host: Host, kind: Native, stop: &Stop) -> Result<()> {
    let components = |stop: &Stop| {
        page::build(repo, data, stop)?;
        components(repo, data, manifest, stop)
    };
    side_by_side(stop, components, |stop| native(repo, data, host, kind, stop))
}

/// Makes two builds at once where there is memory for that, else one after the other.
pub fn side_by_side(
    stop: &Stop,
    one: impl FnOnce(&Stop) -> Result<()> + Send,
    other: impl FnOnce(&Stop) -> Result<()> + Send,
) -> Result<()> {
    if has_memory(&std::fs::read_to_string("/proc/meminfo").unwrap_or_default()) {
        return stop.both(one, other).map(|_| ());
    }
    one(stop)?;
    other(stop)
}

/// Whether there is memory for two builds at once; some compilers take a gigabyte each.
fn has_memory(meminfo: &str) -> bool {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.is_none_or(|kilobytes| kilobytes >= 4 << 20)
}

fn components(repo: &Repo, data: &Data, manifest: &Manifest, stop: &Stop) -> Result<()> {
    ensure_target(repo, data, stop)?;
    let packages = packages(repo, &manifest.wasm_names())?;
    step(&format!("building {} components", packages.len()));
    let mut wasm = with_bar(repo);
    wasm.args(["build", "--release", "--target", TARGET]).args(packages.iter().flat_map(|name| ["-p", name]));
    run::logged(&mut wasm, &data.log("build-components"), stop)
}

/// Builds the native programs.
pub fn native(repo: &Repo, data: &Data, host: Host, kind: Native, stop: &Stop) -> Result<()> {
    let both = kind == Native::WithTests || host == Host::Local;
    step(match both {
        true => "building ws-relay and the local host (the first time 260 crates, wasmtime among them: minutes)",
        false => "building ws-relay",
    });
    let mut native = with_bar(repo);
    native.arg("build").args(NATIVE);
    native.args(if both { &["-p", "local-host"][..] } else { &[] });
    native.args(if kind == Native::WithTests { &["--bins", "--tests"][..] } else { &[] });
    run::logged(&mut native, &data.log("build-native"), stop)
}

/// What the unit tests of the components and of `cargo dev` are built from: everything but the native programs.
pub const COMPONENTS: [&str; 5] = ["--workspace", "--exclude", "ws-relay", "--exclude", "local-host"];

/// Builds the program by which the tests of the index see what search makes of texts. The unit tests' build has it too.
pub fn search(repo: &Repo, data: &Data, stop: &Stop) -> Result<()> {
    step("building what shows the analysis of search");
    let mut search = with_bar(repo);
    run::logged(search.arg("build").args(COMPONENTS).args(["--example", "search"]), &data.log("build-search"), stop)
}

/// Builds a package's programs for measuring.
pub fn examples(repo: &Repo, data: &Data, package: &str, stop: &Stop) -> Result<()> {
    step("building what is measured with");
    let mut examples = with_bar(repo);
    examples.args(["build", "--profile", "native", "-p", package, "--examples"]);
    run::logged(&mut examples, &data.log("build-examples"), stop)
}

/// Builds the component that does nothing, for measuring.
pub fn empty(repo: &Repo, data: &Data, stop: &Stop) -> Result<()> {
    step("building a component that does nothing");
    let mut empty = with_bar(repo);
    empty.args(["build", "--release", "--target", TARGET, "-p", "not-found", "--example", "empty"]);
    run::logged(&mut empty, &data.log("build-empty"), stop)
}

/// Where that is.
pub fn empty_component(repo: &Repo) -> PathBuf {
    repo.target().join(TARGET).join("release/examples/empty.wasm")
}

/// Runs the native programs' unit tests, built before.
pub fn test_native(repo: &Repo, stop: &Stop) -> Result<bool> {
    let mut test = cargo(repo);
    test.args(["test", "--quiet"]).args(NATIVE).args(["-p", "local-host"]);
    Ok(run::visible(&mut test, stop)?.success())
}

fn ensure_target(repo: &Repo, data: &Data, stop: &Stop) -> Result<()> {
    let mut rustc = Command::new("rustc");
    let sysroot = run::output(rustc.args(["--print", "sysroot"]).current_dir(&repo.root))?;
    if PathBuf::from(sysroot.trim()).join("lib/rustlib").join(TARGET).is_dir() {
        return Ok(());
    }
    if which("rustup").is_none() {
        bail!("the Rust toolchain has no standard library for {TARGET}, and there is no rustup to add it");
    }
    step(&format!("adding the Rust target {TARGET}"));
    let mut rustup = Command::new("rustup");
    run::logged(rustup.args(["target", "add", TARGET]).current_dir(&repo.root), &data.log("rustup"), stop)
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// The packages that make these `.wasm` files.
fn packages(repo: &Repo, wasm: &BTreeSet<String>) -> Result<Vec<String>> {
    let text = run::output(cargo(repo).args(["metadata", "--no-deps", "--format-version=1"]))?;
    matching(&serde_json::from_str(&text).context("cannot read what cargo metadata says")?, wasm)
}

fn matching(metadata: &Metadata, wasm: &BTreeSet<String>) -> Result<Vec<String>> {
    let file = |target: &Target| target.name.replace('-', "_");
    let makes = |package: &Package, name: &str| {
        let mut makers = package.targets.iter().filter(|t| t.kind.iter().any(|kind| kind == "cdylib" || kind == "bin"));
        makers.any(|target| file(target) == name.replace('-', "_"))
    };
    let find = |name: &String| {
        let package = metadata.packages.iter().find(|package| makes(package, name));
        Ok(package.with_context(|| format!("no crate makes {name}.wasm, which spin.toml names"))?.name.clone())
    };
    wasm.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_builds_at_once_need_memory() {
        let free = |kilobytes: u64| format!("MemTotal: 9 kB\nMemFree: 1 kB\nMemAvailable:   {kilobytes} kB\n");
        assert!(has_memory(&free(6_000_000)) && has_memory(""));
        assert!(!has_memory(&free(3_000_000)));
    }

    #[test]
    fn a_wasm_file_leads_to_its_package() {
        let metadata = serde_json::from_value(serde_json::json!({"packages": [
            {"name": "core", "targets": [{"name": "matrix_gateway", "kind": ["lib"]}]},
            {"name": "matrix-gateway", "targets": [{"name": "matrix_gateway", "kind": ["cdylib"]}]},
        ]}))
        .unwrap();
        let wasm = |name: &str| BTreeSet::from([name.to_owned()]);
        assert_eq!(matching(&metadata, &wasm("matrix_gateway")).unwrap(), ["matrix-gateway"]);
        assert!(matching(&metadata, &wasm("other")).unwrap_err().to_string().contains("other.wasm"));
    }
}
