/** What is being written in each channel and thread, while one looks at another. */

import type { Mentioned } from "../composer/mentions";

export interface Draft {
  text: string;
  mentioned: readonly Mentioned[];
}

const kept = new Map<string, Draft>();

export function draft(channel: string, thread = ""): Draft {
  return kept.get(`${channel} ${thread}`) ?? { text: "", mentioned: [] };
}

export function keep(draft: Draft, channel: string, thread = ""): void {
  const key = `${channel} ${thread}`;
  if (draft.text === "") kept.delete(key);
  else kept.set(key, draft);
}

export function forget(): void {
  kept.clear();
}
