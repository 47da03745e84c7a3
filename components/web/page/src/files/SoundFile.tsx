import { fileAt } from "../state/media";
import type { MessageFile } from "../state/types";
import { FileCard } from "./FileCard";

export function SoundFile({ file }: { file: MessageFile }) {
  const address = fileAt(file.content_uri);
  return (
    <div class="sound">
      <FileCard file={file} />
      {address !== "" && <audio controls preload="none" src={address} aria-label={file.filename ?? ""} />}
    </div>
  );
}
