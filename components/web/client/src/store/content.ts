/** Whole texts and HTML of messages, which events do not carry: read together, a moment after them. */

import type { Core } from "../options.js";
import type { Message } from "../types.js";

/** Messages of a page with content. */
const PAGE = 50;
/** How long messages are gathered, in milliseconds. */
const GATHER = 30;

/** A row that may be newer than its content: without it. */
export function withoutContent({ source: _, text: __, formatted_body: ___, content: ____, ...row }: Message): Message {
  return row;
}

export class Contents {
  readonly #wanted = new Map<string, Message>();
  #isReading = false;

  constructor(
    readonly core: Core,
    readonly channel: string,
    readonly apply: (message: Message) => void,
  ) {}

  want(message: Message): void {
    if (message.deleted_at !== null) return;
    this.#wanted.set(message.id, message);
    if (this.#isReading) return;
    this.#isReading = true;
    this.core.environment.after(GATHER, () => void this.#read());
  }

  reset(): void {
    this.#wanted.clear();
  }

  async #read(): Promise<void> {
    while (this.#wanted.size > 0) {
      const wanted = [...this.#wanted.values()];
      const top = Math.max(...wanted.map(({ seq }) => seq));
      const limit = Math.min(PAGE, wanted.length);
      try {
        const query = { before: String(top + 1), limit, include: "content" as const };
        const { items } = await this.core.api.listMessages(this.channel, query).first();
        for (const message of items) {
          this.#wanted.delete(message.id);
          this.apply(message);
        }
        // What should be on the page and is not was deleted; what changed again meanwhile is asked for by its event.
        const bottom = items.length < limit ? 0 : items.at(-1)!.seq;
        for (const message of wanted) if (message.seq >= bottom) this.#wanted.delete(message.id);
      } catch {
        // The beginning of each text is there; a message that is looked at is read by itself.
        this.#wanted.clear();
      }
    }
    this.#isReading = false;
  }
}
