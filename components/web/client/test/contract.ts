/** The documents of the repository that this was built in. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Where they are. */
export function documents(): string {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    const found = join(folder, "components/docs");
    if (existsSync(join(found, "openapi.json"))) return found;
    assert.notEqual(folder, dirname(folder), "no components/docs is above this folder");
  }
}

export function document(name: "openapi" | "asyncapi"): unknown {
  return JSON.parse(readFileSync(join(documents(), `${name}.json`), "utf8"));
}
