// Listeners of TURN, as far as workers have an address of them.
import { tcpBindsOf } from '../lib/bind.ts'
import { certificateName } from '../tls/certificates.ts'
import { PLAIN_SETTINGS } from '../tls/tls-settings.ts'
import type { TurnListenerConfig } from '../turn/turn.options.ts'
import { type ListenerSource, proxiesOf } from './listener-source.ts'
import { CompileProblem } from './compile-problem.ts'
import { compileTls } from './compile-tls.ts'
import type { TurnListener } from './snapshot.ts'

/** Null: it is served by UDP alone, which is the relay's. `isLedTo`: clients may come by another listener. */
export function compileTurn(
  source: ListenerSource<TurnListenerConfig>,
  isLedTo: boolean,
): TurnListener | null {
  const { name, path, options, ground } = source
  if (!isLedTo && tcpBindsOf(name, options).length === 0) return null
  const { door } = ground.plan
  if (door === null) throw new CompileProblem(path, 'the plan has no door to the relay')
  const tls =
    options.tls &&
    compileTls(
      {
        certificates: [certificateName(options.tls)],
        settings: PLAIN_SETTINGS,
        handshakeMs: options.timeouts.handshake,
      },
      source,
      'tls',
    )
  return { kind: 'turn', name, options, proxies: proxiesOf(source), door, tls: tls ?? null }
}
