// Listening sockets where the supervisor can hold none.
import { parseBind, writeBind } from '../../lib/bind.ts'
import type { BindProblem } from './bind-problem.ts'
import {
  shownName,
  tcpBindsIn,
  type BindsByName,
  type HeldPort,
  type ListeningSockets,
  type TakenSocket,
} from './sockets.ts'

/**
 * Where descriptors cannot be handed on (elsewhere than on Linux): the machine in this process binds by
 * itself.
 */
export class UnheldSockets implements ListeningSockets {
  readonly #ports: () => ReadonlyMap<string, number>

  constructor(ports: () => ReadonlyMap<string, number>) {
    this.#ports = ports
  }

  stage(): readonly BindProblem[] {
    return []
  }
  heldPorts(): HeldPort[] {
    return []
  }
  commit(): void {}
  drop(): void {}
  closeSlot(): void {}
  vacateSlot(): void {}
  close(): void {}

  take(): TakenSocket {
    throw new Error('this system cannot hand sockets to worker processes: set "workers: 0"')
  }

  addresses(listeners: BindsByName): Record<string, string> {
    const ports = this.#ports()
    const found: Record<string, string> = {}
    for (const bind of tcpBindsIn(listeners)) {
      const { host, port } = parseBind(bind.bind)
      found[shownName(bind)] = writeBind(host, ports.get(bind.listener) ?? port)
    }
    return found
  }
}
