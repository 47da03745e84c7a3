//! What keeps the document true.

use super::document::document;
use super::routes::routes;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_committed_document_is_the_codes_own() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let made = format!("{:#}\n", document());
    if std::env::var("UPDATE_OPENAPI").is_ok_and(|value| value == "1") {
        fs::write(&path, &made).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(committed == made, "openapi.json is out of date: run UPDATE_OPENAPI=1 cargo test -p docs, and commit it");
}

/// Routes of spin.toml that callers of this API have nothing to do with.
const LEFT_OUT: [&str; 2] = [
    // The homeserver's, in the Matrix specification.
    "/_matrix/app/v1/...",
    // Everything that is nowhere else: a 404.
    "/...",
];

#[test]
fn the_document_has_the_routes_of_the_manifest_and_no_other() {
    let manifest: toml::Value = toml::from_str(&fs::read_to_string(repository().join("spin.toml")).unwrap()).unwrap();
    let triggers = manifest["trigger"]["http"].as_array().unwrap();
    let manifest: BTreeSet<_> = triggers
        .iter()
        // A private route is a table and no text.
        .filter_map(|trigger| trigger["route"].as_str())
        .filter(|route| !LEFT_OUT.contains(route))
        .collect();
    let document: BTreeSet<_> = routes().iter().map(|route| route.path).collect();
    let covers = |route: &str, path: &str| match route.strip_suffix("/...") {
        Some(prefix) => path == prefix || path.starts_with(&format!("{prefix}/")),
        None => template(route) == path,
    };
    let missing: Vec<_> = manifest.iter().filter(|route| !document.iter().any(|path| covers(route, path))).collect();
    assert!(missing.is_empty(), "the table in routes.rs lacks {missing:?}");
    let unknown: Vec<_> = document.iter().filter(|path| !manifest.iter().any(|route| covers(route, path))).collect();
    assert!(unknown.is_empty(), "spin.toml has no {unknown:?}");
}

/// `/a/:b` as OpenAPI writes it: `/a/{b}`.
fn template(route: &str) -> String {
    let segments = route.split('/').map(|segment| match segment.strip_prefix(':') {
        Some(name) => format!("{{{name}}}"),
        None => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

#[test]
fn operations_have_names_of_their_own() {
    let names: BTreeSet<_> = routes().iter().map(|route| route.id).collect();
    assert_eq!(names.len(), routes().len());
}

#[test]
fn every_reference_leads_somewhere_and_everything_is_referred_to() {
    let document = document();
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    for reference in &references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    for kind in ["schemas", "parameters", "headers", "responses"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(references.contains(&format!("#/components/{kind}/{name}")), "nothing refers to {kind}/{name}");
        }
    }
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| collect(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

/// Which function of the migrations makes which schema.
const DOCUMENTS: [(&str, &str); 5] = [
    ("channel_json", "Channel"),
    ("message_json", "Message"),
    ("member_json", "Member"),
    ("agent_context", "AgentContext"),
    ("list_reactions", "Reaction"),
];

#[test]
fn answers_have_the_fields_that_the_index_writes() {
    let migrations: String = files(&repository().join("migrations"), "sql").into_iter().map(|(_, text)| text).collect();
    let document = document();
    for (function, schema) in DOCUMENTS {
        // The newest definition counts.
        let body = migrations.rsplit(&format!("FUNCTION messaging.{function}(")).next().unwrap();
        let body = body.split("$$").nth(1).unwrap();
        let properties = document["components"]["schemas"][schema]["properties"].as_object().unwrap();
        let documented: BTreeSet<_> = properties.keys().map(String::as_str).collect();
        assert_eq!(keys(body), documented, "{function} and {schema} differ");
    }
}

/// The keys of every `jsonb_build_object('key', value, …)` in a text, except for those of wrappings around a list.
fn keys(sql: &str) -> BTreeSet<&str> {
    let mut keys = BTreeSet::new();
    for call in sql.split("jsonb_build_object(").skip(1) {
        let (mut depth, mut arguments, mut start) = (0, Vec::new(), 0);
        for (index, character) in call.char_indices() {
            match character {
                '(' => depth += 1,
                ')' if depth > 0 => depth -= 1,
                ',' | ')' if depth == 0 => {
                    arguments.push(call[start..index].trim());
                    start = index + 1;
                    if character == ')' {
                        break;
                    }
                }
                _ => {}
            }
        }
        keys.extend(arguments.iter().step_by(2).map(|argument| argument.trim_matches('\'')));
    }
    keys.remove("reactions");
    keys
}

/// Codes that no documented route answers.
const ELSEWHERE: [&str; 1] = [
    // A method that a path does not have.
    "method_not_allowed",
];

#[test]
fn every_code_of_the_sources_is_documented() {
    let mut written = BTreeSet::new();
    for component in fs::read_dir(repository().join("components")).unwrap() {
        let source = component.unwrap().path().join("src");
        for (_, text) in files(&source, "rs").into_iter().filter(|(path, _)| !path.ends_with("contract")) {
            // M_… are Matrix's own, between gateway, homeserver and us.
            written.extend(codes(&text).into_iter().filter(|code| !code.starts_with("M_")).map(str::to_owned));
        }
    }
    let documented: BTreeSet<_> =
        routes().iter().flat_map(|route| route.problems.iter().map(|problem| problem.code.to_owned())).collect();
    assert!(written.len() > 25, "{written:?}");
    let missing: Vec<_> = written.difference(&documented).filter(|code| !ELSEWHERE.contains(&code.as_str())).collect();
    assert!(missing.is_empty(), "no route in routes.rs may answer {missing:?}");
    let unknown: Vec<_> = documented.difference(&written).collect();
    assert!(unknown.is_empty(), "nothing in the sources answers {unknown:?}");
}

/// The codes that a source gives to the constructors of problems: the first or second argument, when it is a literal.
fn codes(source: &str) -> Vec<&str> {
    let constructors = ["::new(", "::bad_request(", "::forbidden(", "::conflict("];
    let mut codes = Vec::new();
    for constructor in constructors {
        for (at, _) in source.match_indices(constructor) {
            let Some(owner) = source[..at].rsplit(|c: char| !c.is_alphanumeric()).next() else { continue };
            let arguments = &source[at + constructor.len()..];
            let literal = arguments.splitn(3, ',').take(2).find_map(|argument| argument.trim().strip_prefix('"'));
            if ["Problem", "Self"].contains(&owner)
                && let Some(literal) = literal
            {
                codes.extend(literal.split('"').next());
            }
        }
    }
    codes
}

/// The files below a folder with this ending, by name.
fn files(folder: &Path, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut paths: Vec<_> = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            let text = fs::read_to_string(&path).unwrap();
            found.push((folder.to_owned(), text));
        }
    }
    found
}
