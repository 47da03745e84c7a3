import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Props {
  label: string;
  hint?: string;
  error?: string | undefined;
  children: (id: string, described: string | undefined) => ComponentChildren;
}

/** A labelled control with a hint, or what is wrong with it. */
export function Field({ label, hint, error, children }: Props) {
  const id = useId();
  const told = error ?? hint;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id, told === undefined ? undefined : `${id}-told`)}
      {told !== undefined && (
        <p id={`${id}-told`} class={error === undefined ? "hint" : "error"} role={error === undefined ? undefined : "alert"}>
          {told}
        </p>
      )}
    </div>
  );
}
