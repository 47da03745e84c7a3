import { fileAt, pictureAt } from "../state/media";
import type { MessageFile } from "../state/types";
import { FileCard } from "./FileCard";

export function VideoFile({ file }: { file: MessageFile }) {
  const address = fileAt(file.content_uri);
  const poster = pictureAt(file.thumbnail_uri, 800, 600, "scale");
  return (
    <div class="video">
      {address !== "" && (
        <video controls preload="none" src={address} {...(poster !== "" && { poster })} aria-label={file.filename ?? ""} />
      )}
      <FileCard file={file} />
    </div>
  );
}
