import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { edit } from "../state/acts";
import { draft, keep } from "../state/drafts";
import { person } from "../state/names";
import type { Room } from "../state/room";
import { nameOf } from "../state/rows";
import type { Channel, Message } from "../state/types";
import type { Caption } from "../state/uploads";
import { Icon } from "../ui/Icon";
import { IconButton } from "../ui/IconButton";
import { AttachmentTray } from "./AttachmentTray";
import { ComposerNote } from "./ComposerNote";
import { lastOwn } from "./lastOwn";
import { MentionList } from "./MentionList";
import { complete, type Mentioned, mentionsOf, openMention } from "./mentions";
import { said, saveEdit } from "./saveEdit";
import { useDrop } from "./useDrop";
import { useUploads } from "./useUploads";

interface Props {
  room: Room;
  /** The message under which the thread is that is written in. */
  thread?: string;
}

/** Where one writes: Enter sends, Shift+Enter begins a line, Escape gives up, the upward arrow edits what one said last. */
export function Composer({ room, thread }: Props) {
  const input = useRef<HTMLTextAreaElement>(null);
  const [before] = useState(() => draft(room.id, thread));
  const [text, setText] = useState(before.text);
  const [mentioned, setMentioned] = useState<readonly Mentioned[]>(before.mentioned);
  const [typed, setTyped] = useState<string>();
  const [isSaving, setSaving] = useState(false);
  const uploads = useUploads(room, thread);
  const isOver = useDrop(input, uploads.add);
  const editing = thread === undefined ? room.editing.value : undefined;
  const replyTo = thread === undefined ? room.replyTo.value : undefined;
  const row = room.channel.value;

  useEffect(() => {
    // What was said before is no draft.
    if (room.editing.peek() === undefined) keep({ text, mentioned }, room.id, thread);
  }, [text, mentioned]);
  useEffect(() => {
    if (editing !== undefined) {
      // What was being written is kept, and comes back.
      setMentioned([]);
      change(said(room, editing));
    }
    if (editing !== undefined || replyTo !== undefined) input.current?.focus();
  }, [editing?.id, replyTo?.id]);
  const returned = uploads.returned.value;
  useEffect(() => {
    if (returned === undefined) return;
    uploads.returned.value = undefined;
    giveBack(returned);
  }, [returned]);
  useEffect(() => {
    const area = input.current;
    if (area === null) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight + 2, innerHeight / 3)}px`;
  }, [text]);

  const change = (value: string): void => {
    setText(value);
    setTyped(openMention(value, input.current?.selectionStart ?? value.length));
    if (value !== "" && room.editing.value === undefined) room.store.type();
  };
  /** What was to go with files that did not arrive stands before what has been written since. */
  const giveBack = ({ replyTo: meant, ...lost }: Caption): void => {
    const since = room.editing.peek() === undefined ? { text, mentioned } : draft(room.id, thread);
    const next = {
      text: since.text === "" ? lost.text : `${lost.text}\n${since.text}`,
      mentioned: [...lost.mentioned, ...since.mentioned],
    };
    keep(next, room.id, thread);
    if (thread === undefined) room.replyTo.value ??= meant;
    if (room.editing.peek() !== undefined) return;
    setText(next.text);
    setMentioned(next.mentioned);
  };
  const clear = (): void => {
    if (room.editing.value !== undefined) {
      const kept = draft(room.id, thread);
      setText(kept.text);
      setMentioned(kept.mentioned);
    }
    room.editing.value = undefined;
    room.replyTo.value = undefined;
    setTyped(undefined);
  };
  /** What was typed stays in the box until the service has it. */
  const save = async (message: Message, typed: string): Promise<void> => {
    if (isSaving) return;
    setSaving(true);
    const isDone = await saveEdit(room, message, typed, mentioned);
    setSaving(false);
    if (isDone && room.editing.peek()?.id === message.id) clear();
  };
  const submit = (): void => {
    const typed = text.trim();
    if (editing !== undefined) return void save(editing, typed);
    if (uploads.isWaiting) {
      void uploads.send({ text: typed, mentioned, replyTo });
    } else if (typed !== "") {
      const mentions = mentionsOf(typed, mentioned);
      room.store.send({
        text: typed,
        ...(replyTo !== undefined && { reply_to: replyTo.id }),
        ...(thread !== undefined && { thread_id: thread }),
        ...(mentions.length > 0 && { mentions }),
      });
    }
    setText("");
    setMentioned([]);
    clear();
  };
  const pick = (who: Mentioned): void => {
    const area = input.current;
    if (area === null) return;
    setMentioned([...mentioned, who]);
    setTyped(undefined);
    setText(complete(text, area.selectionStart, who.name));
    area.focus();
  };
  const keys = (event: KeyboardEvent): void => {
    // A key that ends a composition of letters belongs to the letters.
    if (event.isComposing || event.defaultPrevented) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape") {
      clear();
    } else if (event.key === "ArrowUp" && text === "" && thread === undefined) {
      const last = lastOwn(room.store.messages);
      if (last === undefined) return;
      event.preventDefault();
      void edit(room, last);
    }
  };
  if (!room.isOpen.value) return <p class="composer-note hint">{t("isArchived")}</p>;
  if (!room.mayWrite.value) return <p class="composer-note hint">{t("mayNotWrite")}</p>;
  const label = thread === undefined ? hint(row) : t("writeReply");
  return (
    <form
      class={`composer${isOver ? " over" : ""}`}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {isOver && <p class="drop-hint">{t("dropHere")}</p>}
      {row?.membership == null && <p class="hint">{t("joinToWrite")}</p>}
      {editing !== undefined && <ComposerNote text={t("editing")} onClose={clear} />}
      {replyTo !== undefined && (
        <ComposerNote text={t("replyingTo", { name: person(replyTo.sender_id).name })} onClose={clear} />
      )}
      <AttachmentTray uploads={uploads} />
      {typed !== undefined && <MentionList room={room} typed={typed} input={input} onPick={pick} onClose={() => setTyped(undefined)} />}
      <div class="composer-line">
        <label class="icon-button" title={t("attach")}>
          <Icon name="clip" />
          <span class="hidden">{t("attach")}</span>
          <input
            type="file"
            class="hidden"
            multiple
            onChange={(event) => {
              uploads.add([...(event.currentTarget.files ?? [])]);
              event.currentTarget.value = "";
            }}
          />
        </label>
        <textarea
          ref={input}
          rows={1}
          dir="auto"
          maxLength={10_000}
          readOnly={isSaving}
          aria-label={label}
          placeholder={label}
          value={text}
          onInput={(event) => change(event.currentTarget.value)}
          onKeyDown={keys}
          onPaste={(event) => {
            const files = [...(event.clipboardData?.files ?? [])];
            if (files.length > 0) {
              event.preventDefault();
              uploads.add(files);
            }
          }}
        />
        <IconButton icon="send" label={t("send")} class="primary" disabled={text.trim() === "" && !uploads.isWaiting} onClick={submit} />
      </div>
    </form>
  );
}

/** To whom, or where, one writes. */
function hint(row: Channel | undefined): string {
  if (row === undefined) return "";
  return row.is_direct ? t("writeToPerson", { name: nameOf(row) }) : t("writeTo", { channel: nameOf(row) });
}
