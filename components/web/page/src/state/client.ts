/** The client of whoever has signed in. What it tells is here as signals. */

import { computed, signal } from "@preact/signals";
import { MessagingClient, ProblemError, webStorage } from "../../../client/src/index";
import { close } from "../dialogs/open";
import { sessionPlace } from "./kept";
import * as media from "./media";
import { silence } from "./notices";
import { type Config, type Session, signOut } from "./session";
import type { Channel, Status } from "./types";

export const status = signal<Status>("connecting");
const running = signal<MessagingClient | undefined>(undefined);
/** Grows with every change of the list of channels. */
const version = signal(0);

/** The caller's channels; where somebody wrote last is on top. */
export const channels = computed<readonly Channel[]>(() => (version.value >= 0 ? (running.value?.channels.channels ?? []) : []));
export const isListed = computed(() => version.value >= 0 && running.value?.channels.isReady === true);

/** Only what is drawn for somebody who has signed in asks for it. */
export function client(): MessagingClient {
  const found = running.peek();
  if (found === undefined) throw new Error("nobody has signed in");
  return found;
}

export async function start(session: Session, config: Config): Promise<void> {
  const relay = config.ws_url === "" ? location.origin.replace(/^http/, "ws") : config.ws_url;
  const { token } = session;
  const place = sessionPlace();
  const made = new MessagingClient({
    api: location.origin,
    relay,
    ...(token === undefined ? { developmentUser: session.id } : { token }),
    ...(place !== undefined && { storage: webStorage(place, `unsent ${session.id} `) }),
  });
  made.subscribe(() => {
    status.value = made.status;
    if (made.status === "signed out" && running.peek() === made) signOut("ended");
  });
  made.channels.subscribe(() => (version.value += 1));
  running.value = made;
  media.use(made.media);
  try {
    await made.channels.load();
  } catch (error) {
    if (running.peek() !== made) return undefined;
    if (error instanceof ProblemError && error.status === 401) return signOut("ended");
    throw error;
  }
}

export function stop(): void {
  close();
  silence();
  running.value?.close();
  running.value = undefined;
  media.use(undefined);
}
