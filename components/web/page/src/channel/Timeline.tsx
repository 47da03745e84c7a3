import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { dayName } from "../i18n/time";
import { MessageRow } from "../message/MessageRow";
import { QueuedRow } from "../message/QueuedRow";
import { markRead } from "../state/acts";
import { nameOf } from "../state/channels";
import { useQueue } from "../state/queue";
import type { Room } from "../state/room";
import { route } from "../state/route";
import { me } from "../state/session";
import type { Channel } from "../state/types";
import { IconButton } from "../ui/IconButton";
import { type ListHandle, VirtualList } from "../ui/VirtualList";
import { type Entry, entries } from "./entries";
import { SeenBy } from "./SeenBy";
import { walk } from "./walk";

/** The height of a message that was not drawn yet, in pixels. */
const GUESS = 58;
/** How long something is before one's eyes before it counts as read, in milliseconds. */
const READ = 500;

/** The messages of a channel, as far back as one scrolls. */
export function Timeline({ row, room }: { row: Channel; room: Room }) {
  const list = useRef<ListHandle>();
  const [isAtEnd, setAtEnd] = useState(true);
  const [marked, mark] = useState<string>();
  const queued = useQueue(room.id, undefined);
  const messages = room.timeline.value;
  const [hasOlder, unreadAfter] = [room.hasOlder.value, room.unreadAfter.value];
  const rows = useMemo(
    () => entries(messages, { hasOlder, unreadAfter, me: me.value, queued }),
    [messages, hasOlder, unreadAfter, queued.map(({ key, state }) => key + state).join()],
  );
  const newest = room.messages.value.at(-1)?.seq;
  useEffect(() => {
    const look = (): void => {
      room.isSeen.value = isAtEnd && document.visibilityState === "visible";
      if (room.isSeen.value && newest !== undefined) void markRead(room.id, newest);
    };
    const timer = setTimeout(look, READ);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [isAtEnd, newest]);
  // Whoever sends sees what they have sent.
  const sent = queued.at(-1)?.key;
  useEffect(() => {
    if (sent !== undefined) list.current?.toEnd();
  }, [sent]);
  const wanted = route.value.channel === room.id ? route.value.message : undefined;
  const isReady = room.state.value === "ready";
  useEffect(() => {
    if (wanted === undefined || !isReady) return undefined;
    let timer: ReturnType<typeof setTimeout>;
    void room.find(wanted).then((found) => {
      timer = setTimeout(() => found && list.current?.to(wanted) === true && mark(wanted), 50);
    });
    return () => clearTimeout(timer);
  }, [wanted, isReady]);
  const draw = (entry: Entry) => {
    switch (entry.kind) {
      case "beginning":
        return <p class="hint beginning">{t("beginning", { channel: nameOf(row) })}</p>;
      case "loading":
        return <p class="hint beginning">{t("loading")}</p>;
      case "unread":
        return <p class="unread-line">{t("newMessages")}</p>;
      case "day":
        return (
          <h3 class="day">
            <time dateTime={entry.time}>{dayName(entry.time)}</time>
          </h3>
        );
      case "queued":
        return <QueuedRow queued={entry.queued} />;
      case "message":
        return (
          <>
            <MessageRow
              message={entry.message}
              follows={entry.follows}
              row={row}
              room={room}
              isMarked={entry.message.id === marked}
            />
            {entry.isLast && <SeenBy room={room} message={entry.message} />}
          </>
        );
    }
  };
  return (
    <div class="timeline">
      <VirtualList
        rows={rows}
        draw={draw}
        guess={GUESS}
        label={t("messages", { channel: nameOf(row) })}
        onTop={() => void room.older().catch(() => undefined)}
        onShown={(first, last) => {
          const ids = rows.slice(first, last + 1).flatMap((entry) => (entry.kind === "message" ? [entry.message] : []));
          room.show(ids);
        }}
        onEnd={setAtEnd}
        handle={(handle) => (list.current = handle)}
        onKeyDown={walk}
      />
      {!isAtEnd && (
        <IconButton icon="down" label={t("toNewest")} class="to-end" onClick={() => list.current?.toEnd()} />
      )}
    </div>
  );
}
