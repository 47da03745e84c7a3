import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** The distance to the edges of the window, in pixels. */
const EDGE = 8;

interface Props {
  /** Beside what it opens. */
  anchor: DOMRect;
  label: string;
  role: "menu" | "dialog";
  onClose: () => void;
  children: ComponentChildren;
}

/** Something small over the page. The browser closes it with Escape and by a click elsewhere. */
export function Popover({ anchor, label, role, onClose, children }: Props) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return undefined;
    const before = document.activeElement;
    element.showPopover();
    const { width, height } = element.getBoundingClientRect();
    const below = anchor.bottom + height + EDGE < innerHeight;
    element.style.top = `${Math.max(EDGE, below ? anchor.bottom + 4 : anchor.top - height - 4)}px`;
    element.style.left = `${Math.max(EDGE, Math.min(anchor.right - width, innerWidth - width - EDGE))}px`;
    (element.querySelector("button, input") as HTMLElement | null)?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  const toggled = (event: Event): void => {
    if ((event as ToggleEvent).newState === "closed") onClose();
  };
  return (
    <div ref={ref} popover="auto" class="popover" role={role} aria-label={label} onToggle={toggled} onKeyDown={move}>
      {children}
    </div>
  );
}

/** Arrows go through the buttons: by one, or by a row of a grid. */
function move(event: KeyboardEvent): void {
  const inside = event.currentTarget as HTMLElement;
  const buttons = [...inside.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const [one, two] = [buttons[0]?.offsetTop, buttons.findIndex((button) => button.offsetTop !== buttons[0]?.offsetTop)];
  const row = one === undefined || two < 1 ? buttons.length : two;
  const steps: Partial<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row };
  const step = steps[event.key];
  if (at < 0 || step === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  buttons[at + step]?.focus();
}
