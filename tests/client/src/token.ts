/** The caller's token, asked for when there is none, and again before it expires. */

import type { Environment } from "./environment.js";

/** A token that ends sooner than this, in milliseconds, is not used for something new. */
const MARGIN = 10_000;
/** A token is replaced this long before its end, or at a tenth of its life where that is shorter. */
const BEFORE_END = 60_000;
/** The longest delay that a timer takes. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Gives a token that is good for now. */
export type TokenSource = () => Promise<string> | string;

export class Token {
  #token: string | undefined;
  #asked: Promise<string> | undefined;

  constructor(
    readonly source: TokenSource,
    readonly environment: Pick<Environment, "now" | "random">,
  ) {}

  /** The token that is held, or a new one where that one is about to end. */
  async get(): Promise<string> {
    if (this.#token !== undefined && this.#left(this.#token) > MARGIN) return this.#token;
    return this.renew();
  }

  /** A new token; all who ask at the same time get the same. */
  async renew(): Promise<string> {
    this.#asked ??= Promise.resolve()
      .then(this.source)
      .finally(() => (this.#asked = undefined));
    return (this.#token = await this.#asked);
  }

  /** The relay or the API does not take the token any more. */
  refused(): void {
    this.#token = undefined;
  }

  /** In how many milliseconds a token is to be replaced; `undefined` when it has no end that one could read. */
  replaceIn(token: string): number | undefined {
    const left = this.#left(token);
    if (!Number.isFinite(left)) return undefined;
    // A tenth is random, so that clients that got their tokens together do not replace them together.
    const before = Math.min(BEFORE_END, left / 10) * (1 + this.environment.random());
    return Math.min(Math.max(left - before, 1_000), LONGEST_TIMER);
  }

  #left(token: string): number {
    const end = expiry(token);
    return end === undefined ? Infinity : end - this.environment.now();
  }
}

/** When a JSON Web Token ends (RFC 7519, `exp`), in milliseconds since 1970. Whether it is genuine is for others to check. */
export function expiry(token: string): number | undefined {
  const part = token.split(".")[1];
  if (part === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(atob(part.replaceAll("-", "+").replaceAll("_", "/")));
    const end = (claims as { exp?: unknown } | null)?.exp;
    return typeof end === "number" ? end * 1000 : undefined;
  } catch {
    return undefined;
  }
}
