import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ChannelView } from "../channel/ChannelView";
import { dialog } from "../dialogs/open";
import { Dialogs } from "../dialogs/Dialogs";
import { t } from "../i18n";
import { attempt } from "../state/notices";
import { route } from "../state/route";
import { start, stop } from "../state/client";
import { reopen } from "../state/lastChannel";
import { config, type Session } from "../state/session";
import { Announcer } from "./Announcer";
import { ConnectionBar } from "./ConnectionBar";
import { Notices } from "./Notices";
import { Sidebar } from "./Sidebar";

/** What somebody who has signed in sees. On narrow screens either the channels or one of them. */
export function Shell({ who }: { who: Session }) {
  const begun = useSignal(false);
  useEffect(() => {
    const settings = config.value;
    if (settings === undefined) return undefined;
    void attempt(() => start(who, settings)).then(reopen);
    begun.value = true;
    return stop;
  }, [who]);
  useEffect(() => {
    const keys = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        dialog.value = { kind: "switcher" };
      }
    };
    addEventListener("keydown", keys);
    return () => removeEventListener("keydown", keys);
  }, []);
  const { channel } = route.value;
  if (!begun.value) return null;
  return (
    <div class={`shell${channel === undefined ? "" : " in-channel"}`}>
      <a class="skip" href="#messages" onClick={skip}>
        {t("skip")}
      </a>
      <ConnectionBar />
      <Sidebar />
      {channel === undefined ? (
        <main class="nothing">
          <p>{t("pickChannel")}</p>
        </main>
      ) : (
        <ChannelView key={channel} id={channel} />
      )}
      <Dialogs />
      <Notices />
      <Announcer />
    </div>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("messages")?.focus();
}
