import { useEffect, useMemo, useState } from "preact/hooks";
import { Composer } from "../composer/Composer";
import { t } from "../i18n";
import { Panels } from "../panels/Panels";
import { open, Room } from "../state/room";
import { go } from "../state/route";
import { nameOf } from "../state/rows";
import { ChannelHeader } from "./ChannelHeader";
import { Invitation } from "./Invitation";
import { panel } from "./panel";
import { Timeline } from "./Timeline";
import { TypingLine } from "./TypingLine";

/** One channel: its head, its messages, what one writes, and a panel beside them. */
export function ChannelView({ id }: { id: string }) {
  const [turn, setTurn] = useState(0);
  const room = useMemo(() => new Room(id), [id, turn]);
  useEffect(() => {
    open.value = room;
    return () => {
      room.close();
      if (open.value === room) open.value = undefined;
      panel.value = undefined;
    };
  }, [room]);
  const row = room.channel.value;
  const isLost = room.status.value === "lost";
  if (row === undefined || isLost) {
    return (
      <main class="nothing" aria-busy={!isLost}>
        <p role={isLost ? "alert" : undefined}>{t(isLost ? "gone" : "loading")}</p>
        {isLost && (
          <div class="buttons">
            <button type="button" class="to-list" onClick={() => go()}>
              {t("back")}
            </button>
            <button type="button" onClick={() => setTurn(turn + 1)}>
              {t("tryAgain")}
            </button>
          </div>
        )}
      </main>
    );
  }
  const isInvited = row.membership != null && row.membership.joined_at === null;
  return (
    <div class={`channel${panel.value === undefined ? "" : " with-panel"}`}>
      <main class="conversation" aria-label={nameOf(row)}>
        <ChannelHeader row={row} room={room} />
        <Timeline row={row} room={room} />
        <TypingLine room={room} />
        {isInvited ? <Invitation row={row} /> : <Composer room={room} />}
      </main>
      <Panels row={row} room={room} />
    </div>
  );
}
