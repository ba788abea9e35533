// The certificates of listeners, by their names in the plan. One that stays keeps what handshakes made of it,
// too.
import { ByName } from '../tls/by-name.ts'
import type { Certificate } from '../tls/certificate.ts'
import { makeCertificate } from '../tls/certificates.ts'
import type { ListenerTls } from '../tls/listener-tls.ts'
import type { TlsSettings } from '../tls/tls-settings.ts'
import { at } from './compile-problem.ts'
import type { ListenerGround } from './listener-source.ts'

/** What a listener has of TLS; `path`: what names its certificates. */
export function compileTls(
  names: readonly string[],
  settings: TlsSettings,
  path: string,
  ground: ListenerGround,
): ListenerTls {
  return at(path, () => {
    const [first, ...others] = names.map((name) => certificateOf(name, ground))
    if (first === undefined) throw new Error('it names no certificate')
    // Each handshake begins with it: what is wrong with it is told now.
    void first.contextFor(settings)
    return { certificates: new ByName(first, ...others), settings }
  })
}

function certificateOf(name: string, { plan, previous, certificates }: ListenerGround): Certificate {
  const text = plan.certificates[name]
  if (text === undefined) throw new Error('the plan has no certificate for it')
  const certificate =
    certificates.get(name) ?? makeCertificate(name, text, previous?.certificates ?? new Map())
  certificates.set(name, certificate)
  return certificate
}
