import { useRef } from "preact/hooks";
import { dialog } from "../dialogs/open";
import { t } from "../i18n";
import { channels, isListed } from "../state/client";
import { route } from "../state/route";
import { ChannelRow } from "./ChannelRow";

const STEPS: Partial<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

/** The channels; arrows go through them, and one of them is in the order of the tab key. */
export function ChannelList() {
  const ref = useRef<HTMLUListElement>(null);
  const rows = channels.value;
  const keys = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    const links = [...(ref.current?.querySelectorAll("a") ?? [])];
    const at = links.findIndex((link) => link === document.activeElement);
    if (step === undefined || at < 0) return;
    event.preventDefault();
    links[Math.min(links.length - 1, Math.max(0, at + step))]?.focus();
  };
  if (rows.length === 0) {
    return (
      <div class="channel-list">
        <p class="hint">{t(isListed.value ? "noChannels" : "loading")}</p>
        {isListed.value && (
          <div class="buttons first-steps">
            <button type="button" class="primary" onClick={() => (dialog.value = { kind: "create" })}>
              {t("createChannel")}
            </button>
            <button type="button" onClick={() => (dialog.value = { kind: "browse" })}>
              {t("browse")}
            </button>
          </div>
        )}
      </div>
    );
  }
  const current = route.value.channel;
  const hasCurrent = rows.some(({ id }) => id === current);
  return (
    <ul ref={ref} class="channel-list" onKeyDown={keys}>
      {rows.map((row, at) => (
        <li key={row.id}>
          <ChannelRow row={row} isCurrent={row.id === current} isStop={hasCurrent ? row.id === current : at === 0} />
        </li>
      ))}
    </ul>
  );
}
