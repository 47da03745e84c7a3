//! A stack that this program started: bringing it up, watching it, taking it down.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, TryLockError};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, WaitOptions, waitpid};

use crate::app::{self, Runner};
use crate::args::{Auth, Host, PortArgs};
use crate::compile::{self, Native};
use crate::install::{self, Tools};
use crate::manifest::Manifest;
use crate::paths::{Data, Repo};
use crate::ports::Ports;
use crate::postgres::Postgres;
use crate::process::Identity;
use crate::progress::{note, step};
use crate::secrets::Secrets;
use crate::service::{Name, Service};
use crate::stack::{Stack, StackFile};
use crate::stop::Stop;
use crate::supervise::Supervisor;
use crate::{database, nats, relay, synapse};

/// How a stack is to be.
pub struct Options {
    /// What runs the components, if asked for.
    pub host: Option<Host>,
    /// A Spin that is not on the PATH.
    pub spin: Option<PathBuf>,
    /// The ports.
    pub ports: PortArgs,
    /// The data folder.
    pub data: PathBuf,
    /// The homeserver's name, if asked for.
    pub server_name: Option<String>,
    /// How callers say who they are.
    pub auth: Auth,
    /// Whether the data outlive a power cut.
    pub durable: bool,
    /// Where webhooks may point; empty: nowhere.
    pub webhook_allowed_host: String,
    /// What takes the place of every rate limit; empty: nothing.
    pub rate_limits: String,
    /// What to build first, if anything.
    pub build: Option<Native>,
    /// The stack file.
    pub file: StackFile,
}

/// A stack of ours.
pub struct Running {
    /// What runs where.
    pub stack: Stack,
    file: StackFile,
    // Held for as long as the stack runs; the kernel lets go of it however this program ends.
    _lock: File,
}

impl Running {
    /// Brings up a stack; whatever was started is stopped again if that fails.
    pub fn start(repo: &Repo, options: &Options, stop: &Stop) -> Result<Self> {
        let data = Data::create(&options.data)?;
        let lock = lock(&data, &options.file)?;
        stop_leftovers(&options.file, stop)?;
        rotate_logs(&data)?;
        let runner = Runner::choose(options.host, options.spin.as_deref())?;
        let ports = Ports::choose(&options.ports)?;
        let secrets = Secrets::of(&data, options.server_name.as_deref())?;
        let stack = describe(&data, &secrets, ports, &runner, options);
        let mut running = Self { stack, file: options.file.clone(), _lock: lock };
        running.file.save_starting(&running.stack)?;
        reap(options.file.clone());
        let up = Up { repo, options, data, runner, ports, secrets, stop };
        match up.run(&mut running) {
            Ok(()) => Ok(running),
            Err(error) => {
                running.take_down(stop);
                Err(error)
            }
        }
    }

    fn launch(&mut self, name: Name, mut service: Service) -> Result<()> {
        service.spawn(true)?;
        self.stack.services.insert(name, service);
        self.file.save_starting(&self.stack)
    }

    fn wait(&self, name: Name, seconds: u64, stop: &Stop) -> Result<()> {
        let service = self.stack.services.get(&name).with_context(|| format!("{name} was not started"))?;
        service.wait_ready(name, Duration::from_secs(seconds), stop)?;
        step(&format!("{name} is ready at {}", service.address));
        Ok(())
    }

    /// PostgreSQL refuses while the children of a killed server are still ending, so it gets more than one try.
    fn wait_for_postgres(&mut self, stop: &Stop) -> Result<()> {
        const REFUSED: &str = "pre-existing shared memory block";
        for _ in 1..10 {
            match self.wait(Name::Postgres, 60, stop) {
                Err(error) if error.to_string().contains(REFUSED) => stop.pause(Duration::from_millis(500))?,
                other => return other,
            }
            if let Some(service) = self.stack.services.get(&Name::Postgres).cloned() {
                self.launch(Name::Postgres, service)?;
            }
        }
        self.wait(Name::Postgres, 60, stop)
    }

    /// Keeps the services running until a stop is asked for.
    pub fn supervise(&mut self, stop: &Stop) {
        let mut supervisor = Supervisor::default();
        while stop.pause(Duration::from_millis(200)).is_ok() {
            self.look_after(&mut supervisor, stop);
        }
    }

    /// Starts again what has died, as `supervisor` decides.
    pub fn look_after(&mut self, supervisor: &mut Supervisor, stop: &Stop) {
        supervisor.look_after(self.dead(), &self.stack, &self.file, stop);
    }

    /// The services that ended although nobody stopped them with `cargo dev stop` or `restart`.
    pub fn dead(&mut self) -> Vec<(Name, Service)> {
        if self.stack.services.values().all(Service::alive) {
            return Vec::new();
        }
        // Somebody may have restarted one: the file knows.
        if let Ok(Some(now)) = self.file.load() {
            self.stack.services = now.services;
        }
        let dead = self.stack.services.iter().filter(|(_, service)| !service.alive() && !service.stopped);
        dead.map(|(name, service)| (*name, service.clone())).collect()
    }

    /// Stops everything in reverse order and forgets the stack.
    pub fn take_down(mut self, stop: &Stop) {
        let guard = self.file.lock();
        self.dead();
        self.stack.stop_all(stop, |name| step(&format!("stopping {name}")));
        self.file.remove();
        drop(guard);
    }
}

/// Everything needed on the way up.
struct Up<'a> {
    repo: &'a Repo,
    options: &'a Options,
    data: Data,
    runner: Runner,
    ports: Ports,
    secrets: Secrets,
    stop: &'a Stop,
}

impl Up<'_> {
    fn run(&self, running: &mut Running) -> Result<()> {
        let manifest = Manifest::load(&self.repo.manifest())?;
        let built = |stop: &Stop| match self.options.build {
            Some(native) => compile::all(self.repo, &self.data, &manifest, self.runner.host(), native, stop),
            None => Ok(()),
        };
        // The compilers keep the processors busy, and the installations the network. Services end with the thread that has
        // started them, so that is this one.
        self.stop.both(built, |stop| self.services(running, stop))?;
        relay::migrate(self.repo, &self.data, &running.stack, self.ports.ws, self.stop)?;

        step(&format!("starting the app ({}) and ws-relay", running.stack.host));
        let ports = (self.ports.api, self.ports.postgres);
        running.launch(Name::App, self.runner.service(self.repo, &self.data, &manifest, &running.stack, ports)?)?;
        running.launch(Name::WsRelay, relay::service(self.repo, &self.data, &running.stack, self.ports.ws))?;
        running.wait(Name::App, 300, self.stop)?;
        running.wait(Name::WsRelay, 60, self.stop)?;
        if let Err(error) = app::ping(&running.stack) {
            note(&format!("warning: {error:#}"));
        }
        running.file.save_ready(&running.stack)
    }

    /// Installs what the stack runs on, and starts what needs nothing that is built.
    fn services(&self, running: &mut Running, stop: &Stop) -> Result<()> {
        let Tools { postgres, nats, python } = install::ensure(&self.data, stop)?;
        let python = install::python_env(
            &python,
            &self.repo.dev().join("venv-synapse"),
            &self.repo.root.join("tests/synapse/requirements.txt"),
            &self.data.log("pip-synapse"),
            stop,
        )?;
        let postgres = Postgres::prepare(&self.data, &postgres, &self.secrets, self.options.durable, stop)?;
        step("starting PostgreSQL, NATS and Synapse");
        let ports = self.ports;
        postgres.forget_killed(stop)?;
        running.launch(Name::Postgres, postgres.service(&self.data, ports.postgres, self.options.durable))?;
        running.launch(Name::Nats, nats::service(&self.data, &nats, ports.nats)?)?;
        let synapse = synapse::service(self.repo, &self.data, &python, &self.secrets, ports.synapse, &running.stack)?;
        running.launch(Name::Synapse, synapse)?;
        running.wait_for_postgres(stop)?;
        database::create(postgres.bin(), ports.postgres, &self.secrets)?;
        running.wait(Name::Nats, 60, stop)?;
        // Beside a build that takes all processors it needs its time.
        running.wait(Name::Synapse, 300, stop)
    }
}

/// Buries services that ended, for as long as this program runs. Whoever starts PostgreSQL again must not find its
/// predecessor's process id in use, and a process that ended keeps its id until its parent has asked for it.
fn reap(file: StackFile) {
    // Services that `cargo dev restart` starts below us (in a test) become our children too.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    std::thread::spawn(move || {
        let clock = Stop::default();
        let mut known = HashSet::new();
        loop {
            let stack = file.load_any().ok().flatten();
            let services = stack.iter().flat_map(|stack| stack.services.values());
            let processes = services.filter_map(|service| service.process);
            known.extend(processes.filter_map(|process| Pid::from_raw(i32::try_from(process.pid).ok()?)));
            // A process that is not ours to wait for is an error, and no matter.
            known.retain(|&pid| !matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(Some(_))));
            clock.pause_beyond(0, Duration::from_millis(50));
        }
    });
}

/// Claims the data for this program, as long as the result lives.
pub fn lock(data: &Data, file: &StackFile) -> Result<File> {
    let path = data.dir.join("lock");
    let lock = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            let supervisor = file.load_any().ok().flatten().and_then(|stack| stack.supervisor);
            let who = supervisor.map_or_else(String::new, |process| format!(" (process {})", process.pid));
            bail!(
                "a stack with these data is running already{who}; stop it with `cargo dev down`, or choose other \
                 data with --data and ports with --free-ports"
            )
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

/// Stops what a killed `cargo dev` left behind.
pub fn stop_leftovers(file: &StackFile, stop: &Stop) -> Result<()> {
    if let Some(old) = file.load_any()? {
        old.stop_all(stop, |name| step(&format!("stopping {name}, left over from an earlier start")));
        file.remove();
    }
    Ok(())
}

/// Keeps the logs of the start before.
fn rotate_logs(data: &Data) -> Result<()> {
    let (now, before) = (data.dir.join("logs"), data.dir.join("logs.previous"));
    let _ = fs::remove_dir_all(&before);
    fs::rename(&now, &before)
        .and_then(|()| fs::create_dir_all(now.join("components")))
        .with_context(|| format!("cannot write {}", now.display()))
}

fn describe(data: &Data, secrets: &Secrets, ports: Ports, runner: &Runner, options: &Options) -> Stack {
    let database = database::urls(ports.postgres, secrets);
    Stack {
        api_url: format!("http://127.0.0.1:{}", ports.api),
        ws_url: format!("ws://127.0.0.1:{}", ports.ws),
        nats_url: format!("nats://127.0.0.1:{}", ports.nats),
        database_url: database.owner,
        components_database_url: database.components,
        relay_database_url: database.relay,
        homeserver_url: format!("http://127.0.0.1:{}", ports.synapse),
        server_name: secrets.server_name.clone(),
        internal_secret: secrets.internal.clone(),
        registration_shared_secret: secrets.registration.clone(),
        matrix_as_token: secrets.matrix_as_token.clone(),
        matrix_hs_token: secrets.matrix_hs_token.clone(),
        matrix_gateway_secret: secrets.matrix_gateway.clone(),
        auth_mode: options.auth.as_str().to_owned(),
        jwt_secret: secrets.jwt.clone(),
        federation: Some(synapse::federation(data, ports.neighbour)),
        webhook_allowed_host: options.webhook_allowed_host.clone(),
        rate_limits: options.rate_limits.clone(),
        host: runner.host().as_str().to_owned(),
        data: data.dir.clone(),
        dev: std::env::current_exe().unwrap_or_default(),
        supervisor: Identity::own(),
        services: BTreeMap::new(),
    }
}
