/** The one channel that is open. */

import { signal } from "@preact/signals";
import type { Room } from "./room";

export const open = signal<Room | undefined>(undefined);

/** The room of a channel, if it is the one that is open. */
export function room(id: string): Room | undefined {
  const now = open.peek();
  return now?.id === id ? now : undefined;
}
