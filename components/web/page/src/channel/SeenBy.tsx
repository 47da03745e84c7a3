import { t } from "../i18n";
import { person } from "../state/names";
import type { Room } from "../state/room";
import type { Message } from "../state/types";

/** Names that are said. */
const NAMED = 3;

/** Who has read up to here. */
export function SeenBy({ room, message }: { room: Room; message: Message }) {
  const readers = room.now.readers(message.seq).filter((id) => id !== message.sender_id);
  if (readers.length === 0) return null;
  const names = readers.slice(0, NAMED).map((id) => person(id).name).join(", ");
  const more = readers.length - NAMED;
  return <p class="seen-by">{more > 0 ? t("seenByMany", { names, n: more }) : t("seenBy", { names })}</p>;
}
