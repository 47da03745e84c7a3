import { useEffect, useMemo } from "preact/hooks";
import { t } from "../i18n";
import { Panels } from "../panels/Panels";
import { channel, isJoined, nameOf } from "../state/channels";
import { Room } from "../state/room";
import { open } from "../state/rooms";
import { service } from "../state/service";
import { Composer } from "../composer/Composer";
import { ChannelHeader } from "./ChannelHeader";
import { Invitation } from "./Invitation";
import { panel } from "./panel";
import { Timeline } from "./Timeline";
import { TypingLine } from "./TypingLine";

/** One channel: its head, its messages, what one writes, and a panel beside them. */
export function ChannelView({ id }: { id: string }) {
  const room = useMemo(() => new Room(id), [id]);
  useEffect(() => {
    open.value = room;
    void room.load().then(() => {
      const row = channel(id);
      if (row !== undefined) service().follow(row);
    });
    return () => {
      room.close();
      if (open.value === room) open.value = undefined;
      const row = channel(id);
      if (row !== undefined && !isJoined(row)) service().unfollow(id);
      if (panel.value?.kind === "thread") panel.value = undefined;
    };
  }, [room]);
  const row = channel(id);
  const state = room.state.value;
  if (state === "failed" || (row === undefined && state === "ready")) {
    return (
      <main class="nothing">
        <p role="alert">{t("gone")}</p>
        <button type="button" onClick={() => void room.load()}>
          {t("tryAgain")}
        </button>
      </main>
    );
  }
  if (row === undefined) return <main class="nothing" aria-busy="true" />;
  const isInvited = row.membership != null && row.membership.joined_at === null;
  return (
    <div class={`channel${panel.value === undefined ? "" : " with-panel"}`}>
      <main class="conversation" aria-label={nameOf(row)} aria-busy={state === "loading"}>
        <ChannelHeader row={row} room={room} />
        <Timeline row={row} room={room} />
        <TypingLine room={room} />
        {isInvited ? <Invitation row={row} room={room} /> : <Composer row={row} room={room} />}
      </main>
      <Panels row={row} room={room} />
    </div>
  );
}
