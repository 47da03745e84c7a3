//! Takes the definitions of `spin:postgres` and `spin:variables` from the `spin-sdk` package that the components are
//! built with, so that host and guest cannot drift apart and no copy of them has to be kept here.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=Cargo.toml");

    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let metadata = cargo_metadata(&here)?;
    if let Some(root) = metadata.get("workspace_root").and_then(Value::as_str) {
        println!("cargo::rerun-if-changed={root}/Cargo.lock");
    }
    let definitions = sdk_folder(&metadata)?.join("wit");
    if !definitions.is_dir() {
        return Err(format!("{} is no folder", definitions.display()).into());
    }

    // `bindgen!` wants a literal path, and this one differs from machine to machine: hence a generated file.
    let invocation = format!(
        r#"wasmtime::component::bindgen!({{
    inline: "
        package local:host;
        world host {{
            import spin:postgres/postgres@4.2.0;
            import spin:variables/variables@3.0.0;
        }}
    ",
    path: {definitions:?},
    imports: {{
        "spin:postgres/postgres.[constructor]connection-builder": async | trappable,
        default: async,
    }},
    with: {{
        "spin:postgres/postgres.connection": crate::postgres::Connection,
        "spin:postgres/postgres.connection-builder": crate::postgres::Builder,
    }},
}});
"#
    );
    let file = Path::new(&env::var("OUT_DIR")?).join("bindings.rs");
    // Left alone when it is as it should be, so that another dependency's update does not compile everything again.
    if fs::read_to_string(&file).ok().as_ref() != Some(&invocation) {
        fs::write(file, invocation)?;
    }
    Ok(())
}

/// What cargo resolved for the workspace; without the network where everything has been fetched already.
fn cargo_metadata(here: &Path) -> Result<Value, Box<dyn Error>> {
    let mut failure = String::new();
    for network in ["--offline", "--locked"] {
        let output = Command::new(env::var("CARGO")?)
            .args(["metadata", "--format-version=1"])
            // The platform for which `spin-sdk` is a dependency, and the smallest of them all.
            .args(["--filter-platform=wasm32-wasip2", network])
            .current_dir(here)
            .output()?;
        if output.status.success() {
            return Ok(serde_json::from_slice(&output.stdout)?);
        }
        failure = String::from_utf8_lossy(&output.stderr).into_owned();
    }
    Err(format!("cargo metadata: {failure}").into())
}

/// The folder of the very `spin-sdk` that this package depends on.
fn sdk_folder(metadata: &Value) -> Result<PathBuf, Box<dyn Error>> {
    let packages = list(metadata, "packages");
    let own = packages
        .iter()
        .find(|package| text(package, "name") == Some(env!("CARGO_PKG_NAME")))
        .ok_or("cargo metadata does not know this package")?;
    let sdk = metadata
        .get("resolve")
        .iter()
        .flat_map(|resolve| list(resolve, "nodes"))
        .filter(|node| text(node, "id") == text(own, "id"))
        .flat_map(|node| list(node, "deps"))
        .find(|dependency| text(dependency, "name") == Some("spin_sdk"))
        .ok_or("this package does not depend on spin-sdk")?;
    let manifest = packages
        .iter()
        .find(|package| text(package, "id") == text(sdk, "pkg"))
        .and_then(|package| text(package, "manifest_path"))
        .ok_or("spin-sdk has no folder")?;
    Ok(Path::new(manifest).parent().ok_or("spin-sdk has no folder")?.to_owned())
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}
