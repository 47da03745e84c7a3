/** Messages in the order of their numbers, and where some between them are not known. */

import type { Message } from "../types.js";

/** Messages behind `after` and before `before` that were not read; `after` is 0 at the channel's beginning. */
export interface Gap {
  after: number;
  before: number;
}

export class Timeline {
  readonly #byId = new Map<string, Message>();
  #sorted: Message[] = [];
  #gaps: Gap[] = [];
  #ofReset = new Set<string>();

  get messages(): readonly Message[] {
    return this.#sorted;
  }

  /** In their order. */
  get gaps(): readonly Gap[] {
    return this.#gaps;
  }

  get(id: string): Message | undefined {
    return this.#byId.get(id);
  }

  /** Forgets everything for these messages, oldest first, behind which nothing is missing. */
  reset(messages: readonly Message[], isComplete: boolean): void {
    this.#byId.clear();
    for (const message of messages) this.#byId.set(message.id, message);
    this.#sorted = [...messages];
    this.#ofReset = new Set(messages.map(({ id }) => id));
    this.#gaps = isComplete ? [] : [{ after: 0, before: messages[0]?.seq ?? Number.MAX_SAFE_INTEGER }];
  }

  /** Whether a message came with the last [`reset`], and not with a page since. */
  isOfReset(id: string): boolean {
    return this.#ofReset.has(id);
  }

  /** The number from which on nothing is missing; 1 when that is everything. */
  get reach(): number {
    return this.#gaps.at(-1)?.before ?? 1;
  }

  put(message: Message): void {
    const sorted = [...this.#sorted];
    let place = sorted.length;
    // Most are new, so the place is looked for from the end.
    while (place > 0 && sorted[place - 1]!.seq >= message.seq) place -= 1;
    sorted.splice(place, this.#byId.has(message.id) ? 1 : 0, message);
    this.#byId.set(message.id, message);
    this.#sorted = sorted;
  }

  delete(id: string): void {
    if (this.#byId.delete(id)) this.#sorted = this.#sorted.filter((message) => message.id !== id);
  }

  /** Whether everything from this number on is known. */
  reaches(seq: number): boolean {
    return this.reach <= seq + 1;
  }

  /** Messages with `seq` in a range were read: nothing between these bounds, which are left out, is missing now. */
  fill(messages: readonly Message[], after: number, before: number): void {
    const numbers = new Map(this.#sorted.map((message) => [message.seq, message]));
    for (const message of messages) {
      numbers.set(message.seq, message);
      this.#byId.set(message.id, message);
      this.#ofReset.delete(message.id);
    }
    this.#sorted = [...numbers.values()].sort((one, other) => one.seq - other.seq);
    this.#gaps = this.#gaps.flatMap((gap) => cut(gap, after, before));
  }
}

/** What is left of a gap when everything behind `after` and before `before` is known. */
function cut(gap: Gap, after: number, before: number): Gap[] {
  if (before <= gap.after + 1 || after >= gap.before - 1) return [gap];
  const rest: Gap[] = [];
  if (gap.after + 1 < after + 1) rest.push({ after: gap.after, before: after + 1 });
  if (before < gap.before) rest.push({ after: before - 1, before: gap.before });
  return rest.filter((one) => one.before - one.after > 1);
}
