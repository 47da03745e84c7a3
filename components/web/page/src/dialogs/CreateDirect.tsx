import { useState } from "preact/hooks";
import { t } from "../i18n";
import { createDirect } from "../state/acts";
import { session } from "../state/session";
import { whole } from "../text/ids";
import { Dialog } from "../ui/Dialog";
import { PersonField } from "../ui/PersonField";
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
        <PersonField label={t("directWith")} value={who} onChange={setWho} error={error} autofocus />
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
