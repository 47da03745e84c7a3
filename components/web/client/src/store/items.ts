/** What is drawn of a list of messages: messages, what is being sent, and where some are missing. */

import type { Message } from "../types.js";
import type { Queued, SendState } from "./outbox.js";
import type { Gap } from "./timeline.js";

/** A message, or one that the caller has sent and that is not confirmed yet. */
export interface MessageItem {
  readonly kind: "message";
  /** Stays the same when what was sent becomes a message of the channel. */
  readonly key: string;
  /** Until it is confirmed, `id` is `local:` and the key, and `seq` is larger than all. */
  readonly message: Message;
  readonly state: "sent" | SendState;
  /** Why it has failed. */
  readonly failure?: { code: string; detail: string };
}

/** Messages that were not read; the first one of a list when there are older ones. */
export interface GapItem {
  readonly kind: "gap";
  readonly key: string;
  readonly gap: Gap;
}

export type Item = MessageItem | GapItem;

/** Makes items, the same ones for the same messages. */
export class Items {
  #made = new Map<string, MessageItem>();
  #pending = new Map<string, MessageItem>();
  /** By message: the key under which it was sent from here. */
  readonly #keys = new Map<string, string>();

  /** A message is what was sent with a key. */
  became(message: string, key: string): void {
    this.#keys.set(message, key);
  }

  make(messages: readonly Message[], gaps: readonly Gap[], pending: readonly Queued[], echo: (queued: Queued) => Message): Item[] {
    const items: Item[] = [];
    const made = new Map<string, MessageItem>();
    let next = 0;
    const gapBefore = (seq: number): void => {
      for (; next < gaps.length && gaps[next]!.before <= seq; next += 1) {
        const gap = gaps[next]!;
        items.push({ kind: "gap", key: `gap:${gap.after}`, gap });
      }
    };
    for (const message of messages) {
      gapBefore(message.seq);
      const before = this.#made.get(message.id);
      const item = before?.message === message ? before : this.#sent(message);
      made.set(message.id, item);
      items.push(item);
    }
    gapBefore(Infinity);
    this.#made = made;
    const echoes = new Map<string, MessageItem>();
    for (const queued of pending) {
      const { key, state, failure } = queued;
      const before = this.#pending.get(key);
      const message = before?.message ?? echo(queued);
      const item: MessageItem = before?.state === state ? before : { kind: "message", key, message, state, ...(failure && { failure }) };
      echoes.set(key, item);
      items.push(item);
    }
    this.#pending = echoes;
    return items;
  }

  #sent(message: Message): MessageItem {
    return { kind: "message", key: this.#keys.get(message.id) ?? message.id, message, state: "sent" };
  }
}

/** Characters of a preview. */
const PREVIEW = 500;

/** What is shown of a message until the service has it. */
export function echo({ key, channel, body, at }: Queued, sender: string, name: { display_name: string | null; avatar_url: string | null } | undefined): Message {
  const characters = [...(body.text ?? body.file?.filename ?? "")];
  const { file } = body;
  return {
    id: `local:${key}`,
    channel_id: channel,
    seq: Number.MAX_SAFE_INTEGER,
    matrix_event_id: "",
    sender_id: sender,
    sender_type: sender.startsWith("agent:") ? "agent" : "human",
    sender_name: name?.display_name ?? null,
    sender_avatar_url: name?.avatar_url ?? null,
    content_preview: characters.slice(0, PREVIEW).join(""),
    text: body.text ?? null,
    is_encrypted: body.encrypted != null,
    truncated: characters.length > PREVIEW,
    content_type: (/^m\.(?!notice)(.*)/.exec(body.msgtype ?? "")?.[1] ?? "text") as Message["content_type"],
    thread_id: body.thread_id ?? null,
    reply_to: body.reply_to ?? null,
    edited_at: null,
    deleted_at: null,
    created_at: new Date(at).toISOString(),
    mentions: body.mentions ?? [],
    previews: [],
    poll_ended_at: null,
    reactions: [],
    file: file == null ? null : { ...EMPTY_FILE, ...file },
  };
}

const EMPTY_FILE = {
  filename: null,
  content_type: null,
  size: null,
  width: null,
  height: null,
  duration_ms: null,
  thumbnail_uri: null,
  blurhash: null,
  voice: null,
  is_encrypted: false,
};
