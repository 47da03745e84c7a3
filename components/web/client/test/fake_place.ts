/** A place without a network or a clock: time passes when a test says so, and chance has a seed. */

import type { Environment, Socket, Upload } from "../src/environment.js";

export class FakePlace implements Environment {
  time = Date.UTC(2026, 0, 1);
  connected = true;
  /** Every socket that was asked for. */
  readonly sockets: FakeSocket[] = [];
  #timers: { at: number; call: () => void }[] = [];
  #listeners = new Set<() => void>();
  #state: number;
  #uuids = 0;

  constructor(
    seed = 1,
    /** A body, a whole response, a promise of one, or nothing: then there is no network. */
    readonly respond: (address: string, init: RequestInit) => unknown = () => undefined,
    readonly accept: (socket: FakeSocket) => void = () => undefined,
  ) {
    this.#state = seed;
  }

  now(): number {
    return this.time;
  }

  /** mulberry32 */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(bound: number): number {
    return Math.floor(this.random() * bound);
  }

  after(milliseconds: number, call: () => void): () => void {
    const timer = { at: this.time + milliseconds, call };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  open(address: string, protocols: string[]): Socket {
    const socket = new FakeSocket(address, protocols, this.time);
    this.sockets.push(socket);
    this.accept(socket);
    return socket;
  }

  uuid(): string {
    return `00000000-0000-4000-8000-${String((this.#uuids += 1)).padStart(12, "0")}`;
  }

  async fetch(address: string, init: RequestInit): Promise<Response> {
    const body = await this.respond(address, init);
    if (body === undefined) throw new TypeError("no network");
    return body instanceof Response ? body : new Response(JSON.stringify(body));
  }

  upload(address: string, { headers, body, progress }: Upload): Promise<Response> {
    progress(body.size, body.size);
    return this.fetch(address, { method: "POST", headers, body });
  }

  online(): boolean {
    return this.connected;
  }

  onConnectivity(call: () => void): () => void {
    this.#listeners.add(call);
    return () => this.#listeners.delete(call);
  }

  connect(connected: boolean): void {
    this.connected = connected;
    for (const call of [...this.#listeners]) call();
  }

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("there was no socket");
    return socket;
  }

  /** Lets time pass, and everything happen that is due. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await settle();
    for (;;) {
      const next = this.#timers.reduce<{ at: number; call: () => void } | undefined>(
        (first, timer) => (timer.at <= end && (first === undefined || timer.at < first.at) ? timer : first),
        undefined,
      );
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.time = Math.max(this.time, next.at);
      next.call();
      await settle();
    }
    this.time = end;
  }
}

/** Lets every promise that can go on do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export class FakeSocket implements Socket {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly sent: string[] = [];
  closed = false;
  /** What the relay does with a text of the client. */
  heard: (text: string) => void = () => undefined;

  constructor(
    readonly address: string,
    readonly protocols: string[],
    readonly at: number,
  ) {}

  send(text: string): void {
    this.sent.push(text);
    this.heard(text);
  }

  close(): void {
    this.closed = true;
  }

  /** The handshake succeeds. */
  opens(): void {
    this.onopen?.({} as never);
  }

  /** The relay says something. */
  says(frame: unknown): void {
    if (!this.closed) this.onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
  }

  /** The relay, or the network, ends it. */
  ends(code = 1006, reason = ""): void {
    if (this.closed) return;
    this.closed = true;
    this.onclose?.({ code, reason });
  }
}
