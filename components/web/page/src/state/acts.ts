/** What a reader does in a channel. Each says what went wrong, where something did. */

import { t } from "../i18n";
import * as channels from "./channels";
import { attempt, notify } from "./notices";
import type { Room } from "./room";
import { address, go } from "./route";
import { me } from "./session";
import { service } from "./service";
import { open } from "./rooms";
import type { Channel, Message, Role } from "./types";

function api() {
  return service().core.api;
}

export function react(message: Message, emoji: string): Promise<boolean> {
  const has = message.reactions?.some((reaction) => reaction.emoji === emoji && reaction.reacted) === true;
  const { channel_id, id } = message;
  return attempt(() => (has ? api().removeReaction(channel_id, id, emoji) : api().addReaction(channel_id, id, emoji)));
}

export async function edit(message: Message, text: string): Promise<boolean> {
  return attempt(async () => {
    const row = await api().editMessage(message.channel_id, message.id, { text });
    if (open.value?.id === message.channel_id) open.value.learn(row);
  });
}

export function remove(message: Message): Promise<boolean> {
  if (!confirm(t("deleteSure"))) return Promise.resolve(false);
  return attempt(() => api().deleteMessage(message.channel_id, message.id));
}

export function pin(room: Room, message: Message): Promise<boolean> {
  const isPinned = room.pins.value.has(message.id);
  return attempt(() => (isPinned ? api().unpinMessage(room.id, message.id) : api().pinMessage(room.id, message.id)));
}

export async function copyLink(message: Message): Promise<void> {
  const link = location.origin + address(message.channel_id, message.id);
  const copied = await attempt(() => navigator.clipboard.writeText(link));
  if (copied) notify(t("copied"));
}

export function removePreview(message: Message, preview: string): Promise<boolean> {
  return attempt(() => api().removePreview(message.channel_id, message.id, preview));
}

/** Lets the others see that everything up to this number was read, unless that is known. */
export async function markRead(channel: string, seq: number): Promise<void> {
  const row = channels.channel(channel);
  if (row === undefined || !channels.isJoined(row)) return;
  if ((row.read_seq ?? 0) >= seq && row.marked_unread !== true && (row.unread_count ?? 0) === 0) return;
  await api().markRead(channel, { seq }).then(channels.read, () => undefined);
}

export function mute(row: Channel): Promise<boolean> {
  return attempt(async () => channels.read(await api().muteChannel(row.id, row.muted !== true)));
}

export function markUnread(row: Channel): Promise<boolean> {
  return attempt(async () => channels.read(await api().markUnread(row.id)));
}

export function join(id: string): Promise<boolean> {
  return attempt(async () => {
    await api().joinChannel(id);
    const row = await channels.refresh(id);
    if (row !== undefined) service().follow(row);
  });
}

export async function leave(row: Channel, isAsked = true): Promise<void> {
  if (isAsked && !confirm(t("leaveSure", { channel: channels.nameOf(row) }))) return;
  const left = await attempt(() => api().removeMember(row.id, "me"));
  if (!left) return;
  service().unfollow(row.id);
  channels.drop(row.id);
  go();
}

export function invite(channel: string, who: string): Promise<boolean> {
  return attempt(() => api().inviteMember(channel, { member_id: who }));
}

export function changeRole(channel: string, member: string, role: Role): Promise<boolean> {
  return attempt(() => api().changeMember(channel, member, { role }));
}

export function removeMember(channel: string, member: string, name: string): Promise<boolean> {
  if (!confirm(t("removeSure", { name }))) return Promise.resolve(false);
  return attempt(() => api().removeMember(channel, member));
}

export interface NewChannel {
  name: string;
  topic: string;
  microdao: string;
  visibility: Channel["visibility"];
}

export function create({ name, topic, microdao, visibility }: NewChannel): Promise<boolean> {
  const slug = slugOf(name);
  const rest = { microdao_id: microdao, visibility, ...(topic !== "" && { topic }) };
  return attempt(async () => opened(await api().createChannel({ name, slug, ...rest })));
}

export function createDirect(who: string, microdao: string): Promise<boolean> {
  const body = { is_direct: true, microdao_id: microdao, members: [who] };
  return attempt(async () => opened(await api().createChannel(body)));
}

function opened(row: Channel): void {
  channels.put(row);
  void channels.refresh(row.id).then((whole) => whole !== undefined && service().follow(whole));
  go(row.id);
}

/** A name as the part of an alias; of other letters than Latin ones little may be left, so time makes it a name of its own. */
function slugOf(name: string): string {
  const plain = name.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  return plain.length > 1 ? plain.slice(0, 80) : `${plain}${plain === "" ? "" : "-"}${Date.now().toString(36)}`;
}

let typedAt = 0;

/** Says that one types, every few seconds while one does. */
export function types(channel: string, typing: boolean): void {
  const now = Date.now();
  if (typing && now - typedAt < 3_000) return;
  if (!typing && typedAt === 0) return;
  typedAt = typing ? now : 0;
  service().stream.typing(channel, typing);
}

export function isOwn(message: Message): boolean {
  return message.sender_id === me.value;
}
