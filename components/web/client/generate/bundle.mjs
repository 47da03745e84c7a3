/** What is published: one file for each entry, small, and without what nobody outside calls by its name. */

import { writeFileSync, mkdirSync } from "node:fs";
import { argv } from "node:process";

import { build } from "esbuild";
import { minify } from "terser";

/** Names of what is not exported, which may be any. No exported class has a member of one of these names. */
const INTERNAL = /^(parts|core|handlers|carrier|connected|takes|take|lose|restart|timeline|lists|people|marks|pager|wantsContent|isOfReset|recount|confirmed|reactsOwn|reread|readReactions|replaceIn|refused|renamed|disconnected|takes|isLoading|heard|redraw|became|replay|requests|keeps|subject|opened|shows|reaches|reach|entered|sends|isRunning|received|stopped|awaits|release|told|created|renew|make|made|isOpen|long|updated|seen|begin|notice|moment|learn|forget|isLoading)$/;

/** The text of an entry, such as `index`. */
export async function bundle(entry, folder = new URL("../src/", import.meta.url).pathname) {
  const bundled = await build({
    entryPoints: [`${folder}${entry}.ts`],
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    mangleProps: INTERNAL,
    write: false,
  });
  const options = { module: true, ecma: 2022, compress: { passes: 3, ecma: 2022 } };
  return (await minify(bundled.outputFiles[0].text, options)).code;
}

if (argv[2] === "--write") {
  const to = new URL("../dist/", import.meta.url);
  mkdirSync(to, { recursive: true });
  for (const entry of ["index", "channel"]) writeFileSync(new URL(`${entry}.js`, to), await bundle(entry));
}
