import { panel } from "../channel/panel";
import { t } from "../i18n";
import { brief } from "../i18n/time";
import type { Message } from "../state/types";
import { Icon } from "../ui/Icon";

/** How long the thread under a message is; it opens the thread. */
export function ThreadLine({ id, thread }: { id: string; thread: NonNullable<Message["thread"]> }) {
  return (
    <button type="button" class="thread-line" onClick={() => (panel.value = { kind: "thread", root: id })}>
      <Icon name="thread" />
      <span>{t("replies", { n: thread.reply_count })}</span>
      {thread.unread_count > 0 && <span class="badge">{t("newReplies", { n: thread.unread_count })}</span>}
      <time dateTime={thread.last_reply.created_at}>{brief(thread.last_reply.created_at)}</time>
    </button>
  );
}
