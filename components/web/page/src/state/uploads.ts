/** Files that go with the next message of a channel or thread, or are on their way: they stay while one looks elsewhere. */

import { signal, type Signal } from "@preact/signals";
import type { Draft } from "./drafts";
import type { Message } from "./types";

export interface Attachment {
  id: number;
  file: File;
  /** A picture of it, as long as it is here. */
  picture: string | undefined;
  /** How much of it is through, in percent; nothing before it is sent. */
  percent: number | undefined;
  abort: AbortController;
}

/** What was to go with a file. */
export interface Caption extends Draft {
  replyTo: Message | undefined;
}

export interface Tray {
  files: Signal<readonly Attachment[]>;
  /** What no file has taken with it: it is written again. */
  returned: Signal<Caption | undefined>;
}

const trays = new Map<string, Tray>();

export function tray(channel: string, thread = ""): Tray {
  const key = `${channel} ${thread}`;
  let found = trays.get(key);
  if (found === undefined) trays.set(key, (found = { files: signal([]), returned: signal(undefined) }));
  return found;
}

let last = 0;

export function attached(file: File): Attachment {
  const picture = file.type.startsWith("image/") ? URL.createObjectURL(file) : undefined;
  return { id: (last += 1), file, picture, percent: undefined, abort: new AbortController() };
}

export function change(tray: Tray, id: number, percent: number | undefined): void {
  tray.files.value = tray.files.value.map((one) => (one.id === id ? { ...one, percent } : one));
}

export function remove(tray: Tray, id: number): void {
  tray.files.value.filter((one) => one.id === id).forEach(release);
  tray.files.value = tray.files.value.filter((one) => one.id !== id);
}

/** Nothing goes on in the name of somebody who has left, and nothing of theirs stays. */
export function forget(): void {
  for (const { files } of trays.values()) files.value.forEach(release);
  trays.clear();
}

function release({ picture, abort }: Attachment): void {
  abort.abort();
  if (picture !== undefined) URL.revokeObjectURL(picture);
}

addEventListener("beforeunload", (event) => {
  const isUnderWay = [...trays.values()].some(({ files }) => files.value.some(({ percent }) => percent !== undefined));
  // The browser asks in words of its own.
  if (isUnderWay) event.preventDefault();
});
