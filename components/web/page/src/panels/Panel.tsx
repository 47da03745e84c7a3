import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { panel } from "../channel/panel";
import { t } from "../i18n";
import { IconButton } from "../ui/IconButton";

/** Something beside the messages. It takes the focus, and gives it back; Escape closes it. */
export function Panel({ title, children }: { title: string; children: ComponentChildren }) {
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const inside = heading.current?.closest(".panel");
    if (inside?.contains(before) !== true) heading.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  const close = (): void => {
    panel.value = undefined;
  };
  return (
    <aside
      class="panel"
      aria-labelledby={id}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) close();
      }}
    >
      <header class="panel-head">
        <h2 id={id} ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <IconButton icon="close" label={t("close")} onClick={close} />
      </header>
      {children}
    </aside>
  );
}
