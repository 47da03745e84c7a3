// Builds the page into the folder that is named, with packed copies and the list by which the component serves it:
//   node build.mjs <folder> [--watch]
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build, context } from "esbuild";

const [, , out, flag] = process.argv;
if (out === undefined) throw new Error("say into which folder: node build.mjs <folder>");
const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Writes a file, packed too where that is smaller, and returns its entry in the list. */
async function put(path, content) {
  await writeFile(join(out, path), content);
  const packed = {
    br: [".br", brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } })],
    gzip: [".gz", gzipSync(content, { level: 9 })],
  };
  const codings = [];
  for (const [coding, [suffix, bytes]] of Object.entries(packed)) {
    if (bytes.length >= content.length) continue;
    await writeFile(join(out, path + suffix), bytes);
    codings.push(coding);
  }
  const digest = createHash("sha256").update(content).digest("hex").slice(0, 32);
  return [path, { type: TYPES[extname(path)], digest, codings }];
}

/** Makes the folder anew from what esbuild has made. The list comes last: without it nothing is served. */
async function write({ outputFiles }) {
  await rm(join(out, "files.json"), { force: true });
  await rm(join(out, "assets"), { recursive: true, force: true });
  await mkdir(join(out, "assets"), { recursive: true });
  const list = [];
  const names = {};
  for (const { path, contents } of outputFiles) {
    const name = basename(path);
    names[name.replace(/-[A-Z0-9]{8}\./, ".")] = `/assets/${name}`;
    list.push(await put(`/assets/${name}`, Buffer.from(contents)));
  }
  const page = (await readFile("src/index.html", "utf8")).replaceAll(/%([\w.]+)%/g, (_, name) => {
    if (names[name] === undefined) throw new Error(`the page names ${name}, which was not built`);
    return names[name];
  });
  list.push(await put("/index.html", Buffer.from(page)));
  await writeFile(join(out, "files.json"), JSON.stringify(Object.fromEntries(list)));
}

const options = {
  entryPoints: ["src/main.tsx", "src/icon.svg"],
  bundle: true,
  write: false,
  format: "esm",
  splitting: true,
  minify: process.env.PLAIN === undefined,
  target: ["chrome123", "firefox125", "safari17.5"],
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".svg": "copy" },
  outdir: out,
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  assetNames: "[name]-[hash]",
  legalComments: "none",
  plugins: [{ name: "write", setup: (build) => build.onEnd((result) => (result.errors.length ? undefined : write(result))) }],
};
if (flag === "--watch") await (await context(options)).watch();
else await build(options);
