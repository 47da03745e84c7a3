import { t } from "../i18n";
import { join, leave } from "../state/acts";
import { person } from "../state/names";
import type { Channel } from "../state/types";

/** Somebody wants the reader in this channel. */
export function Invitation({ row }: { row: Channel }) {
  const by = row.membership?.invited_by;
  return (
    <div class="invitation" role="region" aria-label={t("invited")}>
      <p>{t("acceptInvite", { name: by == null ? "" : person(by).name })}</p>
      <button type="button" onClick={() => void leave(row, false)}>
        {t("decline")}
      </button>
      <button type="button" class="primary" onClick={() => void join(row.id)}>
        {t("accept")}
      </button>
    </div>
  );
}
