// What the admin listener speaks: TLS wherever others than this machine reach it, with the certificate of the
// config, or with one of our own making.
import { createHash, X509Certificate } from 'node:crypto'
import { hostname } from 'node:os'
import type { AdminConfig } from '../admin/admin.options.ts'
import { parseBind } from '../lib/bind.ts'
import { parseAddress } from '../lib/ip-address.ts'
import { readBounded } from '../lib/read-bounded.ts'
import { isWithinMachine } from '../lib/within-machine.ts'
import type { PemPair } from '../tls/certificate.ts'
import type { CertificateHands } from './certificates/source.ts'
import { SelfSignedCertificates } from './certificates/self-signed-certificates.ts'

const FILE_BYTES_MAX = 1_048_576
/** No certificate of a config has such a name. */
const OWN = '@admin'

/** How the admin listener is opened. */
export interface AdminOpening {
  readonly bind: string
  /** Null: HTTP without TLS. */
  readonly tls: PemPair | null
  /** A socket that listens there already, to be kept; null: there is none (any more). */
  readonly handed?: () => number | null
  /** Who asks at such a socket before that is answered then; left out: at once. */
  readonly served?: Promise<void>
}

/** What tells two openings apart. */
export const openingKey = ({ bind, tls }: AdminOpening): string =>
  `${bind} ${tls === null ? '' : createHash('sha256').update(tls.cert).update(tls.key).digest('hex')}`

/** As `openssl x509 -fingerprint -sha256` and browsers show it: of the certificate that is served. */
export const fingerprintOf = ({ cert }: PemPair): string => new X509Certificate(cert).fingerprint256

export class AdminTls {
  readonly #nowMs: () => number
  #own: SelfSignedCertificates | null = null

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** How a config has it opened. Throws what stands against its certificate. */
  async openingOf(admin: AdminConfig, data: string): Promise<AdminOpening> {
    const { bind, tls, plain_http } = admin
    if (typeof tls === 'object') return { bind, tls: pairOf(tls) }
    if (tls === undefined && (plain_http || isWithinMachine(bind))) return { bind, tls: null }
    return { bind, tls: await this.#ownPair(admin, data) }
  }

  /** Kept in the data folder, for who trusts it. Made anew in time, with the same key. */
  async #ownPair({ bind, hosts }: AdminConfig, data: string): Promise<PemPair> {
    this.#own ??= new SelfSignedCertificates({ hands: NO_HANDS, data, nowMs: this.#nowMs })
    const { host } = parseBind(bind)
    const bound = parseAddress(host) !== null && host !== '0.0.0.0' && host !== '::' ? [host] : []
    const names = ['localhost', hostname(), '127.0.0.1', '::1', ...bound, ...hosts]
    const wanted = { name: OWN, path: 'admin.tls', words: { self_signed: { names } } }
    const [pair] = await this.#own.textOf(wanted)
    this.#own.follow([wanted])
    if (pair === undefined) throw new Error('no certificate could be made')
    return pair
  }
}

/** Who opens the listener looks for another one: nothing is replaced from here. */
const NO_HANDS: CertificateHands = {
  refused: () => {},
  replace: () => Promise.resolve(false),
  learn: () => Promise.resolve(),
  refuse: () => Promise.resolve(),
  challenge: () => Promise.resolve(),
  httpChallenges: () => Promise.resolve(),
}

const textOf = (file: string): string => Buffer.from(readBounded(file, FILE_BYTES_MAX)).toString('latin1')

function pairOf(files: { readonly cert: string; readonly key: string }): PemPair {
  const pair = { cert: textOf(files.cert), key: textOf(files.key) }
  // Throws where it is none.
  void new X509Certificate(pair.cert)
  return pair
}
