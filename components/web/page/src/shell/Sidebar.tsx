import { dialog } from "../dialogs/open";
import { t } from "../i18n";
import { me } from "../state/session";
import { Avatar } from "../ui/Avatar";
import { IconButton } from "../ui/IconButton";
import { Name } from "../ui/Name";
import { ChannelList } from "./ChannelList";

/** The channels, and what is about all of them. */
export function Sidebar() {
  return (
    <nav class="sidebar" aria-label={t("channels")}>
      <header class="sidebar-head">
        <h1>{t("channels")}</h1>
        <IconButton icon="search" label={`${t("filterChannels")} (Ctrl+K)`} onClick={() => (dialog.value = { kind: "switcher" })} />
        <IconButton icon="compass" label={t("browse")} onClick={() => (dialog.value = { kind: "browse" })} />
        <IconButton icon="at" label={t("newDirect")} onClick={() => (dialog.value = { kind: "direct" })} />
        <IconButton icon="plus" label={t("newChannel")} onClick={() => (dialog.value = { kind: "create" })} />
      </header>
      <ChannelList />
      <footer class="sidebar-foot">
        <Avatar id={me.value} small />
        <Name id={me.value} />
        <IconButton icon="gear" label={t("settings")} onClick={() => (dialog.value = { kind: "settings" })} />
      </footer>
    </nav>
  );
}
