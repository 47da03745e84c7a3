/** Messages in the order of their numbers. Every function returns a new list, or the same one when nothing changes. */

import type { Message } from "./types";

/** Where a number is, or would be. */
export function place(rows: readonly Message[], seq: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.seq ?? Infinity) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Puts a message in, or in place of what is known of it: what only pages tell of it stays. */
export function put(rows: readonly Message[], message: Message): readonly Message[] {
  const at = place(rows, message.seq);
  const known = rows[at];
  const next = [...rows];
  if (known?.id !== message.id) {
    next.splice(at, 0, message);
    return next;
  }
  const { thread, reactions, poll } = known;
  const kept = { ...(thread && { thread }), ...(reactions && { reactions }), ...(poll && { poll }) };
  // The same text needs no second look into Matrix.
  const same = known.edited_at === message.edited_at && known.content_preview === message.content_preview;
  const content =
    same && known.text !== undefined ? { text: known.text, formatted_body: known.formatted_body ?? null } : {};
  next[at] = { ...kept, ...content, ...message };
  return next;
}

/** Puts a page in, whose rows say everything. */
export function putPage(rows: readonly Message[], page: readonly Message[]): readonly Message[] {
  const next = new Map(rows.map((row) => [row.seq, row]));
  for (const row of page) next.set(row.seq, { ...next.get(row.seq), ...row });
  return [...next.values()].sort((one, other) => one.seq - other.seq);
}

export function change(rows: readonly Message[], id: string, how: (row: Message) => Partial<Message>): readonly Message[] {
  const at = rows.findIndex((row) => row.id === id);
  const row = rows[at];
  if (row === undefined) return rows;
  const next = [...rows];
  next[at] = { ...row, ...how(row) };
  return next;
}

export function without(rows: readonly Message[], id: string): readonly Message[] {
  const next = rows.filter((row) => row.id !== id);
  return next.length === rows.length ? rows : next;
}

/** One more or one fewer of an emoji. */
export function react(row: Message, emoji: string, by: 1 | -1, isMe: boolean): Partial<Message> {
  const known = row.reactions ?? [];
  const found = known.find((reaction) => reaction.emoji === emoji);
  if (isMe && found?.reacted === by > 0) return {};
  if (found === undefined) {
    return by > 0 ? { reactions: [...known, { emoji, count: 1, reacted: isMe }] } : {};
  }
  const next = { emoji, count: found.count + by, reacted: isMe ? by > 0 : found.reacted };
  const reactions = known.map((reaction) => (reaction === found ? next : reaction));
  return { reactions: reactions.filter(({ count }) => count > 0) };
}
