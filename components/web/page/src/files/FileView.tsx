import type { Message, MessageFile } from "../state/types";
import { FileCard } from "./FileCard";
import { ImageFile } from "./ImageFile";
import { SoundFile } from "./SoundFile";
import { VideoFile } from "./VideoFile";
import { VoicePlayer } from "./VoicePlayer";

/** A file as what it is. */
export function FileView({ file, message }: { file: MessageFile; message: Message }) {
  if (message.deleted_at !== null) return null;
  if (file.is_encrypted) return <FileCard file={file} />;
  if (file.voice != null) return <VoicePlayer file={file} waveform={file.voice.waveform} />;
  switch (message.content_type) {
    case "image":
    case "sticker":
      return <ImageFile file={file} message={message} />;
    case "audio":
      return <SoundFile file={file} />;
    case "video":
      return <VideoFile file={file} />;
    default:
      return <FileCard file={file} />;
  }
}
