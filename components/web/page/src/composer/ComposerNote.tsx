import { t } from "../i18n";
import { IconButton } from "../ui/IconButton";

/** What the text that is written is going to be. */
export function ComposerNote({ text, onClose }: { text: string; onClose: () => void }) {
  return (
    <div class="composer-note">
      <span>{text}</span>
      <IconButton icon="close" label={t("cancel")} onClick={onClose} />
    </div>
  );
}
