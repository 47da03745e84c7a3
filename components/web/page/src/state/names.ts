/** What people and agents are called, as far as anything here has told. */

import { signal, type Signal } from "@preact/signals";

export interface Person {
  name: string;
  avatar: string | null;
  isAgent: boolean;
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

export function learn(id: string, name: string | null | undefined, avatar: string | null | undefined): void {
  const known = entry(id);
  const next = { ...known.peek(), name: name ?? nameOf(id), avatar: avatar ?? null };
  const { name: oldName, avatar: oldAvatar } = known.peek();
  if (next.name !== oldName || next.avatar !== oldAvatar) known.value = next;
}
