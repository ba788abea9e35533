// Where the time of a request went, as spans: before the first try, each try with what it did, the pauses
// between them, and the answer's body.
import type { ServedRequest } from '../../data/api-types.ts'
import { bytes } from '../../data/say.ts'

export type SpanKind = 'gateway' | 'lost' | 'answered' | 'pause' | 'connect' | 'send' | 'wait' | 'body'

export interface Span {
  readonly name: string
  readonly kind: SpanKind
  /** From the begin of the request on. */
  readonly fromMs: number
  readonly ms: number
  /** A part of the try above it. */
  readonly isPart: boolean
  readonly note: string
}

/** A gap shorter than this is none that one would see. */
const SEEN_MS = 0.05

export function spansOf(request: ServedRequest): Span[] {
  const { attempts, total_ms: total, first_byte_ms: firstByte, fault } = request
  if (attempts.length === 0) {
    const note = fault === null ? 'answered here' : fault.replaceAll('_', ' ')
    return [whole('Head, rule, answer', 'gateway', [0, total], note)]
  }
  const spans: Span[] = []
  let endMs = 0
  for (const [place, attempt] of attempts.entries()) {
    const gap = attempt.at_ms - endMs
    if (place === 0) spans.push(...beforeFirst(request, attempt.at_ms))
    else if (gap > SEEN_MS) spans.push(whole('Pause before retry', 'pause', [endMs, gap], ''))
    const isLast = place === attempts.length - 1
    const isAnswer = (attempt.phase === null && isLast) || attempt.phase === 'answer'
    endMs = isAnswer ? Math.max(total, attempt.at_ms + attempt.ms) : attempt.at_ms + attempt.ms
    const name = attempts.length === 1 ? attempt.server : `Try ${place + 1} · ${attempt.server}`
    const kind = attempt.phase === null && isLast ? 'answered' : 'lost'
    spans.push(whole(name, kind, [attempt.at_ms, endMs - attempt.at_ms], noteOf(request, attempt, isLast)))
    spans.push(...partsOf(attempt, isAnswer ? firstByte : null))
    if (isAnswer && firstByte !== null && endMs - firstByte > SEEN_MS)
      spans.push(part(`Body, ${bytes(request.bytes_out)}`, 'body', firstByte, endMs - firstByte))
  }
  return spans
}

type Attempt = ServedRequest['attempts'][number]

function beforeFirst({ queue_ms: queued }: ServedRequest, atMs: number): Span[] {
  const own = Math.max(0, atMs - queued)
  const spans = [whole('Head, rule, limits', 'gateway', [0, own], '')]
  if (queued > SEEN_MS) spans.push(whole('Queue', 'pause', [own, queued], 'no server had room'))
  return spans
}

function partsOf({ at_ms: at, connect_ms: connect, ms, phase }: Attempt, firstByte: number | null): Span[] {
  const answeredAt = firstByte === null ? at + ms : firstByte
  if (connect === null) return [part(phase === 'resolve' ? 'Look up the name' : 'Connect', 'connect', at, ms)]
  const connected = at + connect
  const name = phase === 'send' ? 'Send' : 'Send, wait'
  return [
    ...(connect > SEEN_MS ? [part('Connect', 'connect', at, connect)] : []),
    part(name, phase === 'send' ? 'send' : 'wait', connected, Math.max(0, answeredAt - connected)),
  ]
}

function noteOf(
  { status }: ServedRequest,
  { fault, phase, status: own, connect_ms: connect }: Attempt,
  isLast: boolean,
): string {
  if (fault !== null) return fault.replaceAll('_', ' ')
  if (phase !== null) return 'given up: another was answered first'
  if (!isLast) return `${own ?? ''}, not passed on`
  return `${status ?? ''}${connect === 0 ? ', a kept connection' : ''}`
}

type Of = readonly [fromMs: number, ms: number]

const whole = (name: string, kind: SpanKind, [fromMs, ms]: Of, note: string): Span => ({
  ...{ name, kind, fromMs, ms, note },
  isPart: false,
})
const part = (name: string, kind: SpanKind, fromMs: number, ms: number): Span => ({
  ...{ name, kind, fromMs, ms },
  isPart: true,
  note: '',
})

/** How the time divides: `gateway`, `servers`, `waiting`. */
export function sharesOf(request: ServedRequest): { gateway: number; servers: number; waiting: number } {
  const all = spansOf(request).filter(({ isPart }) => !isPart)
  const sum = (...kinds: readonly SpanKind[]): number =>
    covered(all.filter(({ kind }) => kinds.includes(kind)))
  const [servers, waiting] = [sum('lost', 'answered'), sum('pause')]
  return { gateway: Math.max(0, request.total_ms - servers - waiting), servers, waiting }
}

/** How long any of them lasts: two at once are not twice the time. */
function covered(spans: readonly Span[]): number {
  let sum = 0
  let untilMs = 0
  for (const { fromMs, ms } of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    sum += Math.max(0, fromMs + ms - Math.max(fromMs, untilMs))
    untilMs = Math.max(untilMs, fromMs + ms)
  }
  return sum
}

/** Where the axis has lines, in ms: round numbers, three to five of them. */
export function ticksOf(totalMs: number): number[] {
  if (totalMs <= 0) return [0]
  const rough = totalMs / 4
  const size = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 2.5, 5, 10].find((n) => n * size >= rough) ?? 10) * size
  const ticks: number[] = []
  for (let n = 0; n * step <= totalMs; n++) ticks.push(Number((n * step).toPrecision(6)))
  return ticks
}
