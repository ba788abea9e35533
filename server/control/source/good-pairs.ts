// Chains with keys that were found good and served, remembered over restarts: with thousands of them it is
// most of a start to find that again. They are known by a digest of their texts, so whatever is changed is
// looked at anew; dates are held against the clock each time. What is kept says nothing of keys, and is read
// from the data folder alone: who can write there has keys of our own making as well.
import { join } from 'node:path'
import type { GoodPairs, PairFacts } from '../../config/world.ts'
import { certificateFacts } from '../../lib/certificate-facts.ts'
import { KEY_KINDS } from '../../lib/key-kinds.ts'
import { certificatesIn } from '../../lib/pem.ts'
import { readBounded } from '../../lib/read-bounded.ts'
import { writeWhole } from '../../lib/write-whole.ts'
import type { CertificateText, PemPair } from '../../tls/certificate.ts'

/** Fewer are looked at as quickly. */
const MANY = 64
const FILE_BYTES_MAX = 64 * 1024 * 1024
/** What is found by other rules is found anew. To be raised with what check finds in a pair. */
const RULES = `1, Bun ${Bun.version}, ${KEY_KINDS}`
/** So many are read in one turn of the loop. */
const TURN = 128

type Kept = readonly [fromMs: number, endsMs: number, ...names: string[]]

export class RememberedPairs implements GoodPairs {
  readonly #file: string
  #known = new Map<string, PairFacts>()

  /** As the data folder has them; none where it cannot be read, or was written by other rules. */
  constructor(data: string) {
    this.#file = join(data, 'certificates', 'good-pairs.json')
    try {
      const text = Buffer.from(readBounded(this.#file, FILE_BYTES_MAX)).toString('utf8')
      const { rules, pairs } = JSON.parse(text) as { rules?: unknown; pairs?: object }
      if (rules !== RULES) return
      for (const [digest, [fromMs, endsMs, ...names]] of Object.entries(pairs ?? {}) as [string, Kept][])
        this.#known.set(digest, { fromMs, endsMs, names })
    } catch {
      this.#known.clear()
    }
  }

  get isEmpty(): boolean {
    return this.#known.size === 0
  }

  find(cert: string, key: string): PairFacts | undefined {
    return this.isEmpty ? undefined : this.#known.get(digestOf({ cert, key }))
  }

  /** These are served, and no others; written where they are many, and others than before. */
  async keep(served: readonly CertificateText[], isWanted: () => boolean): Promise<void> {
    if (served.length < MANY && this.isEmpty) return
    const known = new Map<string, PairFacts>()
    let isNew = false
    for (const [place, text] of served.entries()) {
      if (place % TURN === TURN - 1) await new Promise(setImmediate)
      if (!isWanted()) return
      const [pair, another] = text.pairs
      if (pair === undefined || another !== undefined) continue
      const digest = digestOf(pair)
      const before = this.#known.get(digest)
      const facts = before ?? factsOf(pair, text)
      if (facts !== null) known.set(digest, facts)
      isNew ||= before === undefined && facts !== null
    }
    if (!isNew && known.size === this.#known.size) return
    this.#known = known
    const kept = [...known].map(([digest, { fromMs, endsMs, names }]) => [digest, [fromMs, endsMs, ...names]])
    try {
      writeWhole(this.#file, JSON.stringify({ rules: RULES, pairs: Object.fromEntries(kept) }))
    } catch {
      // A folder that is full or not ours: the next start looks at all of them.
    }
  }
}

/** Null: they cannot be read in this way. */
function factsOf({ cert }: PemPair, { names, endsMs }: CertificateText): PairFacts | null {
  const [leaf = ''] = certificatesIn(cert).blocks
  try {
    const { fromMs } = certificateFacts(Buffer.from(leaf.replace(/-----[A-Z ]+-----/g, ''), 'base64'))
    return Number.isFinite(fromMs) && Number.isFinite(endsMs) ? { fromMs, endsMs, names } : null
  } catch {
    return null
  }
}

/** Of both, and of where one ends. */
const digestOf = ({ cert, key }: PemPair): string =>
  new Bun.CryptoHasher('sha256').update(`${cert.length} `).update(cert).update(key).digest('base64')
