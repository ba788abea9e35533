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
import { usersOf } from './resource.ts'

type Facts = Pick<ControlFacts, 'acme' | 'gateway'>

/** Empty: it does not come by ACME. */
export function certificateMore({ acme }: Pick<Facts, 'acme'>, name: string): object {
  const facts = acme.facts().find(({ certificate }) => certificate === name)
  return facts === undefined ? {} : { ...facts, steps: acme.steps(name) ?? [] }
}

/** Of a name that came on demand, which no config has. */
export const isAcmeOnly = (more: object): Response | null =>
  Object.keys(more).length === 0 ? null : jsonAnswer(more)

/** How one of the config is; null: it is not served yet. */
export function certificateLive(facts: Facts, known: KnownConfig, name: string): object | null {
  return liveOf(facts, known, wantedCertificates(known.config).get(name))
}

/** Those that listeners name by their files, and no other place of the config. */
export function otherCertificates(facts: Facts, known: KnownConfig): object[] {
  return [...wantedCertificates(known.config).values()].flatMap((wanted) => {
    if (wanted.path.startsWith('certificates')) return []
    const live = liveOf(facts, known, wanted)
    const [, listener = ''] = /^listeners[.[]"?(.*?)"?\]?\.tls$/.exec(wanted.path) ?? []
    return live === null ? [] : [{ ...live, used_by: [`listeners/${encodeURIComponent(listener)}`] }]
  })
}

function liveOf(
  { acme, gateway }: Facts,
  known: KnownConfig,
  wanted: WantedCertificate | undefined,
): object | null {
  const text = wanted && gateway.served()?.plan.certificates?.[wanted.name]
  if (wanted === undefined || text === undefined) return null
  const { name } = wanted
  const source = sourceOf(wanted, known.config)
  const renewal = source === 'acme' ? acme.facts().find(({ certificate }) => certificate === name) : undefined
  const isRenewed = source === 'self_signed' || renewal?.state === 'good'
  const told = servedCertificate(text, { nowMs: Date.now(), isRenewed, isStandIn: acme.isStandIn(name) })
  if (told === null) return null
  return {
    certificate: name,
    ...told,
    until: told.not_after,
    source,
    files: filesOf(wanted).map(({ cert }) => cert),
    used_by: [...new Set(usersOf(known.value, { kind: 'certificates', id: name }).map(({ by }) => by))],
    renews_by_itself: source === 'acme' || source === 'self_signed',
    renew_at:
      source === 'self_signed'
        ? new Date(text.endsMs - RENEW_LEFT_MS).toISOString()
        : (renewal?.renew_at ?? null),
    renewal: renewal ?? null,
    ...(acme.isStandIn(name) && { stand_in: true }),
  }
}

function sourceOf(wanted: WantedCertificate, { data }: Pick<Config, 'data'>): string {
  const { acme, self_signed: own } = wanted.words
  if (acme !== undefined) return 'acme'
  if (own !== undefined && own !== false) return 'self_signed'
  const isUploaded = filesOf(wanted).some(({ cert }) => dirname(cert) === uploadedFolder(data))
  return isUploaded ? 'upload' : 'files'
}
