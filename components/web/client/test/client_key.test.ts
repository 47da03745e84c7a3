/** The hash by which the caller's own messages are found. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { clientKey, sha256 } from "../src/client_key.js";

test("it is SHA-256, whatever the length", () => {
  for (let length = 0; length < 300; length += 1) {
    const message = Array.from({ length }, (_, n) => (n * 7 + length) & 255);
    assert.equal(sha256(message), createHash("sha256").update(Uint8Array.from(message)).digest("hex"), `${length}`);
  }
});

test("callers and keys do not run together", () => {
  const hash = createHash("sha256").update("\0\0\0\0\0\0\0\x0auser:alice\0\0\0\0\0\0\0\x01k").digest("hex");
  assert.equal(clientKey("user:alice", "k"), hash);
  assert.notEqual(clientKey("user:alice", "k"), clientKey("user:alic", "ek"));
});
