/** The list of channels, kept up to date by what their streams and the caller's own frames tell. */

import { computed, signal } from "@preact/signals";
import { api } from "./api";
import { learn, person } from "./names";
import { me } from "./session";
import type { Channel, Member, Message, Reading } from "./types";

/** Rows that are kept; whoever is in more channels finds the rest by search. */
const MOST = 1_000;

/** Of those that one may see and has not joined. */
const NEWEST = 200;

const rows = signal<ReadonlyMap<string, Channel>>(new Map());
export const loaded = signal(false);

/** Where somebody wrote last is on top. */
export const list = computed(() => [...rows.value.values()].filter(isMine).sort((one, other) => activity(other) - activity(one)));

export function channel(id: string | undefined): Channel | undefined {
  return id === undefined ? undefined : rows.value.get(id);
}

/** A direct channel is called as the other one is. */
export function nameOf(row: Channel): string {
  return row.is_direct && row.direct_member_id != null ? person(row.direct_member_id).name : row.name;
}

export function isMine(row: Channel): boolean {
  return row.membership != null && row.archived_at === null;
}

export function isJoined(row: Channel): boolean {
  return row.membership?.joined_at != null;
}

/** What one may join. */
export const others = computed(() => [...rows.value.values()].filter((row) => row.membership == null && row.archived_at === null));

function activity(row: Channel): number {
  return Date.parse(row.last_message?.created_at ?? row.membership?.invited_at ?? row.created_at);
}

/** Reads the whole list; returns the channels that the caller has joined. */
export async function load(): Promise<Channel[]> {
  // A list of those that one has joined has no invitations; those are among the newest of all.
  const [found, newest] = await Promise.all([
    api.channels({ joined: true, order: "activity" }, MOST),
    api.channels({ order: "created" }, NEWEST),
  ]);
  const next = new Map([...rows.value, ...newest.map((row) => [row.id, row] as const), ...found.map((row) => [row.id, row] as const)]);
  for (const row of found) if (row.last_message) heard(row.last_message);
  rows.value = next;
  loaded.value = true;
  return found;
}

function heard(message: Message): void {
  learn(message.sender_id, message.sender_name, message.sender_avatar_url);
}

/** Puts rows in, whole. */
export function put(...changed: Channel[]): void {
  const next = new Map(rows.value);
  for (const row of changed) {
    next.set(row.id, { ...next.get(row.id), ...row });
    if (row.last_message) heard(row.last_message);
  }
  rows.value = next;
}

export function change(id: string, how: (row: Channel) => Partial<Channel>): void {
  const row = rows.value.get(id);
  if (row !== undefined) put({ ...row, ...how(row) });
}

export function drop(id: string): void {
  const next = new Map(rows.value);
  next.delete(id);
  rows.value = next;
}

export function clear(): void {
  rows.value = new Map();
  loaded.value = false;
}

/** A channel anew, as one reads it by its id; dropped where one may not. */
export async function refresh(id: string): Promise<Channel | undefined> {
  try {
    const row = await api.channel(id);
    put(row);
    return row;
  } catch (error) {
    if ((error as { status?: number }).status === 404) drop(id);
    return undefined;
  }
}

/** A message has come, on whatever way; `isSeen` when the reader has it before them. */
export function came(message: Message, seq: number, isSeen: boolean): void {
  heard(message);
  change(message.channel_id, (row) => {
    if (seq <= (row.last_seq ?? 0)) return {};
    const isMine = message.sender_id === me.value;
    const counts = isMine || isSeen ? 0 : 1;
    const isMeant = message.mentions.some((who) => who === me.value || who === "room");
    return {
      last_seq: seq,
      last_message: message,
      unread_count: (row.unread_count ?? 0) + counts,
      mention_count: (row.mention_count ?? 0) + (isMeant ? counts : 0),
    };
  });
}

/** The last message reads differently now, or is gone. */
export function changed(message: Message): void {
  const row = rows.value.get(message.channel_id);
  if (row?.last_message?.id !== message.id) return;
  if (message.deleted_at === null) put({ ...row, last_message: message });
  else void refresh(row.id);
}

export function read(reading: Omit<Reading, "updated_at">): void {
  const { channel_id, read_seq, unread_count, mention_count, marked_unread, muted } = reading;
  change(channel_id, () => ({ read_seq, unread_count, mention_count, marked_unread, muted }));
}

/** The caller's own rights have changed. */
export function became(member: Member): void {
  if (member.member_id !== me.value) return;
  if (member.left_at !== null) change(member.channel_id, () => ({ membership: null }));
  else void refresh(member.channel_id);
}
