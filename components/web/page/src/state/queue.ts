/** What a channel's messages are that the service has not confirmed yet, as a signal. */

import { signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Queued } from "../../../client/src/store/outbox";
import { room } from "./rooms";
import { service } from "./service";
import type { Message } from "./types";

/** Those outside of threads, or those of one thread. */
export function useQueue(channel: string, thread: string | undefined): readonly Queued[] {
  const queue = useMemo(() => signal<readonly Queued[]>([]), [channel]);
  useEffect(() => {
    const { outbox } = service();
    const changed = (): void => {
      // Copies, as the client changes them in place.
      queue.value = outbox.of(channel).map((queued) => ({ ...queued }));
    };
    changed();
    return outbox.listen(channel, {
      changed,
      sent: (message) => room(channel)?.learn(message as Message),
    });
  }, [channel]);
  return queue.value.filter(({ body }) => (body.thread_id ?? undefined) === thread);
}
