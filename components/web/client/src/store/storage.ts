/** Where messages that were not sent yet outlive the page. */

export interface QueueStorage {
  /** Everything that is kept. */
  all(): Promise<string[]> | string[];
  put(id: string, text: string): Promise<void> | void;
  delete(id: string): Promise<void> | void;
}

/** In `localStorage` or the like, under names that begin with `prefix`: one for each person who signs in. */
export function webStorage(storage: Storage, prefix: string): QueueStorage {
  return {
    all() {
      const names = Array.from({ length: storage.length }, (_, n) => storage.key(n) ?? "");
      return names.filter((name) => name.startsWith(prefix)).map((name) => storage.getItem(name) ?? "null");
    },
    put: (id, text) => storage.setItem(prefix + id, text),
    delete: (id) => storage.removeItem(prefix + id),
  };
}
