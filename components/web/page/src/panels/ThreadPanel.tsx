import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Composer } from "../composer/Composer";
import { t } from "../i18n";
import { MessageRow } from "../message/MessageRow";
import { client } from "../state/client";
import type { Room } from "../state/room";
import type { Item, Message } from "../state/types";
import { Panel } from "./Panel";

/** Nearer than this to the end, in pixels, new replies are followed. */
const NEAR = 80;

/** A message and what was said under it. */
export function ThreadPanel({ root, room }: { root: string; room: Room }) {
  const thread = useMemo(() => room.store.thread(root), [root]);
  const version = useSignal(0);
  const items = useComputed<readonly Item[]>(() => (version.value >= 0 ? thread.items : []));
  const [read, setRead] = useState<Message>();
  const scroller = useRef<HTMLDivElement>(null);
  const isNearEnd = useRef(true);
  useEffect(() => {
    const deaf = thread.subscribe(() => (version.value += 1));
    if (room.store.message(root) === undefined) void client().api.getMessage(room.id, root).then(setRead, () => undefined);
    return () => {
      deaf();
      thread.close();
    };
  }, [thread]);
  const message = room.now.message(root) ?? read;
  const replies = items.value.filter((item) => item.kind === "message");
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element !== null && isNearEnd.current) element.scrollTop = element.scrollHeight;
    room.contents.show(replies.slice(-50).map((item) => item.message));
    if (message !== undefined) room.contents.show([message]);
  }, [replies.length]);
  const look = ({ currentTarget: { scrollTop, clientHeight, scrollHeight } }: { currentTarget: HTMLElement }): void => {
    isNearEnd.current = scrollTop + clientHeight > scrollHeight - NEAR;
  };
  return (
    <Panel title={t("thread")}>
      <div ref={scroller} class="panel-body" role="list" aria-label={t("thread")} tabIndex={0} onScroll={look}>
        {message !== undefined && (
          <div role="listitem" class="thread-root">
            <MessageRow item={{ kind: "message", key: root, message, state: "sent" }} follows={false} room={room} inThread />
          </div>
        )}
        {thread.hasOlder && (
          <button type="button" class="plain" onClick={() => void thread.older().catch(() => undefined)}>
            {t("more")}
          </button>
        )}
        {replies.map((item) => (
          <div key={item.key} role="listitem">
            <MessageRow item={item} follows={false} room={room} inThread />
          </div>
        ))}
      </div>
      <Composer room={room} thread={root} />
    </Panel>
  );
}
