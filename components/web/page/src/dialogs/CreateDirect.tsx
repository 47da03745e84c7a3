import { useState } from "preact/hooks";
import { t } from "../i18n";
import { createDirect } from "../state/acts";
import { session } from "../state/session";
import { whole } from "../text/ids";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { MicrodaoField } from "./MicrodaoField";
import { close } from "./open";

export function CreateDirect() {
  const [who, setWho] = useState("");
  const [microdao, setMicrodao] = useState(session.value?.microdaos[0] ?? "");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    const why = await createDirect(whole(who), microdao);
    setBusy(false);
    setError(why);
    if (why === undefined) close();
  };
  return (
    <Dialog title={t("newDirect")} onClose={close}>
      <form onSubmit={(event) => void submit(event)}>
        <Field label={t("directWith")} hint={t("invitePlaceholder")} error={error}>
          {(id, described) => (
            <input
              id={id}
              type="text"
              required
              autofocus
              autocapitalize="none"
              spellcheck={false}
              aria-describedby={described}
              aria-invalid={error !== undefined}
              value={who}
              onInput={(event) => setWho(event.currentTarget.value)}
            />
          )}
        </Field>
        <MicrodaoField value={microdao} onChange={setMicrodao} />
        <div class="buttons">
          <button type="button" onClick={close}>
            {t("cancel")}
          </button>
          <button type="submit" class="primary" disabled={busy || who.trim() === ""}>
            {t("create")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
