/** Small pictures, drawn with lines in the colour of the text. */

const PATHS = {
  back: "M15 5l-7 7 7 7",
  close: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14.5a6.5 6.5 0 0 1 3.5 5.5",
  pin: "M9 3h6l-1 7 4 4H6l4-4-1-7zM12 14v7",
  reply: "M10 7L4 12l6 5v-3.5c5 0 8 1 10 4.5 0-6-3-10-10-10.5V7z",
  thread: "M4 5h16v10H9l-5 4V5zM8 9h8M8 12h5",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 14.5c2 2.5 5 2.5 7 0M9 9.5v.5M15 9.5v.5",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  clip: "M20 11l-8 8a5 5 0 0 1-7-7l8-8a3.5 3.5 0 0 1 5 5l-8 8a2 2 0 0 1-3-3l7-7",
  send: "M4 12l16-8-6 16-3-7-7-1z",
  down: "M12 5v14M6 13l6 6 6-6",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  play: "M8 5l11 7-11 7V5z",
  pause: "M8 5v14M16 5v14",
  file: "M6 3h8l4 4v14H6V3zM14 3v4h4",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  hash: "M9 4L7 20M17 4l-2 16M4 9h16M3 15h16",
  lock: "M6 11h12v9H6v-9zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15L6 16zM10 21h4",
  gear: "M10.1 5.1L10.4 2.5L13.6 2.5L13.9 5.1L15.5 5.7L17.5 4.2L19.8 6.5L18.3 8.5L18.9 10.1L21.5 10.4L21.5 13.6L18.9 13.9L18.3 15.5L19.8 17.5L17.5 19.8L15.5 18.3L13.9 18.9L13.6 21.5L10.4 21.5L10.1 18.9L8.5 18.3L6.5 19.8L4.2 17.5L5.7 15.5L5.1 13.9L2.5 13.6L2.5 10.4L5.1 10.1L5.7 8.5L4.2 6.5L6.5 4.2L8.5 5.7zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  compass: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM15.5 8.5l-2 5-5 2 2-5 5-2z",
  at: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM16 8v5.5a2.5 2.5 0 0 0 5 0V12a9 9 0 1 0-3.5 7",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
