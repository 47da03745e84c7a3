//! Packs what the component serves: every file as gzip, with a digest that names its content.

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::fmt::Write as _;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Our own files.
const OWN: [&str; 10] = [
    "openapi.json",
    "asyncapi.json",
    "page/index.html",
    "page/init.js",
    "page/nav.css",
    "page/events.html",
    "page/events.css",
    "page/events.js",
    "page/fields.js",
    "page/text.js",
];
/// What the page needs of Swagger UI, and what its licence asks to pass on.
const SWAGGER_UI: [&str; 5] =
    ["dist/swagger-ui-bundle.js", "dist/swagger-ui.css", "dist/favicon-32x32.png", "LICENSE", "NOTICE"];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=build.rs");
    for file in OWN {
        println!("cargo::rerun-if-changed={file}");
        pack(&out, file, &fs::read(file)?)?;
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED))?;
    let mut found = 0;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let name = entry.name()?.into_owned();
        // Everything is in one folder that is named after the version.
        let Some((_, file)) = name.split_once('/') else { continue };
        if SWAGGER_UI.contains(&file) {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            pack(&out, file, &content)?;
            found += 1;
        }
    }
    if found != SWAGGER_UI.len() {
        return Err(format!("Swagger UI has only {found} of {SWAGGER_UI:?}").into());
    }
    Ok(())
}

fn pack(out: &Path, file: &str, content: &[u8]) -> Result<(), Box<dyn Error>> {
    let name = file.rsplit('/').next().unwrap_or(file);
    // Without a time in it, the same content gives the same bytes.
    let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    gzip.write_all(content)?;
    fs::write(out.join(format!("{name}.gz")), gzip.finish()?)?;
    let mut digest = String::new();
    for byte in Sha256::digest(content).iter().take(16) {
        write!(digest, "{byte:02x}")?;
    }
    fs::write(out.join(format!("{name}.digest")), digest)?;
    Ok(())
}
