/** What is read over REST: the state of a channel, when its events alone do not tell it. */

import type { Environment } from "./environment.js";
import type { Channel, Member, Message, Reaction } from "./frames.js";
import type { Token } from "./token.js";

/** Messages of a page. */
const PAGE = 200;
/** Pages that are read at most: who is further behind has to begin anew. */
const PAGES = 500;

/** A response that is no success. */
export class RestError extends Error {
  constructor(
    readonly status: number,
    address: string,
  ) {
    super(`${address}: ${status}`);
  }

  /** Whether it would be the same again. */
  get isFinal(): boolean {
    return this.status >= 400 && this.status < 500 && ![401, 408, 409, 429].includes(this.status);
  }
}

export class Rest {
  constructor(
    readonly base: string,
    readonly environment: Environment,
    readonly token: Token | undefined,
    /** Headers of every request; in development mode they may name the caller. */
    readonly headers: Record<string, string> = {},
  ) {}

  channel(channel: string): Promise<Channel> {
    return this.#get<Channel>(this.#path(channel));
  }

  /** Who is in the channel, or invited. */
  async members(channel: string): Promise<Member[]> {
    const members: Member[] = [];
    let next: string | undefined = `${this.#path(channel)}/members?limit=${PAGE}`;
    for (let page = 0; next !== undefined && page < PAGES; page += 1) {
      const response: Response = await this.#fetch(next);
      members.push(...((await response.json()) as Member[]));
      next = link(response.headers.get("link"), "next");
    }
    return members;
  }

  /** The newest messages, or those next to `before`, oldest first. */
  async newest(channel: string, limit: number, before?: number): Promise<Message[]> {
    const bound = before === undefined ? "" : `&before=${before}`;
    const page = await this.#get<Message[]>(`${this.#path(channel)}/messages?limit=${Math.min(limit, PAGE)}${bound}`);
    return page.reverse();
  }

  /** Every message after number `after`, oldest first. */
  async messagesAfter(channel: string, after: number): Promise<Message[]> {
    const messages: Message[] = [];
    let last = after;
    for (let pages = 0; pages < PAGES; pages += 1) {
      const page = await this.#get<Message[]>(`${this.#path(channel)}/messages?limit=${PAGE}&after=${last}`);
      const newest = page[0];
      if (newest === undefined) break;
      messages.push(...page.reverse());
      last = newest.seq;
    }
    return messages;
  }

  reactions(channel: string, message: string): Promise<Reaction[]> {
    return this.#get<Reaction[]>(`${this.#path(channel)}/messages/${encodeURIComponent(message)}/reactions`);
  }

  #path(channel: string): string {
    return `/api/messaging/channels/${encodeURIComponent(channel)}`;
  }

  async #get<T>(path: string): Promise<T> {
    return (await (await this.#fetch(path)).json()) as T;
  }

  async #fetch(path: string): Promise<Response> {
    const address = new URL(path, this.base).href;
    const headers = { ...this.headers };
    if (this.token !== undefined) headers["Authorization"] = `Bearer ${await this.token.get()}`;
    const response = await this.environment.fetch(address, { headers });
    if (response.status === 401) this.token?.refused();
    if (!response.ok) throw new RestError(response.status, path);
    return response;
  }
}

/** The address of a relation in a `Link` header (RFC 8288). */
export function link(header: string | null, relation: string): string | undefined {
  for (const [, address, parameters] of (header ?? "").matchAll(/<([^>]*)>([^,<]*)/g)) {
    if (parameters?.includes(`rel="${relation}"`)) return address;
  }
  return undefined;
}
