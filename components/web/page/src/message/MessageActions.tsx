import { useState } from "preact/hooks";
import { panel } from "../channel/panel";
import { t } from "../i18n";
import { react } from "../state/acts";
import { person } from "../state/names";
import type { Room } from "../state/room";
import type { Message } from "../state/types";
import { IconButton } from "../ui/IconButton";
import { EmojiPicker } from "./EmojiPicker";
import { MessageMenu } from "./MessageMenu";

interface Props {
  message: Message;
  room: Room;
  inThread: boolean;
  /** Whether something of it is open, so that it has to stay. */
  onOpen: (isOpen: boolean) => void;
}

/** What one may do with a message. */
export function MessageActions({ message, room, inThread, onOpen }: Props) {
  const [opened, setOpened] = useState<{ what: "emoji" | "menu"; at: DOMRect }>();
  const open = (what: "emoji" | "menu") => (event: MouseEvent) => {
    setOpened({ what, at: (event.currentTarget as HTMLElement).getBoundingClientRect() });
    onOpen(true);
  };
  const close = (): void => {
    setOpened(undefined);
    onOpen(false);
  };
  const { name } = person(message.sender_id);
  const mayWrite = room.mayWrite.value;
  return (
    <div class="actions" role="toolbar" aria-label={t("moreActions", { name })}>
      {mayWrite && (
        <>
          <IconButton icon="smile" label={t("react")} expanded={opened?.what === "emoji"} onClick={open("emoji")} />
          <IconButton icon="reply" label={t("reply")} onClick={() => (room.replyTo.value = message)} />
        </>
      )}
      {!inThread && (
        <IconButton
          icon="thread"
          label={t("openThread")}
          onClick={() => (panel.value = { kind: "thread", root: message.thread_id ?? message.id })}
        />
      )}
      <IconButton icon="more" label={t("more")} expanded={opened?.what === "menu"} onClick={open("menu")} />
      {opened?.what === "emoji" && (
        <EmojiPicker
          at={opened.at}
          onClose={close}
          onPick={(emoji) => {
            close();
            void react(room, message, emoji);
          }}
        />
      )}
      {opened?.what === "menu" && <MessageMenu message={message} room={room} at={opened.at} onClose={close} />}
    </div>
  );
}
