/** The reactions under messages: counted exactly, although pages tell counts and events tell changes. */

import type { ReactionEvent } from "../stream/frames.js";
import type { Reaction, ReactionCount } from "../types.js";

/** Who reacted, or took it back. */
export type Reacted = Pick<ReactionEvent, "type" | "message_id" | "emoji" | "reactor_id">;

/** Messages whose reactors are remembered. */
const REMEMBERED = 5_000;

export class Reactors {
  /** By message, then by emoji without variation selectors: who reacted so. */
  readonly #known = new Map<string, Map<string, Set<string>>>();

  forget(message?: string): void {
    if (message === undefined) this.#known.clear();
    else this.#known.delete(message);
  }

  /** Of a message that has just come nobody's reaction was missed. */
  begin(message: string): void {
    // Those that are forgotten are read again when it matters.
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    if (!this.#known.has(message)) this.#known.set(message, new Map());
  }

  /** What `GET …/reactions` tells. */
  learn(message: string, reactions: Reaction[]): ReactionCount[] {
    this.#known.set(message, new Map(reactions.map(({ emoji, reactors }) => [plain(emoji), new Set(reactors)])));
    return reactions.map(({ reactors: _, ...count }) => count);
  }

  /**
   * The counts after an event; `undefined` when it is not known whether `counts` have it already: then they have to be
   * read. `isNew` says that they have not.
   */
  apply(counts: ReactionCount[], event: Reacted, caller: string | undefined, isNew: boolean): ReactionCount[] | undefined {
    const isAdded = event.type === "reaction.added";
    const isMine = event.reactor_id === caller;
    const current = counts.find(({ emoji }) => plain(emoji) === plain(event.emoji));
    const emojis = this.#known.get(event.message_id);
    if (emojis !== undefined) {
      const reactors = emojis.get(plain(event.emoji)) ?? new Set<string>();
      emojis.set(plain(event.emoji), reactors);
      if (reactors.has(event.reactor_id) === isAdded) return counts;
      if (isAdded) reactors.add(event.reactor_id);
      else reactors.delete(event.reactor_id);
    } else if (isMine) {
      // Of the caller one knows it.
      if ((current?.reacted ?? false) === isAdded) return counts;
    } else if (!isNew) {
      return undefined;
    }
    return changed(counts, event.emoji, isAdded ? 1 : -1, isMine ? isAdded : undefined);
  }
}

/** Counts with one more or one less of an emoji. */
function changed(counts: ReactionCount[], emoji: string, by: 1 | -1, reacted?: boolean): ReactionCount[] {
  const current = counts.find((one) => plain(one.emoji) === plain(emoji));
  if (current === undefined) return by > 0 ? [...counts, { emoji, count: 1, reacted: reacted ?? false }] : counts;
  const next = { ...current, count: current.count + by, reacted: reacted ?? current.reacted };
  return counts.flatMap((one) => (one !== current ? [one] : next.count > 0 ? [next] : []));
}

/** With and without a variation selector an emoji is the same one. */
function plain(emoji: string): string {
  return emoji.replaceAll("\ufe0f", "");
}
