import { useState } from "preact/hooks";
import { t } from "../i18n";
import { invite } from "../state/acts";
import { whole } from "../text/ids";
import { Field } from "../ui/Field";

export function InviteForm({ channel }: { channel: string }) {
  const [who, setWho] = useState("");
  const [error, setError] = useState<string>();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const why = await invite(channel, whole(who));
    setError(why);
    // Whoever has begun to write the next name meanwhile goes on.
    if (why === undefined) setWho((now) => (now === who ? "" : now));
  };
  return (
    <form class="invite-form" onSubmit={(event) => void submit(event)}>
      <Field label={t("inviteWho")} hint={t("invitePlaceholder")} error={error}>
        {(id, described) => (
          <input
            id={id}
            type="text"
            required
            autocapitalize="none"
            spellcheck={false}
            aria-describedby={described}
            aria-invalid={error !== undefined}
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
