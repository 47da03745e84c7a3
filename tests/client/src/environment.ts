/** What the client needs of the place where it runs: a browser, Node, or a test. */

/** The part of a WebSocket that the client uses. */
export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export interface Environment {
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 to 1, without 1. */
  random(): number;
  /** Calls back after this many milliseconds; the result cancels it. */
  after(milliseconds: number, call: () => void): () => void;
  open(address: string, protocols: string[]): Socket;
  fetch(address: string, init: { headers: Record<string, string> }): Promise<Response>;
  /** Whether there is a network, as far as one knows. */
  online(): boolean;
  /** Calls back when that changes; the result ends it. */
  onConnectivity(call: () => void): () => void;
}

/** The environment of this program. Node before version 22 has no WebSocket: name one. */
export function environment(given: Partial<Environment> = {}): Environment {
  const target: Partial<EventTarget> = globalThis as never;
  const here: Environment = {
    now: () => Date.now(),
    random: () => Math.random(),
    after: (milliseconds, call) => {
      const timer = setTimeout(call, milliseconds);
      return () => clearTimeout(timer);
    },
    open: (address, protocols) => new WebSocket(address, protocols) as Socket,
    fetch: (address, init) => fetch(address, init),
    online: () => (globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine !== false,
    onConnectivity: (call) => {
      // Node has no such events; there is nothing to hear, then.
      target.addEventListener?.("online", call);
      target.addEventListener?.("offline", call);
      return () => {
        target.removeEventListener?.("online", call);
        target.removeEventListener?.("offline", call);
      };
    },
  };
  for (const name of Object.keys(here) as (keyof Environment)[]) {
    const method = given[name];
    // Bound, as it may be a method of an object that is no plain one.
    if (method !== undefined) Object.assign(here, { [name]: method.bind(given) });
  }
  return here;
}
