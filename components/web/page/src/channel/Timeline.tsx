import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { dayName } from "../i18n/time";
import { MessageRow } from "../message/MessageRow";
import type { Room } from "../state/room";
import { route } from "../state/route";
import { nameOf } from "../state/rows";
import { me } from "../state/session";
import type { Channel } from "../state/types";
import { IconButton } from "../ui/IconButton";
import { type ListHandle, VirtualList } from "../ui/VirtualList";
import { type Entry, entries } from "./entries";
import { SeenBy } from "./SeenBy";
import { useReading } from "./useReading";
import { walk } from "./walk";

/** Messages of each page further back. */
const OLDER = 200;
/** The height of a message that was not drawn yet, in pixels. */
const GUESS = 58;

/** The messages of a channel, as far back as one scrolls. */
export function Timeline({ row, room }: { row: Channel; room: Room }) {
  const list = useRef<ListHandle>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const [marked, mark] = useState<string>();
  const [items, unreadAfter] = [room.items.value, room.unreadAfter.value];
  const rows = useMemo(() => entries(items, unreadAfter, me.value), [items, unreadAfter]);
  useReading(room, isAtEnd);
  // Whoever sends sees what they have sent.
  const last = items.at(-1);
  const sent = last?.kind === "message" && last.state === "waiting" ? last.key : undefined;
  useEffect(() => {
    if (sent !== undefined) list.current?.toEnd();
  }, [sent]);
  const wanted = route.value.channel === room.id ? route.value.message : undefined;
  const isReady = room.status.value !== "loading";
  useEffect(() => {
    if (wanted === undefined || !isReady) return undefined;
    let timer: ReturnType<typeof setTimeout>;
    const show = (): void => {
      const key = room.items.value.find((item) => item.kind === "message" && item.message.id === wanted)?.key;
      if (key !== undefined && list.current?.to(key) === true) mark(wanted);
    };
    // The list has to draw what was read before it can go there.
    void room.store.around(wanted).then(() => (timer = setTimeout(show, 50)), () => undefined);
    return () => clearTimeout(timer);
  }, [wanted, isReady]);
  const shown = (first: number, last: number): void => {
    const entries = rows.slice(first, last + 1);
    room.contents.show(entries.flatMap((entry) => (entry.kind === "message" ? [entry.item.message] : [])));
    for (const entry of entries) {
      if (entry.kind === "gap" && !entry.isFirst) void room.store.fill(entry.item.gap).catch(() => undefined);
    }
  };
  const draw = (entry: Entry) => {
    switch (entry.kind) {
      case "beginning":
        return <p class="hint beginning">{t("beginning", { channel: nameOf(row) })}</p>;
      case "gap":
        return <p class="hint beginning">{t("loading")}</p>;
      case "unread":
        return <p class="unread-line">{t("newMessages")}</p>;
      case "day":
        return (
          <h3 class="day">
            <time dateTime={entry.time}>{dayName(entry.time)}</time>
          </h3>
        );
      case "message":
        return (
          <>
            <MessageRow item={entry.item} follows={entry.follows} room={room} isMarked={entry.item.message.id === marked} />
            {entry.isLast && <SeenBy room={room} message={entry.item.message} />}
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
        onTop={() => void room.store.older(OLDER).catch(() => undefined)}
        onShown={shown}
        onEnd={setAtEnd}
        handle={(handle) => (list.current = handle)}
        onKeyDown={walk}
      />
      {!isAtEnd && <IconButton icon="down" label={t("toNewest")} class="to-end" onClick={() => list.current?.toEnd()} />}
    </div>
  );
}
