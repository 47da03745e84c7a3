/** The channel that somebody had open last: it is open again when they sign in. */

import { effect } from "@preact/signals";
import { channels } from "./client";
import { store, stored } from "./kept";
import { go, route } from "./route";
import { me, takeFresh } from "./session";

const name = (id: string): string => `last channel ${id}`;

effect(() => {
  const { channel } = route.value;
  if (me.value !== "" && channel !== undefined) store("local", name(me.value), channel);
});

/** Only once for each sign-in, and where the address names no other: whoever goes back to the list stays there. */
export function reopen(): void {
  const last = stored("local", name(me.peek()));
  if (takeFresh() && route.peek().channel === undefined && channels.peek().some(({ id }) => id === last)) go(last ?? undefined);
}
