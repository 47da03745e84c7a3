import { t } from "../i18n";
import { size } from "../i18n/time";
import { fileAt } from "../state/media";
import type { MessageFile } from "../state/types";
import { Icon } from "../ui/Icon";

/** A file by its name, to download. */
export function FileCard({ file }: { file: MessageFile }) {
  const name = file.filename ?? t("file");
  const address = file.is_encrypted ? "" : fileAt(file.content_uri);
  return (
    <a class="file-card" {...(address !== "" && { href: address })} download={name} aria-label={t("download", { file: name })}>
      <Icon name="file" />
      <span class="two-lines">
        <bdi>{name}</bdi>
        <span class="hint">{file.size != null && size(file.size)}</span>
      </span>
      {address !== "" && <Icon name="download" />}
    </a>
  );
}
