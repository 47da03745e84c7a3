/** Where everything is, and who calls. */

import { type Environment, environment } from "./environment.js";
import type { OtherFrame, Personal } from "./frames.js";
import { Link, type LinkHandlers, type Status } from "./link.js";
import { Rest } from "./rest.js";
import { Token, type TokenSource } from "./token.js";

export interface ClientOptions {
  /** The relay, such as `wss://relay.example`. */
  relay: string;
  /** The API, such as `https://api.example`. */
  api: string;
  /** Gives a token that is good for now; it is asked again before that one ends. */
  token?: TokenSource;
  /** Only in development mode, in place of a token: who calls. */
  developmentUser?: string;
  /** What becomes of the connection. */
  status?(status: Status): void;
  /** What a channel is to the caller, and memberships of theirs, of whatever channel. */
  personal?(personal: Personal): void;
  /** Frames that belong to no channel that is followed, or are of a kind that this version does not know. */
  other?(frame: OtherFrame): void;
  /** For Node before version 22, which has no WebSocket, and for tests. */
  environment?: Partial<Environment>;
}

/** What both clients are made of. */
export interface Parts {
  environment: Environment;
  rest: Rest;
  link: Link;
}

/** Makes the parts; `path` and `since` say where the socket is. */
export function parts(
  options: ClientOptions,
  path: string,
  since: () => number | undefined,
  handlers: Omit<LinkHandlers, "address">,
): Parts {
  const here = environment(options.environment);
  const token = options.token === undefined ? undefined : new Token(options.token, here);
  const user = options.developmentUser;
  const headers: Record<string, string> = user === undefined ? {} : { "X-User-Id": user };
  const address = (): string => {
    const url = new URL(path, options.relay);
    if (user !== undefined) url.searchParams.set("user_id", user);
    const number = since();
    if (number !== undefined) url.searchParams.set("since_seq", String(number));
    return url.href;
  };
  const rest = new Rest(options.api, here, token, headers);
  return { environment: here, rest, link: new Link(here, token, { ...handlers, address }) };
}
