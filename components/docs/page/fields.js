// Tables of fields from JSON Schemas.

import { element, inline, table } from "/docs/text.js";

/** The schemas that some table refers to, by name. */
export const mentioned = new Set();

/** What a reference leads to, or the value itself. */
export function resolve(root, value) {
  if (!value?.$ref) return value;
  const keys = value.$ref.slice(2).split("/").map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  return resolve(root, keys.reduce((at, key) => at[key], root));
}

/** The last part of a reference. */
export function nameOf(reference) {
  return reference.$ref.split("/").pop();
}

/** A table of the fields of an object; of anything else, its type. */
export function fields(root, schema) {
  const { properties, required = [], ...rest } = resolve(root, schema);
  if (!properties) return element("p", {}, "Type: ", ...typeAndBounds(rest));
  const row = ([name, field]) => [
    [element("code", {}, name)],
    typeAndBounds(field),
    [required.includes(name) ? "yes" : "no"],
    inline(field.description ?? ""),
  ];
  return table(["field", "type", "required", "meaning"], Object.entries(properties).map(row));
}

function typeAndBounds(schema) {
  const limits = bounds(schema);
  return limits.length ? [...type(schema), element("small", {}, ...limits)] : type(schema);
}

/** A schema's type in words. A schema of its own is a link. */
function type(schema) {
  if (schema.$ref) {
    const name = nameOf(schema);
    mentioned.add(name);
    return [element("a", { href: `#type-${name}` }, name)];
  }
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return listed(alternatives.map(type), " or ");
  if (schema.allOf) return listed(schema.allOf.map(type), " and ");
  if ("const" in schema) return [element("code", {}, JSON.stringify(schema.const))];
  if (schema.enum) return listed(schema.enum.map((value) => [element("code", {}, JSON.stringify(value))]), ", ");
  const named = (name) => {
    if (name === "array") return ["list of ", ...type(schema.items ?? {})];
    return [name === "string" && schema.format ? formats[schema.format] ?? schema.format : name];
  };
  return listed([schema.type ?? "anything"].flat().map(named), " or ");
}

const formats = { uuid: "UUID", "date-time": "time (RFC 3339)" };

function listed(parts, separator) {
  return parts.flatMap((part, index) => (index ? [separator, ...part] : part));
}

function bounds(schema) {
  const { minimum, maximum, minLength, maxLength, pattern, examples = [] } = schema;
  const said = [];
  if (minimum !== undefined) said.push([`from ${minimum}`]);
  if (maximum !== undefined) said.push([`up to ${maximum}`]);
  if (minLength !== undefined) said.push([`at least ${minLength} characters`]);
  if (maxLength !== undefined) said.push([`at most ${maxLength} characters`]);
  if (pattern !== undefined) said.push(["pattern ", element("code", {}, pattern)]);
  for (const example of examples) said.push(["for example ", element("code", {}, JSON.stringify(example))]);
  return listed(said, ", ");
}
