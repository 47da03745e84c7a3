import { useState } from "preact/hooks";
import { t } from "../i18n";
import { attempt } from "../state/notices";
import { person } from "../state/names";
import type { Room } from "../state/room";
import type { Message } from "../state/types";
import { Html } from "./Html";
import { PlainText } from "./PlainText";

/** What a message says. */
export function MessageBody({ message, room }: { message: Message; room: Room }) {
  const [asked, setAsked] = useState(false);
  const { file } = message;
  const { text, html } = room.contents.of(message) ?? { text: message.text ?? null, html: null };
  if (message.deleted_at !== null) return <p class="body hint">{t("deleted")}</p>;
  if (message.is_encrypted) return <p class="body hint">{t("encrypted")}</p>;
  const plain = text ?? message.content_preview;
  // The name of a file stands on the file.
  const isName = file !== null && (plain === file.filename || plain === "");
  if (isName || message.poll !== undefined) return null;
  const isCut = text === null && message.truncated;
  const whole = (): void => {
    setAsked(true);
    void attempt(() => room.contents.read(message)).then(() => setAsked(false));
  };
  return (
    <div class={`body${isEmoji(plain) ? " only-emoji" : ""}`} dir="auto">
      {message.content_type === "emote" && <span class="emote">{person(message.sender_id).name} </span>}
      {html !== null ? <Html html={html} /> : <PlainText text={isCut ? `${plain}…` : plain} />}
      {message.edited_at !== null && <span class="edited">({t("edited")})</span>}
      {isCut && (
        <button type="button" class="plain" disabled={asked} onClick={whole}>
          {t("showAll")}
        </button>
      )}
    </div>
  );
}

/** A few emoji and nothing else are shown larger. */
function isEmoji(text: string): boolean {
  return text.length <= 24 && /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{RI}|[\u200d\ufe0f\s])+$/u.test(text) && /\p{Extended_Pictographic}|\p{RI}/u.test(text);
}
