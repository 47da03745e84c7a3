import { t } from "../i18n";
import { size } from "../i18n/time";
import { Icon } from "../ui/Icon";
import { IconButton } from "../ui/IconButton";
import type { Uploads } from "./useUploads";

/** The files that go with the next message, and how far those are that are on their way. */
export function AttachmentTray({ uploads }: { uploads: Uploads }) {
  if (uploads.files.length === 0) return null;
  return (
    <ul class="tray" aria-label={t("filesHere")}>
      {uploads.files.map(({ id, file, picture, percent }) => (
        <li key={id}>
          {picture === undefined ? <Icon name="file" /> : <img src={picture} alt="" />}
          <span class="two-lines">
            <bdi>{file.name}</bdi>
            {percent === undefined ? (
              <span class="hint">{size(file.size)}</span>
            ) : (
              <progress max={100} value={percent} aria-label={t("uploading", { file: file.name, n: percent })} />
            )}
          </span>
          <IconButton
            icon="close"
            label={t(percent === undefined ? "removeFile" : "cancelUpload", { file: file.name })}
            onClick={() => uploads.remove(id)}
          />
        </li>
      ))}
    </ul>
  );
}
