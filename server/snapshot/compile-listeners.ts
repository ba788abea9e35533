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
  for (const [name, options] of Object.entries(ground.plan.config.listeners)) {
    const listener = yield* compileListener({ name, path: `listeners.${name}`, options, ground })
    if (listener !== null) made.set(name, listener)
  }
  // Last: they lead to others.
  for (const [name, options] of Object.entries(ground.plan.config.listeners))
    if (options.protocol === 'tls')
      made.set(name, compileTlsListener({ name, path: `listeners.${name}`, options, ground }, made))
  return made
}

function* compileListener(source: ListenerSource<ListenerWords>): Steps<AnyListener | null> {
  const { options } = source
  switch (options.protocol) {
    case 'http':
    case 'https':
      return yield* compileHttp({ ...source, options })
    case 'tls':
      return null
    case 'tcp':
      return compileTcp({ ...source, options })
    case 'turn':
      return compileTurn({ ...source, options })
    case 'udp':
      return compileUdp({ ...source, options })
  }
}
