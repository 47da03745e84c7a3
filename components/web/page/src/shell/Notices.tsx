import { t } from "../i18n";
import { dismiss, notices } from "../state/notices";
import { IconButton } from "../ui/IconButton";

/** What went wrong, or was done, for a moment. */
export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, text }) => (
        <div key={id} class="notice">
          <span>{text}</span>
          <IconButton icon="close" label={t("close")} onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}
