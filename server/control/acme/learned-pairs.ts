// The certificates that came on demand, as a plan is to have them. One that cannot be read for now keeps no
// change of something else from being served: it stays as it is.
import type { PemPair } from '../../tls/certificate.ts'
import type { AcmeConfig } from './acme.options.ts'

/** So many are looked at in one turn of the loop: each takes most of a millisecond. */
const TURN = 16

export interface LearnedPairsParts {
  /** What there is of one; null: nothing. Throws where it cannot be read. */
  readonly find: (learned: string, config: AcmeConfig) => PemPair | null
  readonly unread: (error: unknown) => void
}

/** By the names that plans have for them; null: it cannot be read. */
export async function learnedPairs(
  names: Iterable<readonly [learned: string, config: AcmeConfig]>,
  { find, unread }: LearnedPairsParts,
): Promise<Map<string, PemPair | null>> {
  const found = new Map<string, PemPair | null>()
  let looked = 0
  for (const [learned, config] of names) {
    try {
      const pair = find(learned, config)
      if (pair !== null) found.set(learned, pair)
    } catch (error) {
      found.set(learned, null)
      unread(error)
    }
    // There may be thousands: health checks go on beside them.
    if (++looked % TURN === 0) await new Promise(setImmediate)
  }
  return found
}
