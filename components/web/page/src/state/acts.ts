/** What a reader does. Each act says what went wrong: in a notice, or to the form that asked for it. */

import { t } from "../i18n";
import { client } from "./client";
import { attempt, failure, notify } from "./notices";
import type { Room } from "./room";
import { nameOf } from "./rows";
import { address, go } from "./route";
import { me } from "./session";
import type { Channel, Message, Role } from "./types";

export function react(room: Room, message: Message, emoji: string): Promise<boolean> {
  const has = message.reactions?.some((reaction) => reaction.emoji === emoji && reaction.reacted) === true;
  return attempt(() => room.store.react(message.id, emoji, !has));
}

/** Begins to change a message, once all of it is at hand: what is known of a long one would replace the whole. */
export async function edit(room: Room, message: Message): Promise<void> {
  const isKnown = (): boolean => !message.truncated || (room.contents.of(message)?.text ?? message.text) != null;
  if (!isKnown() && !(await attempt(() => room.contents.read(message)))) return;
  if (isKnown()) room.editing.value = message;
  else notify(t("notWhole"));
}

export function remove(room: Room, message: Message): Promise<boolean> {
  if (!confirm(t("deleteSure"))) return Promise.resolve(false);
  return attempt(() => room.store.delete(message.id));
}

export function pin(room: Room, message: Message): Promise<boolean> {
  const { api } = client();
  const isPinned = room.pinned.value.has(message.id);
  return attempt(() => (isPinned ? api.unpinMessage(room.id, message.id) : api.pinMessage(room.id, message.id)));
}

export async function copyLink(message: Message): Promise<void> {
  const link = location.origin + address(message.channel_id, message.id);
  if (await attempt(() => navigator.clipboard.writeText(link))) notify(t("copied"));
}

export function removePreview(message: Message, preview: string): Promise<boolean> {
  return attempt(() => client().api.removePreview(message.channel_id, message.id, preview));
}

export function mute(row: Channel, muted: boolean): Promise<boolean> {
  return attempt(() => client().api.muteChannel(row.id, muted));
}

export function join(id: string): Promise<boolean> {
  return attempt(() => client().api.joinChannel(id));
}

export async function leave(row: Channel, isAsked = true): Promise<void> {
  if (isAsked && !confirm(t("leaveSure", { channel: nameOf(row) }))) return;
  if (await attempt(() => client().api.removeMember(row.id, "me"))) go();
}

export function invite(channel: string, who: string): Promise<string | undefined> {
  return failure(() => client().api.inviteMember(channel, { member_id: who }));
}

export function changeRole(channel: string, member: string, role: Role): Promise<boolean> {
  return attempt(() => client().api.changeMember(channel, member, { role }));
}

export function removeMember(channel: string, member: string, name: string): Promise<boolean> {
  if (!confirm(t("removeSure", { name }))) return Promise.resolve(false);
  return attempt(() => client().api.removeMember(channel, member));
}

export interface NewChannel {
  name: string;
  topic: string;
  microdao: string;
  visibility: Channel["visibility"];
}

export function create({ name, topic, microdao, visibility }: NewChannel): Promise<string | undefined> {
  const rest = { microdao_id: microdao, visibility, ...(topic !== "" && { topic }) };
  return failure(async () => go((await client().api.createChannel({ name, slug: slugOf(name), ...rest })).id));
}

export function createDirect(who: string, microdao: string): Promise<string | undefined> {
  const body = { is_direct: true, microdao_id: microdao, members: [who] };
  return failure(async () => go((await client().api.createChannel(body)).id));
}

/** A name as the part of an alias; of other letters than Latin ones little may be left, so time makes it a name of its own. */
function slugOf(name: string): string {
  const plain = name.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  return plain.length > 1 ? plain.slice(0, 80) : `${plain}${plain === "" ? "" : "-"}${Date.now().toString(36)}`;
}

export function isOwn(message: Message): boolean {
  return message.sender_id === me.value;
}
