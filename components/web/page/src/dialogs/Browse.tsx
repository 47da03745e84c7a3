import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import { client } from "../state/client";
import { failure } from "../state/notices";
import { go } from "../state/route";
import type { Channel } from "../state/types";
import { Avatar } from "../ui/Avatar";
import { Dialog } from "../ui/Dialog";
import { close } from "./open";

/** Those that are listed. */
const LISTED = 1_000;

/** Channels that one sees and is not in. */
export function Browse() {
  const [rows, setRows] = useState<Channel[]>();
  const [error, setError] = useState<string>();
  useEffect(() => {
    const list = failure(async () => {
      const seen = await client().api.listChannels({ order: "activity" }).all(LISTED);
      setRows(seen.filter(({ membership }) => membership == null));
    });
    void list.then(setError);
  }, []);
  const join = async (id: string): Promise<void> => {
    const why = await failure(() => client().api.joinChannel(id));
    setError(why);
    if (why === undefined) look(id);
  };
  const look = (id: string): void => {
    close();
    go(id);
  };
  return (
    <Dialog title={t("browse")} onClose={close}>
      {error !== undefined && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      {rows?.length === 0 && <p class="hint">{t("foundNothing")}</p>}
      <ul class="rows">
        {rows?.map((row) => (
          <li key={row.id}>
            <button type="button" class="row-button" onClick={() => look(row.id)}>
              <Avatar id={row.id} name={row.name} picture={row.avatar_url} small />
              <span class="two-lines">
                <bdi>{row.name}</bdi>
                <span class="hint">
                  {row.microdao_id}
                  {row.member_count != null && ` · ${t("memberCount", { n: row.member_count })}`}
                </span>
              </span>
            </button>
            <button type="button" onClick={() => void join(row.id)}>
              {t("join")}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
