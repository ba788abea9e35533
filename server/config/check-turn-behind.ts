// Https listeners that lead to a turn listener: it is there, and is one, and its clients have addresses.
import type { HttpListenerConfig } from '../http/listener.options.ts'
import { bindsOf, tcpBindsOf, unixPathOf } from '../lib/bind.ts'
import { checkAlternatesBehind } from './check-turn.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'

type HttpsListenerConfig = Extract<HttpListenerConfig, { protocol: 'https' }>

/** `path` is the https listener's. */
export function checkTurnBehind(checked: Checked, path: Path, listener: HttpsListenerConfig): void {
  const { turn } = listener
  if (turn === undefined) return
  const here = [...path, 'turn']
  checkAddress(checked, here, listener)
  checked.resolve('listener', turn, here)
  const { listeners } = checked.config
  const next = Object.hasOwn(listeners, turn) ? listeners[turn] : undefined
  if (next?.protocol === 'turn') {
    const binds = tcpBindsOf(turn, listener).flatMap(({ bind }) => (unixPathOf(bind) === null ? [bind] : []))
    return checkAlternatesBehind(checked, ['listeners', turn], next, binds)
  }
  if (next === undefined) return
  const turns = Object.keys(listeners).filter((name) => listeners[name]?.protocol === 'turn')
  checked.report({
    code: 'conflict',
    path: here,
    found: `${checked.said(here, turn)}, a listener of ${next.protocol}`,
    allowed:
      turns.length === 0 ? 'a turn listener, but there is none' : `a turn listener: ${turns.join(', ')}`,
    hint:
      turns.length > 0
        ? null
        : `add one: ${checked.spelled({ turn: { bind: '0.0.0.0:3478', protocol: 'turn', realm: 'example.org', auth: { secrets: ['${TURN_SECRET}'] } } })}`,
  })
}

/** A client of TURN is told its address, which one of a Unix socket has not. */
function checkAddress(checked: Checked, path: Path, listener: HttpsListenerConfig): void {
  if (listener.proxy_protocol !== undefined || !bindsOf(listener).some((bind) => unixPathOf(bind) !== null))
    return
  checked.warn({
    code: 'conflict',
    path,
    found: 'TURN at a Unix socket, whose clients have no address',
    allowed: '"proxy_protocol" beside it, which tells one',
    hint: 'without it clients of TURN are closed there',
  })
}
