/** The caller's token, asked for when there is none, and again before it expires. */

import type { Environment } from "./environment.js";

/** A token that ends sooner than this, in milliseconds, is not used for something new. */
const MARGIN = 10_000;
/** A token is replaced this long before its end, or at a tenth of its life where that is shorter. */
const BEFORE_END = 60_000;
/** The longest delay that a timer takes. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** A token, or what gives one that is good for now: it is asked again before that one ends. */
export type TokenSource = string | (() => Promise<string> | string);

export class Token {
  #token: string | undefined;
  #asked: Promise<string> | undefined;
  #subject: string | undefined;

  constructor(
    readonly source: TokenSource,
    readonly environment: Pick<Environment, "now" | "random">,
  ) {
    if (typeof source === "string") this.#subject = subject(source);
  }

  /** Who the token names, `user:<id>` or `agent:<id>`; `undefined` before there was one. */
  get subject(): string | undefined {
    return this.#subject;
  }

  /** The token that is held, or a new one where that one is about to end. */
  async get(): Promise<string> {
    if (this.#token !== undefined && this.#left(this.#token) > MARGIN) return this.#token;
    return this.renew();
  }

  /** A new token; all who ask at the same time get the same. */
  async renew(): Promise<string> {
    const { source } = this;
    this.#asked ??= Promise.resolve()
      .then(() => (typeof source === "string" ? source : source()))
      .finally(() => (this.#asked = undefined));
    this.#token = await this.#asked;
    this.#subject = subject(this.#token) ?? this.#subject;
    return this.#token;
  }

  /** The relay or the API does not take the token any more. */
  refused(): void {
    this.#token = undefined;
  }

  /** In how many milliseconds a token is to be replaced; `undefined` when nothing says when. */
  replaceIn(token: string): number | undefined {
    const left = this.#left(token);
    // One that was given as it is has no successor. One that has ended already is taken or not as the service says.
    if (left <= 0 || left === Infinity || typeof this.source === "string") return undefined;
    // A tenth is random, so that clients that got their tokens together do not replace them together.
    const before = Math.min(BEFORE_END, left / 10) * (1 + this.environment.random());
    return Math.min(Math.max(left - before, 1_000), LONGEST_TIMER);
  }

  #left(token: string): number {
    const { exp } = claims(token);
    return typeof exp === "number" ? exp * 1_000 - this.environment.now() : Infinity;
  }
}

/** What a JSON Web Token claims (RFC 7519). Whether it is genuine is for others to check. */
function claims(token: string): { exp?: unknown; sub?: unknown } {
  try {
    return (JSON.parse(atob(token.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/"))) as object | null) ?? {};
  } catch {
    return {};
  }
}

/** Whom it names; the id of a user may stand alone. */
function subject(token: string): string | undefined {
  const { sub } = claims(token);
  if (typeof sub !== "string" || sub === "") return undefined;
  return sub.includes(":") ? sub : `user:${sub}`;
}
