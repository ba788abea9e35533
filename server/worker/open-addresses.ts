// The addresses of one kind that this worker accepts on, by key.
import { parseBind, type TcpBind } from '../lib/bind.ts'
import type { OpenListener } from '../http1/listen.ts'
import type { ListenHow } from '../lib/accepting.ts'
import { duplicateFd } from '../lib/pass-fds.ts'
import { retire } from './retire.ts'

/** An address of a listener, and what a snapshot has for it. */
export interface Wanted<L> {
  readonly bind: TcpBind
  readonly listener: L
}

/** A listening socket that is there already. */
export interface GivenSocket {
  readonly fd: number
  readonly port: number
}

interface Open<L> {
  /** As plans call it. */
  readonly name: string
  readonly listener: OpenListener<L>
  /** Of the socket that was adopted, which its listener may have changed since; null: it was bound here. */
  readonly fd: number | null
  readonly port: number
}

/** With its socket of this moment. */
const asItIs = <L>(open: Open<L>): Open<L> => (open.fd === null ? open : { ...open, fd: open.listener.fd })

export class OpenAddresses<L> {
  readonly #open = new Map<string, Open<L>>()
  readonly #listen: (listener: L, how: ListenHow) => OpenListener<L>

  constructor(listen: (listener: L, how: ListenHow) => OpenListener<L>) {
    this.#listen = listen
  }

  /**
   * Accepts at these addresses and no others: as they are open, or on the sockets given, or on sockets of its
   * own.
   */
  serve(wanted: readonly Wanted<L>[], given: Map<string, GivenSocket>): void {
    const named = new Set(wanted.map(({ bind }) => bind.key))
    for (const one of wanted) this.#serveOne(one, given)
    for (const [key, open] of this.#open) {
      if (named.has(key)) continue
      this.#open.delete(key)
      retire(asItIs(open), () => {})
    }
  }

  #serveOne(
    { bind: { key, listener: name, bind }, listener }: Wanted<L>,
    given: Map<string, GivenSocket>,
  ): void {
    const known = this.#open.get(key)
    if (known) {
      known.listener.swap(listener)
      this.#open.set(key, { ...known, name })
      return
    }
    const socket = given.get(key)
    given.delete(key)
    const { host, port } = parseBind(bind)
    const opened = this.#listen(listener, socket ? { fd: socket.fd } : { hostname: host, port })
    this.#open.set(key, { name, listener: opened, fd: socket?.fd ?? null, port: socket?.port ?? opened.port })
  }

  /**
   * Accepts no more at an address that another kind serves from now on. Returns its socket, which stays open,
   * so that nobody who waits there is lost; null: it is not open, or was bound here.
   */
  handOver(key: string): GivenSocket | null {
    const known = this.#open.get(key)
    if (!known) return null
    this.#open.delete(key)
    const socket = known.fd === null ? null : { fd: duplicateFd(known.listener.fd), port: known.port }
    known.listener.stop()
    return socket
  }

  /** Closes all, each when its queue is empty; `retired` is called for each of them. Returns how many. */
  retireAll(retired: () => void): number {
    const all = [...this.#open.values()]
    this.#open.clear()
    for (const open of all) retire(asItIs(open), retired)
    return all.length
  }

  /** Adds the ports, by name. */
  ports(into: Map<string, number>): void {
    for (const { name, port } of this.#open.values()) into.set(name, port)
  }
}
