// Listeners of TURN, as far as workers have an address of them.
import { tcpBindsOf } from '../lib/bind.ts'
import type { Certificate } from '../tls/certificate.ts'
import { certificateName, makeCertificate } from '../tls/certificates.ts'
import type { TurnListenerConfig } from '../turn/turn.options.ts'
import { type ListenerGround, type ListenerSource, proxiesOf } from './listener-source.ts'
import { at, CompileProblem } from './compile-problem.ts'
import type { TurnListener } from './snapshot.ts'

/** Null: it is served by UDP alone, which is the relay's. */
export function compileTurn(source: ListenerSource<TurnListenerConfig>): TurnListener | null {
  const { name, path, options, ground } = source
  if (tcpBindsOf(name, options).length === 0) return null
  const { door } = ground.plan
  if (door === null) throw new CompileProblem(path, 'the plan has no door to the relay')
  const certificate = at(`${path}.tls`, () => certificateOf(options, ground))
  return { kind: 'turn', name, options, proxies: proxiesOf(source), door, certificate }
}

/** One that stays keeps what handshakes made of it, too. */
function certificateOf(
  { tls }: TurnListenerConfig,
  { plan, previous, certificates }: ListenerGround,
): Certificate | null {
  if (tls === undefined) return null
  const name = certificateName(tls)
  const text = plan.certificates[name]
  if (text === undefined) throw new Error('the plan has no certificate for it')
  const certificate =
    certificates.get(name) ?? makeCertificate(name, text, previous?.certificates ?? new Map())
  certificates.set(name, certificate)
  return certificate
}
