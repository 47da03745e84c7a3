/** What the browser keeps for this page. Where it keeps nothing, or forbids to ask, the page does without. */

export type Place = "local" | "session";

export function stored(place: Place, name: string): string | null {
  try {
    return storage(place).getItem(name);
  } catch {
    return null;
  }
}

/** Keeps a text, or forgets it. */
export function store(place: Place, name: string, text: string | undefined): void {
  try {
    if (text === undefined) storage(place).removeItem(name);
    else storage(place).setItem(name, text);
  } catch {
    // It lasts until the page is closed, then.
  }
}

/** The storage itself; nothing where even its name is forbidden. */
export function sessionPlace(): Storage | undefined {
  try {
    return storage("session");
  } catch {
    return undefined;
  }
}

const storage = (place: Place): Storage => (place === "local" ? localStorage : sessionStorage);
