// Certificates of our own making: kept in the data folder, so that a restart keeps them and whoever was told
// to trust one need not be told again; made anew, with the same key, before they end.
import { X509Certificate } from 'node:crypto'
import { hostname } from 'node:os'
import { canonicalAddress } from '../../lib/ip-address.ts'
import { logEvent } from '../../telemetry/log.ts'
import type { CertificateConfig } from '../../tls/certificate.options.ts'
import type { PemPair } from '../../tls/certificate.ts'
import { inALabels } from '../../tls/read-certificate.ts'
import { SELF_SIGNED_DAYS, selfSigned } from '../../tls/self-signed.ts'
import { whyUnfit } from '../../tls/why-unfit.ts'
import { problemOf } from '../problem.ts'
import { wayToWrite } from '../source/way-to-write.ts'
import type { WantedCertificate } from '../source/wanted-certificates.ts'
import { KeptPairs } from './kept-pairs.ts'
import type { CertificateHands, CertificateSource } from './source.ts'

const DAY_MS = 86_400_000
/** It is made anew when a third of its time is left. */
export const RENEW_LEFT_MS = (SELF_SIGNED_DAYS / 3) * DAY_MS
const LOOK_EVERY_MS = 60_000

export interface SelfSignedOptions {
  readonly hands: CertificateHands
  readonly data: string
  readonly nowMs: () => number
}

interface Own {
  readonly pair: PemPair
  /** What it is for, as it was asked for. */
  readonly names: string
  readonly beginsMs: number
  readonly endsMs: number
  isKept: boolean
}

export class SelfSignedCertificates implements CertificateSource {
  readonly #options: SelfSignedOptions
  readonly #kept: KeptPairs
  readonly #own = new Map<string, Own>()
  #followed: readonly WantedCertificate[] = []
  #lookedMs = Number.NEGATIVE_INFINITY

  constructor(options: SelfSignedOptions) {
    this.#options = options
    this.#kept = new KeptPairs(options.data, 'self-signed')
  }

  isFor({ self_signed }: CertificateConfig): boolean {
    return self_signed !== undefined && self_signed !== false
  }

  async textOf(wanted: WantedCertificate): Promise<readonly PemPair[]> {
    return [this.#ownOf(wanted).pair]
  }

  follow(all: readonly WantedCertificate[]): void {
    this.#followed = all
    for (const { name } of all) this.#keep(name)
  }

  look(): void {
    const nowMs = this.#options.nowMs()
    // A clock may be set back.
    if (Math.abs(nowMs - this.#lookedMs) < LOOK_EVERY_MS) return
    this.#lookedMs = nowMs
    for (const wanted of this.#followed) if (this.#isDue(this.#own.get(wanted.name))) void this.#renew(wanted)
  }

  stop(): void {
    this.#followed = []
  }

  #ownOf(wanted: WantedCertificate): Own {
    const { name } = wanted
    const names = namesOf(wanted)
    const known = this.#own.get(name) ?? this.#readKept(name)
    const isGood = known !== null && known.names === names.join() && !this.#isDue(known)
    const own = isGood ? known : this.#make(names, known?.pair.key)
    this.#own.set(name, own)
    return own
  }

  /** Or it was made while the clock was ahead: clients would refuse it until then. */
  #isDue(own: Own | undefined): boolean {
    const nowMs = this.#options.nowMs()
    return own !== undefined && (own.endsMs - nowMs < RENEW_LEFT_MS || own.beginsMs > nowMs)
  }

  #readKept(name: string): Own | null {
    const pair = this.#kept.read(name)
    if (pair === null || whyUnfit(pair, { cert: '', key: '' }) !== null) return null
    const { subjectAltName = '' } = new X509Certificate(pair.cert)
    const names = subjectAltName.split(', ').map((one) => one.replace(/^(?:DNS|IP Address):/, ''))
    return ownOf(pair, names.map(spelled), true)
  }

  #make(names: readonly string[], key: string | undefined): Own {
    return ownOf(selfSigned(names, { nowMs: this.#options.nowMs(), key }), names, false)
  }

  async #renew(wanted: WantedCertificate): Promise<void> {
    const own = this.#ownOf(wanted)
    try {
      if (await this.#options.hands.replace(wanted.name, [own.pair])) this.#keep(wanted.name)
    } catch (error) {
      this.#options.hands.refused(wanted, problemOf(error).message)
    }
  }

  /** One that cannot be kept is served all the same: the next start makes another. */
  #keep(name: string): void {
    const own = this.#own.get(name)
    if (own === undefined || own.isKept) return
    own.isKept = true
    try {
      this.#kept.write(name, own.pair)
    } catch (error) {
      const hint = `${wayToWrite(error)}, in the folder "data"; until then a restart makes another one`
      logEvent('warn', 'certificate_not_kept', { certificate: name, why: problemOf(error).message, hint })
    }
  }
}

function ownOf(pair: PemPair, names: readonly string[], isKept: boolean): Own {
  const { validFrom, validTo } = new X509Certificate(pair.cert)
  return {
    pair,
    names: names.join(),
    beginsMs: Date.parse(validFrom),
    endsMs: Date.parse(validTo),
    isKept,
  }
}

/** Whom it is for, as the config says. */
function namesOf({ words: { self_signed } }: WantedCertificate): readonly string[] {
  const names =
    typeof self_signed === 'object' ? self_signed.names : ['localhost', hostname(), '127.0.0.1', '::1']
  return [...new Set(names.map(spelled))]
}

/** One spelling for each. */
const spelled = (name: string): string => canonicalAddress(name) ?? (inALabels(name) || name)
