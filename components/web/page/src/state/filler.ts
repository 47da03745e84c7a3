/** Asks for the content of messages that are on the screen and have come without it: many at once, and not while one scrolls. */

import { api } from "./api";
import type { Message } from "./types";

/** Messages whose content one page has; the service's bound. */
const MOST = 50;
/** How long nothing else is wanted before a page is asked for. */
const RESTS = 180;

export class Filler {
  #wanted = new Map<number, Message>();
  /** What was asked for is not asked for again: where Matrix has no answer, what the index knows stays. */
  readonly #asked = new Set<string>();
  #channel = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(readonly fill: (page: Message[]) => void) {}

  want(channel: string, messages: readonly Message[]): void {
    this.#channel = channel;
    const fresh = messages.filter((message) => !this.#asked.has(`${message.id} ${message.edited_at ?? ""}`));
    if (fresh.length === 0) return;
    for (const message of fresh) this.#wanted.set(message.seq, message);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), RESTS);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** One page ends with the newest that is wanted. Those that it does not reach are wanted again when they are shown. */
  async #ask(): Promise<void> {
    const newest = Math.max(...this.#wanted.keys());
    const wanted = this.#wanted;
    this.#wanted = new Map();
    const page = await api.messages(this.#channel, { limit: Math.min(MOST, wanted.size + 10), before: newest + 1, content: true }).catch(() => []);
    const oldest = page.at(-1)?.seq ?? Infinity;
    for (const [seq, message] of wanted) {
      if (seq >= oldest) this.#asked.add(`${message.id} ${message.edited_at ?? ""}`);
    }
    if (!this.#stopped && page.length > 0) this.fill(page);
  }
}
