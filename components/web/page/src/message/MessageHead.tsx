import { t } from "../i18n";
import type { Message } from "../state/types";
import { Icon } from "../ui/Icon";
import { Name } from "../ui/Name";
import { Time } from "./Time";

/** Who says it, and when. */
export function MessageHead({ message, isPinned }: { message: Message; isPinned: boolean }) {
  return (
    <header>
      <Name id={message.sender_id} />
      <Time at={message.created_at} />
      {isPinned && (
        <span class="pin-mark" title={t("pinned")}>
          <Icon name="pin" />
          <span class="hidden">{t("pinned")}</span>
        </span>
      )}
    </header>
  );
}
