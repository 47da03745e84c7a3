/** Where everything is, and who calls. */

import { Api } from "./api/api.js";
import { Media } from "./api/media.js";
import { Requests } from "./api/request.js";
import { type Environment, environment } from "./environment.js";
import type { OtherFrame, Personal } from "./stream/frames.js";
import type { Status } from "./stream/link.js";
import { Token, type TokenSource } from "./token.js";

export interface ClientOptions {
  /** The API, such as `https://api.example`. */
  api: string;
  /** The relay, such as `wss://relay.example`. */
  relay: string;
  /** A token, or a function that gives one that is good for now; it is asked again before that one ends. */
  token?: TokenSource;
  /** Only in development mode, in place of a token: who calls. */
  developmentUser?: string;
  /** For Node before version 22, which has no WebSocket, and for tests. */
  environment?: Partial<Environment>;
}

export interface StreamOptions extends ClientOptions {
  /** What becomes of the connection. */
  status?(status: Status): void;
  /** What a channel is to the caller, and memberships of theirs, of whatever channel. */
  personal?(personal: Personal): void;
  /** Frames that belong to no channel that is followed, or are of a kind that this version does not know. */
  other?(frame: OtherFrame): void;
}

/** What everything else is made of. */
export class Core {
  readonly environment: Environment;
  readonly token: Token | undefined;
  readonly api: Api;
  readonly media: Media;

  constructor(readonly options: ClientOptions) {
    this.environment = environment(options.environment);
    this.token = options.token === undefined ? undefined : new Token(options.token, this.environment);
    const user = options.developmentUser;
    const headers: Record<string, string> = user === undefined ? {} : { "X-User-Id": user };
    const requests = new Requests(options.api, this.environment, this.token, headers);
    this.api = new Api(requests);
    this.media = new Media(
      this.environment,
      (uris) => this.api.signMediaUrls(uris),
      (path) => requests.address(path),
    );
  }

  /** Who calls: `user:<id>` or `agent:<id>`; `undefined` until there was a token. */
  get caller(): string | undefined {
    return this.options.developmentUser ?? this.token?.subject;
  }

  /** The address of a socket. */
  socket(path: string, since?: number): string {
    const { relay, developmentUser } = this.options;
    const url = new URL(relay);
    url.pathname = url.pathname.replace(/\/$/, "") + path;
    if (developmentUser !== undefined) url.searchParams.set("user_id", developmentUser);
    if (since !== undefined) url.searchParams.set("since_seq", String(since));
    return url.href;
  }
}
