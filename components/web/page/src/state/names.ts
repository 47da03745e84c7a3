/** What people and agents are called, as far as anything here has told. */

import { signal, type Signal } from "@preact/signals";

export interface Person {
  name: string;
  avatar: string | null;
  isAgent: boolean;
  /** Whether they themselves, or a list of members, have told it, and no message alone. */
  isTold?: boolean;
}

const people = new Map<string, Signal<Person>>();

/** Until they have chosen a name, people are called as their id says. */
function nameOf(id: string): string {
  const matrix = /^@([^:]+):/.exec(id);
  const name = matrix?.[1] ?? id.slice(id.indexOf(":") + 1);
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function entry(id: string): Signal<Person> {
  let found = people.get(id);
  if (found === undefined) {
    found = signal({ name: nameOf(id), avatar: null, isAgent: id.startsWith("agent:") });
    people.set(id, found);
  }
  return found;
}

/** Somebody as they are called now; who reads it is drawn again when that changes. */
export function person(id: string): Person {
  return entry(id).value;
}

export function learn(id: string, name: string | null | undefined, avatar: string | null | undefined, isTold = true): void {
  const known = entry(id);
  const next = { ...known.peek(), name: name ?? nameOf(id), avatar: avatar ?? null, isTold };
  const { name: oldName, avatar: oldAvatar } = known.peek();
  if (next.name !== oldName || next.avatar !== oldAvatar || isTold !== known.peek().isTold) known.value = next;
}

const asked = new Set<string>();

/** Of those whom somebody else has met nothing is kept. */
export function forget(): void {
  people.clear();
  asked.clear();
}

/** Asks what somebody is called of whom nothing has told it. */
export async function ask(id: string, profile: (id: string) => Promise<{ display_name: string | null; avatar_url: string | null }>) {
  if (asked.has(id)) return;
  asked.add(id);
  const found = await profile(id).catch(() => undefined);
  if (found !== undefined) learn(id, found.display_name, found.avatar_url);
}

/** The name that a message brings, unless something else has told one. */
export function heard({ sender_id, sender_name, sender_avatar_url }: {
  sender_id: string;
  sender_name: string | null;
  sender_avatar_url: string | null;
}): void {
  if (entry(sender_id).peek().isTold !== true && sender_name !== null) learn(sender_id, sender_name, sender_avatar_url, false);
}
