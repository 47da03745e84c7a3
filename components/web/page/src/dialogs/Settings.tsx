import { choose, type Key, language, type Language, t } from "../i18n";
import { type Theme, theme } from "../state/preferences";
import { me, signOut } from "../state/session";
import { Dialog } from "../ui/Dialog";
import { Field } from "../ui/Field";
import { close } from "./open";

const THEMES: [Theme, Key][] = [
  ["system", "themeSystem"],
  ["light", "themeLight"],
  ["dark", "themeDark"],
];

export function Settings() {
  const leave = (): void => {
    close();
    signOut("wish");
  };
  return (
    <Dialog title={t("settings")} onClose={close}>
      <p class="hint">{me.value}</p>
      <Field label={t("theme")}>
        {(id) => (
          <select id={id} value={theme.value} onChange={(event) => (theme.value = event.currentTarget.value as Theme)}>
            {THEMES.map(([value, key]) => (
              <option key={value} value={value}>
                {t(key)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t("language")}>
        {(id) => (
          <select id={id} value={language.value} onChange={(event) => choose(event.currentTarget.value as Language)}>
            <option value="en" lang="en">
              English
            </option>
            <option value="uk" lang="uk">
              Українська
            </option>
          </select>
        )}
      </Field>
      <div class="buttons">
        <button type="button" onClick={leave}>
          {t("signOut")}
        </button>
      </div>
    </Dialog>
  );
}
