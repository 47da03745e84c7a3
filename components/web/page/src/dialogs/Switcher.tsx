import { useId, useMemo, useState } from "preact/hooks";
import { t } from "../i18n";
import { channels } from "../state/client";
import { go } from "../state/route";
import { nameOf } from "../state/rows";
import { Avatar } from "../ui/Avatar";
import { Dialog } from "../ui/Dialog";
import { close } from "./open";

/** Rows that are shown at once. */
const SHOWN = 12;

/** Goes to a channel by a part of its name (Ctrl+K). */
export function Switcher() {
  const id = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const rows = channels.value;
  const found = useMemo(() => {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    return rows.filter((row) => words.every((word) => nameOf(row).toLowerCase().includes(word))).slice(0, SHOWN);
  }, [typed, rows]);
  const chosen = Math.min(at, found.length - 1);
  const choose = (channel: string): void => {
    close();
    go(channel);
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") setAt((chosen + 1) % Math.max(1, found.length));
    else if (event.key === "ArrowUp") setAt((chosen - 1 + found.length) % Math.max(1, found.length));
    else if (event.key === "Enter" && found[chosen] !== undefined) choose(found[chosen].id);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={t("switcher")} onClose={close} class="switcher">
      <input
        type="text"
        role="combobox"
        aria-label={t("switcher")}
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={found[chosen] && `${id}-${found[chosen].id}`}
        autofocus
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={keys}
      />
      <ul id={`${id}-list`} role="listbox" aria-label={t("channels")} class="choices">
        {found.map((row, place) => (
          <li
            key={row.id}
            id={`${id}-${row.id}`}
            role="option"
            aria-selected={place === chosen}
            onClick={() => choose(row.id)}
          >
            <Avatar id={row.direct_member_id ?? row.id} {...(row.direct_member_id == null && { name: row.name })} small />
            <bdi>{nameOf(row)}</bdi>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p class="hint">{t("noMatch")}</p>}
    </Dialog>
  );
}
