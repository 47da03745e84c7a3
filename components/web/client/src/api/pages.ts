/** Lists that come in pages. */

export interface Page<T> {
  items: T[];
  /** The address of the next page; `undefined` behind the last one. */
  next: string | undefined;
}

/** Every item of a list, a page read when it is needed: `for await (const member of api.listMembers(id))`. */
export class Pages<T> implements AsyncIterable<T> {
  /** `read` gets the address of a page, or nothing for the first one. */
  constructor(readonly read: (address?: string) => Promise<Page<T>>) {}

  /** The first page alone. */
  first(): Promise<Page<T>> {
    return this.read();
  }

  /** Page by page. */
  async *pages(): AsyncGenerator<Page<T>, void, undefined> {
    for (let page = await this.read(); ; page = await this.read(page.next)) {
      yield page;
      if (page.next === undefined) return;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const page of this.pages()) yield* page.items;
  }

  /** All in one array, up to `limit` items. */
  async all(limit = Infinity): Promise<T[]> {
    const items: T[] = [];
    for await (const page of this.pages()) {
      items.push(...page.items.slice(0, limit - items.length));
      if (items.length >= limit) break;
    }
    return items;
  }
}

/** The address of a relation in a `Link` header (RFC 8288). */
export function link(header: string | null, relation: string): string | undefined {
  for (const [, address, parameters] of (header ?? "").matchAll(/<([^>]*)>([^,<]*)/g)) {
    if (parameters?.includes(`rel="${relation}"`)) return address;
  }
  return undefined;
}
