// All TCP addresses that this worker accepts on, whatever is spoken there. An address whose listener changes,
// in kind as well, stays open as it is: it gets another gate.
import { closeFds } from '../lib/pass-fds.ts'
import { OpenAddress } from '../accept/open-address.ts'
import { parseBind, type TcpBind, tcpBindsOf } from '../lib/bind.ts'
import type { Snapshot, StreamListener } from '../snapshot/snapshot.ts'
import type { Entries } from './entries.ts'
import { type Retiring, retire } from './retire.ts'

/** A listening socket that is there already. */
export interface GivenSocket {
  readonly fd: number
  readonly port: number
  /** Others accept from it as well: it is left open as it is. */
  readonly isShared?: boolean | undefined
}

export const closeSockets = (sockets: ReadonlyMap<string, GivenSocket>): void =>
  closeFds([...sockets.values()].map(({ fd }) => fd))

interface Open {
  /** As plans call it. */
  readonly name: string
  readonly address: OpenAddress
  /** Whether its socket was adopted; else it was bound here. */
  readonly isGiven: boolean
  readonly isShared: boolean
  readonly port: number
}

export class Listeners {
  readonly #entries: Entries
  /** By key. */
  readonly #open = new Map<string, Open>()
  readonly #heldBack = new Set<string>()
  /** Another gateway has all of these sockets, or soon will: nothing is done to them that it would notice. */
  isHanding = false

  constructor(entries: Entries) {
    this.#entries = entries
  }

  /** Throws what would keep a snapshot from being served, before anybody is told that it is. */
  rehearse({ listeners }: Snapshot): void {
    const scratch = this.#entries.scratch()
    for (const listener of listeners.values())
      if (listener.kind !== 'udp')
        for (const bind of tcpBindsOf(listener.name, listener.options)) void scratch.gateOf(bind, listener)
  }

  /** Accepts for the listeners of a snapshot, and for no others; takes what it needs of the sockets given. */
  serve({ listeners }: Snapshot, given: Map<string, GivenSocket>): void {
    const wanted = new Set<string>()
    const all = [...listeners.values()].filter((one) => one.kind !== 'udp')
    for (const listener of all) {
      for (const bind of tcpBindsOf(listener.name, listener.options)) {
        wanted.add(bind.key)
        this.#serveOne(bind, listener, given)
      }
    }
    for (const [key, open] of this.#open) {
      if (wanted.has(key)) continue
      this.#open.delete(key)
      retire(retiring(open, this.isHanding), () => {})
    }
    this.#entries.keep(wanted, all)
  }

  #serveOne(bind: TcpBind, listener: StreamListener, given: Map<string, GivenSocket>): void {
    const gate = this.#entries.gateOf(bind, listener)
    const known = this.#open.get(bind.key)
    if (known !== undefined) {
      known.address.swap(gate)
      this.#open.set(bind.key, { ...known, name: bind.listener })
      return
    }
    const socket = given.get(bind.key)
    const { host, port } = parseBind(bind.bind)
    const address = new OpenAddress(socket ? { fd: socket.fd } : { hostname: host, port }, gate)
    given.delete(bind.key) // its own now
    const [isGiven, isShared] = [socket !== undefined, socket?.isShared === true]
    const at = socket?.port ?? address.port
    this.#open.set(bind.key, { name: bind.listener, address, isGiven, isShared, port: at })
  }

  /** Accepts no more on these until it goes on: another gateway does, which has the same sockets. */
  holdBack(keys: ReadonlySet<string>): void {
    for (const [key, { address }] of this.#open) {
      if (!keys.has(key)) continue
      address.holdBack()
      this.#heldBack.add(key)
    }
  }

  goOn(): void {
    for (const key of this.#heldBack) this.#open.get(key)?.address.goOn()
    this.#heldBack.clear()
  }

  /** Accepts no more once the queues are empty; those of others are theirs. */
  retire(done: () => void): void {
    const all = [...this.#open]
    this.#open.clear()
    let left = all.length + 1
    const retired = (): void => {
      if (--left === 0) done()
    }
    for (const [key, open] of all) {
      if (!this.#heldBack.has(key)) {
        retire(retiring(open, this.isHanding), retired)
        continue
      }
      open.address.stop()
      retired()
    }
    retired()
  }

  /** Ports, by what plans call the addresses. */
  ports(): Map<string, number> {
    return new Map([...this.#open.values()].map(({ name, port }) => [name, port]))
  }
}

/** With its socket of this moment. */
const retiring = ({ address, isGiven, isShared, port }: Open, isHanding: boolean): Retiring => {
  // A Unix socket has no handshakes. Of one that is not this worker's alone others take who comes.
  const isOwn = port > 0 && !isShared && !isHanding
  return { listener: address, fd: isGiven && isOwn ? address.fd : null, port: isOwn ? port : null }
}
