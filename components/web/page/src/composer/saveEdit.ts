import { t } from "../i18n";
import { attempt } from "../state/notices";
import type { Room } from "../state/room";
import type { Message } from "../state/types";
import { type Mentioned, mentionsOf } from "./mentions";

/** What a message says, as far as it is known. */
export function said(room: Room, message: Message): string {
  return room.contents.of(message)?.text ?? message.text ?? message.content_preview;
}

/** Saves what a message says from now on; whether that is done with. Its formatting does not go without a word. */
export async function saveEdit(room: Room, message: Message, text: string, mentioned: readonly Mentioned[]): Promise<boolean> {
  if (text === "" || text === said(room, message).trim()) return true;
  let content = room.contents.of(message);
  if (content === undefined && !(await attempt(async () => (content = await room.contents.read(message))))) return false;
  if (content?.html != null && !confirm(t("formattingGoes"))) return false;
  // Who was meant already is meant still, where nobody else is named.
  const added = mentionsOf(text, mentioned);
  const mentions = added.length > 0 && { mentions: [...new Set([...message.mentions, ...added])] };
  return attempt(() => room.store.edit(message.id, { text, ...mentions }));
}
