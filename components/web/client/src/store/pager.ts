/** Reads pages of messages into a timeline, while events go on. */

import type { ChannelEvent } from "../stream/frames.js";
import type { Message } from "../types.js";
import type { Gap, Timeline } from "./timeline.js";

/** Where a page is, as the API takes it; a message's number or id. */
export interface Place {
  before?: string;
  after?: string;
  limit: number;
}

/** Behind everything. */
const END = Number.MAX_SAFE_INTEGER;
/** Events that are remembered while pages are read. */
const EVENTS = 2_000;

export class Pager {
  /** Tells what was read from what was read before everything was forgotten. */
  #generation = 0;
  #reading = 0;
  /** What came while pages were read, of which they may know nothing. */
  #meanwhile: ChannelEvent[] = [];
  readonly #running = new Map<string, Promise<unknown>>();

  constructor(
    readonly timeline: Timeline,
    /** Reads a page, newest first. */
    readonly read: (place: Place) => Promise<Message[]>,
    /** Whether a message that was read is shown; it may have been deleted since. */
    readonly shows: (message: Message) => boolean,
    /** Applies an event again, to what has been read by now. */
    readonly replay: (event: ChannelEvent) => void,
    readonly changed: () => void,
  ) {}

  get isReading(): boolean {
    return this.#reading > 0;
  }

  /** Pages that are on their way are of no use any more. */
  reset(): void {
    this.#generation += 1;
    this.#meanwhile = [];
  }

  heard(event: ChannelEvent): void {
    if (this.#reading === 0) return;
    this.#meanwhile.push(event);
    // More than that, and the pages are read anew when they are asked for.
    if (this.#meanwhile.length > EVENTS) this.reset();
  }

  /** Reads the newest messages of a gap, or its oldest ones. */
  fill(gap: Gap, limit: number, end: "newest" | "oldest" = "newest"): Promise<void> {
    return this.#once(`${end} ${gap.after} ${gap.before}`, async (put) => {
      const place = end === "newest" ? { before: String(gap.before) } : { after: String(gap.after) };
      const items = await this.read({ ...place, limit });
      const isShort = items.length < limit;
      if (end === "newest") put(items, isShort ? 0 : items.at(-1)!.seq - 1, gap.before);
      else put(items, gap.after, isShort ? gap.before : items[0]!.seq + 1);
    });
  }

  /** Reads what is around a message, which is named by its number or id. */
  around(at: string, limit: number): Promise<void> {
    return this.#once(`around ${at}`, async (put) => {
      const older = await this.read({ before: at, limit });
      const middle = older[0]?.seq ?? 0;
      // Its number need not be known: it is the first one behind those.
      const newer = await this.read({ after: String(middle), limit });
      put(older, older.length < limit ? 0 : older.at(-1)!.seq - 1, middle + 1);
      put(newer, middle, newer.length < limit ? END : newer[0]!.seq + 1);
    });
  }

  /** The same asked for twice is read once. */
  #once(name: string, act: (put: (items: Message[], after: number, before: number) => void) => Promise<void>): Promise<void> {
    const running = this.#running.get(name) as Promise<void> | undefined;
    if (running !== undefined) return running;
    const generation = this.#generation;
    this.#reading += 1;
    this.changed();
    const read = act((items, after, before) => {
      if (generation === this.#generation) this.timeline.fill(items.filter(this.shows), after, before);
    }).finally(() => {
      this.#running.delete(name);
      this.#reading -= 1;
      if (generation === this.#generation) this.#meanwhile.forEach(this.replay);
      if (this.#reading === 0) this.#meanwhile = [];
      this.changed();
    });
    this.#running.set(name, read);
    return read;
  }
}
