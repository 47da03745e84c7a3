import { useState } from "preact/hooks";
import { type Key, t } from "../i18n";
import { create } from "../state/acts";
import { session } from "../state/session";
import type { Channel } from "../state/types";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { MicrodaoField } from "./MicrodaoField";
import { close } from "./open";

const VISIBILITIES: [Channel["visibility"], Key][] = [
  ["microdao", "visibilityMicrodao"],
  ["private", "visibilityPrivate"],
  ["public", "visibilityPublic"],
];

export function CreateChannel() {
  const [name, setName] = useState("");
  const [topic, setTopic] = useState("");
  const [microdao, setMicrodao] = useState(session.value?.microdaos[0] ?? "");
  const [visibility, setVisibility] = useState<Channel["visibility"]>("microdao");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    const why = await create({ name: name.trim(), topic: topic.trim(), microdao, visibility });
    setBusy(false);
    setError(why);
    if (why === undefined) close();
  };
  return (
    <Dialog title={t("newChannel")} onClose={close}>
      <form onSubmit={(event) => void submit(event)}>
        <Field label={t("channelName")} error={error}>
          {(id, described) => (
            <input
              id={id}
              type="text"
              required
              maxLength={255}
              autofocus
              aria-describedby={described}
              aria-invalid={error !== undefined}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label={t("channelTopic")}>
          {(id) => (
            <input id={id} type="text" maxLength={500} value={topic} onInput={(event) => setTopic(event.currentTarget.value)} />
          )}
        </Field>
        <MicrodaoField value={microdao} onChange={setMicrodao} />
        <Field label={t("visibility")}>
          {(id) => (
            <select
              id={id}
              value={visibility}
              onChange={(event) => setVisibility(event.currentTarget.value as Channel["visibility"])}
            >
              {VISIBILITIES.map(([value, key]) => (
                <option key={value} value={value}>
                  {t(key)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <div class="buttons">
          <button type="button" onClick={close}>
            {t("cancel")}
          </button>
          <button type="submit" class="primary" disabled={busy || name.trim() === ""}>
            {t("create")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
