import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import { client } from "../state/client";
import { heard } from "../state/names";
import type { Room } from "../state/room";
import { go } from "../state/route";
import type { Message } from "../state/types";
import { summary } from "../text/summary";
import { Name } from "../ui/Name";

/** What a message replies to, in a line that leads there. One that is not here is read by itself. */
export function ReplyQuote({ id, room }: { id: string; room: Room }) {
  const known = room.now.message(id);
  const [read, setRead] = useState<Message | "gone">();
  useEffect(() => {
    if (known !== undefined || read !== undefined) return;
    void client().api.getMessage(room.id, id).then(
      (message) => {
        heard(message);
        setRead(message);
      },
      () => setRead("gone"),
    );
  }, [id, known === undefined]);
  const message = known ?? read;
  if (message === undefined || message === "gone") {
    return <p class="quote hint">{message === undefined ? t("loading") : t("deleted")}</p>;
  }
  return (
    <button type="button" class="quote" onClick={() => go(room.id, id)}>
      <Name id={message.sender_id} />
      <bdi>{summary(message)}</bdi>
    </button>
  );
}
