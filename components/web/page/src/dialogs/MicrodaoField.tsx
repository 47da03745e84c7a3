import { t } from "../i18n";
import { session } from "../state/session";
import { Field } from "../ui/Field";

interface Props {
  value: string;
  onChange: (value: string) => void;
}

/** One of the microDAOs that the token names; in development mode any. */
export function MicrodaoField({ value, onChange }: Props) {
  const mine = session.value?.token === undefined ? undefined : session.value.microdaos;
  return (
    <Field label={t("microdao")}>
      {(id) =>
        mine === undefined ? (
          <input
            id={id}
            type="text"
            required
            pattern="microdao:[a-z0-9\-]+"
            value={value}
            onInput={(event) => onChange(event.currentTarget.value)}
          />
        ) : (
          <select id={id} required value={value} onChange={(event) => onChange(event.currentTarget.value)}>
            {mine.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        )
      }
    </Field>
  );
}
