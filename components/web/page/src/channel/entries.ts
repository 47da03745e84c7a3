/** The rows of the timeline: messages, and what stands between them. */

import { dayOf } from "../i18n/time";
import type { Item, Message, MessageItem } from "../state/types";

export type Entry =
  | { key: string; kind: "beginning" | "unread" }
  | { key: string; kind: "gap"; item: Extract<Item, { kind: "gap" }>; isFirst: boolean }
  | { key: string; kind: "day"; time: string }
  /** `follows`: the sender has just said something else, so that the name is not said again. */
  | { key: string; kind: "message"; item: MessageItem; follows: boolean; isLast: boolean };

/** How long somebody goes on with the same breath, in milliseconds. */
const BREATH = 5 * 60_000;

/** `unreadAfter` is the last number that was read; what `me` has sent counts as read. */
export function entries(items: readonly Item[], unreadAfter: number | undefined, me: string): Entry[] {
  const list: Entry[] = [];
  if (items[0]?.kind !== "gap") list.push({ key: "top", kind: "beginning" });
  let before: Message | undefined;
  let isMarked = unreadAfter === undefined;
  for (const item of items) {
    if (item.kind === "gap") {
      list.push({ key: item.key, kind: "gap", item, isFirst: item === items[0] });
      before = undefined;
      continue;
    }
    const { message } = item;
    const isNewDay = before === undefined || dayOf(before.created_at) !== dayOf(message.created_at);
    if (isNewDay) list.push({ key: `day ${item.key}`, kind: "day", time: message.created_at });
    if (!isMarked && message.seq > (unreadAfter ?? 0) && message.sender_id !== me) {
      isMarked = true;
      // At the very beginning everything is new, and nothing to be told from it.
      if (before !== undefined && item.state === "sent") list.push({ key: "unread", kind: "unread" });
      before = undefined;
    }
    const follows =
      before !== undefined &&
      !isNewDay &&
      before.sender_id === message.sender_id &&
      message.reply_to === null &&
      Date.parse(message.created_at) - Date.parse(before.created_at) < BREATH;
    list.push({ key: item.key, kind: "message", item, follows, isLast: item === items.at(-1) });
    before = message;
  }
  return list;
}
