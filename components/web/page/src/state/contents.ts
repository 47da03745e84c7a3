/**
 * The whole text and HTML of messages, of those that are on the screen alone: pages come from the index and are there at
 * once, their content comes from Matrix. It is asked for many at a time, and not while one scrolls.
 */

import { signal, type Signal } from "@preact/signals";
import { client } from "./client";
import type { Message } from "./types";

export interface Content {
  text: string | null;
  html: string | null;
}

/** Messages whose content one page has; the service's bound. */
const MOST = 50;
/** How long nothing else is wanted before a page is asked for, in milliseconds. */
const RESTS = 150;

interface Entry {
  edited: string | null;
  content: Signal<Content | undefined>;
}

export class Contents {
  readonly #known = new Map<string, Entry>();
  #wanted = new Map<number, Message>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly channel: string) {}

  /** What a message says in full, once that is known. */
  of(message: Message): Content | undefined {
    const { content, edited } = this.#entry(message);
    const known = content.value;
    return edited === message.edited_at ? known : undefined;
  }

  /** These are on the screen. */
  show(messages: readonly Message[]): void {
    for (const message of messages) {
      const known = this.#known.get(message.id);
      if (known?.edited === message.edited_at || !hasContent(message)) continue;
      this.#wanted.set(message.seq, message);
    }
    if (this.#wanted.size === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), RESTS);
  }

  /** One message's, which somebody has asked for. */
  async read(message: Message): Promise<Content> {
    return this.#put(await client().api.getMessage(this.channel, message.id));
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  /** One page ends with the newest that is wanted. Those that it does not reach are wanted again when they are shown. */
  async #ask(): Promise<void> {
    const wanted = [...this.#wanted.values()].sort((one, other) => other.seq - one.seq);
    this.#wanted.clear();
    const first = wanted[0];
    if (first === undefined) return;
    const span = Math.min(MOST, wanted.length + 8);
    const query = { include: "content", before: String(first.seq + 1), limit: span } as const;
    const page = await client().api.listMessages(this.channel, query).first().catch(() => undefined);
    if (page === undefined) return;
    // Where Matrix has no answer, what the index knows stays, and is not asked for again.
    const oldest = page.items.at(-1)?.seq ?? Infinity;
    for (const message of wanted) if (message.seq >= oldest) this.#entry(message).edited = message.edited_at;
    for (const message of page.items) this.#put(message);
  }

  #put(message: Message): Content {
    const entry = this.#entry(message);
    const content = { text: message.text ?? null, html: message.formatted_body ?? null };
    entry.edited = message.edited_at;
    entry.content.value = content;
    return content;
  }

  #entry({ id }: Message): Entry {
    let entry = this.#known.get(id);
    // Never edited is not the same as not read.
    if (entry === undefined) this.#known.set(id, (entry = { edited: "", content: signal(undefined) }));
    return entry;
  }
}

function hasContent(message: Message): boolean {
  return !message.is_encrypted && message.deleted_at === null && message.seq < Number.MAX_SAFE_INTEGER;
}
