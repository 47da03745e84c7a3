/** What is told to the reader beside the messages: notices that go by themselves, and texts for screen readers. */

import { signal } from "@preact/signals";
import { language, t } from "../i18n";
import { reason } from "../i18n/problems";
import { session, signOut } from "./session";

export interface Notice {
  id: number;
  text: string;
}

/** How long a notice stays. */
const STAYS = 6_000;
/** Those that are shown at once. */
const MOST = 4;

export const notices = signal<Notice[]>([]);
/** What a screen reader says next. */
export const announcement = signal("");

let last = 0;

export function notify(text: string): void {
  last += 1;
  const id = last;
  notices.value = [...notices.value.slice(1 - MOST), { id, text }];
  setTimeout(() => dismiss(id), STAYS);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Whoever comes next is told nothing of it. */
export function silence(): void {
  notices.value = [];
  announcement.value = "";
}

export function announce(text: string): void {
  announcement.value = text;
}

/** Runs an act, and says in a notice why when it fails; whether it did not. */
export async function attempt(act: () => Promise<unknown>): Promise<boolean> {
  const why = await failure(act);
  if (why !== undefined && why !== "") notify(why);
  return why === undefined;
}

/** Runs an act; why it has failed, for the place where it was asked for. Nothing when it has not. */
export async function failure(act: () => Promise<unknown>): Promise<string | undefined> {
  const who = session.peek();
  try {
    await act();
    return undefined;
  } catch (error) {
    const { status } = error as { status?: number };
    // What was asked by somebody who is here no more concerns nobody.
    if (session.peek() !== who) return "";
    if (status === 401) signOut("ended");
    return status === 429 ? t("tooFast") : t("failed", { detail: reason(error, language.peek()) });
  }
}
