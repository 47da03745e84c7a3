import { t } from "../i18n";
import { isOwn, removePreview } from "../state/acts";
import { pictureAt } from "../state/media";
import type { Room } from "../state/room";
import type { Message } from "../state/types";
import { IconButton } from "../ui/IconButton";

/** What the links of a message show. All of it is text of strangers. */
export function LinkPreviews({ message, room }: { message: Message; room: Room }) {
  const mayRemove = isOwn(message) || room.manages.value;
  return (
    <>
      {message.previews.map((preview) => {
        const site = preview.site_name ?? host(preview.url);
        const picture = pictureAt(preview.image?.content_uri, 320, 240, "scale");
        return (
          <aside key={preview.id} class="preview" aria-label={t("preview", { site })}>
            <div class="preview-text">
              <p class="hint">
                <bdi>{site}</bdi>
              </p>
              <a {...safe(preview.url)} target="_blank" rel="noopener noreferrer nofollow ugc">
                <bdi>{preview.title ?? preview.url}</bdi>
              </a>
              {preview.description != null && <p dir="auto">{preview.description}</p>}
            </div>
            {picture !== "" && <img src={picture} alt="" loading="lazy" />}
            {mayRemove && (
              <IconButton icon="close" label={t("removePreview")} onClick={() => void removePreview(message, preview.id)} />
            )}
          </aside>
        );
      })}
    </>
  );
}

function host(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** An address that leads to the web, or nowhere. */
function safe(url: string): { href?: string } {
  return URL.canParse(url) && ["http:", "https:"].includes(new URL(url).protocol) ? { href: url } : {};
}
