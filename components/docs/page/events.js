// Shows /asyncapi.json. What the page says of the service comes from there.

import { fields, mentioned, nameOf, resolve } from "/docs/fields.js";
import { blocks, code, element, inline, table } from "/docs/text.js";

const main = document.getElementById("document");
const contents = document.getElementById("contents");

function show(root) {
  const channels = Object.values(root.channels);
  const groups = root.info.tags.map((tag) => {
    const has = ([, message]) => message.tags.some((other) => other.$ref === tag.$ref);
    const messages = Object.entries(root.components.messages).filter(has);
    const places = messages.map(([name]) => channels.filter((channel) => name in channel.messages));
    return { id: nameOf(tag), tag: resolve(root, tag), messages, places };
  });
  const [onSockets, onNats] = [true, false].map((wanted) =>
    groups.filter(({ places }) => places.flat().some(isSocket) === wanted));
  const { relay, nats } = root.servers;

  intro(root);
  main.append(...server("websocket", relay), ...tokens(root, relay));
  for (const [name, channel] of Object.entries(root.channels)) {
    if (isSocket(channel)) main.append(...socket(root, name, channel));
  }
  for (const group of onSockets) main.append(...messages(root, group));
  main.append(...server("nats", nats));
  for (const group of onNats) main.append(...messages(root, group));
  main.append(...types(root));
}

function intro(root) {
  const { title, version, description } = root.info;
  const all = element("button", { type: "button" }, "Open all");
  all.addEventListener("click", () => {
    const folds = [...main.querySelectorAll("details")];
    const open = folds.some((fold) => !fold.open);
    for (const fold of folds) fold.open = open;
    all.textContent = open ? "Close all" : "Open all";
  });
  const source = element("a", { href: "/asyncapi.json" }, `AsyncAPI ${root.asyncapi}: asyncapi.json`);
  main.append(element("h1", {}, `${title} `, element("small", {}, version)), ...blocks(description));
  main.append(element("p", { class: "tools" }, source, all));
}

function isSocket(channel) {
  return "ws" in channel.bindings;
}

function server(id, { title, protocol, host, description }) {
  return [heading("h2", id, title), address(`${protocol}://${host}`), ...blocks(description)];
}

function address(text) {
  return element("p", { class: "address" }, element("code", {}, text));
}

/** A heading of the page, and its line in the contents. */
function heading(level, id, title) {
  contents.append(element("a", { href: `#${id}`, class: level }, title));
  return element(level, { id }, title);
}

/** The ways to say who is calling. */
function tokens(root, server) {
  const rows = server.security.map((reference) => {
    const { type, in: place, name, description } = resolve(root, reference);
    const [where, key] = type === "http" ? ["header", "Authorization"] : [place, name];
    return [[element("code", {}, key)], [where], inline(description)];
  });
  return [heading("h3", "tokens", "Who is calling"), table(["name", "where", "meaning"], rows)];
}

/** A WebSocket: how to connect, its parameters, its close codes. */
function socket(root, name, channel) {
  const { title, description, parameters = {}, bindings } = channel;
  const words = blocks(description);
  // The only table of the description is that of the close codes, which comes last.
  const [tables, texts] = [true, false].map((wanted) =>
    words.filter((block) => (block.tagName === "TABLE") === wanted));
  const inPath = Object.entries(parameters).map(([name, { description }]) => [name, { type: "string", description }]);
  const query = Object.entries(bindings.ws.query.properties);
  const schema = { properties: Object.fromEntries([...inPath, ...query]), required: Object.keys(parameters) };
  return [
    heading("h3", `socket-${name}`, title),
    address(`${bindings.ws.method} ${channel.address}`),
    ...texts,
    element("h4", {}, "Parameters of the path and the query"),
    fields(root, schema),
    heading("h4", `close-codes-${name}`, "Close codes"),
    ...tables,
  ];
}

/** The messages of a group, each folded. */
function messages(root, { id, tag, messages, places }) {
  const folded = messages.map(([name, message], index) => {
    const { summary, description = "", payload, headers, examples } = message;
    const line = element("summary", {}, element("code", {}, name), element("span", {}, ...inline(summary)));
    const parts = [...blocks(description), where(places[index])];
    if (headers) parts.push(element("h4", {}, "Headers"), fields(root, headers), element("h4", {}, "Payload"));
    parts.push(fields(root, payload));
    for (const example of examples) parts.push(element("h4", {}, "Example"), ...shown(example));
    return element("details", { id: `message-${name}` }, line, ...parts);
  });
  return [heading("h2", `group-${id}`, tag.name), ...blocks(tag.description), ...folded];
}

/** Where a message goes: the addresses of sockets, or what the subject's channel says of itself. */
function where(channels) {
  const told = channels.map((channel) => (isSocket(channel) ? `\`${channel.address}\`` : channel.description));
  const text = channels.some(isSocket) ? `On ${told.join(" and ")}.` : told.join(" ");
  return element("p", {}, ...inline(text));
}

function shown({ headers = {}, payload }) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n\n`);
  return [code(lines.join("") + (typeof payload === "string" ? payload : JSON.stringify(payload, null, 2)))];
}

/** The types that the tables mention, and those that these mention. */
function types(root) {
  const found = new Map();
  let next;
  while ((next = [...mentioned].find((name) => !found.has(name)))) {
    const schema = root.components.schemas[next];
    const line = element("summary", {}, element("code", {}, next));
    const parts = [...blocks(schema.description ?? ""), fields(root, schema)];
    found.set(next, element("details", { id: `type-${next}` }, line, ...parts));
  }
  const sorted = [...found.keys()].sort().map((name) => found.get(name));
  return [heading("h2", "types", "Types"), ...sorted];
}

/** Goes to the place that the address names, and unfolds it. */
function follow() {
  const place = document.getElementById(location.hash.slice(1));
  if (place?.tagName === "DETAILS") place.open = true;
  place?.scrollIntoView();
}

try {
  const response = await fetch("/asyncapi.json");
  if (!response.ok) throw new Error(`the status is ${response.status}`);
  show(await response.json());
  contents.open = matchMedia("(min-width: 64rem)").matches;
  addEventListener("hashchange", follow);
  follow();
} catch (error) {
  const source = element("a", { href: "/asyncapi.json" }, "/asyncapi.json");
  const told = `The document cannot be shown: ${error.message}. It is at `;
  main.append(element("p", { role: "alert" }, told, source, "."));
}
main.removeAttribute("aria-busy");
