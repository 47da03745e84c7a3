import { useEffect, useState } from "preact/hooks";
import { type Key, t } from "../i18n";
import { status } from "../state/client";

const TEXTS: Partial<Record<string, Key>> = { offline: "offline", waiting: "reconnecting", connecting: "connecting" };
/** A connection that is back within this time is not worth a word. */
const SOON = 1_000;

/** How the connection is, when it is not well. */
export function ConnectionBar() {
  const now = status.value;
  const [shown, show] = useState<Key>();
  useEffect(() => {
    const text = TEXTS[now];
    const timer = setTimeout(() => show(text), text === undefined || now === "offline" ? 0 : SOON);
    return () => clearTimeout(timer);
  }, [now]);
  return (
    <div class="connection" role="status" data-status={now}>
      {shown !== undefined && <p>{t(shown)}</p>}
    </div>
  );
}
