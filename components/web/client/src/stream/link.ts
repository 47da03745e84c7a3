/** One WebSocket that is made again whenever it ends, for as long as it is wanted. */

import { Backoff } from "./backoff.js";
import { type AfterClose, afterClose, type Lost } from "./close.js";
import type { Environment, Socket } from "../environment.js";
import { type Received, read } from "./frames.js";
import type { Token } from "../token.js";

/** `signed out`: the token is not taken any more and has no successor. Nothing connects again; another client does. */
export type Status = "connecting" | "open" | "waiting" | "offline" | "closed" | "signed out";

export interface LinkHandlers {
  /** Where to connect; asked for each time. */
  address(): string;
  /** The socket is there. */
  opened(): void;
  received(what: Received): void;
  /** The relay does not want this client any more. */
  stopped(why: Lost): void;
  status?(status: Status): void;
}

/** How long a handshake may take. */
const HANDSHAKE = 15_000;
/** The pause between two signs of life that are asked for, and how long one may take. */
const PING_EVERY = 20_000;
const PONG_WITHIN = 10_000;
/** A socket that lived this long was well: the pauses begin anew. */
const WELL = 10_000;
/** When the network is back, everybody's is: a random pause of up to this long. */
const BACK_ONLINE = 1_000;

export class Link {
  readonly #backoff: Backoff;
  #socket: Socket | undefined;
  #opened: number | undefined;
  #heard = 0;
  /** How often in a row the token was not taken. */
  #refusals = 0;
  #wanted = false;
  #status: Status = "closed";
  /** Tells a socket, or an attempt at one, from those before it. */
  #attempt = 0;
  readonly #cancels = new Set<() => void>();
  #deaf: (() => void) | undefined;

  constructor(
    readonly environment: Environment,
    readonly token: Token | undefined,
    readonly handlers: LinkHandlers,
  ) {
    this.#backoff = new Backoff(environment.random);
  }

  get isOpen(): boolean {
    return this.#opened !== undefined;
  }

  /** Connects, and stays connected; `false` when it does already. */
  start(): boolean {
    if (this.#wanted) return false;
    this.#wanted = true;
    this.#deaf = this.environment.onConnectivity(() => this.#connectivity());
    this.#connectivity();
    return true;
  }

  /** Ends it. */
  stop(): void {
    this.#wanted = false;
    this.#deaf?.();
    this.#drop();
    this.#become("closed");
  }

  /** Sends a text, if the socket is there; what it was about is said again when the next one is. */
  send(text: string): void {
    if (this.isOpen) this.#socket?.send(text);
  }

  /** Leaves the socket for a new one at once. */
  replace(): void {
    if (this.#wanted && this.environment.online()) this.#connect();
  }

  #connectivity(): void {
    if (!this.#wanted) return;
    if (!this.environment.online()) {
      this.#drop();
      this.#become("offline");
    } else if (this.#status === "closed") {
      this.#connect();
    } else if (this.#status === "offline") {
      this.#backoff.reset();
      this.#connectIn(this.environment.random() * BACK_ONLINE);
    }
  }

  #connectIn(milliseconds: number): void {
    this.#drop();
    this.#become("waiting");
    this.#after(milliseconds, () => this.#connect());
  }

  #connect(): void {
    this.#drop();
    this.#become("connecting");
    const attempt = this.#attempt;
    this.#after(HANDSHAKE, () => {
      if (!this.isOpen) this.#ended({ next: "connect" });
    });
    if (this.token === undefined) return this.#open([]);
    this.token.get().then(
      (token) => {
        if (attempt !== this.#attempt) return;
        this.#open(["bearer", token]);
        const replaceIn = this.token?.replaceIn(token);
        if (replaceIn !== undefined) this.#after(replaceIn, () => this.#renew());
      },
      () => {
        if (attempt === this.#attempt) this.#ended({ next: "connect" });
      },
    );
  }

  /** Gets a new token while the old one still holds, and changes to a socket that has it. */
  #renew(): void {
    const attempt = this.#attempt;
    this.token?.renew().then(
      () => {
        if (attempt === this.#attempt) this.#connect();
      },
      // The relay ends the socket with the token, and then it is asked for again.
      () => undefined,
    );
  }

  #open(protocols: string[]): void {
    const attempt = this.#attempt;
    const mine = (): boolean => attempt === this.#attempt;
    let socket: Socket;
    try {
      socket = this.environment.open(this.handlers.address(), protocols);
    } catch {
      return this.#ended({ next: "connect" });
    }
    this.#socket = socket;
    socket.onopen = () => {
      if (!mine()) return;
      this.#opened = this.#heard = this.environment.now();
      this.#become("open");
      this.#after(PING_EVERY, () => this.#ping());
      this.handlers.opened();
    };
    socket.onmessage = ({ data }) => {
      if (!mine()) return;
      this.#heard = this.environment.now();
      if (typeof data === "string") this.handlers.received(read(data));
    };
    socket.onclose = ({ code, reason }) => {
      if (mine()) this.#ended(afterClose(code, reason));
    };
    // What follows an error is the end of the socket, which says more.
    socket.onerror = () => undefined;
  }

  #ping(): void {
    const asked = this.environment.now();
    this.send("ping");
    this.#after(PONG_WITHIN, () => {
      // Any frame is a sign of life.
      if (this.#heard < asked) return this.#ended({ next: "connect" });
      this.#after(PING_EVERY - PONG_WITHIN, () => this.#ping());
    });
  }

  #ended(after: AfterClose): void {
    const lived = this.#opened === undefined ? 0 : this.environment.now() - this.#opened;
    if (lived >= WELL) {
      this.#backoff.reset();
      this.#refusals = 0;
    }
    switch (after.next) {
      case "connect":
        if (after.wait === undefined) return this.#connectIn(this.#backoff.next());
        // The relay spreads its clients itself. The next attempt, if it fails, is one's own affair again.
        return this.#connectIn(after.wait);
      case "connect slowly":
        return this.#connectIn(this.#backoff.long());
      case "authenticate":
        this.token?.refused();
        // One that was given as it is would be refused for ever; once may have been the relay's own trouble.
        if (++this.#refusals > 1 && typeof this.token?.source === "string") {
          this.stop();
          return this.#become("signed out");
        }
        // A token that ended in the middle of things is replaced at once; one that is not taken at all is not.
        return this.#connectIn(lived >= WELL ? 0 : this.#backoff.next());
      case "stop":
        this.stop();
        this.handlers.stopped(after.why);
    }
  }

  /** Lets go of the socket, and of everything that was to happen. */
  #drop(): void {
    this.#attempt += 1;
    this.#cancels.forEach((cancel) => cancel());
    this.#cancels.clear();
    const socket = this.#socket;
    this.#socket = this.#opened = undefined;
    try {
      socket?.close();
    } catch {
      // It was closed.
    }
  }

  #after(milliseconds: number, call: () => void): void {
    const cancel = this.environment.after(milliseconds, () => {
      this.#cancels.delete(cancel);
      call();
    });
    this.#cancels.add(cancel);
  }

  #become(status: Status): void {
    if (status === this.#status) return;
    this.#status = status;
    this.handlers.status?.(status);
  }
}
