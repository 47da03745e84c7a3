//! What the machine must have: found, or installed with apt.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::paths::{Data, which};
use crate::progress::step;
use crate::stop::Stop;
use crate::{postgres, run};

/// The programs that the stack runs on.
#[derive(Clone, Debug)]
pub struct Tools {
    /// The folder with `postgres`, `initdb`, `psql`.
    pub postgres: PathBuf,
    /// NATS.
    pub nats: PathBuf,
    /// A Python that can make environments.
    pub python: PathBuf,
}

/// The oldest Python for which the pinned requirements hold.
const PYTHON: (u32, u32) = (3, 11);

/// Finds the tools, and installs those that are missing.
pub fn ensure(data: &Data, stop: &Stop) -> Result<Tools> {
    let packages = match find() {
        Ok(tools) => return Ok(tools),
        Err(packages) => packages,
    };
    install(&packages, data, stop)?;
    match find() {
        Ok(tools) => Ok(tools),
        Err(packages) => {
            bail!("{} still missing after its installation; see {}", packages.join(", "), data.log("install").display())
        }
    }
}

/// Makes sure that there is a browser for the tests of the page.
pub fn ensure_browser(data: &Data, stop: &Stop) -> Result<()> {
    if which("chromium").is_some() && which("chromedriver").is_some() {
        return Ok(());
    }
    install(&["chromium", "chromium-driver"], data, stop)
}

/// Makes sure that there is a Node.js for the generated client, with npm.
pub fn ensure_node(data: &Data, stop: &Stop) -> Result<()> {
    if which("node").is_some() && which("npm").is_some() {
        return Ok(());
    }
    install(&["nodejs", "npm"], data, stop)
}

/// Makes sure that there is the Ukrainian dictionary that the tests of search measure the stemmer by.
pub fn ensure_dictionary(data: &Data, stop: &Stop) -> Result<()> {
    if Path::new("/usr/share/hunspell/uk_UA.dic").exists() {
        return Ok(());
    }
    install(&["hunspell-uk"], data, stop)
}

/// Makes sure that there is a PgBouncer for the tests of what may go through one.
pub fn ensure_pooler(data: &Data, stop: &Stop) -> Result<()> {
    // Debian keeps it where not everybody's PATH leads.
    if which("pgbouncer").is_some() || Path::new("/usr/sbin/pgbouncer").exists() {
        return Ok(());
    }
    install(&["pgbouncer"], data, stop)
}

/// Makes sure that there is a wrk, which loads what is measured over HTTP.
pub fn ensure_load_generator(data: &Data, stop: &Stop) -> Result<()> {
    if which("wrk").is_some() {
        return Ok(());
    }
    install(&["wrk"], data, stop)
}

fn install(packages: &[&str], data: &Data, stop: &Stop) -> Result<()> {
    let commands = apt(packages)?;
    step(&format!("installing {}", packages.join(", ")));
    for words in commands {
        let mut command = Command::new(words.first().map_or("apt-get", String::as_str));
        command.args(words.iter().skip(1)).env("DEBIAN_FRONTEND", "noninteractive");
        run::logged(&mut command, &data.log("install"), stop)?;
    }
    Ok(())
}

/// The tools, or the packages that would bring them.
fn find() -> Result<Tools, Vec<&'static str>> {
    let (postgres, nats, python) = (postgres::find(), which("nats-server"), python());
    let mut packages = Vec::new();
    if postgres.is_none() {
        packages.push("postgresql");
    }
    if nats.is_none() {
        packages.push("nats-server");
    }
    if python.is_none() {
        packages.extend(["python3", "python3-venv"]);
    }
    match (postgres, nats, python) {
        (Some(postgres), Some(nats), Some(python)) => Ok(Tools { postgres, nats, python }),
        _ => Err(packages),
    }
}

/// Any Python that is new enough and has what Debian splits off into python3-venv.
fn python() -> Option<PathBuf> {
    let (major, minor) = PYTHON;
    let check = format!("import sys, venv, ensurepip; sys.exit(sys.version_info < ({major}, {minor}))");
    ["python3", "python3.14", "python3.13", "python3.12", "python3.11"]
        .into_iter()
        .filter_map(which)
        .find(|python| run::succeeds(Command::new(python).args(["-c", &check])))
}

/// The commands that install packages; an error with the command for the user when we may not.
fn apt(packages: &[&str]) -> Result<Vec<Vec<String>>> {
    let names = packages.join(" ");
    if which("apt-get").is_none() {
        bail!(
            "missing: {names} (Debian's names). This machine has no apt-get, so install them by other means: \
             PostgreSQL 15 or later, nats-server 2.9 or later, Python {}.{} or later with venv",
            PYTHON.0,
            PYTHON.1
        );
    }
    let sudo = match rustix::process::geteuid().is_root() {
        true => "",
        false if run::succeeds(Command::new("sudo").args(["-n", "true"])) => "sudo -n ",
        false => bail!(
            "missing: {names}, and to install needs a password. Run this, then try again:\n  \
             sudo apt-get update && sudo apt-get install -y {names}"
        ),
    };
    // Another apt at work (a new machine updates itself) is waited for.
    let apt = format!("{sudo}apt-get -o DPkg::Lock::Timeout=300");
    let commands = [format!("{apt} update"), format!("{apt} install -y --no-install-recommends {names}")];
    Ok(commands.iter().map(|line| line.split(' ').map(str::to_owned).collect()).collect())
}

/// A Python environment with exactly what `requirements` lists, made again when the list or the Python changes.
pub fn python_env(python: &Path, env: &Path, requirements: &Path, log: &Path, stop: &Stop) -> Result<PathBuf> {
    let program = env.join("bin/python");
    let marker = env.join("made-from.txt");
    let version = run::output(Command::new(python).arg("--version"))?;
    let wanted = format!("{version}{}", std::fs::read_to_string(requirements)?);
    if std::fs::read_to_string(&marker).is_ok_and(|made| made == wanted) && program.exists() {
        return Ok(program);
    }
    step(&format!("installing Python packages into {}", env.display()));
    let mut create = Command::new(python);
    create.args(["-m", "venv", "--clear"]).arg(env);
    run::logged(&mut create, log, stop)?;
    let mut install = Command::new(&program);
    install
        .args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--require-hashes"])
        .args(["--only-binary", ":all:", "--requirement"])
        .arg(requirements);
    run::logged(&mut install, log, stop)?;
    std::fs::write(&marker, wanted)?;
    Ok(program)
}

/// The `node_modules` with exactly what the lock file of `project` lists, made again when the list or Node.js changes.
pub fn node_modules(folder: &Path, project: &Path, log: &Path, stop: &Stop) -> Result<PathBuf> {
    let (modules, marker) = (folder.join("node_modules"), folder.join("made-from.txt"));
    let version = run::output(Command::new("node").arg("--version"))?;
    let wanted = format!("{version}{}", std::fs::read_to_string(project.join("package-lock.json"))?);
    if std::fs::read_to_string(&marker).is_ok_and(|made| made == wanted) && modules.exists() {
        return Ok(modules);
    }
    step(&format!("installing packages of Node.js into {}", folder.display()));
    std::fs::create_dir_all(folder)?;
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(project.join(name), folder.join(name))?;
    }
    let mut install = Command::new("npm");
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
    run::logged(&mut install, log, stop)?;
    std::fs::write(&marker, wanted)?;
    Ok(modules)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_installs_without_sudo() {
        if rustix::process::geteuid().is_root() && which("apt-get").is_some() {
            let commands = apt(&["nats-server"]).unwrap();
            assert_eq!(commands[0].join(" "), "apt-get -o DPkg::Lock::Timeout=300 update");
            assert!(commands[1].join(" ").ends_with("install -y --no-install-recommends nats-server"));
        }
    }
}
