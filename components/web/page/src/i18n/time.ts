/** Times as people of the page's language write them. */

import { language, t } from "./index";

const formats = new Map<string, Intl.DateTimeFormat>();

function format(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language.value} ${name}`;
  let made = formats.get(key);
  if (made === undefined) formats.set(key, (made = new Intl.DateTimeFormat(language.value, options)));
  return made;
}

export function clock(time: string): string {
  return format("clock", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(time));
}

export function whole(time: string): string {
  return format("whole", { dateStyle: "full", timeStyle: "short" }).format(new Date(time));
}

/** Names a day, so that two messages of one day are told. */
export function dayOf(time: string): string {
  return new Date(time).toDateString();
}

export function dayName(time: string): string {
  const day = dayOf(time);
  if (day === new Date().toDateString()) return t("today");
  if (day === new Date(Date.now() - 86_400_000).toDateString()) return t("yesterday");
  return format("day", { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(new Date(time));
}

/** In a list: the time today, else the day. */
export function brief(time: string): string {
  if (dayOf(time) === new Date().toDateString()) return clock(time);
  return format("brief", { day: "numeric", month: "short" }).format(new Date(time));
}

/** How long sound lasts: `1:05`. */
export function length(seconds: number): string {
  const whole = Number.isFinite(seconds) ? Math.max(0, Math.round(seconds)) : 0;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export function size(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  const options: Intl.NumberFormatOptions = { style: "unit", unit: units[unit] ?? "byte", maximumFractionDigits: 1 };
  return new Intl.NumberFormat(language.value, options).format(value);
}
