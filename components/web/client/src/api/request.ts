/** One call over HTTP, tried again where that is safe and may help. */

import type { Environment, Progress } from "../environment.js";
import type { Token } from "../token.js";
import { NetworkError, ProblemError } from "./problem.js";

export interface CallOptions {
  /** Ends the call, which then throws the signal's reason. */
  signal?: AbortSignal;
  /** The `Idempotency-Key` of a write; one is made for each call when it is left out. */
  key?: string;
  /** How often it is tried at most. */
  attempts?: number;
  /** In how many milliseconds an attempt has to be through; of an upload, how long nothing may move. */
  timeout?: number;
}

export interface Call extends CallOptions {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Relative to the API's address. */
  path: string;
  query?: object | undefined;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is. */
  file?: { content: Blob; progress: Progress };
  headers?: Record<string, string>;
}

export interface Reply {
  status: number;
  headers: Headers;
  body: Blob;
}

const ATTEMPTS = 5;
const TIMEOUT = 30_000;
/** The bounds of the pauses between attempts, in milliseconds; one that is asked for is obeyed up to the last. */
const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 5_000;
const LONGEST_WAIT = 60_000;

export class Requests {
  readonly #base: URL;

  constructor(
    base: string,
    readonly environment: Environment,
    readonly token: Token | undefined,
    /** Headers of every request; in development mode they may name the caller. */
    readonly headers: Record<string, string> = {},
  ) {
    this.#base = new URL(base);
  }

  /**
   * An address of the API in full. Addresses that the service gives are relative to its own root, also where a proxy has
   * put that below a path. Those of another origin are taken as if of this one: the token goes nowhere else.
   */
  address(path: string, query?: object): string {
    const given = new URL(path, this.#base);
    const prefix = this.#base.pathname.replace(/\/$/, "");
    const address = new URL(this.#base);
    address.pathname = given.pathname.startsWith(`${prefix}/`) ? given.pathname : prefix + given.pathname;
    address.search = given.search;
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined && value !== null) address.searchParams.set(name, String(value));
    }
    return address.href;
  }

  /** The response's JSON; `undefined` where there is none. */
  async json<T>(call: Call): Promise<T> {
    const text = await (await this.send(call)).body.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** Throws [`ProblemError`], [`NetworkError`], or the reason of the signal. */
  async send(call: Call): Promise<Reply> {
    const { attempts = ATTEMPTS } = call;
    const headers = { ...this.headers, ...call.headers };
    // One key for all attempts: that is what makes them one call. Where the service keeps none, it is not looked at.
    if (call.method !== "GET") headers["Idempotency-Key"] = call.key ?? this.environment.uuid();
    if (call.body !== undefined) headers["Content-Type"] = "application/json";
    let isRenewed = false;
    for (let attempt = 1; ; attempt += 1) {
      let failure: ProblemError | NetworkError;
      try {
        const reply = await this.#attempt(call, headers);
        if (reply.status >= 200 && reply.status < 300) return reply;
        failure = new ProblemError(reply.status, reply.headers, await reply.body.text());
      } catch (error) {
        call.signal?.throwIfAborted();
        failure = new NetworkError("no response", { cause: error });
      }
      if (failure instanceof ProblemError && failure.status === 401 && this.token !== undefined) {
        this.token.refused();
        // The token may have ended on its way; a new one that is not taken either is the caller's affair.
        if (isRenewed) throw failure;
        isRenewed = true;
        continue;
      }
      const pause = this.#pause(failure, attempt);
      if (attempt >= attempts || pause === undefined) throw failure;
      await this.#sleep(pause, call.signal);
    }
  }

  /** How long to wait before another attempt; `undefined` when none would help, or not soon. */
  #pause(failure: ProblemError | NetworkError, attempt: number): number | undefined {
    const jitter = this.environment.random();
    const grown = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** attempt) * jitter;
    if (failure instanceof NetworkError) return grown;
    const helps = failure.code === "request_running" || [408, 429, 502, 503, 504].includes(failure.status);
    if (!helps) return undefined;
    const asked = (failure.retryAfter ?? 0) * 1_000;
    // Those who are told to wait equally long do not come back together.
    return asked > LONGEST_WAIT ? undefined : asked + grown;
  }

  async #attempt(call: Call, headers: Record<string, string>): Promise<Reply> {
    const { signal, timeout = TIMEOUT } = call;
    const abort = new AbortController();
    let stop = (): void => undefined;
    const moved = (): void => {
      stop();
      stop = this.environment.after(timeout, () => abort.abort(new TypeError("too slow")));
    };
    moved();
    try {
      const attempt = untilAborted(abort.signal, this.#fetch(call, headers, abort.signal, moved));
      return await (signal === undefined ? attempt : untilAborted(signal, attempt));
    } finally {
      stop();
      abort.abort();
    }
  }

  async #fetch(call: Call, given: Record<string, string>, signal: AbortSignal, moved: () => void): Promise<Reply> {
    const { method, body, file } = call;
    const headers = { ...given };
    if (this.token !== undefined) headers["Authorization"] = `Bearer ${await this.token.get()}`;
    const address = this.address(call.path, call.query);
    const progress: Progress = (sent, total) => {
      moved();
      file?.progress(sent, total);
    };
    const response = await (file === undefined
      ? this.environment.fetch(address, { method, headers, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
      : this.environment.upload(address, { headers, body: file.content, signal, progress }));
    // A response that breaks off in its body is none: it counts when it is there as a whole.
    return { status: response.status, headers: response.headers, body: await response.blob() };
  }

  async #sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    let cancel = (): void => undefined;
    const over = new Promise<void>((resolve) => (cancel = this.environment.after(milliseconds, resolve)));
    await (signal === undefined ? over : untilAborted(signal, over).finally(cancel));
  }
}

/** Whatever an environment makes of the signal, nobody waits for it longer. */
function untilAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(signal.reason as Error);
    if (signal.aborted) return ended();
    signal.addEventListener("abort", ended);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", ended));
  });
}
