// What is told of certificates beside their config: how each is, who names it, and how ACME fares with it.
import { dirname } from 'node:path'
import { RENEW_LEFT_MS } from '../../control/certificates/self-signed-certificates.ts'
import { servedCertificate } from '../../control/certificates/served-certificates.ts'
import type { ControlFacts } from '../../control/facts.ts'
import {
  filesOf,
  type WantedCertificate,
  wantedCertificates,
} from '../../control/source/wanted-certificates.ts'
import { uploadedFolder } from '../../control/uploaded-pair.ts'
import type { Config } from '../../config/schema.ts'
import { jsonAnswer } from '../problem.ts'
import type { KnownConfig } from './known-config.ts'

type Facts = Pick<ControlFacts, 'acme' | 'gateway'>

/** Empty: it does not come by ACME. */
export function certificateMore({ acme }: Pick<Facts, 'acme'>, name: string): object {
  const facts = acme.facts().find(({ certificate }) => certificate === name)
  return facts === undefined ? {} : { ...facts, steps: acme.steps(name) ?? [] }
}

/** Of a name that came on demand, which no config has. */
export const isAcmeOnly = (more: object): Response | null =>
  Object.keys(more).length === 0 ? null : jsonAnswer(more)

/** How they are, of one moment: a list asks for each, and there may be thousands. */
export class CertificatesNow {
  readonly #facts: Facts
  readonly #known: KnownConfig
  readonly #wanted: ReadonlyMap<string, WantedCertificate>
  #renewals: ReadonlyMap<string, Renewal> | null = null
  #users: ReadonlyMap<string, readonly string[]> | null = null

  constructor(facts: Facts, known: KnownConfig) {
    this.#facts = facts
    this.#known = known
    this.#wanted = wantedCertificates(known.config)
  }

  /** One of the config; null: it is not served yet. */
  of(name: string): object | null {
    return this.#liveOf(this.#wanted.get(name))
  }

  /** Those that listeners name by their files, and no other place of the config. */
  others(): object[] {
    return [...this.#wanted.values()].flatMap((wanted) => {
      if (wanted.path.startsWith('certificates')) return []
      const live = this.#liveOf(wanted)
      const [, listener = ''] = /^listeners[.[]"?(.*?)"?\]?\.tls$/.exec(wanted.path) ?? []
      return live === null ? [] : [{ ...live, used_by: [`listeners/${encodeURIComponent(listener)}`] }]
    })
  }

  #liveOf(wanted: WantedCertificate | undefined): object | null {
    const { acme, gateway } = this.#facts
    const text = wanted && gateway.served()?.plan.certificates?.[wanted.name]
    if (wanted === undefined || text === undefined) return null
    const { name } = wanted
    const source = sourceOf(wanted, this.#known.config)
    const renewal = source === 'acme' ? this.#renewalOf(name) : undefined
    const isRenewed = source === 'self_signed' || renewal?.state === 'good'
    const isStandIn = acme.isStandIn(name)
    const told = servedCertificate(text, { nowMs: Date.now(), isRenewed, isStandIn })
    if (told === null) return null
    return {
      certificate: name,
      ...told,
      until: told.not_after,
      source,
      files: filesOf(wanted).map(({ cert }) => cert),
      used_by: this.#usersOf(name),
      renews_by_itself: source === 'acme' || source === 'self_signed',
      renew_at:
        source === 'self_signed'
          ? new Date(text.endsMs - RENEW_LEFT_MS).toISOString()
          : (renewal?.renew_at ?? null),
      renewal: renewal ?? null,
      ...(isStandIn && { stand_in: true }),
    }
  }

  #renewalOf(name: string): Renewal | undefined {
    this.#renewals ??= new Map(this.#facts.acme.facts().map((one) => [one.certificate, one]))
    return this.#renewals.get(name)
  }

  #usersOf(name: string): readonly string[] {
    this.#users ??= usersByName(this.#known.config)
    return this.#users.get(name) ?? []
  }
}

type Renewal = ReturnType<Facts['acme']['facts']>[number]

function usersByName({ listeners }: Pick<Config, 'listeners'>): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>()
  for (const [listener, options] of Object.entries(listeners)) {
    const names = 'certificates' in options ? options.certificates : []
    for (const name of new Set(names)) {
      const own = users.get(name) ?? []
      own.push(`listeners/${encodeURIComponent(listener)}`)
      users.set(name, own)
    }
  }
  return users
}

function sourceOf(wanted: WantedCertificate, { data }: Pick<Config, 'data'>): string {
  const { acme, self_signed: own } = wanted.words
  if (acme !== undefined) return 'acme'
  if (own !== undefined && own !== false) return 'self_signed'
  const isUploaded = filesOf(wanted).some(({ cert }) => dirname(cert) === uploadedFolder(data))
  return isUploaded ? 'upload' : 'files'
}
