/** What the caller has sent and the service has not confirmed yet: in order for each channel, each message once. */

import type { NetworkError } from "../api/problem.js";
import { ProblemError } from "../api/problem.js";
import { clientKey } from "../client_key.js";
import type { Core } from "../options.js";
import { Backoff } from "../stream/backoff.js";
import type { Message, SendMessage } from "../types.js";
import type { QueueStorage } from "./storage.js";

export type SendState =
  /** It is on its way, or goes as soon as it can. */
  | "waiting"
  | "sending"
  /** The service refuses it. It is sent again or dropped when the application says so. */
  | "failed";

export interface Queued {
  /** Its `Idempotency-Key`, which it keeps whatever happens. */
  readonly key: string;
  readonly channel: string;
  readonly body: SendMessage;
  /** When it was sent, in milliseconds since 1970. */
  readonly at: number;
  state: SendState;
  /** Why it has failed, for people, and for programs. */
  failure?: { code: string; detail: string };
}

/** Failures of the service itself after which a message has failed. */
const FAULTS = 5;
/** The longest wait that is obeyed, in milliseconds. */
const LONGEST_WAIT = 300_000;
/** Messages that may wait in one channel. */
const WAITING = 1_000;

interface Lane {
  sends: Queued[];
  isRunning: boolean;
  abort: AbortController | undefined;
}

export class Outbox {
  readonly #lanes = new Map<string, Lane>();
  readonly #listeners = new Set<OutboxListener>();
  #wake = new Set<() => void>();
  #isClosed = false;
  readonly #deaf: () => void;
  /** Those of an earlier time are there. */
  readonly ready: Promise<void>;

  constructor(
    readonly core: Core,
    readonly storage?: QueueStorage,
  ) {
    this.#deaf = core.environment.onConnectivity(() => this.wake());
    this.ready = this.#restore();
  }

  /** What of a channel is not confirmed, in the order of sending. */
  of(channel: string): readonly Queued[] {
    return this.#lanes.get(channel)?.sends ?? [];
  }

  listen(listener: OutboxListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes a message; returns its key. */
  send(channel: string, body: SendMessage): string {
    const { environment } = this.core;
    if (this.of(channel).length >= WAITING) throw new RangeError("too many wait");
    const queued: Queued = { key: environment.uuid(), channel, body, at: environment.now(), state: "waiting" };
    this.#lane(channel).sends.push(queued);
    this.#keep(queued);
    this.#changed(channel);
    void this.#run(channel);
    return queued.key;
  }

  /** Sends one that has failed again, with its key: should the service have it after all, it is not doubled. */
  resend(channel: string, key: string): void {
    const queued = this.of(channel).find((one) => one.key === key);
    if (queued?.state !== "failed") return;
    queued.state = "waiting";
    delete queued.failure;
    this.#keep(queued);
    this.#changed(channel);
    void this.#run(channel);
  }

  /** Forgets one that is not on its way at the moment; `false` when it is. */
  drop(channel: string, key: string): boolean {
    const queued = this.of(channel).find((one) => one.key === key);
    if (queued === undefined) return true;
    if (queued.state === "sending") return false;
    this.#remove(queued);
    return true;
  }

  /** A message has come in some other way: whether it is one of these, which is then confirmed. */
  confirm(message: Message): string | undefined {
    const { caller } = this.core;
    if (caller === undefined || message.client_key === undefined || message.sender_id !== caller) return undefined;
    const queued = this.of(message.channel_id).find(({ key }) => clientKey(caller, key) === message.client_key);
    if (queued === undefined) return undefined;
    const isSending = queued.state === "sending";
    this.#remove(queued);
    if (isSending) this.#lanes.get(queued.channel)?.abort?.abort();
    this.wake();
    return queued.key;
  }

  /** Tries at once what waits: the connection is back. */
  wake(): void {
    const waiting = this.#wake;
    this.#wake = new Set();
    waiting.forEach((go) => go());
  }

  close(): void {
    this.#isClosed = true;
    this.#deaf();
    this.#lanes.forEach(({ abort }) => abort?.abort());
    this.wake();
  }

  async #restore(): Promise<void> {
    const kept: Queued[] = [];
    await this.#stored(async (storage) => {
      for (const text of await storage.all()) {
        // What cannot be read cannot be sent, and harms nothing else.
        await this.#stored(() => {
          const queued = JSON.parse(text) as Queued;
          if (queued.key && queued.channel && queued.body && queued.at > 0) kept.push(queued);
        });
      }
    });
    // In front of what was sent since this program began.
    for (const queued of kept.sort((one, other) => one.at - other.at).reverse()) {
      if (queued.state !== "failed") queued.state = "waiting";
      this.#lane(queued.channel).sends.unshift(queued);
      this.#changed(queued.channel);
      void this.#run(queued.channel);
    }
  }

  /** Sends what waits in a channel, one after the other, so that they are in their order there. */
  async #run(channel: string): Promise<void> {
    const lane = this.#lane(channel);
    if (lane.isRunning) return;
    lane.isRunning = true;
    await this.ready;
    const backoff = new Backoff(this.core.environment.random);
    for (let faults = 0; !this.#isClosed; ) {
      const queued = lane.sends.find(({ state }) => state === "waiting");
      if (queued === undefined) break;
      if (!this.core.environment.online()) {
        await this.#sleep(Infinity);
        continue;
      }
      queued.state = "sending";
      this.#changed(channel);
      lane.abort = new AbortController();
      try {
        const options = { key: queued.key, attempts: 1, signal: lane.abort.signal };
        const message = await this.core.api.sendMessage(channel, queued.body, options);
        backoff.reset();
        faults = 0;
        if (lane.sends.includes(queued)) this.#remove(queued, message);
      } catch (error) {
        if (!lane.sends.includes(queued)) continue;
        const failure = error as ProblemError | NetworkError;
        if (failure instanceof ProblemError && failure.status === 500) faults += 1;
        // Another attempt would end in the same way: refused, or a token that is not taken when it is new either.
        if (failure.isFinal || (failure as ProblemError).status === 401 || faults >= FAULTS) {
          const { code, detail } = failure as ProblemError;
          queued.failure = { code, detail };
          queued.state = "failed";
          this.#keep(queued);
          this.#changed(channel);
          faults = 0;
          continue;
        }
        queued.state = "waiting";
        this.#changed(channel);
        const asked = Math.min((failure.retryAfter ?? 0) * 1_000, LONGEST_WAIT);
        await this.#sleep(asked + backoff.next());
      }
    }
    lane.isRunning = false;
  }

  #remove(queued: Queued, message?: Message): void {
    const { sends } = this.#lane(queued.channel);
    sends.splice(sends.indexOf(queued), 1);
    void this.#stored((storage) => storage.delete(queued.key));
    if (message !== undefined) this.#listeners.forEach(({ sent }) => sent(message, queued.key));
    this.#changed(queued.channel);
  }

  #keep(queued: Queued): void {
    void this.#stored((storage) => storage.put(queued.key, JSON.stringify(queued)));
  }

  /** A storage that is full or forbidden keeps nothing, and harms nothing. */
  async #stored(act: (storage: QueueStorage) => Promise<void> | void): Promise<void> {
    try {
      if (this.storage !== undefined) await act(this.storage);
    } catch {
      // The message goes all the same, unless the program ends first.
    }
  }

  #changed(channel: string): void {
    this.#listeners.forEach(({ changed }) => changed(channel));
  }

  #lane(channel: string): Lane {
    const lane = this.#lanes.get(channel) ?? { sends: [], isRunning: false, abort: undefined };
    this.#lanes.set(channel, lane);
    return lane;
  }

  /** Until the time is over, or something gives hope. */
  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = Number.isFinite(milliseconds) ? this.core.environment.after(milliseconds, () => go()) : undefined;
      const go = (): void => {
        cancel?.();
        this.#wake.delete(go);
        resolve();
      };
      this.#wake.add(go);
    });
  }
}

export interface OutboxListener {
  changed(channel: string): void;
  /** The service has confirmed one. */
  sent(message: Message, key: string): void;
}
