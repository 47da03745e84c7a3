//! Puts the files of `migrations/` into the program, in their order, so that no list of them is kept by hand.

use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../migrations").canonicalize()?;
    // Cargo looks at everything below a folder, so a new file counts, too.
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut code = String::new();
    constant(&mut code, "NUMBERED", "The numbered files, in order: name and text.", &folder, &sql_files(&folder)?)?;
    let functions = folder.join("functions");
    let mut files = Vec::new();
    collect(&functions, &mut files)?;
    files.sort();
    constant(&mut code, "FUNCTIONS", "The files of functions: path below `migrations/` and text.", &folder, &files)?;
    Ok(fs::write(Path::new(&std::env::var("OUT_DIR")?).join("migrations.rs"), code)?)
}

fn sql_files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() && path.extension().is_some_and(|extension| extension == "sql") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    files.extend(sql_files(folder)?);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        }
    }
    Ok(())
}

fn constant(code: &mut String, name: &str, what: &str, root: &Path, files: &[PathBuf]) -> Result<(), Box<dyn Error>> {
    writeln!(code, "/// {what}\npub const {name}: &[(&str, &str)] = &[")?;
    for file in files {
        let path = file.to_str().ok_or("a path that is no UTF-8")?;
        let short = file.strip_prefix(root)?.to_str().ok_or("a path that is no UTF-8")?;
        writeln!(code, "    ({short:?}, include_str!({path:?})),")?;
    }
    writeln!(code, "];")?;
    Ok(())
}
