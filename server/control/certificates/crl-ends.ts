// Lists of revoked certificates that are about to expire, from when on whoever they are for is refused: told
// a week and a day before, and once they have.
import type { FileTexts } from '../../backends/tls.ts'
import type { Config } from '../../config/schema.ts'
import { clientRules } from '../../lib/client-auth.ts'
import { readCrls } from '../../lib/crl.ts'
import { logEvent } from '../../telemetry/log.ts'
import { Nearing } from './nearing.ts'

export interface CrlEnd {
  readonly listener: string
  readonly file: string
  readonly issuer: string
  /** Infinity: it does not say. */
  readonly endsMs: number
}

const TOLD_AT_DAYS = [0, 1, 7]

type Words = Pick<Config, 'listeners'>

/** Each list of each file, by listener. */
export function crlEnds({ listeners }: Words, files: FileTexts): CrlEnd[] {
  return Object.entries(listeners).flatMap(([listener, options]) => {
    if (options.protocol !== 'https' && options.protocol !== 'tcp') return []
    const { client_certificate: words } = options
    if (words === undefined) return []
    const all = [clientRules(words), ...Object.values(words.names).map((own) => clientRules(words, own))]
    return [...new Set(all.flatMap(({ crl }) => crl))].flatMap((file) =>
      endsIn(files[file] ?? '').map((one) => ({ listener, file, ...one })),
    )
  })
}

type Ends = readonly Pick<CrlEnd, 'issuer' | 'endsMs'>[]

/** They are asked for with the metrics, and may be long. */
const known = new Map<string, Ends>()
const KNOWN_MAX = 64

function endsIn(text: string): Ends {
  const key = Bun.hash(text).toString(36)
  const before = known.get(key)
  if (before !== undefined) return before
  if (known.size >= KNOWN_MAX) known.clear()
  const found = read(text)
  known.set(key, found)
  return found
}

function read(text: string): Ends {
  try {
    return readCrls(text).map(({ issuerText, untilMs }) => ({ issuer: issuerText, endsMs: untilMs }))
  } catch {
    return [] // it was refused
  }
}

const keyOf = ({ listener, file, issuer }: CrlEnd): string => `${listener} ${file} ${issuer}`

export class CrlEnds {
  readonly #nowMs: () => number
  readonly #tell: typeof logEvent
  readonly #nearing = new Nearing(TOLD_AT_DAYS)

  constructor(nowMs: () => number, tell = logEvent) {
    this.#nowMs = nowMs
    this.#tell = tell
  }

  /** Looks now and then. */
  look(config: Words, files: FileTexts): void {
    if (this.#nearing.isDue(this.#nowMs())) this.lookNow(config, files)
  }

  lookNow(config: Words, files: FileTexts): void {
    const all = crlEnds(config, files)
    this.#nearing.begin(this.#nowMs(), new Set(all.map(keyOf)))
    for (const one of all) this.#lookAt(one)
  }

  #lookAt(one: CrlEnd): void {
    const { listener, file, issuer, endsMs } = one
    const days = this.#nearing.reached(keyOf(one), endsMs, this.#nowMs())
    if (days === null) return
    this.#tell(days <= 1 ? 'error' : 'warn', 'crl_expires', {
      listener,
      file,
      issuer,
      until: new Date(endsMs).toISOString(),
      hint:
        days === 0
          ? 'it has expired: clients of this issuer are refused, unless "expired_crl: use" says otherwise'
          : 'fetch the next one before clients of this issuer are refused',
    })
  }
}
