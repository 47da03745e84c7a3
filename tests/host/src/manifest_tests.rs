//! What a manifest may say, and above all what it may not.

use super::*;

const GOOD: &str = r#"
spin_manifest_version = 2

[application]
name = "test"
version = "0.1.0"

[variables]
database_url = { required = true, secret = true }

[[trigger.http]]
route = "/things/:id"
component = "things"

[[trigger.http]]
route = { private = true }
component = "inner"
executor = { type = "http" }

[component.things]
source = "things.wasm"
variables = { url = "{{ database_url }}" }
allowed_outbound_hosts = ["http://inner.spin.internal"]
[component.things.build]
command = "cargo build"

[component.inner]
source = "inner.wasm"
"#;

#[test]
fn a_usual_manifest_is_read() {
    let manifest = Manifest::parse(GOOD).unwrap();
    let triggers = manifest.http_triggers().unwrap();
    assert_eq!(triggers.len(), 2);
    assert!(matches!(&triggers[0].route, Route::Path(path) if path == "/things/:id"));
    assert!(matches!(triggers[1].route, Route::Private(Private { private: true })));
    assert!(manifest.variables["database_url"].required);
}

#[test]
fn what_spin_refuses_is_refused() {
    for (what, from, to) in [
        ("another version", "version = 2", "version = 1"),
        ("no name", "name = \"test\"", ""),
        ("an unknown top-level table", "[variables]", "[settings]\n[variables]"),
        ("an unknown key of the application", "version = \"0.1.0\"", "license = \"MIT\""),
        ("a method in a route", "route = \"/things/:id\"", "route = \"/things/:id\"\nmethod = \"GET\""),
        ("no route", "route = \"/things/:id\"", ""),
        ("a route that is neither", "private = true", "private = false"),
        ("an unknown key of a route", "private = true", "private = true, open = false"),
        ("an unknown component", "component = \"inner\"", "component = \"outer\""),
        ("an unknown key of a component", "source = \"inner.wasm\"", "source = \"inner.wasm\"\nroute = \"/\""),
        ("no source", "source = \"inner.wasm\"", ""),
        ("an id in snake case", "[component.inner]", "[component.inner]\nsource = \"a\"\n[component.in_ner]"),
        ("an unknown key of a variable", "secret = true", "hidden = true"),
        ("a variable of a component in capitals", "{ url =", "{ URL ="),
        (
            "an unknown key of a file",
            "source = \"inner.wasm\"",
            "source = \"a\"\nfiles = [{ source = \"a\", to = \"/\" }]",
        ),
        ("an unknown key of the build", "command =", "target = \"x\"\ncommand ="),
        ("a build without a command", "command = \"cargo build\"", "workdir = \"x\""),
    ] {
        assert!(GOOD.contains(from), "{what}");
        let text = GOOD.replacen(from, to, 1);
        assert!(Manifest::parse(&text).is_err(), "{what} was accepted");
    }
}

#[test]
fn what_this_host_does_not_offer_is_refused_by_name() {
    for (key, value) in [
        ("files", "[\"a/*\"]"),
        ("exclude_files", "[\"a\"]"),
        ("key_value_stores", "[\"default\"]"),
        ("sqlite_databases", "[\"default\"]"),
        ("ai_models", "[\"x\"]"),
        ("dependencies", "{ \"a:b\" = \"1\" }"),
    ] {
        let text = GOOD.replacen("source = \"inner.wasm\"", &format!("source = \"inner.wasm\"\n{key} = {value}"), 1);
        let error = format!("{:#}", Manifest::parse(&text).unwrap_err());
        assert!(error.contains(key), "{error}");
    }
    let redis = GOOD.replacen("[[trigger.http]]", "[[trigger.redis]]", 1);
    assert!(Manifest::parse(&redis).is_err());
    let wagi = GOOD.replacen("type = \"http\"", "type = \"wagi\"", 1);
    assert!(Manifest::parse(&wagi).is_err());
}

#[test]
fn component_ids_are_kebab_case() {
    for right in ["a", "matrix-gateway", "a1-b2", "API-v1"] {
        assert!(check_id(right).is_ok(), "{right}");
    }
    for wrong in ["", "-a", "a-", "a--b", "1a", "a-1", "aB", "a_b", "a.b"] {
        assert!(check_id(wrong).is_err(), "{wrong}");
    }
}
