// A certificate with what its CA says now of its renewal (RFC 9773).
import { AcmeProblem } from './acme-problem.ts'
import { type AttemptGround, clientFor } from './attempt.ts'
import { askAdvice } from './renewal.ts'
import type { KeptCertificate } from './store.ts'
import type { Issuer } from './wanted.ts'

/** One that does not answer is asked again after so long. */
const AGAIN_MS = 3_600_000

export async function advised(
  kept: KeptCertificate,
  issuer: Issuer,
  ground: AttemptGround,
): Promise<KeptCertificate> {
  const { nowMs, chance, log } = ground
  const { cert, advice: before } = kept
  try {
    const client = clientFor(issuer, ground)
    const found = await askAdvice(client, { cert, before, nowMs: nowMs(), chance: chance() })
    const { advice, againAtMs } = found
    if (advice !== null && advice.atMs !== before?.atMs)
      log(`${issuer.shown} would have it renewed at ${new Date(advice.atMs).toISOString()}`)
    return { ...kept, advice, adviseAtMs: againAtMs }
  } catch (error) {
    if (!(error instanceof AcmeProblem)) throw error
    return { ...kept, adviseAtMs: Math.max(error.retryAtMs ?? 0, nowMs() + AGAIN_MS) }
  }
}
