import { memo } from "preact/compat";
import { useEffect, useState } from "preact/hooks";
import { FileView } from "../files/FileView";
import { clock } from "../i18n/time";
import { heard, person } from "../state/names";
import type { Room } from "../state/room";
import { me } from "../state/session";
import type { MessageItem } from "../state/types";
import { Avatar } from "../ui/Avatar";
import { LinkPreviews } from "./LinkPreviews";
import { MessageActions } from "./MessageActions";
import { MessageBody } from "./MessageBody";
import { MessageHead } from "./MessageHead";
import { PollView } from "./PollView";
import { Reactions } from "./Reactions";
import { ReplyQuote } from "./ReplyQuote";
import { SendState } from "./SendState";
import { ThreadLine } from "./ThreadLine";
import { Time } from "./Time";

interface Props {
  item: MessageItem;
  follows: boolean;
  room: Room;
  isMarked?: boolean;
  /** In a thread: what it is under is not said again. */
  inThread?: boolean;
}

/** A message with everything that belongs to it. Its actions are there while one points at it or has the focus in it. */
function Row({ item, follows, room, isMarked = false, inThread = false }: Props) {
  const { message, state } = item;
  const [pointed, setPointed] = useState(false);
  const [focused, setFocused] = useState(false);
  const [opened, setOpened] = useState(false);
  useEffect(() => heard(message), [message]);
  const isSent = state === "sent";
  const isMeant = message.mentions.includes(me.value) || message.mentions.includes("room");
  const flags = [follows && "follows", isMarked && "marked", isMeant && "meant", !isSent && state].filter(Boolean);
  const blurred = (event: FocusEvent): void => {
    if (!(event.currentTarget as HTMLElement).contains(event.relatedTarget as Node | null)) setFocused(false);
  };
  return (
    <article
      class={["message", ...flags].join(" ")}
      tabIndex={-1}
      aria-label={`${person(message.sender_id).name}, ${clock(message.created_at)}`}
      data-id={message.id}
      data-state={state}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
      onFocusIn={() => setFocused(true)}
      onFocusOut={blurred}
    >
      {follows ? <Time at={message.created_at} class="aside" /> : <Avatar id={message.sender_id} />}
      <div class="message-inside">
        {!follows && <MessageHead message={message} isPinned={room.pinned.value.has(message.id)} />}
        {message.reply_to !== null && message.reply_to !== message.thread_id && <ReplyQuote id={message.reply_to} room={room} />}
        <MessageBody message={message} room={room} />
        {message.file !== null && isSent && <FileView file={message.file} message={message} />}
        {message.poll !== undefined && <PollView poll={message.poll} />}
        <LinkPreviews message={message} room={room} />
        <Reactions message={message} room={room} />
        {!inThread && message.thread !== undefined && <ThreadLine id={message.id} thread={message.thread} />}
        {!isSent && <SendState item={item} room={room} />}
      </div>
      {isSent && message.deleted_at === null && (pointed || focused || opened) && (
        <MessageActions message={message} room={room} inThread={inThread} onOpen={setOpened} />
      )}
    </article>
  );
}

export const MessageRow = memo(Row);
