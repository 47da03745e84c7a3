/** The rows of the timeline: messages, and what stands between them. */

import type { Queued } from "../../../client/src/store/outbox";
import { dayOf } from "../i18n/time";
import type { Message } from "../state/types";

export type Entry =
  | { key: string; kind: "beginning" | "loading" | "unread" }
  | { key: string; kind: "day"; time: string }
  /** `follows`: the sender has just said something else, so that the name is not said again. */
  | { key: string; kind: "message"; message: Message; follows: boolean; isLast: boolean }
  | { key: string; kind: "queued"; queued: Queued };

/** How long somebody goes on with the same breath, in milliseconds. */
const BREATH = 5 * 60_000;

interface Surroundings {
  hasOlder: boolean;
  /** The last number that was read, and whose messages count as read. */
  unreadAfter: number | undefined;
  me: string;
  queued: readonly Queued[];
}

export function entries(messages: readonly Message[], around: Surroundings): Entry[] {
  const list: Entry[] = [{ key: "top", kind: around.hasOlder ? "loading" : "beginning" }];
  let before: Message | undefined;
  let isMarked = around.unreadAfter === undefined;
  const last = messages.at(-1);
  for (const message of messages) {
    const isNewDay = before === undefined || dayOf(before.created_at) !== dayOf(message.created_at);
    if (isNewDay) list.push({ key: `day ${message.created_at.slice(0, 10)} ${message.id}`, kind: "day", time: message.created_at });
    if (!isMarked && message.seq > (around.unreadAfter ?? 0) && message.sender_id !== around.me) {
      isMarked = true;
      // At the very beginning everything is new, and nothing to be told from it.
      if (before !== undefined) list.push({ key: "unread", kind: "unread" });
      before = undefined;
    }
    const follows =
      before !== undefined &&
      !isNewDay &&
      before.sender_id === message.sender_id &&
      before.deleted_at === null &&
      message.reply_to === null &&
      Date.parse(message.created_at) - Date.parse(before.created_at) < BREATH;
    list.push({ key: message.id, kind: "message", message, follows, isLast: message === last });
    before = message;
  }
  for (const queued of around.queued) list.push({ key: queued.key, kind: "queued", queued });
  return list;
}
