// All that this worker accepts on: HTTP, and TURN over TCP and over TLS. An address may change from one kind
// to another, and nobody who waits there is lost.
import type { Engine } from '../http/engine.ts'
import { listen } from '../http1/listen.ts'
import { tcpBindsOf } from '../lib/bind.ts'
import type { Listener, Snapshot, TurnListener } from '../snapshot/snapshot.ts'
import type { StreamClients } from '../turn/stream-clients.ts'
import { listenForStreams } from '../turn/stream-listener.ts'
import { type GivenSocket, OpenAddresses, type Wanted } from './open-addresses.ts'

type AnyAddresses = Pick<OpenAddresses<never>, 'handOver' | 'retireAll' | 'ports'>

export class Listeners {
  readonly #http: OpenAddresses<Listener>
  readonly #turn: OpenAddresses<TurnListener>
  readonly #turnTls: OpenAddresses<TurnListener>
  readonly #all: readonly AnyAddresses[]

  constructor(engine: Engine, clients: StreamClients) {
    const turn = (isTls: boolean): OpenAddresses<TurnListener> =>
      new OpenAddresses((listener, how) => listenForStreams(listener, how, { clients, isTls }))
    this.#http = new OpenAddresses((listener, how) => listen(listener, how, engine, engine.wheel))
    this.#turn = turn(false)
    this.#turnTls = turn(true)
    this.#all = [this.#http, this.#turn, this.#turnTls]
  }

  /** Accepts for the listeners of a snapshot, and for no others; takes what it needs of the sockets given. */
  serve({ listeners, turnListeners }: Snapshot, given: Map<string, GivenSocket>): void {
    const http = wantedOf(listeners)
    const ofTurn = wantedOf(turnListeners)
    const turn = ofTurn.filter(({ bind }) => !bind.isTls)
    const turnTls = ofTurn.filter(({ bind }) => bind.isTls)
    this.#handOver(this.#http, http, given)
    this.#handOver(this.#turn, turn, given)
    this.#handOver(this.#turnTls, turnTls, given)
    this.#http.serve(http, given)
    this.#turn.serve(turn, given)
    this.#turnTls.serve(turnTls, given)
  }

  /** Addresses that another kind has open until now. */
  #handOver<L>(to: OpenAddresses<L>, wanted: readonly Wanted<L>[], given: Map<string, GivenSocket>): void {
    for (const { bind } of wanted) {
      for (const from of this.#all) {
        const socket = from === to ? null : from.handOver(bind.key)
        if (socket) given.set(bind.key, socket)
      }
    }
  }

  /** Accepts no more once the queues are empty. */
  retire(done: () => void): void {
    let left = 1
    const retired = (): void => {
      if (--left === 0) done()
    }
    for (const kind of this.#all) left += kind.retireAll(retired)
    retired()
  }

  /** Ports, by what plans call the addresses. */
  ports(): Map<string, number> {
    const ports = new Map<string, number>()
    for (const kind of this.#all) kind.ports(ports)
    return ports
  }
}

function wantedOf<L extends Listener | TurnListener>(listeners: ReadonlyMap<string, L>): Wanted<L>[] {
  return [...listeners.values()].flatMap((listener) =>
    tcpBindsOf(listener.name, listener.options).map((bind) => ({ bind, listener })),
  )
}
