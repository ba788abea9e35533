// Listening sockets where the supervisor can hold none.
import { parseBind, unixPathOf, writeBind } from '../../lib/bind.ts'
import { BindProblem } from './bind-problem.ts'
import { type AddressesByName, type BindsByName, shownAddresses, tcpBindsIn } from './binds.ts'
import type { HandedOn } from './handed-sockets.ts'
import type { HeldPort, ListeningSockets, TakenSocket } from './sockets.ts'

/**
 * Where descriptors cannot be handed on (elsewhere than on Linux): the machine in this process binds by
 * itself.
 */
export class UnheldSockets implements ListeningSockets {
  readonly #ports: () => ReadonlyMap<string, number>

  constructor(ports: () => ReadonlyMap<string, number>) {
    this.#ports = ports
  }

  stage(listeners: BindsByName): readonly BindProblem[] {
    return tcpBindsIn(listeners).flatMap(({ name, bind, path }) =>
      unixPathOf(bind) === null ? [] : [new BindProblem(name, bind, 'ENOTSUP', path)],
    )
  }
  heldPorts(): HeldPort[] {
    return []
  }
  commit(): void {}
  drop(): void {}
  closeSlot(): void {}
  vacateSlot(): void {}
  close(): void {}
  handed(): HandedOn[] {
    return []
  }

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
