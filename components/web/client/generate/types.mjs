/**
 * The types of the contract, from the documents that the service itself publishes: `openapi.json` by openapi-typescript,
 * `asyncapi.json`, whose messages are JSON Schema, by json-schema-to-typescript. Prints, or writes with `--write`.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";

import { compile } from "json-schema-to-typescript";
import openapiTS, { astToString } from "openapi-typescript";

const HEADER = "// Generated from the service's documents by `npm run generate`; not to be edited.\n\n";
/** What is for clients; the rest is for the platform's services and the homeserver. */
const PUBLIC = "/api/messaging/";

/** The REST part: operations as a client calls them, and every code that a problem may have. */
export async function openapi(document) {
  const paths = Object.fromEntries(Object.entries(document.paths).filter(([path]) => path.startsWith(PUBLIC)));
  const codes = new Set();
  JSON.stringify(document, (key, value) => {
    if (key === "code") for (const code of value?.enum ?? (value?.const ? [value.const] : [])) codes.add(code);
    return value;
  });
  for (const item of Object.values(paths)) {
    for (const operation of Object.values(item)) {
      // What fails is thrown as a problem, so only what succeeds is an operation's result.
      const good = Object.entries(operation.responses ?? {}).filter(([status]) => status.startsWith("2"));
      operation.responses = Object.fromEntries(good.map(([status, { headers, ...response }]) => [status, response]));
    }
  }
  const { responses, headers, ...components } = document.components;
  const used = { ...document, paths, components: { ...components, schemas: reachable(document, paths) } };
  const types = astToString(await openapiTS(used, { alphabetize: true }));
  const union = [...codes].sort().map((code) => `\n  | ${JSON.stringify(code)}`);
  return `${HEADER}${types}\n/** What a problem's \`code\` may be; a later version may know more. */\nexport type ProblemCode =${union.join("")};\n`;
}

/** The schemas that these paths name, directly or not, and that of a problem. */
function reachable(document, paths) {
  const names = new Set(["ProblemDocument"]);
  const look = (value) =>
    JSON.stringify(value, (key, inner) => {
      const name = key === "$ref" ? inner.match?.(/^#\/components\/(schemas|parameters)\/(.+)$/) : undefined;
      if (name?.[1] === "parameters") look(document.components.parameters[name[2]]);
      if (name?.[1] === "schemas" && !names.has(name[2])) {
        names.add(name[2]);
        look(document.components.schemas[name[2]]);
      }
      return inner;
    });
  look(paths);
  look(document.components.schemas.ProblemDocument);
  return Object.fromEntries([...names].sort().map((name) => [name, document.components.schemas[name]]));
}

/** The frames of sockets: a type for each message that comes on one, or goes, named after it. */
export async function asyncapi(document) {
  const last = (reference) => reference.split("/").at(-1);
  const ofSockets = Object.values(document.operations).filter(({ channel }) =>
    document.channels[last(channel.$ref)].address.startsWith("/ws/"),
  );
  const names = new Set(ofSockets.flatMap(({ messages }) => messages.map(({ $ref }) => last($ref))));
  const frames = {};
  for (const name of [...names].sort()) {
    const { payload } = document.components.messages[name];
    // `ping` and `pong` are plain texts.
    if (payload.const !== undefined || payload.$ref !== undefined) continue;
    const title = `${name.replace(/(^|[._])([a-z])/g, (_, __, letter) => letter.toUpperCase())}Frame`;
    frames[title] = { ...payload, title };
  }
  const schemas = Object.fromEntries(
    Object.entries(document.components.schemas).map(([name, schema]) => [name, { title: name, ...schema, title: name }]),
  );
  const definitions = JSON.parse(
    JSON.stringify({ ...schemas, ...frames }).replaceAll('"#/components/schemas/', '"#/definitions/'),
  );
  const properties = Object.fromEntries(
    [...Object.keys(frames), "ClientMessage"].map((name) => [name, { $ref: `#/definitions/${name}` }]),
  );
  const root = { title: "SocketMessages", type: "object", additionalProperties: false, properties, definitions };
  const types = await compile(root, "SocketMessages", {
    bannerComment: "",
    ignoreMinAndMaxItems: true,
    unreachableDefinitions: false,
    format: false,
  });
  return `${HEADER}${types}`;
}

const FILES = { openapi, asyncapi };

/** Each file's name and what has to be in it. */
export async function generate(documents) {
  const files = {};
  for (const [name, make] of Object.entries(FILES)) {
    files[`${name}.ts`] = await make(JSON.parse(readFileSync(`${documents}/${name}.json`, "utf8")));
  }
  return files;
}

if (argv[2] === "--write" && argv[3] !== undefined) {
  const to = new URL("../src/generated/", import.meta.url);
  mkdirSync(to, { recursive: true });
  for (const [name, text] of Object.entries(await generate(argv[3]))) writeFileSync(new URL(name, to), text);
}
