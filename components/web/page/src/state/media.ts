/** Addresses of files that need no header, as signals: what reads one is drawn again when it is known. */

import { signal, type Signal } from "@preact/signals";
import type { Media } from "../../../client/src/index";

/** The client gives out addresses that work for two minutes at least; what is drawn anew after one asks again. */
const FRESH = 60_000;
/** An address that did not work is asked for again at most this often. */
const AGAIN = 15_000;

interface Entry {
  address: Signal<string>;
  asked: number;
}

let media: Media | undefined;
const known = new Map<string, Entry>();

/** From where addresses come; nothing of another caller's is kept. */
export function use(source: Media | undefined): void {
  media = source;
  known.clear();
}

/** Where a file is; empty until that is known. */
export function fileAt(uri: string | null | undefined): string {
  return address(uri, "", (source, known) => source.url(known));
}

/** Where its picture of about this size is. */
export function pictureAt(uri: string | null | undefined, width: number, height: number, method: "crop" | "scale"): string {
  const size = { width, height, method };
  return address(uri, `${width} ${height} ${method}`, (source, known) => source.thumbnail(known, size));
}

/** Asks again for what did not work. */
export function failed(uri: string): void {
  for (const [key, entry] of known) {
    if (key.startsWith(`${uri} `) && Date.now() - entry.asked > AGAIN) entry.asked = 0;
  }
}

function address(
  uri: string | null | undefined,
  kind: string,
  ask: (source: Media, uri: string) => Promise<string>,
): string {
  if (uri === null || uri === undefined || !uri.startsWith("mxc://") || media === undefined) return "";
  const key = `${uri} ${kind}`;
  let entry = known.get(key);
  if (entry === undefined) known.set(key, (entry = { address: signal(""), asked: 0 }));
  const { address } = entry;
  if (Date.now() - entry.asked > FRESH) {
    entry.asked = Date.now();
    void ask(media, uri).then(
      (url) => {
        // A picture that is shown already is not loaded anew under another signature.
        if (address.peek() === "" || isOld(address.peek())) address.value = url;
      },
      () => undefined,
    );
  }
  return address.value;
}

/** Whether a signed address ends within two minutes. */
function isOld(url: string): boolean {
  const expires = Number(new URL(url).searchParams.get("expires"));
  return !Number.isFinite(expires) || expires * 1000 - Date.now() < 2 * FRESH;
}
