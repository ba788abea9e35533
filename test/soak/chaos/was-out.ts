// When a server was out of use, as events of the gateway tell.
import type { Gateway } from '../../support/gateway.ts'

/** Events from which on a server is out, and those from which on it is not. */
export const OUT: ReadonlySet<string> = new Set(['circuit_opened', 'passive_out', 'server_down'])
const IN = new Set(['circuit_half_open', 'passive_back', 'server_up'])
/** So late events may be. */
const TOLD_WITHIN_MS = 500

interface Span {
  readonly time: string
  readonly total_ms: number
  readonly backend: string | null
}

/** Whether it was out for a part of what a line of the log tells of. */
export function wasOut(
  { events }: Gateway,
  server: string,
  { time, total_ms: tookMs, backend }: Span,
): boolean {
  const endMs = Date.parse(time) + TOLD_WITHIN_MS
  const beginMs = Date.parse(time) - tookMs - TOLD_WITHIN_MS
  const own = events.filter((one) => one['server'] === server && one['backend'] === backend)
  return own.some((event, n) => {
    if (!OUT.has(event.event) || timeOf(event) > endMs) return false
    const back = own.slice(n).find((one) => IN.has(one.event))
    return back === undefined || timeOf(back) >= beginMs
  })
}

const timeOf = (event: Readonly<Record<string, unknown>>): number => Date.parse(String(event['time']))
