import type { RefObject } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { t } from "../i18n";
import { person } from "../state/names";
import type { Room } from "../state/room";
import { me } from "../state/session";
import { Avatar } from "../ui/Avatar";
import { Name } from "../ui/Name";
import type { Mentioned } from "./mentions";

/** Those that are shown at once. */
const SHOWN = 6;

interface Props {
  room: Room;
  typed: string;
  input: RefObject<HTMLTextAreaElement | null>;
  onPick: (who: Mentioned) => void;
  onClose: () => void;
}

/** Whom one may mean, while the name is typed. The caret stays in the text. */
export function MentionList({ room, typed, input, onPick, onClose }: Props) {
  const id = useId();
  const [at, setAt] = useState(0);
  const start = typed.toLowerCase();
  const found = [...room.members.value.keys()]
    .filter((member) => member !== me.value)
    .map((member) => ({ id: member, name: person(member).name }))
    .filter(({ id, name }) => name.toLowerCase().includes(start) || id.includes(start))
    .slice(0, SHOWN);
  const chosen = found[Math.min(at, found.length - 1)];
  useEffect(() => {
    const area = input.current;
    if (area === null || chosen === undefined) return undefined;
    area.setAttribute("aria-controls", id);
    area.setAttribute("aria-activedescendant", `${id}-${chosen.id}`);
    const keys = (event: KeyboardEvent): void => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown") setAt((at + 1) % found.length);
      else if (event.key === "ArrowUp") setAt((at - 1 + found.length) % found.length);
      else if (event.key === "Enter" || event.key === "Tab") onPick(chosen);
      else if (event.key === "Escape") onClose();
      else return;
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    area.addEventListener("keydown", keys, { capture: true });
    return () => {
      area.removeEventListener("keydown", keys, { capture: true });
      area.removeAttribute("aria-controls");
      area.removeAttribute("aria-activedescendant");
    };
  });
  if (chosen === undefined) return null;
  return (
    <ul id={id} class="choices mention-list" role="listbox" aria-label={t("members")}>
      {found.map((member) => (
        <li
          key={member.id}
          id={`${id}-${member.id}`}
          role="option"
          aria-selected={member.id === chosen.id}
          onMouseDown={(event) => {
            event.preventDefault();
            onPick(member);
          }}
        >
          <Avatar id={member.id} small />
          <Name id={member.id} />
        </li>
      ))}
    </ul>
  );
}
