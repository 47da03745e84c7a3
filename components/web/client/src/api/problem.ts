/** What a call that failed throws. */

import type { FieldError, ProblemCode } from "../types.js";

/** The service refused, or could not: a problem document (RFC 9457). */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  /** Never changes its meaning; `http_502` and the like where something in front of the service responded. */
  readonly code: ProblemCode | (string & {});
  readonly status: number;
  /** For people: what is wrong, and what to do next. */
  readonly detail: string;
  /** One entry for each bad field, parameter or header. */
  readonly errors: FieldError[];
  /** Names the request in the service's log. */
  readonly requestId: string | undefined;
  /** In how many seconds to try again, where the service says so. */
  readonly retryAfter: number | undefined;

  constructor(status: number, headers: Headers, body: string) {
    const document = parsed(body);
    const code = String(document["code"] ?? `http_${status}`);
    const detail = String(document["detail"] ?? `HTTP ${status}`);
    super(`${code}: ${detail}`);
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.errors = Array.isArray(document["errors"]) ? (document["errors"] as FieldError[]) : [];
    this.requestId = headers.get("x-request-id") ?? (document["request_id"] as string | undefined);
    this.retryAfter = seconds(headers.get("retry-after"));
  }

  /** Whether the same call would fail again. */
  get isFinal(): boolean {
    const again = [401, 408, 425, 429].includes(this.status) || this.code === "request_running";
    return this.status >= 400 && this.status < 500 && !again;
  }
}

/** No response came: whether the service has carried the call out is not known. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
  readonly isFinal = false;
  readonly retryAfter = undefined;
}

/** A problem document; nothing of a proxy's page. */
function parsed(body: string): Record<string, unknown> {
  try {
    return (JSON.parse(body) as Record<string, unknown> | null) ?? {};
  } catch {
    return {};
  }
}

/** `Retry-After` in seconds (RFC 9110, section 10.2.3); a date is left alone, as clocks differ. */
function seconds(header: string | null): number | undefined {
  return header !== null && /^\d{1,9}(\.\d+)?$/.test(header) ? Number(header) : undefined;
}
