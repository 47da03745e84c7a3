import { useState } from "preact/hooks";
import { t } from "../i18n";
import { invite } from "../state/acts";
import { whole } from "../text/ids";
import { PersonField } from "../ui/PersonField";

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
      <PersonField label={t("inviteWho")} value={who} onChange={setWho} error={error} />
      <button type="submit" class="primary" disabled={who.trim() === ""}>
        {t("invite")}
      </button>
    </form>
  );
}
