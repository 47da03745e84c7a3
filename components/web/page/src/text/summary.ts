import { type Key, t } from "../i18n";
import type { Message } from "../state/types";

const KINDS: Partial<Record<string, Key>> = { image: "image", file: "file", audio: "file", video: "file", poll: "poll" };

/** A message in one line of plain text. */
export function summary(message: Message): string {
  if (message.deleted_at !== null) return t("deleted");
  if (message.is_encrypted) return t("encrypted");
  const text = message.content_preview.replace(/\s+/g, " ").trim();
  if (message.file?.voice != null) return t("voice");
  const kind = KINDS[message.content_type];
  if (text === "" && kind !== undefined) return t(kind);
  return text;
}
