/** What is published: current types, one small file, and the example of the README. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import ts from "typescript";

import type * as Client from "../src/index.js";
import { documents } from "./contract.js";
import { CHANNEL, FakeRelay, ME } from "./fake_relay.js";

/** Bytes. */
const MOST = 15 * 1024;

const here = process.cwd();

/** A script beside the sources, which is no part of what is compiled. */
async function script<Module>(name: string): Promise<Module> {
  return (await import(join(here, "generate", name))) as Module;
}

test("the types are those of the documents as they are now", async () => {
  const { generate } = await script<{ generate(documents: string): Promise<Record<string, string>> }>("types.mjs");
  for (const [name, wanted] of Object.entries(await generate(documents()))) {
    assert.ok(readFileSync(join(here, "src/generated", name), "utf8") === wanted, `${name} is old: npm run generate`);
  }
});

test("it is small, depends on nothing, and works as it is published", async () => {
  const { bundle } = await script<{ bundle(entry: string): Promise<string> }>("bundle.mjs");
  const text = await bundle("index");
  const size = gzipSync(text, { level: 9 }).length;
  assert.ok(size <= MOST, `${size} bytes`);
  assert.doesNotMatch(text, /\bfrom\s*"|\brequire\(|\bimport\b/);
  const manifest = JSON.parse(readFileSync(join(here, "package.json"), "utf8")) as { dependencies?: object };
  assert.equal(manifest.dependencies, undefined);
  const folder = mkdtempSync(join(tmpdir(), "published-"));
  try {
    writeFileSync(join(folder, "index.mjs"), text);
    const { MessagingClient } = (await import(join(folder, "index.mjs"))) as typeof Client;
    const relay = new FakeRelay(1);
    relay.sends("user:bob", "before");
    const client = new MessagingClient({ relay: "ws://r.test", api: "http://a.test", developmentUser: ME, environment: relay.place });
    const store = client.open(CHANNEL);
    store.send({ text: "mine" });
    await relay.place.pass(60_000);
    for (let n = 0; n < 20; n += 1) relay.happens();
    relay.cut();
    await relay.place.pass(60_000);
    const wanted = [...relay.messages.values()].sort((one, other) => one.seq - other.seq).map(({ id }) => id);
    assert.deepEqual(store.items.map((item) => (item.kind === "message" ? item.message.id : "gap")), wanted);
    relay.responds = ({ pathname }) => (pathname.endsWith("/replies") ? [] : undefined);
    const thread = store.thread("m1");
    thread.send({ text: "in the thread" });
    await relay.place.pass(60_000);
    assert.equal(thread.items.length, 1);
    client.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the example of the README compiles", () => {
  const readme = readFileSync(join(here, "README.md"), "utf8");
  const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
  assert.ok(examples.length > 0);
  const name = join(here, "src", "readme-example.ts");
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  // The examples together, as one module that has the package beside it.
  const code = examples.join("\n").replaceAll('"@daarion/messaging-client"', '"./index.js"');
  host.getSourceFile = (file, ...rest) => (file === name ? ts.createSourceFile(name, code, ts.ScriptTarget.ES2022) : read(file, ...rest));
  const exists = host.fileExists.bind(host);
  host.fileExists = (file) => file === name || exists(file);
  const program = ts.createProgram([name], options, host);
  const wrong = ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
  assert.deepEqual(wrong, []);
});
