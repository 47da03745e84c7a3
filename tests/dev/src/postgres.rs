//! PostgreSQL: found, initialised, started, with the service's role and database in it.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use uuid::Uuid;

use crate::paths::{Data, which};
use crate::probe::Probe;
use crate::process::Identity;
use crate::progress::step;
use crate::run;
use crate::secrets::Secrets;
use crate::service::{Service, base_env};
use crate::stop::Stop;

/// Whom PostgreSQL runs as when we are root, which it refuses to be.
const USER: &str = "postgres";

/// A database cluster of our own.
pub struct Postgres {
    bin: PathBuf,
    dir: PathBuf,
    user: Option<String>,
}

/// The newest PostgreSQL's programs.
pub fn find() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").is_file())
        .max();
    let on_path = || Some(fs::canonicalize(which("initdb")?).ok()?.parent()?.to_path_buf());
    newest.map(|(_, bin)| bin).or_else(on_path).filter(|bin| bin.join("postgres").exists())
}

/// The programs of the major version that made a cluster, which alone can run it.
fn matching(newest: &Path, version: &str) -> Option<PathBuf> {
    let same = |bin: &Path| {
        let said = run::output(Command::new(bin.join("postgres")).arg("--version"));
        said.is_ok_and(|said| said.contains(&format!("(PostgreSQL) {version}")))
    };
    let packaged = Path::new("/usr/lib/postgresql").join(version).join("bin");
    [newest.to_path_buf(), packaged].into_iter().find(|bin| same(bin))
}

/// Where this stack's cluster is; outside the data folder if the other user cannot get there (a clone under /root).
pub fn folder(data: &Data) -> PathBuf {
    let inside = data.dir.join("postgres");
    let may_enter = |folder: &Path| run::succeeds(as_user("test").arg("-x").arg(folder));
    if !rustix::process::geteuid().is_root() || may_enter(&data.dir) {
        return inside;
    }
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, data.dir.as_os_str().as_encoded_bytes());
    // Not /var/tmp: what lies there unused for some weeks is deleted on many machines.
    Path::new("/var/lib").join(format!("daarion-dev-{id}")).join("postgres")
}

fn as_user(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    let (uid, gid) = (format!("--reuid={USER}"), format!("--regid={USER}"));
    command.args([&uid, &gid, "--init-groups", "--"]).arg(program).current_dir("/");
    command
}

impl Postgres {
    /// Makes the cluster unless there is one. Without `durable` nothing is synced to disk.
    pub fn prepare(data: &Data, bin: &Path, secrets: &Secrets, durable: bool, stop: &Stop) -> Result<Self> {
        let root = rustix::process::geteuid().is_root();
        let mut postgres = Self { bin: bin.to_path_buf(), dir: folder(data), user: root.then(|| USER.to_owned()) };
        if let Ok(version) = fs::read_to_string(postgres.dir.join("PG_VERSION")) {
            postgres.bin = matching(bin, version.trim()).with_context(|| {
                let dir = postgres.dir.display();
                format!(
                    "{dir} was made by PostgreSQL {}, which is not installed; start over with --fresh",
                    version.trim()
                )
            })?;
            return Ok(postgres);
        }
        step("initialising PostgreSQL");
        postgres.initialise(data, secrets, durable, stop)?;
        Ok(postgres)
    }

    fn initialise(&self, data: &Data, secrets: &Secrets, durable: bool, stop: &Stop) -> Result<()> {
        let parent = self.dir.parent().context("a data folder without a parent")?;
        if parent != data.dir {
            own_folder(parent)?;
        }
        // Renamed when complete, so that an interrupted initialisation is simply done again.
        let new = self.dir.with_extension("new");
        let _ = fs::remove_dir_all(&new);
        fs::create_dir(&new).with_context(|| format!("cannot create {}", new.display()))?;
        fs::set_permissions(&new, fs::Permissions::from_mode(0o700))?;
        let (password, cluster) = (new.join("password"), new.join("cluster"));
        crate::paths::write_private(&password, &secrets.postgres_admin)?;
        if self.user.is_some() {
            for path in [&new, &password] {
                give_away(path)?;
            }
        }
        let mut initdb = self.command("initdb");
        initdb.arg("--pgdata").arg(&cluster).arg("--pwfile").arg(&password);
        initdb.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]);
        initdb.args(if durable { &[][..] } else { &["--no-sync"] });
        run::logged(&mut initdb, &data.log("initdb"), stop)?;
        fs::rename(&cluster, &self.dir).with_context(|| format!("cannot create {}", self.dir.display()))?;
        fs::remove_dir_all(&new).with_context(|| format!("cannot delete {}", new.display()))
    }

    /// The programs of its version.
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    fn command(&self, program: &str) -> Command {
        let program = self.bin.join(program);
        if self.user.is_some() { as_user(program) } else { Command::new(program) }
    }

    /// Makes way for a new server after one that was killed. PostgreSQL itself takes any process with the id in
    /// `postmaster.pid` for the old server: a dead one that nobody has waited for, as in a container without an init,
    /// or another program that got the id after a restart of the machine. Two servers on one cluster cannot come of
    /// this: while anything of the old one lives, it holds the shared memory that a new one needs.
    pub fn forget_killed(&self, stop: &Stop) -> Result<()> {
        let file = self.dir.join("postmaster.pid");
        let deadline = Instant::now() + Duration::from_secs(30);
        while let Some(pid) = first_number(&file) {
            if !self.is_server(pid) {
                match fs::remove_file(&file) {
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        return Err(error).with_context(|| format!("cannot delete {}", file.display()));
                    }
                    _ => break,
                }
            }
            // It is on its way out, as its supervisor was killed.
            if Instant::now() > deadline {
                bail!("PostgreSQL runs as process {pid} on {} and does not end; stop it", self.dir.display());
            }
            stop.pause(Duration::from_millis(50))?;
        }
        Ok(())
    }

    /// Whether this process is a server on this cluster.
    fn is_server(&self, pid: u32) -> bool {
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = words.split(|&byte| byte == 0);
        let names_us = words.any(|word| word == self.dir.as_os_str().as_encoded_bytes());
        names_us && Identity::of(pid).is_some()
    }

    /// The server as a service.
    pub fn service(&self, data: &Data, port: u16, durable: bool) -> Service {
        let mut command = vec![self.bin.join("postgres").display().to_string(), "-D".to_owned()];
        command.push(self.dir.display().to_string());
        let on_off = if durable { "on" } else { "off" };
        let settings = [
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            "unix_socket_directories=".to_owned(),
            // Spin keeps up to 64 connections for each component.
            "max_connections=300".to_owned(),
            format!("fsync={on_off}"),
            format!("full_page_writes={on_off}"),
        ];
        command.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
        Service {
            command,
            env: base_env(),
            cwd: PathBuf::from("/"),
            user: self.user.clone(),
            log: data.log("postgres"),
            address: format!("127.0.0.1:{port}"),
            ready: Probe::Postgres(self.bin.join("pg_isready"), port),
            stops_on_interrupt: true,
            process: None,
            stopped: false,
        }
    }
}

/// A folder in a place that everybody can write to: it must be ours, not prepared by somebody else.
fn own_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let is = fs::symlink_metadata(folder)?;
    if !is.is_dir() || is.uid() != rustix::process::geteuid().as_raw() {
        bail!("{} belongs to somebody else; delete it", folder.display());
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o711))?;
    Ok(())
}

/// The number in the first line of a file.
fn first_number(file: &Path) -> Option<u32> {
    fs::read_to_string(file).ok()?.lines().next()?.trim().parse().ok()
}

fn give_away(path: &Path) -> Result<()> {
    let id = |option| -> Result<u32> {
        let id = run::output(Command::new("id").args([option, USER]))
            .with_context(|| format!("PostgreSQL cannot run as root, and there is no user {USER}"))?;
        id.trim().parse().context("cannot read a user id")
    };
    chown(path, Some(id("-u")?), Some(id("-g")?)).with_context(|| format!("cannot give {} away", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Stdio;

    /// A cluster's folder with this process id in its lock file.
    fn cluster(name: &str, pid: u32) -> Postgres {
        let dir = std::env::temp_dir().join(format!("dev-postgres-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("postmaster.pid"), format!("{pid}\n{}\n", dir.display())).unwrap();
        Postgres { bin: PathBuf::new(), dir, user: None }
    }

    #[test]
    fn the_lock_of_a_killed_server_is_forgotten() {
        // A zombie, and a program that is no PostgreSQL.
        let mut zombie = Command::new("true").spawn().unwrap();
        let gone = Identity::of(zombie.id());
        assert!(gone.is_none_or(|process| process.wait_gone(Duration::from_secs(10), &Stop::default())));
        for (name, pid) in [("zombie", zombie.id()), ("stranger", std::process::id())] {
            let postgres = cluster(name, pid);
            postgres.forget_killed(&Stop::default()).unwrap();
            assert!(!postgres.dir.join("postmaster.pid").exists(), "{name}");
            postgres.forget_killed(&Stop::default()).unwrap();
            fs::remove_dir_all(&postgres.dir).unwrap();
        }
        zombie.wait().unwrap();
    }

    #[test]
    fn a_server_that_is_still_ending_is_waited_for() {
        let postgres = cluster("ending", 0);
        // Called as PostgreSQL is: its data folder is a word of its command line.
        let mut command = Command::new("sh");
        command.args(["-c", "echo; sleep 2; :", "postgres"]).arg(&postgres.dir).stdout(Stdio::piped());
        let mut server = command.spawn().unwrap();
        // The kernel lets a parent go on before the child's command line can be read.
        std::io::Read::read_exact(server.stdout.as_mut().unwrap(), &mut [0]).unwrap();
        let file = postgres.dir.join("postmaster.pid");
        fs::write(&file, server.id().to_string()).unwrap();
        assert!(postgres.is_server(server.id()));
        postgres.forget_killed(&Stop::default()).unwrap();
        assert!(!file.exists() && Identity::of(server.id()).is_none());
        server.wait().unwrap();
        fs::remove_dir_all(&postgres.dir).unwrap();
    }
}
