import { t } from "../i18n";
import type { Room } from "../state/room";
import { MessageLine } from "./MessageLine";
import { Panel } from "./Panel";

export function PinsPanel({ room }: { room: Room }) {
  const pins = room.now.pins ?? [];
  return (
    <Panel title={t("pins")}>
      <div class="panel-body">
        {pins.length === 0 && <p class="hint">{t("noPins")}</p>}
        <ul class="rows">
          {pins.map((message) => (
            <li key={message.id}>
              <MessageLine message={message}>{message.content_preview}</MessageLine>
            </li>
          ))}
        </ul>
      </div>
    </Panel>
  );
}
