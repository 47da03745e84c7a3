import { memo } from "preact/compat";
import { useState } from "preact/hooks";
import { t } from "../i18n";
import { clock, whole } from "../i18n/time";
import { FileView } from "../files/FileView";
import { person } from "../state/names";
import type { Room } from "../state/room";
import { me } from "../state/session";
import type { Channel, Message } from "../state/types";
import { Avatar } from "../ui/Avatar";
import { Icon } from "../ui/Icon";
import { Name } from "../ui/Name";
import { LinkPreviews } from "./LinkPreviews";
import { MessageActions } from "./MessageActions";
import { MessageBody } from "./MessageBody";
import { PollView } from "./PollView";
import { Reactions } from "./Reactions";
import { ReplyQuote } from "./ReplyQuote";
import { ThreadLine } from "./ThreadLine";

interface Props {
  message: Message;
  follows: boolean;
  row: Channel;
  room: Room;
  isMarked?: boolean;
  /** In a thread: what it is under is not said again. */
  inThread?: boolean;
}

/** A message with everything that belongs to it. Its actions are there while one points at it or has the focus in it. */
function Row({ message, follows, row, room, isMarked = false, inThread = false }: Props) {
  const [pointed, setPointed] = useState(false);
  const [focused, setFocused] = useState(false);
  const [opened, setOpened] = useState(false);
  const isDeleted = message.deleted_at !== null;
  const isPinned = room.pins.value.has(message.id);
  const isMeant = message.mentions.includes(me.value) || message.mentions.includes("room");
  const flags = [follows && "follows", isMarked && "marked", isMeant && "meant"].filter(Boolean).join(" ");
  const blurred = (event: FocusEvent): void => {
    if (!(event.currentTarget as HTMLElement).contains(event.relatedTarget as Node | null)) setFocused(false);
  };
  const { name } = person(message.sender_id);
  return (
    <article
      class={`message ${flags}`}
      tabIndex={-1}
      aria-label={`${name}, ${clock(message.created_at)}`}
      data-id={message.id}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
      onFocusIn={() => setFocused(true)}
      onFocusOut={blurred}
    >
      {follows ? (
        <time class="aside" dateTime={message.created_at} title={whole(message.created_at)}>
          {clock(message.created_at)}
        </time>
      ) : (
        <Avatar id={message.sender_id} />
      )}
      <div class="message-inside">
        {!follows && (
          <header>
            <Name id={message.sender_id} />
            <time dateTime={message.created_at} title={whole(message.created_at)}>
              {clock(message.created_at)}
            </time>
            {isPinned && (
              <span class="pin-mark" title={t("pinned")}>
                <Icon name="pin" />
                <span class="hidden">{t("pinned")}</span>
              </span>
            )}
          </header>
        )}
        {message.reply_to !== null && message.reply_to !== message.thread_id && (
          <ReplyQuote id={message.reply_to} room={room} />
        )}
        <MessageBody message={message} />
        {message.file !== null && <FileView file={message.file} message={message} />}
        {message.poll !== undefined && <PollView poll={message.poll} />}
        {!isDeleted && <LinkPreviews message={message} row={row} />}
        <Reactions message={message} />
        {!inThread && message.thread !== undefined && <ThreadLine id={message.id} thread={message.thread} />}
      </div>
      {!isDeleted && (pointed || focused || opened) && (
        <MessageActions message={message} row={row} room={room} inThread={inThread} onOpen={setOpened} />
      )}
    </article>
  );
}

export const MessageRow = memo(Row);
