//! Where things are: the clone, what may be shared between stacks, and one stack's data.

use std::fs;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The clone.
#[derive(Clone, Debug)]
pub struct Repo {
    /// Its top folder.
    pub root: PathBuf,
}

impl Repo {
    /// Finds the clone that this program belongs to: from the working directory upwards, else where it was built.
    pub fn find() -> Result<Self> {
        let built = Path::new(env!("CARGO_MANIFEST_DIR"));
        let here = std::env::current_dir().unwrap_or_default();
        here.ancestors()
            .chain(built.ancestors())
            .find(|folder| folder.join("tests/dev/Cargo.toml").is_file() && folder.join("Cargo.toml").is_file())
            .map(|root| Self { root: root.to_path_buf() })
            .context("run this inside the clone")
    }

    /// Cargo's output. Fixed, because spin.toml names the `.wasm` files in it.
    pub fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// What the stacks share: Python environments, the cache of compiled components.
    pub fn dev(&self) -> PathBuf {
        self.target().join("dev")
    }

    /// The manifest of the Spin app.
    pub fn manifest(&self) -> PathBuf {
        self.root.join("spin.toml")
    }

    /// A program built with the `native` profile.
    pub fn native(&self, name: &str) -> PathBuf {
        self.target().join("native").join(name)
    }
}

/// One stack's data folder.
#[derive(Clone, Debug)]
pub struct Data {
    /// Absolute path.
    pub dir: PathBuf,
}

impl Data {
    /// Creates the folder. Others may pass through it, because PostgreSQL may run as another user, but not list it.
    pub fn create(dir: &Path) -> Result<Self> {
        let create = || -> std::io::Result<PathBuf> {
            fs::create_dir_all(dir.join("logs"))?;
            fs::set_permissions(dir, fs::Permissions::from_mode(0o711))?;
            dir.canonicalize()
        };
        let dir = create().with_context(|| format!("cannot create the data folder {}", dir.display()))?;
        Ok(Self { dir })
    }

    /// A service's folder, readable by us alone.
    pub fn private(&self, name: &str) -> Result<PathBuf> {
        let folder = self.dir.join(name);
        fs::create_dir_all(&folder)
            .and_then(|()| fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)))
            .with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(folder)
    }

    /// The log of a service or of a step.
    pub fn log(&self, name: &str) -> PathBuf {
        self.dir.join("logs").join(format!("{name}.log"))
    }

    /// Where the host writes what the components log.
    pub fn component_logs(&self) -> PathBuf {
        self.dir.join("logs/components")
    }
}

/// Writes a file that only we may read, whole or not at all.
pub fn write_private(path: &Path, text: &str) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let new = path.with_extension(format!("new-{}", std::process::id()));
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        // Secrets outlive a power cut, as the data that they belong to do.
        file.sync_all()?;
        fs::rename(&new, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Where a program is, as a shell would find it; the system folders too, which are not on every user's PATH.
pub fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| fs::metadata(file).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0))
}

/// The last `lines` lines of a file; empty when there is none.
pub fn tail(path: &Path, lines: usize) -> String {
    let bytes = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    // Of what a progress bar has overwritten, the last state.
    let all: Vec<&str> = text.lines().map(|line| line.rsplit('\r').next().unwrap_or(line)).collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
}

/// The last line of a file that may be long and still growing.
pub fn last_line(path: &Path) -> String {
    use std::io::{Read, Seek, SeekFrom};
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = fs::File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(2_000)))?;
        let mut end = Vec::new();
        file.take(2_000).read_to_end(&mut end)?;
        Ok(end)
    };
    let end = read().unwrap_or_default();
    // What goes back to the line's beginning, as progress bars do, is a new line here.
    let text = String::from_utf8_lossy(&end);
    text.split(['\n', '\r']).rfind(|line| !line.trim().is_empty()).unwrap_or_default().to_owned()
}
