//! `cargo dev test`: the unit tests, the index against PostgreSQL alone, then the black-box suite against a stack of
//! its own.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::Result;

use crate::args::{Host, TestArgs};
use crate::compile::{self, Native};
use crate::install::{self, Tools};
use crate::own_stack::{self, OwnStack, discard};
use crate::paths::{Data, Repo};
use crate::progress::step;
use crate::stop::Stop;
use crate::{fuzz, node, page, run};

/// A deployment that the environment names, which is tested instead of a stack of our own.
const DEPLOYMENT: [&str; 2] = ["STACK_JSON", "MESSAGING_API_URL"];

/// Runs the tests; the exit code is theirs.
pub fn run(repo: &Repo, args: TestArgs, stop: &Stop) -> Result<ExitCode> {
    let deployed = DEPLOYMENT.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    let data = own_stack::data(repo, stop)?;
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
    // Before the app starts, which has the files that were there then.
    page::ensure(repo, &data, stop).inspect_err(|_| discard(&data))?;
    let native = if args.no_unit { Native::Programs } else { Native::WithTests };
    let own = OwnStack::of(args.own, native);
    let status = own.run(repo, &data, stop, |_, file| pytest(repo, &data, &args.pytest, Some(file.path()), stop));
    status.map(code)
}

/// What needs no stack: whether all of it passed.
fn before_the_stack(repo: &Repo, data: &Data, args: &TestArgs, stop: &Stop) -> Result<bool> {
    if !args.index {
        return Ok(unit(repo, data, stop)? && index(repo, data, &[], stop)?);
    }
    if !args.own.no_build {
        // The index needs no host for the components, so the local one is not built.
        compile::native(repo, data, Host::Spin, Native::Programs, stop)?;
        compile::search(repo, data, stop)?;
    }
    index(repo, data, &args.pytest, stop)
}

/// The exit code of the tests as our own.
pub fn code(status: ExitStatus) -> ExitCode {
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

fn unit(repo: &Repo, data: &Data, stop: &Stop) -> Result<bool> {
    install::ensure_dictionary(data, stop)?;
    // The components' unit tests run on this machine, without a Spin host.
    let packages = compile::COMPONENTS;
    step("building the unit tests of the components and of cargo dev");
    let tests = |stop: &Stop| {
        let mut build = compile::with_bar(repo);
        run::logged(build.args(["test", "--no-run"]).args(packages), &data.log("build-tests"), stop)
    };
    let native = |stop: &Stop| compile::native(repo, data, Host::Local, Native::WithTests, stop);
    compile::side_by_side(stop, tests, native)?;
    step("unit tests of the components and of cargo dev");
    let mut test = compile::cargo(repo);
    let passed = run::visible(test.args(["test", "--quiet"]).args(packages), stop)?.success();
    step("unit tests of ws-relay and the local host");
    let passed = compile::test_native(repo, stop)? && passed;
    let client = node::client(repo, data, stop)?;
    step("unit tests of the client");
    Ok(node::test_client(&client, stop)? && passed)
}

/// The index's functions and migrations, and what the relay publishes and delivers, against a PostgreSQL and a NATS that
/// the tests start themselves.
fn index(repo: &Repo, data: &Data, args: &[String], stop: &Stop) -> Result<bool> {
    let tools = install::ensure(data, stop)?;
    install::ensure_dictionary(data, stop)?;
    install::ensure_pooler(data, stop)?;
    let mut command = python(repo, data, &tools, stop)?;
    step("tests of the index");
    command.args(["-m", "pytest"]).args(folder(repo, "tests/index", args)).args(args);
    command.env("WS_RELAY", repo.native("ws-relay")).env("POSTGRES_BIN", &tools.postgres);
    command.env("NATS_SERVER", &tools.nats).env("SEARCH_PROGRAM", repo.target().join("debug/examples/search"));
    Ok(run::visible(&mut command, stop)?.success())
}

fn pytest(repo: &Repo, data: &Data, args: &[String], stack: Option<&Path>, stop: &Stop) -> Result<ExitStatus> {
    let tools = install::ensure(data, stop)?;
    install::ensure_browser(data, stop)?;
    install::ensure_pooler(data, stop)?;
    // What does not build is not tested in an earlier form.
    page::ensure(repo, data, stop)?;
    let client = node::client(repo, data, stop)?;
    let mut command = python(repo, data, &tools, stop)?;
    let (modules, clients) = generators(repo, data, &tools, stop)?;
    command.env("E2E_NODE_MODULES", modules).env("E2E_CLIENTS_PYTHON", clients);
    command.env("E2E_FUZZ_PYTHON", fuzz::python(repo, data, &tools, stop)?);
    step("end-to-end tests");
    command.args(["-m", "pytest"]).args(folder(repo, "tests/e2e", args)).args(args);
    command.env("REFERENCE_CLIENT", client).env("AXE_CORE", page::axe(repo));
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

/// The Python of the suites, in the clone.
pub fn python(repo: &Repo, data: &Data, tools: &Tools, stop: &Stop) -> Result<Command> {
    let requirements = repo.root.join("tests/e2e/requirements.txt");
    let env = repo.dev().join("venv-e2e");
    let python = install::python_env(&tools.python, &env, &requirements, &data.log("pip-e2e"), stop)?;
    let mut command = Command::new(python);
    command.current_dir(&repo.root);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
