import { dialog } from "../dialogs/open";
import { t } from "../i18n";
import { failed, pictureAt } from "../state/media";
import type { Message, MessageFile } from "../state/types";

/** The largest that a picture is shown, in pixels. */
const WIDTH = 400;
const HEIGHT = 300;

/** A picture, in the place that it is going to take, so that nothing moves when it comes. */
export function ImageFile({ file, message }: { file: MessageFile; message: Message }) {
  const [width, height] = [file.width ?? WIDTH, file.height ?? HEIGHT];
  const scale = Math.min(1, WIDTH / width, HEIGHT / height);
  const [shownWidth, shownHeight] = [Math.max(24, Math.round(width * scale)), Math.max(24, Math.round(height * scale))];
  const source = pictureAt(file.content_uri, 800, 600, "scale");
  const name = file.filename ?? "";
  const open = (): void => {
    dialog.value = { kind: "image", message: message.id, uri: file.content_uri };
  };
  return (
    <button
      type="button"
      class="image-file"
      style={{ width: `${shownWidth}px`, aspectRatio: `${shownWidth} / ${shownHeight}` }}
      aria-label={t("openImage", { file: name })}
      onClick={open}
    >
      {source !== "" && <img src={source} alt={name} loading="lazy" onError={() => failed(file.content_uri)} />}
    </button>
  );
}
