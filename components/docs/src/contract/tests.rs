//! What keeps the document true.

use super::asyncapi;
use super::openapi::{self, operations, template};
use messaging_core::problem::Problem;
use messaging_core::refusal::Refusal;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The documents by their files.
fn documents() -> [(&'static str, Value); 2] {
    [("openapi.json", openapi::document()), ("asyncapi.json", asyncapi::document())]
}

#[test]
fn the_committed_documents_are_the_codes_own() {
    for (file, document) in documents() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let made = format!("{document:#}\n");
        if std::env::var("UPDATE_CONTRACT").is_ok_and(|value| value == "1") {
            fs::write(&path, &made).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap();
        assert!(committed == made, "{file} is out of date: run UPDATE_CONTRACT=1 cargo test -p docs, and commit it");
    }
}

/// Routes of spin.toml that callers of this API have nothing to do with.
const LEFT_OUT: [&str; 6] = [
    // The web page, for browsers.
    "/",
    "/channels/:channel_id",
    "/assets/...",
    "/config.json",
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
    let document: BTreeSet<_> = operations().iter().map(|operation| template(operation.path)).collect();
    let covers = |route: &str, path: &String| match route.strip_suffix("/...") {
        Some(prefix) => *path == prefix || path.starts_with(&format!("{prefix}/")),
        None => template(route) == *path,
    };
    let missing: Vec<_> = manifest.iter().filter(|route| !document.iter().any(|path| covers(route, path))).collect();
    assert!(missing.is_empty(), "no operation has {missing:?}");
    let unknown: Vec<_> = document.iter().filter(|path| !manifest.iter().any(|route| covers(route, path))).collect();
    assert!(unknown.is_empty(), "spin.toml has no {unknown:?}");
}

#[test]
fn operations_have_names_of_their_own() {
    let names: BTreeSet<_> = operations().iter().map(|operation| operation.id).collect();
    assert_eq!(names.len(), operations().len());
}

/// A caller may send a key with every write, unless the document says that this one reads none.
#[test]
fn every_write_of_a_caller_takes_a_key_or_says_that_it_does_not() {
    use messaging_core::openapi::Who;
    let document = openapi::document();
    for operation in operations().iter().filter(|o| o.method != "get" && matches!(o.who, Who::Caller(_))) {
        let described = &document["paths"][template(operation.path)][operation.method];
        let takes = described["parameters"].to_string().contains("idempotency_key");
        let text = described["description"].as_str().unwrap_or_default();
        assert_ne!(takes, text.contains("no `Idempotency-Key` is read"), "{}", operation.id);
    }
}

#[test]
fn every_reference_leads_somewhere_and_everything_is_referred_to() {
    for (file, document) in documents() {
        let mut references = BTreeSet::new();
        collect(&document, &mut references);
        for reference in &references {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{file}: {reference}");
        }
        for (kind, components) in document["components"].as_object().unwrap() {
            for name in components.as_object().unwrap().keys() {
                // OpenAPI's security requirements refer by name.
                let used = references.contains(&format!("#/components/{kind}/{name}"))
                    || (file, kind.as_str()) == ("openapi.json", "securitySchemes");
                assert!(used, "{file}: nothing refers to {kind}/{name}");
            }
        }
    }
}

/// What generators of clients make something else of than what is meant.
#[test]
fn common_generators_understand_the_requests() {
    let document = openapi::document();
    let required = |name: &str| document["components"]["schemas"][name].get("required").cloned().unwrap_or_default();
    assert_eq!((required("SendMessage"), required("CreateChannel")), (Value::Null, json!(["microdao_id"])));
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        // To openapi-typescript a property with a default is one that is always there.
        for (property, described) in schema["properties"].as_object().into_iter().flatten() {
            assert!(described.get("default").is_none(), "{name}.{property} has a default");
        }
        // To openapi-python-client a choice of properties that are required is a type that is not known.
        for choice in ["oneOf", "anyOf", "allOf"] {
            for alternative in schema[choice].as_array().into_iter().flatten() {
                let says_what_it_is =
                    ["type", "$ref", "properties", "const"].iter().any(|key| alternative.get(key).is_some());
                assert!(says_what_it_is, "{name}.{choice} has {alternative}");
            }
        }
    }
}

#[test]
fn requests_of_the_examples_are_what_the_code_reads() {
    use messaging_core::channel::CreateChannel;
    use messaging_core::message::SendMessage;
    let body = |id: &str| {
        let found = operations().into_iter().find(|operation| operation.id == id).unwrap();
        found.body.unwrap().example
    };
    serde_json::from_value::<SendMessage>(body("sendMessage")).unwrap().check().unwrap();
    serde_json::from_value::<CreateChannel>(body("createChannel")).unwrap();
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

#[test]
fn every_tag_is_described() {
    let document = openapi::document();
    let tags: BTreeSet<_> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    for operation in operations() {
        assert!(tags.contains(operation.tag), "{} has the tag {}", operation.id, operation.tag);
    }
}

#[test]
fn every_refusal_is_documented() {
    let documented: BTreeSet<_> =
        operations().iter().flat_map(|operation| operation.problems.iter().map(|problem| problem.code)).collect();
    for refusal in Refusal::ALL {
        let code = Problem::from(*refusal).code;
        assert!(documented.contains(code), "no operation may respond {code}");
    }
}
