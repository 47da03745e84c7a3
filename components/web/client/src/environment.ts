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

/** How far an upload has come, in bytes. */
export type Progress = (sent: number, total: number) => void;

export interface Upload {
  headers: Record<string, string>;
  body: Blob;
  signal: AbortSignal;
  progress: Progress;
}

export interface Environment {
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 to 1, without 1. */
  random(): number;
  /** A new UUID. */
  uuid(): string;
  /** Calls back after this many milliseconds; the result cancels it. */
  after(milliseconds: number, call: () => void): () => void;
  open(address: string, protocols: string[]): Socket;
  fetch(address: string, init: RequestInit): Promise<Response>;
  /** A `POST` that tells how far it has come. */
  upload(address: string, upload: Upload): Promise<Response>;
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
    uuid,
    after: (milliseconds, call) => {
      const timer = setTimeout(call, milliseconds);
      return () => clearTimeout(timer);
    },
    open: (address, protocols) => new WebSocket(address, protocols) as Socket,
    fetch: (address, init) => fetch(address, init),
    upload: (address, upload) =>
      typeof XMLHttpRequest === "undefined" ? uploadInChunks(address, upload) : uploadByXhr(address, upload),
    online: () => (globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine !== false,
    onConnectivity: (call) => {
      // Node has no such events; there is nothing to hear, then.
      const names = ["online", "offline"];
      names.forEach((name) => target.addEventListener?.(name, call));
      return () => names.forEach((name) => target.removeEventListener?.(name, call));
    },
  };
  for (const name of Object.keys(here) as (keyof Environment)[]) {
    const method = given[name];
    // Bound, as it may be a method of an object that is no plain one.
    if (method !== undefined) Object.assign(here, { [name]: method.bind(given) });
  }
  return here;
}

/** A random UUID (RFC 9562, version 4); `crypto.randomUUID` is there in secure contexts only. */
function uuid(): string {
  // Node before version 20 has no such thing.
  const random: ArrayLike<number> = globalThis.crypto?.getRandomValues(new Uint8Array(32)) ?? Array.from({ length: 32 }, () => Math.random() * 256);
  let next = 0;
  return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => (random[next++]! & 15).toString(16));
}

/** In browsers, where `fetch` tells nothing of a request's progress. */
function uploadByXhr(address: string, { headers, body, signal, progress }: Upload): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.responseType = "text";
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => progress(loaded, total);
    const failed = (): void => reject(new TypeError("cut off"));
    request.onerror = request.onabort = request.ontimeout = failed;
    request.onload = () => {
      const told = ["retry-after", "x-request-id"].map((name): [string, string] => [name, request.getResponseHeader(name) ?? ""]);
      resolve(new Response(request.responseText || null, { status: request.status, headers: told }));
    };
    signal.addEventListener("abort", () => request.abort(), { once: true });
    if (signal.aborted) return failed();
    request.send(body);
  });
}

/** Elsewhere: the chunks are counted as they are taken. */
function uploadInChunks(address: string, { headers, body, signal, progress }: Upload): Promise<Response> {
  let sent = 0;
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      controller.enqueue(chunk);
      progress((sent += chunk.byteLength), body.size);
    },
  });
  return fetch(address, {
    method: "POST",
    headers: { ...headers, "Content-Length": String(body.size) },
    body: body.stream().pipeThrough(count),
    signal,
    // Node asks for it.
    duplex: "half",
  } as RequestInit);
}
