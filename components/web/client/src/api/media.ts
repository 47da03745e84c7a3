/** Addresses for `<img>`, `<audio>` and downloads, which can send no token: signed ones, kept while they work. */

import type { Environment } from "../environment.js";
import type { SignedUrl } from "../types.js";

/** Addresses that end sooner than this, in milliseconds, are given out no more. */
const MARGIN = 120_000;
/** Files that one request asks for. */
const BATCH = 100;
/** Addresses that are kept. */
const KEPT = 2_000;

export interface Thumbnail {
  /** In pixels. */
  width: number;
  height: number;
  /** Whether it fits into the size (`scale`, which is meant when it is left out) or fills it (`crop`). */
  method?: "scale" | "crop";
}

export class Media {
  readonly #urls = new Map<string, Promise<SignedUrl>>();
  #asked = new Map<string, { resolve(url: SignedUrl): void; reject(why: unknown): void }>();

  constructor(
    readonly environment: Environment,
    readonly sign: (uris: string[]) => Promise<SignedUrl[]>,
    /** An address of the API in full. */
    readonly resolve: (path: string) => string,
  ) {}

  /** Where the content of an `mxc://` address is, for two minutes at least. All that are asked for together are one request. */
  async url(uri: string): Promise<string> {
    return this.resolve((await this.#signed(uri)).url);
  }

  /** The same of its picture. */
  async thumbnail(uri: string, { width, height, method = "scale" }: Thumbnail): Promise<string> {
    const address = new URL(this.resolve((await this.#signed(uri)).thumbnail_url));
    address.searchParams.set("width", String(width));
    address.searchParams.set("height", String(height));
    address.searchParams.set("method", method);
    return address.href;
  }

  async #signed(uri: string): Promise<SignedUrl> {
    const kept = this.#urls.get(uri);
    if (kept !== undefined) {
      const url = await kept;
      if (Date.parse(url.expires_at) - this.environment.now() > MARGIN) return url;
      if (this.#urls.get(uri) === kept) this.#urls.delete(uri);
    }
    return this.#urls.get(uri) ?? this.#ask(uri);
  }

  #ask(uri: string): Promise<SignedUrl> {
    const answer = new Promise<SignedUrl>((resolve, reject) => {
      if (this.#asked.size === 0) this.environment.after(0, () => this.#send());
      this.#asked.set(uri, { resolve, reject });
    });
    // One that failed is asked for again the next time.
    answer.catch(() => this.#urls.delete(uri));
    this.#urls.set(uri, answer);
    for (const oldest of this.#urls.keys()) {
      if (this.#urls.size <= KEPT) break;
      this.#urls.delete(oldest);
    }
    return answer;
  }

  #send(): void {
    const asked = [...this.#asked];
    this.#asked = new Map();
    for (let first = 0; first < asked.length; first += BATCH) {
      const batch = new Map(asked.slice(first, first + BATCH));
      this.sign([...batch.keys()]).then(
        (urls) => {
          for (const url of urls) batch.get(url.content_uri)?.resolve(url);
          for (const waiting of batch.values()) waiting.reject(new Error("the service gave no address"));
        },
        (error: unknown) => batch.forEach((waiting) => waiting.reject(error)),
      );
    }
  }
}
