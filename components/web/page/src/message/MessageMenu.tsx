import { t } from "../i18n";
import { copyLink, edit, isOwn, pin, remove } from "../state/acts";
import type { Room } from "../state/room";
import type { Message } from "../state/types";
import { Popover } from "../ui/Popover";

interface Props {
  message: Message;
  room: Room;
  at: DOMRect;
  onClose: () => void;
}

/** The rarer things that one may do with a message. */
export function MessageMenu({ message, room, at, onClose }: Props) {
  const [manages, isOpen] = [room.manages.value, room.isOpen.value];
  const isPinned = room.pinned.value.has(message.id);
  const items: [string, () => unknown][] = [];
  if (isOpen && isOwn(message) && !message.is_encrypted && message.file === null) {
    items.push([t("edit"), () => edit(room, message)]);
  }
  if (isOpen && manages) items.push([t(isPinned ? "unpin" : "pin"), () => pin(room, message)]);
  items.push([t("copyLink"), () => copyLink(message)]);
  if (isOwn(message) || manages) items.push([t("deleteIt"), () => remove(room, message)]);
  return (
    <Popover anchor={at} label={t("more")} role="menu" onClose={onClose}>
      {items.map(([label, act]) => (
        <button
          key={label}
          type="button"
          role="menuitem"
          onClick={() => {
            onClose();
            act();
          }}
        >
          {label}
        </button>
      ))}
    </Popover>
  );
}
