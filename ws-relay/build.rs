//! Puts the files of `migrations/` into the program, in their order, and what `spin.toml` says of the app, so that no list
//! of either is kept by hand.

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
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    fs::write(out.join("migrations.rs"), code)?;
    let manifest = folder.join("../spin.toml");
    println!("cargo::rerun-if-changed={}", manifest.display());
    Ok(fs::write(out.join("app.rs"), app(&fs::read_to_string(manifest)?)?)?)
}

/// The names of the app's settings, and how many of its components have a pool of connections to the database.
fn app(manifest: &str) -> Result<String, Box<dyn Error>> {
    let (mut names, mut pools, mut in_variables) = (Vec::new(), 0_usize, false);
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_variables = line == "[variables]";
        } else if let Some((name, value)) = line.split_once(" = ") {
            if in_variables {
                names.push(name.to_uppercase());
            } else if name == "database_url" && value.contains("database_url") {
                pools += 1;
            }
        }
    }
    if names.is_empty() || pools == 0 {
        return Err("spin.toml has no variables, or no component with database_url".into());
    }
    let mut code = String::new();
    writeln!(code, "/// The settings of the app.\npub const SETTINGS: &[&str] = &{names:?};")?;
    writeln!(code, "/// Components with a pool of connections.\npub const POOLS: usize = {pools};")?;
    Ok(code)
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
