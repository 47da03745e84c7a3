import { me } from "../state/session";
import type { Message } from "../state/types";

/** The last message of one's own that can be edited, near the end. */
export function lastOwn(messages: readonly Message[]): Message | undefined {
  return messages
    .slice(-50)
    .findLast(
      ({ sender_id, file, deleted_at, is_encrypted, thread_id }) =>
        sender_id === me.value && file === null && deleted_at === null && !is_encrypted && thread_id === null,
    );
}
