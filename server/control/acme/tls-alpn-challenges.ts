// tls-alpn-01 (RFC 8737): the CA asks for a name and the protocol `acme-tls/1`, and gets a certificate that
// shows it what only the account's holder knows. Nothing but the port for TLS is needed.
import { createHash } from 'node:crypto'
import type { PemPair } from '../../tls/certificate.ts'
import { octets } from '../../tls/der.ts'
import { extension, selfSigned } from '../../tls/self-signed.ts'
import type { Asked, Challenger } from './challenger.ts'

/** RFC 8737 §3 */
const ACME_IDENTIFIER = '1.3.6.1.5.5.7.1.31'
const DAYS = 2

export interface TlsAlpnChallengesOptions {
  /** Settles when all workers have it; null: it is over. */
  readonly tell: (name: string, pair: PemPair | null) => Promise<void>
  readonly nowMs: () => number
}

export class TlsAlpnChallenges implements Challenger {
  readonly type = 'tls-alpn-01'
  readonly #options: TlsAlpnChallengesOptions

  constructor(options: TlsAlpnChallengesOptions) {
    this.#options = options
  }

  async present(asked: readonly Asked[]): Promise<void> {
    const { tell, nowMs } = this.#options
    for (const { name, authorization } of asked) {
      const digest = createHash('sha256').update(authorization).digest()
      const shown = extension(ACME_IDENTIFIER, octets(digest), true)
      await tell(name, selfSigned([name], { nowMs: nowMs(), days: DAYS, extensions: [shown] }))
    }
  }

  async cleanUp(asked: readonly Asked[]): Promise<void> {
    // One that does not hear of it goes on answering what nobody asks.
    for (const { name } of asked) await this.#options.tell(name, null).catch(() => {})
  }
}
