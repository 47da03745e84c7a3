import { useEffect, useRef, useState } from "preact/hooks";
import { client } from "../state/client";
import { attempt } from "../state/notices";
import type { Room } from "../state/room";

/** Files that one message round takes. */
const MOST = 10;

export interface Attachment {
  id: number;
  file: File;
  /** A picture of it, as long as it is here. */
  picture: string | undefined;
  /** How much of it is through, in percent; nothing before it is sent. */
  percent: number | undefined;
  abort: AbortController;
}

export interface Uploads {
  files: Attachment[];
  add(files: File[]): void;
  remove(id: number): void;
  /** Sends them, a message each; the text goes with the first. */
  send(text: string, replyTo: string | undefined): Promise<void>;
}

let last = 0;

/** Files on their way into a channel. */
export function useUploads(room: Room, thread: string | undefined): Uploads {
  const [files, setFiles] = useState<Attachment[]>([]);
  const now = useRef(files);
  now.current = files;
  useEffect(() => () => now.current.forEach(forget), []);

  const add = (added: File[]): void => {
    const made = added.slice(0, MOST).map((file) => {
      const picture = file.type.startsWith("image/") ? URL.createObjectURL(file) : undefined;
      return { id: (last += 1), file, picture, percent: undefined, abort: new AbortController() };
    });
    setFiles((files) => [...files, ...made].slice(0, MOST));
  };
  const remove = (id: number): void => {
    const gone = now.current.find((one) => one.id === id);
    if (gone !== undefined) forget(gone);
    setFiles((files) => files.filter((one) => one.id !== id));
  };
  const send = async (text: string, replyTo: string | undefined): Promise<void> => {
    let caption = text;
    for (const attachment of now.current.filter(({ percent }) => percent === undefined)) {
      const { id, file, abort } = attachment;
      const progress = (sent: number, total: number): void => {
        const percent = Math.round((sent / Math.max(1, total)) * 100);
        setFiles((files) => files.map((one) => (one.id === id ? { ...one, percent } : one)));
      };
      progress(0, 1);
      const done = await attempt(async () => {
        const size = await pictureSize(file);
        const options = { filename: file.name, progress, signal: abort.signal };
        const uploaded = await client().api.uploadFile(room.id, file, options).catch((error: unknown) => {
          if (abort.signal.aborted) return undefined;
          throw error;
        });
        if (uploaded === undefined) return;
        const { content_uri, filename, content_type } = uploaded;
        room.store.send({
          text: caption === "" ? filename : caption,
          msgtype: kindOf(content_type),
          file: { content_uri, filename, content_type, size: uploaded.size, ...size },
          ...(replyTo !== undefined && { reply_to: replyTo }),
          ...(thread !== undefined && { thread_id: thread }),
        });
        caption = "";
      });
      // What failed stays, to be sent again.
      if (done) remove(id);
      else setFiles((files) => files.map((one) => (one.id === id ? { ...one, percent: undefined } : one)));
    }
  };
  return { files, add, remove, send };
}

function forget({ picture, abort }: Attachment): void {
  abort.abort();
  if (picture !== undefined) URL.revokeObjectURL(picture);
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
  return picture && { width: picture.width, height: picture.height };
}
