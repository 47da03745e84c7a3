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
  readonly #urls = new Map<string, Promise<SignedUrl | undefined>>();
  /** Those that the next request asks for. */
  #batch: { uris: Set<string>; answer: Promise<Map<string, SignedUrl>> } | undefined;

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
    const { thumbnail_url } = await this.#signed(uri);
    return `${this.resolve(thumbnail_url)}&width=${width}&height=${height}&method=${method}`;
  }

  async #signed(uri: string): Promise<SignedUrl> {
    const kept = await this.#urls.get(uri);
    if (kept !== undefined && Date.parse(kept.expires_at) - this.environment.now() > MARGIN) return kept;
    if (this.#urls.size >= KEPT) this.#urls.clear();
    const asked = this.#ask(uri);
    // One that failed is asked for again the next time.
    this.#urls.set(uri, asked.catch(() => undefined));
    return asked;
  }

  async #ask(uri: string): Promise<SignedUrl> {
    if (this.#batch === undefined || this.#batch.uris.size >= BATCH) {
      const uris = new Set<string>();
      const gathered = new Promise<void>((resolve) => this.environment.after(0, resolve));
      const answer = gathered.then(async () => {
        if (this.#batch?.uris === uris) this.#batch = undefined;
        return new Map((await this.sign([...uris])).map((url) => [url.content_uri, url]));
      });
      this.#batch = { uris, answer };
    }
    const { uris, answer } = this.#batch;
    uris.add(uri);
    const url = (await answer).get(uri);
    if (url === undefined) throw new Error(`no address of ${uri}`);
    return url;
  }
}
