//! `cargo dev test`: the unit tests, the index against PostgreSQL alone, then the black-box suite against a stack of
//! its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::Result;

use crate::args::{Host, PortArgs, TestArgs};
use crate::compile::{self, Native};
use crate::install::{self, Tools};
use crate::paths::{Data, Repo};
use crate::process::Identity;
use crate::progress::{note, step};
use crate::running::{Options, Running};
use crate::stack::StackFile;
use crate::stop::Stop;
use crate::{node, ports, run, up};

/// A deployment that the environment names, which is tested instead of a stack of our own.
const DEPLOYMENT: [&str; 2] = ["STACK_JSON", "MESSAGING_API_URL"];

/// In a test folder: its tests failed, and somebody may still want to look at it.
const KEPT: &str = "kept-after-failure";

/// Runs the tests; the exit code is theirs.
pub fn run(repo: &Repo, args: TestArgs, stop: &Stop) -> Result<ExitCode> {
    let deployed = DEPLOYMENT.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    clean_up(repo, stop);
    let data = Data::create(&repo.dev().join(format!("test-{}", std::process::id())))?;
    if deployed && !args.index {
        let status = pytest(repo, &data, &args.pytest, None, stop);
        discard(&data);
        return status.map(code);
    }
    if !args.no_unit {
        let passed = before_the_stack(repo, &data, &args, stop).inspect_err(|_| discard(&data))?;
        if args.index || !passed {
            discard(&data);
            return Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    on_own_stack(repo, &data, args, stop).map(code)
}

/// What needs no stack: whether all of it passed.
fn before_the_stack(repo: &Repo, data: &Data, args: &TestArgs, stop: &Stop) -> Result<bool> {
    if !args.index {
        return Ok(unit(repo, data, stop)? && index(repo, data, &[], stop)?);
    }
    if !args.no_build {
        // The index needs no host for the components, so the local one is not built.
        compile::native(repo, data, Host::Spin, Native::Programs, stop)?;
    }
    index(repo, data, &args.pytest, stop)
}

fn code(status: ExitStatus) -> ExitCode {
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

fn unit(repo: &Repo, data: &Data, stop: &Stop) -> Result<bool> {
    // Everything but the native programs; the components' unit tests run on this machine, without a Spin host.
    let packages = ["--workspace", "--exclude", "ws-relay", "--exclude", "local-host"];
    step("building the unit tests of the components and of cargo dev");
    let mut build = compile::cargo(repo);
    run::logged(build.args(["test", "--no-run"]).args(packages), &data.log("build-tests"), stop)?;
    step("unit tests of the components and of cargo dev");
    let mut test = compile::cargo(repo);
    let passed = run::visible(test.args(["test", "--quiet"]).args(packages), stop)?.success();
    compile::native(repo, data, Host::Local, Native::WithTests, stop)?;
    step("unit tests of ws-relay and the local host");
    let passed = compile::test_native(repo, stop)? && passed;
    let client = node::client(repo, data, stop)?;
    step("unit tests of the reference client");
    Ok(node::test_client(&client, stop)? && passed)
}

/// The index's functions and migrations, and what the relay publishes and delivers, against a PostgreSQL and a NATS that
/// the tests start themselves.
fn index(repo: &Repo, data: &Data, args: &[String], stop: &Stop) -> Result<bool> {
    let tools = install::ensure(data, stop)?;
    let mut command = python(repo, data, &tools, stop)?;
    step("tests of the index");
    command.args(["-m", "pytest"]).args(folder(repo, "tests/index", args)).args(args);
    command.env("WS_RELAY", repo.native("ws-relay")).env("POSTGRES_BIN", &tools.postgres);
    command.env("NATS_SERVER", &tools.nats);
    Ok(run::visible(&mut command, stop)?.success())
}

fn on_own_stack(repo: &Repo, data: &Data, args: TestArgs, stop: &Stop) -> Result<ExitStatus> {
    let file = StackFile::at(data.dir.join("stack.json"));
    let options = Options {
        host: args.host,
        spin: args.spin,
        ports: PortArgs { free_ports: true, ..PortArgs::default() },
        data: data.dir.clone(),
        server_name: None,
        durable: false,
        // For the tests' own receiver.
        webhook_allowed_host: format!("http://127.0.0.1:{}", ports::free(&[])?),
        build: (!args.no_build).then_some(if args.no_unit { Native::Programs } else { Native::WithTests }),
        file: file.clone(),
    };
    let mut running = match Running::start(repo, &options, stop) {
        Ok(running) => running,
        Err(error) => {
            if stop.check().is_ok() {
                keep(data)
            } else {
                up::delete(&data.dir, &file, stop)?
            }
            return Err(error);
        }
    };
    let status = pytest(repo, data, &args.pytest, Some(file.path()), stop);
    let dead = running.dead();
    running.take_down(stop);
    for (name, service) in &dead {
        note(&format!("{name} ended during the tests. {}", service.log_end()));
    }
    let failed = !status.as_ref().is_ok_and(ExitStatus::success);
    if failed && stop.check().is_ok() {
        show_errors(data);
        keep(data);
    } else if !args.keep {
        up::delete(&data.dir, &file, stop)?;
    }
    status
}

fn pytest(repo: &Repo, data: &Data, args: &[String], stack: Option<&Path>, stop: &Stop) -> Result<ExitStatus> {
    let tools = install::ensure(data, stop)?;
    install::ensure_browser(data, stop)?;
    let client = node::client(repo, data, stop)?;
    let mut command = python(repo, data, &tools, stop)?;
    let (modules, clients) = generators(repo, data, &tools, stop)?;
    command.env("E2E_NODE_MODULES", modules).env("E2E_CLIENTS_PYTHON", clients);
    step("end-to-end tests");
    command.args(["-m", "pytest"]).args(folder(repo, "tests/e2e", args)).args(args);
    command.env("REFERENCE_CLIENT", client);
    if let Some(stack) = stack {
        command.env("STACK_JSON", stack);
    }
    run::visible(&mut command, stop)
}

/// What generates clients from the OpenAPI document: the packages of Node.js, and a Python of their own.
fn generators(repo: &Repo, data: &Data, tools: &Tools, stop: &Stop) -> Result<(PathBuf, PathBuf)> {
    install::ensure_node(data, stop)?;
    let project = repo.root.join("tests/clients");
    let modules = install::node_modules(&repo.dev().join("node-clients"), &project, &data.log("npm-clients"), stop)?;
    let (env, requirements) = (repo.dev().join("venv-clients"), project.join("requirements.txt"));
    let python = install::python_env(&tools.python, &env, &requirements, &data.log("pip-clients"), stop)?;
    Ok((modules, python))
}

/// The whole suite, unless the arguments name a part of it.
fn folder(repo: &Repo, suite: &'static str, args: &[String]) -> Option<&'static str> {
    let is_part = |arg: &String| {
        let path = arg.split("::").next().unwrap_or_default();
        path.starts_with("tests/") && repo.root.join(path).exists()
    };
    (!args.iter().any(is_part)).then_some(suite)
}

/// The Python of both suites, in the clone.
fn python(repo: &Repo, data: &Data, tools: &Tools, stop: &Stop) -> Result<Command> {
    let requirements = repo.root.join("tests/e2e/requirements.txt");
    let env = repo.dev().join("venv-e2e");
    let python = install::python_env(&tools.python, &env, &requirements, &data.log("pip-e2e"), stop)?;
    let mut command = Command::new(python);
    command.current_dir(&repo.root);
    Ok(command)
}

/// Deletes a folder that holds nothing but logs.
fn discard(data: &Data) {
    let _ = fs::remove_dir_all(&data.dir);
}

fn keep(data: &Data) {
    let _ = fs::write(data.dir.join(KEPT), "");
    note(&format!("data and logs are kept in {}", data.dir.display()));
}

/// Prints the last errors of every log.
fn show_errors(data: &Data) {
    let logs = data.dir.join("logs");
    let files = [logs.join("components"), logs].into_iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let mut paths: Vec<PathBuf> = files.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    paths.sort();
    for path in paths {
        let text = fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let errors: Vec<&str> = text.lines().filter(|line| is_error(line)).collect();
        let last = errors.get(errors.len().saturating_sub(10)..).unwrap_or_default();
        if !last.is_empty() {
            note(&format!("\n{} lines with errors in {}; the last {}:", errors.len(), path.display(), last.len()));
        }
        for line in last {
            note(&line.chars().take(400).collect::<String>());
        }
    }
}

/// Whether a line of a log tells of an error, whichever service wrote it.
fn is_error(line: &str) -> bool {
    const SIGNS: [&str; 7] = ["ERROR", "error:", "\"level\":\"error\"", "FATAL", "PANIC", "panicked", "Traceback"];
    // What PostgreSQL calls fatal for a connection when it is stopped or killed, as the suite does.
    const HARMLESS: [&str; 2] = ["terminating connection due to", "the database system is"];
    SIGNS.iter().any(|sign| line.contains(sign)) && !HARMLESS.iter().any(|harmless| line.contains(harmless))
}

/// Deletes what killed test runs left behind, and what failed ones kept, except for the last three.
fn clean_up(repo: &Repo, stop: &Stop) {
    let entries = fs::read_dir(repo.dev()).into_iter().flatten().flatten();
    let over = |entry: &fs::DirEntry| {
        entry.file_name().to_str().and_then(runner).is_some_and(|pid| Identity::of(pid).is_none())
    };
    let (mut kept, mut old): (Vec<PathBuf>, Vec<PathBuf>) =
        entries.filter(over).map(|entry| entry.path()).partition(|path| path.join(KEPT).exists());
    kept.sort_by_key(|path| fs::metadata(path.join(KEPT)).and_then(|marker| marker.modified()).ok());
    old.extend(kept.into_iter().rev().skip(3));
    for path in old {
        let _ = up::delete(&path, &StackFile::at(path.join("stack.json")), stop);
    }
}

/// The process whose test folder has this name.
fn runner(folder: &str) -> Option<u32> {
    folder.strip_prefix("test-")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_recognised() {
        assert!(is_error("2026 ERROR synapse"));
        assert!(is_error("thread 'main' panicked at src/main.rs"));
        assert!(is_error(r#"{"level":"error","message":"x"}"#));
        assert!(!is_error("FATAL:  the database system is starting up"));
        assert!(!is_error("all is well"));
    }

    #[test]
    fn a_part_of_the_suite_is_not_the_whole_suite() {
        let repo = Repo::find().unwrap();
        let folder =
            |args: &[&str]| folder(&repo, "tests/e2e", &args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>());
        assert_eq!(folder(&["-k", "paging", "-q"]), Some("tests/e2e"));
        assert_eq!(folder(&["tests/e2e/messages"]), None);
        assert_eq!(folder(&["-x", "tests/e2e/messages/test_paging.py::test_x"]), None);
        assert_eq!(folder(&["tests/e2e/no_such_part"]), Some("tests/e2e"));
    }

    #[test]
    fn a_test_folder_is_named_after_its_process() {
        assert_eq!(runner("test-42"), Some(42));
        assert_eq!(runner("test-data"), None);
        assert_eq!(runner("data"), None);
    }
}
