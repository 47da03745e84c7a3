import { useState } from "preact/hooks";
import { t } from "../i18n";
import { fileAt } from "../state/media";
import { open } from "../state/room";
import { Dialog } from "../ui/Dialog";
import { IconButton } from "../ui/IconButton";
import { close } from "./open";

/** A picture as large as it fits, and those before and after it in the channel. */
export function Lightbox({ message, uri }: { message: string; uri: string }) {
  const [shown, show] = useState(message);
  const pictures = (open.value?.now.messages ?? []).filter(
    ({ content_type, file, deleted_at }) => content_type === "image" && file !== null && deleted_at === null,
  );
  const at = pictures.findIndex(({ id }) => id === shown);
  const file = pictures[at]?.file;
  const step = (by: number): void => {
    const next = pictures[at + by];
    if (next !== undefined) show(next.id);
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  };
  const name = file?.filename ?? t("image");
  const source = fileAt(file?.content_uri ?? uri);
  return (
    <Dialog title={name} onClose={close} class="lightbox">
      <div class="lightbox-inside" onKeyDown={keys}>
        <IconButton icon="left" label={t("previousImage")} disabled={at <= 0} onClick={() => step(-1)} />
        {source !== "" && <img src={source} alt={name} />}
        <IconButton icon="right" label={t("nextImage")} disabled={at < 0 || at >= pictures.length - 1} onClick={() => step(1)} />
      </div>
      {source !== "" && (
        <a class="button" href={source} download={name}>
          {t("download", { file: name })}
        </a>
      )}
    </Dialog>
  );
}
