// A kept request as documents tell it; what is secret in its head is hidden.
import { FAULTS } from '../tables/faults.ts'
import type { KeptRequest } from './kept-request.ts'
import { HIDDEN, isHiddenField, shownTarget } from './shown-target.ts'

/** An attempt at a server. */
export interface ToldAttempt {
  readonly server: string
  /**
   * The algorithm that chose it; `sticky`: its session did; `retry`: the one before it had failed; `hedge`:
   * that let wait.
   */
  readonly chosen: string
  /** Why it was made: what the one before came to, or `hedge`; null: it is the first. */
  readonly reason: string | null
  /** What it was doing when it failed; null: it was answered. */
  readonly phase: string | null
  readonly fault: string | null
  /** Of its answer; null: none came, or it broke off. */
  readonly status: number | null
  /** When it began, from the begin of the request on. */
  readonly at_ms: number
  /** Until a connection was there, 0 for one that was kept; null: none was. */
  readonly connect_ms: number | null
  /** To the first byte of its answer, or until it was lost. */
  readonly ms: number
}

export interface ToldRequest {
  /** Counts those of its worker. */
  readonly seq: number
  /** `time` in ms since 1970, with its fraction: several end in one. */
  readonly atMs: number
  readonly time: string
  readonly request_id: string | null
  readonly listener: string
  readonly client: string | null
  /** As a step of its rule knows them. */
  readonly user: string | null
  readonly scheme: 'http' | 'https'
  readonly method: string
  readonly host: string
  /** Path and query as they came. */
  readonly path: string
  readonly protocol: string
  /** As they came. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** There were more than are kept. */
  readonly headers_cut: boolean
  /** Names of those whose value, or a part of it, is hidden. */
  readonly hidden_headers: readonly string[]
  readonly rule: string | null
  readonly backend: string | null
  readonly server: string | null
  /** Of the last attempt alone where none had failed. */
  readonly attempts: readonly ToldAttempt[]
  /** Null: no answer began. */
  readonly status: number | null
  readonly bytes_in: number
  readonly bytes_out: number
  readonly queue_ms: number
  readonly connect_ms: number | null
  readonly first_byte_ms: number | null
  readonly total_ms: number
  readonly fault: string | null
  /** The fault, as a sentence. */
  readonly fault_text: string | null
  readonly detail: string | null
  /** What a cache did of it; null: it met none. */
  readonly cache: string | null
  /** Steps in shadow that would have refused it, with commas. */
  readonly shadow: string | null
  /** Fields that rules did not see; for who finds its rule again. */
  readonly unseen: number
}

/** As isSecretField of config/, which workers do not load, and fields that carry a session or a key. */
const SECRET_NAME =
  /authori[sz]ation|cookie|token|secret|passw|api[-_]?key|credential|session|signature|x-amz-security/i
const SECRET_VALUE = /^\s*(?:Bearer|Basic|Digest|Negotiate)\s+\S/i

/** Whether a field carries a credential. */
export const isSecretHere = (name: string, value: string): boolean =>
  SECRET_NAME.test(name) || SECRET_VALUE.test(value) || isHiddenField(name)

/** `isRaw`: nothing is hidden. */
export function tellRequest(kept: KeptRequest, isRaw: boolean): ToldRequest {
  const { startedMs, endedMs, firstByteMs, attempts, status } = kept
  const atMs = performance.timeOrigin + endedMs
  const told = {
    ...{ seq: kept.seq, atMs, time: new Date(atMs).toISOString() },
    request_id: kept.id === '' ? null : kept.id,
    ...{ listener: kept.listener, client: kept.client, user: kept.user },
    ...{ scheme: kept.scheme, method: kept.method, host: kept.host },
    path: kept.target,
    protocol: kept.version === 11 ? 'HTTP/1.1' : 'HTTP/1.0',
    ...{ headers: fieldsOf(kept), headers_cut: kept.isHeadCut, hidden_headers: [] },
    ...{ rule: kept.rule, backend: kept.backend, server: kept.server },
    attempts: attemptsOf(kept),
    status: status === 0 ? null : status,
    ...{ bytes_in: kept.bytesIn, bytes_out: kept.bytesOut, queue_ms: rounded(kept.queueMs) },
    connect_ms: attempts === 0 ? null : rounded(kept.connectMs),
    first_byte_ms: firstByteMs === 0 ? null : rounded(firstByteMs - startedMs),
    total_ms: rounded(endedMs - startedMs),
    ...{ fault: kept.fault, fault_text: kept.fault === null ? null : FAULTS[kept.fault].text },
    ...{ detail: kept.detail, cache: kept.cache, shadow: kept.shadow, unseen: kept.hidden },
  }
  return isRaw ? told : hidden(told)
}

/** The last line may be cut off. */
function fieldsOf({ head, isHeadCut }: KeptRequest): (readonly [string, string])[] {
  const lines = head.split(/\r?\n/).slice(1)
  if (isHeadCut) lines.pop()
  return lines.flatMap((line) => {
    const colon = line.indexOf(':')
    return colon <= 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()] as const]
  })
}

/** A request that was told with all, without what is secret. */
export function hidden(raw: ToldRequest): ToldRequest {
  const names: string[] = []
  const headers = raw.headers.map(([name, value]) => shownField(name, value, names))
  return { ...raw, path: shownTarget(raw.path), headers, hidden_headers: names }
}

function shownField(name: string, value: string, hidden: string[]): readonly [string, string] {
  const shown = isSecretHere(name, value)
    ? HIDDEN
    : /^(?:referer|location|origin)$/i.test(name)
      ? shownTarget(value)
      : value
  if (shown !== value) hidden.push(name)
  return [name, shown]
}

function attemptsOf(kept: KeptRequest): ToldAttempt[] {
  const { tries, server, attempts, startedMs, firstByteMs, queueMs, connectMs } = kept
  if (tries !== null)
    return tries.map(
      ({ server: one, reason, phase, fault, status, atMs, connectMs: toConnect, ms }, place) => ({
        ...{ server: one, chosen: chosenBy(kept, place, reason), reason, phase, fault, status },
        at_ms: rounded(atMs - startedMs),
        ...{ connect_ms: toConnect === null ? null : rounded(toConnect), ms: rounded(ms) },
      }),
    )
  if (server === null || attempts === 0) return []
  const ms = firstByteMs === 0 ? 0 : rounded(firstByteMs - startedMs - queueMs)
  const times = { at_ms: rounded(queueMs), connect_ms: rounded(connectMs), ms }
  const status = firstByteMs === 0 || kept.status === 0 ? null : kept.status
  return [
    { server, chosen: chosenBy(kept, 0, null), reason: null, phase: null, fault: null, status, ...times },
  ]
}

const chosenBy = ({ algorithm }: KeptRequest, place: number, reason: string | null): string =>
  reason === 'hedge' ? reason : place === 0 ? (algorithm ?? '-') : 'retry'

/** To a thousandth. */
const rounded = (ms: number): number => Math.max(0, Math.round(ms * 1000) / 1000)
