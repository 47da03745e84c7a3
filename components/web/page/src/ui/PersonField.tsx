import { t } from "../i18n";
import { Field } from "./Field";

interface Properties {
  label: string;
  value: string;
  onChange: (value: string) => void;
  error: string | undefined;
  autofocus?: boolean;
}

/** Where one writes who somebody is. */
export function PersonField({ label, value, onChange, error, autofocus = false }: Properties) {
  return (
    <Field label={label} hint={t("invitePlaceholder")} error={error}>
      {(id, described) => (
        <input
          id={id}
          type="text"
          required
          autofocus={autofocus}
          autocapitalize="none"
          spellcheck={false}
          aria-describedby={described}
          aria-invalid={error !== undefined}
          value={value}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}
