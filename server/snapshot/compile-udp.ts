// Listeners of UDP: where their flows go, and whose they are.
import { Ranges } from '../lib/ranges.ts'
import type { UdpListenerConfig } from '../udp/listener.options.ts'
import type { UdpListener } from '../udp/listener.ts'
import { at, CompileProblem } from './compile-problem.ts'
import type { ListenerSource } from './listener-source.ts'

export function compileUdp({ name, path, options, ground }: ListenerSource<UdpListenerConfig>): UdpListener {
  const backend = ground.backends.get(options.backend)
  if (backend === undefined)
    throw new CompileProblem(`${path}.backend`, `there is no backend "${options.backend}"`)
  const { allow, deny } = options
  return {
    kind: 'udp',
    name,
    options,
    backend,
    allow: allow === undefined ? null : at(`${path}.allow`, () => Ranges.parse(allow)),
    deny: at(`${path}.deny`, () => Ranges.parse(deny)),
  }
}
