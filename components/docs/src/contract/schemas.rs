//! Schemas of the types: requests as they are read, responses as they are written.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, transform_subschemas};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The schemas of requests and of responses. A type that occurs in both has one schema.
pub struct Schemas {
    pub requests: SchemaGenerator,
    pub responses: SchemaGenerator,
}

impl Schemas {
    /// None yet: each is added when it is first asked for. `dialect` is the one that the document's format prescribes.
    pub fn new(dialect: SchemaSettings) -> Self {
        let settings = dialect.with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        let settings = settings.with_transform(RecursiveTransform(plain)).with_transform(enumerate as fn(&mut Schema));
        Self {
            requests: settings.clone().for_deserialize().into_generator(),
            responses: settings.for_serialize().into_generator(),
        }
    }

    /// All of them by name.
    pub fn take(mut self) -> Map<String, Value> {
        let mut all = self.responses.take_definitions(true);
        for (name, schema) in self.requests.take_definitions(true) {
            match all.get(&name) {
                Some(known) => assert_eq!(*known, schema, "{name} is not the same in requests and responses"),
                None => drop(all.insert(name, schema)),
            }
        }
        all.sort_keys();
        all
    }
}

/// Leaves out formats that say how Rust keeps a number and nothing about the contract.
fn plain(schema: &mut Schema) {
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
        schema.remove("format");
    }
}

/// Makes an enum with descriptions a plain enum, which more programs understand, and keeps the descriptions.
fn enumerate(schema: &mut Schema) {
    transform_subschemas(&mut enumerate, schema);
    let Some(Value::Array(variants)) = schema.get("oneOf") else { return };
    let text = |variant: &Value, key: &str| variant.get(key).and_then(Value::as_str).map(str::to_owned);
    let Some(values) = variants.iter().map(|variant| text(variant, "const")).collect::<Option<Vec<_>>>() else {
        return;
    };
    let mut description = schema.get("description").and_then(Value::as_str).unwrap_or("").to_owned();
    for (value, variant) in values.iter().zip(variants) {
        let meaning = text(variant, "description").unwrap_or_default();
        // Some variants only repeat their name.
        if meaning != format!("`{value}`") {
            let separator = if description.contains("\n- ") { "" } else { "\n" };
            description = format!(
                "{description}{separator}\n- `{value}`: {}",
                meaning.trim_start_matches(&format!("`{value}`: "))
            );
        }
    }
    schema.remove("oneOf");
    schema.insert("description".into(), json!(description.trim()));
    schema.insert("type".into(), json!("string"));
    schema.insert("enum".into(), json!(values));
}
