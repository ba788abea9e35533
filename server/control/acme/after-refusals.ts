// What is remembered of a try at which no CA gave a certificate: who waits for how long, and why.
import { hintFor, toldOf } from './acme-problem.ts'
import type { Refused } from './attempt.ts'
import { failed, type Failures, failureKeys, type FailureText, stopUntil, waiting } from './failures.ts'
import { certificateKey, keyOfName } from './followed.ts'
import type { Wanted } from './wanted.ts'

/** A CA's call to stop holds for other certificates for so long at most: it may be about this one alone. */
const CA_STOP_MS_MAX = 3_600_000

/** Null: none was asked. The certificate itself was counted before the try. */
export function afterRefusals(
  before: Failures,
  wanted: Wanted,
  refused: readonly Refused[],
  now: { readonly nowMs: number; readonly chance: () => number },
): { readonly failures: Failures; readonly why: FailureText } | null {
  const { nowMs } = now
  const [first] = refused
  if (first === undefined) return null
  let failures = failed(before, nameKeys(wanted, refused), now)
  const stops = refused.filter(({ problem }) => problem.isStop)
  for (const { issuer, problem } of stops) {
    const untilMs = Math.min(stopUntil(problem.retryAtMs, nowMs), nowMs + CA_STOP_MS_MAX)
    failures = waiting(failures, failureKeys.ca(issuer.directory), { nowMs, untilMs })
  }
  // Where one of them may be asked again earlier, it is.
  const untilMs =
    stops.length === refused.length
      ? Math.min(...stops.map(({ problem }) => stopUntil(problem.retryAtMs, nowMs)))
      : 0
  const why = { type: first.problem.type, text: textOfAll(refused), hint: hintFor(first.problem) }
  return { failures: waiting(failures, certificateKey(wanted), { nowMs, untilMs, why }), why }
}

/** Of those that a CA found fault with; what it says of others is nothing to us. */
function nameKeys({ names }: Wanted, refused: readonly Refused[]): string[] {
  const told = new Set(refused.flatMap(({ problem }) => problem.names.map(keyOfName)))
  return [...new Set(names.map(keyOfName))].filter((key) => told.has(key))
}

/** It is kept, and shown in lines of a log. */
const TEXT_LENGTH_MAX = 2000

/** What each CA said. */
function textOfAll(refused: readonly Refused[]): string {
  const text = refused.map(({ issuer, problem }) => toldOf(issuer.shown, problem)).join('; ')
  return text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)} …` : text
}
