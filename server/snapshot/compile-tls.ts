// The certificates of listeners, by their names in the plan. One that stays keeps what handshakes made of it,
// too.
import { readLearned } from '../lib/demanded-name.ts'
import type { ClientCertificateConfig } from '../tls/client-certificate.options.ts'
import { ClientPolicies } from '../tls/client-policies.ts'
import { ByName } from '../tls/by-name.ts'
import type { Certificate } from '../tls/certificate.ts'
import { makeCertificate } from '../tls/certificates.ts'
import { clientsOf, type ListenerTls } from '../tls/listener-tls.ts'
import type { TlsConfig } from '../tls/tls.options.ts'
import { settingsOf, type TlsSettings } from '../tls/tls-settings.ts'
import type { Snapshot } from './snapshot.ts'
import { at } from './compile-problem.ts'
import type { ListenerGround, ListenerSource } from './listener-source.ts'

/** What a listener says of TLS, its certificates by name. */
export interface TlsWords {
  readonly certificates: readonly string[]
  readonly settings: TlsSettings
  readonly clients?: ClientCertificateConfig | undefined
  readonly handshakeMs: number
}

/** Of listeners whose words are the usual ones. */
export const tlsWordsOf = (options: {
  readonly certificates: readonly string[]
  readonly tls: TlsConfig
  readonly client_certificate?: ClientCertificateConfig | undefined
  readonly timeouts: { readonly handshake: number }
}): TlsWords => ({
  certificates: options.certificates,
  settings: settingsOf(options.tls),
  clients: options.client_certificate,
  handshakeMs: options.timeouts.handshake,
})

/** What a listener has of TLS; `place`: the key that names its certificates. */
export function compileTls(
  { certificates: names, settings, clients: words, handshakeMs }: TlsWords,
  { path, ground }: Pick<ListenerSource<unknown>, 'path' | 'ground'>,
  place = 'certificates',
): ListenerTls {
  const clients =
    words === undefined
      ? null
      : at(`${path}.client_certificate`, () => {
          const { files = {} } = ground.plan
          return new ClientPolicies(settings, words, files, policiesIn(ground.previous))
        })
  return at(`${path}.${place}`, () => {
    const [first, ...others] = names.map((name) => certificateOf(name, ground))
    if (first === undefined) throw new Error('it names no certificate')
    // Each handshake begins with it: what is wrong with it is told now.
    void first.contextFor(clients?.first.settings ?? settings)
    const certificates = onDemand(new ByName(first, ...others), names, ground)
    return { certificates, settings, clients, handshakeMs }
  })
}

const policiesIn = (snapshot: Snapshot | null): ClientPolicies[] =>
  [...(snapshot?.listeners.values() ?? [])].flatMap((listener) => clientsOf(listener) ?? [])

/** Those that came on demand, or may come. */
function onDemand(byName: ByName, names: readonly string[], ground: ListenerGround): ByName {
  const { config, certificates } = ground.plan
  const demands = names.flatMap((certificate) => {
    const { allow, wait } = config.certificates[certificate]?.acme?.on_demand ?? {}
    return allow === undefined || wait === undefined ? [] : [{ certificate, allow, waitMs: wait }]
  })
  if (demands.length === 0) return byName
  byName.with(demands)
  for (const learned of Object.keys(certificates)) {
    const read = readLearned(learned)
    if (read !== null && demands.some(({ certificate }) => certificate === read.certificate))
      byName.learn(read.certificate, read.name, certificateOf(learned, ground))
  }
  return byName
}

function certificateOf(name: string, { plan, previous, certificates }: ListenerGround): Certificate {
  const text = plan.certificates[name]
  if (text === undefined) throw new Error('the plan has no certificate for it')
  const certificate =
    certificates.get(name) ?? makeCertificate(name, text, previous?.certificates ?? new Map())
  certificates.set(name, certificate)
  return certificate
}
