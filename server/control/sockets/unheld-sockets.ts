// Listening sockets where the supervisor can hold none.
import { parseBind, writeBind } from '../../lib/bind.ts'
import type { BindProblem } from './bind-problem.ts'
import {
  shownAddresses,
  type AddressesByName,
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

  addresses(listeners: BindsByName): AddressesByName {
    const ports = this.#ports()
    return shownAddresses(listeners, (bind) => {
      const { host, port } = parseBind(bind.bind)
      return writeBind(host, ports.get(bind.listener) ?? port)
    })
  }
}
