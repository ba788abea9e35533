// Listeners of TCP, in TLS or not: the backend that they lead to, and whom they let in.
import { Ranges } from '../lib/ranges.ts'
import type { TcpListenerConfig } from '../tcp/tcp.options.ts'
import { compileTls, tlsWordsOf } from './compile-tls.ts'
import { at, CompileProblem } from './compile-problem.ts'
import { type ListenerSource, proxiesOf } from './listener-source.ts'
import type { TcpListener } from './snapshot.ts'

export function compileTcp(source: ListenerSource<TcpListenerConfig>): TcpListener {
  const { name, path, options, ground } = source
  const backend = ground.backends.get(options.backend)
  if (backend === undefined) throw new CompileProblem(path, `there is no backend "${options.backend}"`)
  const allowed = at(`${path}.allow`, () => Ranges.parse(options.allow))
  const denied = at(`${path}.deny`, () => Ranges.parse(options.deny))
  const tls = options.certificates.length === 0 ? null : compileTls(tlsWordsOf(options), source)
  return { kind: 'tcp', name, options, tls, proxies: proxiesOf(source), backend, allowed, denied }
}
