import { useEffect, useRef, useState } from "preact/hooks";
import { choose, language, t } from "../i18n";
import { config, ended, ofName, ofToken, signIn } from "../state/session";
import { Field } from "../ui/Field";

/** Asks who it is: a name in development mode, or a token. */
export function SignIn() {
  const byName = config.value?.auth_mode === "development";
  const input = useRef<HTMLInputElement>(null);
  const [error, setError] = useState<string>();
  useEffect(() => input.current?.focus(), []);
  const submit = (event: Event): void => {
    event.preventDefault();
    const value = input.current?.value.trim() ?? "";
    // Whoever has a token may use it in development mode, too.
    const started = byName && !value.includes(".ey") && value.split(".").length < 3 ? ofName(value) : ofToken(value);
    if (started === undefined) {
      setError(t(byName ? "nameWrong" : "tokenWrong"));
      input.current?.focus();
    } else {
      signIn(started, true);
    }
  };
  const other = language.value === "en" ? "uk" : "en";
  return (
    <main class="alone">
      <form class="card sign-in" onSubmit={submit}>
        <h1>{t("app")}</h1>
        {ended.value && <p role="alert">{t("sessionEnded")}</p>}
        <Field label={t(byName ? "yourName" : "token")} hint={t(byName ? "nameHint" : "tokenHint")} error={error}>
          {(id, described) => (
            <input
              ref={input}
              id={id}
              type="text"
              class={byName ? "" : "secret"}
              autocomplete={byName ? "username" : "off"}
              autocapitalize="none"
              spellcheck={false}
              required
              aria-describedby={described}
              aria-invalid={error !== undefined}
            />
          )}
        </Field>
        <button type="submit" class="primary">
          {t("signIn")}
        </button>
        <button type="button" class="plain" lang={other} onClick={() => choose(other)}>
          {other === "uk" ? "Українською" : "In English"}
        </button>
      </form>
    </main>
  );
}
