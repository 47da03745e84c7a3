import { t } from "../i18n";
import { isOwn, removePreview } from "../state/acts";
import { pictureAt } from "../state/media";
import type { Channel, Message } from "../state/types";
import { IconButton } from "../ui/IconButton";

/** What the links of a message show. All of it is text of strangers. */
export function LinkPreviews({ message, row }: { message: Message; row: Channel }) {
  const mayRemove = isOwn(message) || row.membership?.role === "owner" || row.membership?.role === "admin";
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
              <a href={safe(preview.url)} target="_blank" rel="noopener noreferrer nofollow ugc">
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
function safe(url: string): string | undefined {
  return URL.canParse(url) && ["http:", "https:"].includes(new URL(url).protocol) ? url : undefined;
}
