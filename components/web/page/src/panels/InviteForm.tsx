import { useState } from "preact/hooks";
import { t } from "../i18n";
import { invite } from "../state/acts";
import { whole } from "../text/ids";
import { Field } from "../ui/Field";

export function InviteForm({ channel }: { channel: string }) {
  const [who, setWho] = useState("");
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    // Whoever has begun to write the next name meanwhile goes on.
    if (await invite(channel, whole(who))) setWho((now) => (now === who ? "" : now));
  };
  return (
    <form class="invite-form" onSubmit={(event) => void submit(event)}>
      <Field label={t("inviteWho")} hint={t("invitePlaceholder")}>
        {(id, described) => (
          <input
            id={id}
            type="text"
            required
            autocapitalize="none"
            spellcheck={false}
            aria-describedby={described}
            value={who}
            onInput={(event) => setWho(event.currentTarget.value)}
          />
        )}
      </Field>
      <button type="submit" class="primary" disabled={who.trim() === ""}>
        {t("invite")}
      </button>
    </form>
  );
}
