// Listeners: the words of each, by its protocol, → what workers serve on its addresses. A protocol that is
// added is a row here.
import type { Steps } from '../lib/slices.ts'
import { compileHttp } from './compile-http.ts'
import { compileTcp } from './compile-tcp.ts'
import { compileTlsListener } from './compile-tls-listener.ts'
import { compileTurn } from './compile-turn.ts'
import { compileUdp } from './compile-udp.ts'
import type { ListenerGround, ListenerSource, ListenerWords } from './listener-source.ts'
import type { AnyListener } from './snapshot.ts'

/** By name; a listener that workers have no part in is left out. */
export function* compileListeners(ground: ListenerGround): Steps<Map<string, AnyListener>> {
  const made = new Map<string, AnyListener>()
  const all = Object.entries(ground.plan.config.listeners)
  // Those that lead to others stand behind them.
  for (const stage of [0, 1, 2])
    for (const [name, options] of all) {
      if (stageOf(options) !== stage) continue
      const listener = yield* compileListener({ name, path: `listeners.${name}`, options, ground }, made)
      if (listener !== null) made.set(name, listener)
    }
  return made
}

const stageOf = ({ protocol }: ListenerWords): number =>
  protocol === 'tls' ? 2 : protocol === 'https' ? 1 : 0

/** `others`: all that it may lead to. */
function* compileListener(
  source: ListenerSource<ListenerWords>,
  others: ReadonlyMap<string, AnyListener>,
): Steps<AnyListener | null> {
  const { options } = source
  switch (options.protocol) {
    case 'http':
    case 'https':
      return yield* compileHttp({ ...source, options }, others)
    case 'tls':
      return compileTlsListener({ ...source, options }, others)
    case 'tcp':
      return compileTcp({ ...source, options })
    case 'turn':
      return compileTurn({ ...source, options }, isLedTo(source))
    case 'udp':
      return compileUdp({ ...source, options })
  }
}

const isLedTo = ({ name, ground }: ListenerSource<ListenerWords>): boolean =>
  Object.values(ground.plan.config.listeners).some((one) => one.protocol === 'https' && one.turn === name)
