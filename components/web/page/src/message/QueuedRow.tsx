import type { Queued } from "../../../client/src/store/outbox";
import { type Key, t } from "../i18n";
import { me } from "../state/session";
import { service, status } from "../state/service";
import { Avatar } from "../ui/Avatar";
import { Name } from "../ui/Name";
import { PlainText } from "./PlainText";

/** One's own message that the service has not confirmed yet. */
export function QueuedRow({ queued }: { queued: Queued }) {
  const { channel, key, body } = queued;
  const hasFailed = queued.state === "failed";
  let state: Key = "sending";
  if (hasFailed) state = "notSent";
  else if (status.value === "offline" || (queued.state === "waiting" && status.value !== "open")) state = "waiting";
  return (
    <article class={`message queued${hasFailed ? " failed" : ""}`} tabIndex={-1} data-state={queued.state}>
      <Avatar id={me.value} />
      <div class="message-inside">
        <header>
          <Name id={me.value} />
          <span class="hint">{t(state)}</span>
        </header>
        <div class="body" dir="auto">
          <PlainText text={body.text ?? body.file?.filename ?? ""} />
        </div>
        {hasFailed && (
          <p class="error" role="alert">
            {queued.failure?.detail}{" "}
            <button type="button" onClick={() => service().outbox.resend(channel, key)}>
              {t("sendAgain")}
            </button>{" "}
            <button type="button" onClick={() => service().outbox.drop(channel, key)}>
              {t("discard")}
            </button>
          </p>
        )}
      </div>
    </article>
  );
}
