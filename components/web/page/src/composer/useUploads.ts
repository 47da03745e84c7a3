import { t } from "../i18n";
import { client } from "../state/client";
import { attempt, notify } from "../state/notices";
import type { Room } from "../state/room";
import { me } from "../state/session";
import { type Attachment, attached, type Caption, change, remove, type Tray, tray } from "../state/uploads";
import { mentionsOf } from "./mentions";

/** Files that one message round takes. */
const MOST = 10;

export interface Uploads {
  files: readonly Attachment[];
  /** What the files did not take with them, once. */
  returned: Tray["returned"];
  /** Whether there are files that are not on their way yet. */
  isWaiting: boolean;
  add(files: File[]): void;
  remove(id: number): void;
  /** Sends them, a message each; the text goes with the first that arrives. */
  send(caption: Caption): Promise<void>;
}

/** Files on their way into a channel, or a thread of it. */
export function useUploads({ id: channel }: Room, thread: string | undefined): Uploads {
  const here = tray(channel, thread);
  const files = here.files.value;
  return {
    files,
    returned: here.returned,
    isWaiting: files.some(isWaiting),
    add: (added) => {
      const fitting = added.slice(0, MOST - here.files.value.length);
      here.files.value = [...here.files.value, ...fitting.map(attached)];
      if (fitting.length < added.length) notify(t("tooManyFiles", { n: MOST }));
    },
    remove: (id) => remove(here, id),
    send: (caption) => send(here, channel, thread, caption),
  };
}

const isWaiting = ({ percent }: Attachment): boolean => percent === undefined;

/** It goes on when the channel is left, though never for anybody else. */
async function send(here: Tray, channel: string, thread: string | undefined, caption: Caption): Promise<void> {
  const whose = me.peek();
  const waiting = here.files.value.filter(isWaiting);
  for (const { id } of waiting) change(here, id, 0);
  let { text } = caption;
  for (const { id, file, abort } of waiting) {
    if (abort.signal.aborted) continue;
    const progress = (sent: number, total: number): void => change(here, id, Math.round((sent / Math.max(1, total)) * 100));
    const done = await attempt(async () => {
      const size = await pictureSize(file);
      const options = { filename: file.name, progress, signal: abort.signal };
      const uploaded = await client().api.uploadFile(channel, file, options).catch((error: unknown) => {
        if (abort.signal.aborted) return undefined;
        throw error;
      });
      if (uploaded === undefined || me.peek() !== whose) return;
      const { content_uri, filename, content_type } = uploaded;
      const mentions = mentionsOf(text, caption.mentioned);
      client().outbox.send(channel, {
        text: text === "" ? filename : text,
        msgtype: kindOf(content_type),
        file: { content_uri, filename, content_type, size: uploaded.size, ...size },
        ...(caption.replyTo !== undefined && { reply_to: caption.replyTo.id }),
        ...(thread !== undefined && { thread_id: thread }),
        ...(mentions.length > 0 && { mentions }),
      });
      text = "";
    });
    // What failed stays, to be sent again; so does all of it when the session ends meanwhile.
    if (me.peek() !== whose) break;
    if (done) remove(here, id);
    else change(here, id, undefined);
  }
  if (me.peek() !== whose) for (const { id } of waiting) change(here, id, undefined);
  if (text !== "") here.returned.value = caption;
}

function kindOf(type: string): "m.image" | "m.audio" | "m.video" | "m.file" {
  if (type.startsWith("image/")) return "m.image";
  if (type.startsWith("audio/")) return "m.audio";
  if (type.startsWith("video/")) return "m.video";
  return "m.file";
}

/** So that the others leave a place for it. What the browser cannot read has none. */
async function pictureSize(file: File): Promise<{ width: number; height: number } | undefined> {
  if (!file.type.startsWith("image/")) return undefined;
  const picture = await createImageBitmap(file).catch(() => undefined);
  const size = picture && { width: picture.width, height: picture.height };
  picture?.close();
  return size;
}
