import { type Key, t } from "../i18n";
import { status } from "../state/client";
import type { Room } from "../state/room";
import type { MessageItem } from "../state/types";

/** What becomes of one's own message that the service has not confirmed yet. */
export function SendState({ item, room }: { item: MessageItem; room: Room }) {
  if (item.state === "failed") {
    return (
      <p class="error" role="alert">
        {t("notSent")}. {item.failure?.detail}{" "}
        <button type="button" onClick={() => room.store.resend(item.key)}>
          {t("sendAgain")}
        </button>{" "}
        <button type="button" onClick={() => room.store.drop(item.key)}>
          {t("discard")}
        </button>
      </p>
    );
  }
  const text: Key = status.value === "open" ? "sending" : "waiting";
  return <p class="hint send-state">{t(text)}</p>;
}
