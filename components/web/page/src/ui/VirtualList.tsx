import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Offsets } from "./offsets";

/** What is drawn beyond the edges, in pixels. */
const BEYOND = 700;
/** How near to the first row more is asked for. */
const NEAR_TOP = 1_500;
/** Nearer than this to the end is at the end. */
const NEAR_END = 40;

export interface ListHandle {
  toEnd(): void;
  /** Brings a row into the middle; `false` when there is none with this key. */
  to(key: string): boolean;
}

interface Props<Row extends { key: string }> {
  rows: readonly Row[];
  draw: (row: Row) => ComponentChildren;
  /** The height of a row that was not drawn yet. */
  guess: number;
  label: string;
  onTop: () => void;
  onShown: (first: number, last: number) => void;
  onEnd: (isAtEnd: boolean) => void;
  handle: (list: ListHandle) => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

/**
 * Draws of a long list what is on the screen. What one looks at stays where it is when rows come above it or change their
 * height; at the end it stays at the end.
 */
export function VirtualList<Row extends { key: string }>(props: Props<Row>) {
  const { rows, draw, guess, label, onTop, onShown, onEnd, handle, onKeyDown } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const heights = useRef(new Map<string, number>());
  const anchor = useRef({ key: "", below: 0 });
  const atEnd = useRef(true);
  // Where the scroller was seen last, and what is laid out in it.
  const seen = useRef(0);
  const laid = useRef({ rows: [] as readonly Row[], offsets: new Offsets([], heights.current, guess), height: 0 });
  const observer = useRef<ResizeObserver>(null);
  const [[first, last], setRange] = useState<[number, number]>([Math.max(0, rows.length - 20), rows.length - 1]);
  const [, redraw] = useState(0);

  const keys = useMemo(() => rows.map(({ key }) => key), [rows]);
  const made = useRef<{ keys: string[]; offsets: Offsets }>(null);
  if (made.current?.keys !== keys) made.current = { keys, offsets: new Offsets(keys, heights.current, guess) };
  const { offsets } = made.current;
  const now = useRef({ rows, offsets, onTop, onShown, onEnd });
  now.current = { rows, offsets, onTop, onShown, onEnd };

  /** Notes where the scroller stands in what is laid out. */
  const note = useCallback(({ scrollTop: top, clientHeight: height }: HTMLElement): void => {
    const { rows, offsets } = laid.current;
    seen.current = top;
    const first = offsets.at(top);
    anchor.current = { key: rows[first]?.key ?? "", below: top - offsets.top(first) };
    const isAtEnd = top + height >= laid.current.height - NEAR_END;
    if (isAtEnd !== atEnd.current) now.current.onEnd((atEnd.current = isAtEnd));
  }, []);

  /** Looks where the scroller stands. */
  const look = useCallback((): void => {
    const element = scroller.current;
    if (element === null) return;
    note(element);
    const { offsets, onTop, onShown } = now.current;
    const { scrollTop: top, clientHeight: height } = element;
    const next: [number, number] = [offsets.at(top - BEYOND), offsets.at(top + height + BEYOND)];
    setRange((range) => (range[0] === next[0] && range[1] === next[1] ? range : next));
    onShown(offsets.at(top), offsets.at(top + height));
    if (top < NEAR_TOP) onTop();
  }, []);

  /** Measures what is drawn, and puts what one looks at back to its place. */
  const settle = useCallback((): void => {
    const element = scroller.current;
    const drawn = inner.current;
    if (element === null || drawn === null) return;
    // The event of a scroll comes only with the next frame, and whoever has scrolled stays where they are now. What has become
    // shorter moves the scroller too.
    const most = Math.min(seen.current, element.scrollHeight - element.clientHeight);
    if (Math.abs(element.scrollTop - most) > 1) note(element);
    let hasChanged = false;
    for (const child of drawn.children) {
      const key = (child as HTMLElement).dataset["key"] ?? "";
      const { height } = child.getBoundingClientRect();
      if (heights.current.get(key) === height) continue;
      heights.current.set(key, height);
      hasChanged = true;
    }
    if (hasChanged && made.current !== null) {
      const { keys } = made.current;
      made.current = { keys, offsets: new Offsets(keys, heights.current, guess) };
      now.current.offsets = made.current.offsets;
    }
    const { rows, offsets } = now.current;
    if (atEnd.current) {
      element.scrollTop = element.scrollHeight;
    } else {
      const at = rows.findIndex(({ key }) => key === anchor.current.key);
      const top = offsets.top(at) + anchor.current.below;
      if (at >= 0 && !hasChanged && Math.abs(element.scrollTop - top) > 1) element.scrollTop = top;
    }
    seen.current = element.scrollTop;
    laid.current = { rows, offsets, height: element.scrollHeight };
    if (hasChanged) redraw((count) => count + 1);
    else look();
  }, [guess, look]);

  useLayoutEffect(settle);
  useLayoutEffect(() => {
    const watching = observer.current;
    if (watching === null || inner.current === null) return;
    watching.disconnect();
    for (const child of inner.current.children) watching.observe(child);
  }, [first, last, rows]);
  useEffect(() => {
    observer.current = new ResizeObserver(settle);
    if (scroller.current !== null) observer.current.observe(scroller.current);
    handle({
      toEnd() {
        if (scroller.current !== null) seen.current = scroller.current.scrollTop;
        atEnd.current = true;
        now.current.onEnd(true);
        setRange([Math.max(0, now.current.rows.length - 20), now.current.rows.length - 1]);
        settle();
      },
      to(key) {
        const at = now.current.rows.findIndex((row) => row.key === key);
        const element = scroller.current;
        if (at < 0 || element === null) return false;
        atEnd.current = false;
        now.current.onEnd(false);
        anchor.current = { key, below: -element.clientHeight / 3 };
        element.scrollTop = now.current.offsets.top(at) - element.clientHeight / 3;
        look();
        return true;
      },
    });
    return () => observer.current?.disconnect();
  }, []);

  const [from, to] = [Math.min(first, rows.length), Math.min(last + 1, rows.length)];
  return (
    <div
      ref={scroller}
      id="messages"
      class="scroller"
      role="list"
      aria-label={label}
      tabIndex={0}
      onScroll={look}
      onKeyDown={onKeyDown}
    >
      <div style={{ height: `${offsets.top(from)}px` }} role="presentation" />
      <div ref={inner} role="presentation">
        {rows.slice(from, to).map((row) => (
          <div key={row.key} data-key={row.key} role="listitem">
            {draw(row)}
          </div>
        ))}
      </div>
      <div style={{ height: `${offsets.end - offsets.top(to)}px` }} role="presentation" />
    </div>
  );
}
