// The UDP sockets of turn listeners. The supervisor makes and keeps them, and gives them to the relay
// process: when that dies its successor receives on the very same, with what arrived meanwhile.
import { lookup } from 'node:dns/promises'
import { oneOrList, parseBind, udpBindsOf, writeBind, type UdpBind } from '../../lib/bind.ts'
import { bindUdp } from '../../lib/bind-fd.ts'
import { closeFds, duplicateFd } from '../../lib/pass-fds.ts'
import { parseAddress } from '../../lib/ip-address.ts'
import { tellDestinations } from '../../lib/socket-name.ts'
import { BindProblem, codeOf } from './bind-problem.ts'
import type { AddressesByName, BindsByName } from './binds.ts'
import type { HandedSockets } from './handed-sockets.ts'

const RETRY_EVERY_MS = 20
const RETRY_MS = 1000

/** A socket that is open. One that stays from plan to plan is the same object. */
export interface UdpSocket {
  readonly key: string
  readonly listener: string
  /** An address literal. */
  readonly host: string
  /** The same as it is written in the config, where it may be a name. */
  readonly written: string
  readonly port: number
  readonly fd: number
  /** Whether any port would do. */
  readonly isAnyPort: boolean
}

export interface UdpSocketsOptions {
  /**
   * Whether a relay that nobody needs any more has not ended yet, such as that of a supervisor that was
   * killed: its ports are free in a moment.
   */
  readonly isEnding: () => boolean
  /** Sockets that were open before us. */
  readonly handed?: HandedSockets | undefined
}

/** What those that are handed on are called: workers have others of the same keys. */
export const turnKey = (key: string): string => `turn ${key}`

export class UdpSockets {
  readonly #options: UdpSocketsOptions
  #open = new Map<string, UdpSocket>()
  /** What the plan that is prepared names: open already or made for it. */
  #staged: Map<string, UdpSocket> | null = null

  constructor(options: UdpSocketsOptions) {
    this.#options = options
  }

  /**
   * Opens what is not open yet; all that stands against it, and then nothing was opened. `tcpPorts`: ports to
   * prefer where any will do.
   */
  async stage(listeners: BindsByName, tcpPorts: Readonly<Record<string, number>>): Promise<BindProblem[]> {
    this.drop()
    const staged = new Map<string, UdpSocket>()
    this.#staged = staged
    const problems: BindProblem[] = []
    for (const [name, listener] of Object.entries(listeners))
      for (const bind of udpBindsOf(name, listener)) {
        try {
          const socket = await this.#socketFor(bind, staged, tcpPorts[name] ?? 0)
          if (socket) staged.set(bind.key, socket)
        } catch (error) {
          problems.push(new BindProblem(name, `UDP ${bind.bind}`, codeOf(error), bind.path))
          break
        }
      }
    if (problems.length > 0) this.drop()
    return problems
  }

  /** Keeps what was staged, closes what is no longer named. */
  commit(): void {
    const staged = this.#staged
    if (!staged) return
    const kept = new Set(staged.values())
    closeFds([...this.#open.values()].filter((socket) => !kept.has(socket)).map(({ fd }) => fd))
    this.#open = staged
    this.#staged = null
  }

  /** Closes what was opened for a plan. */
  drop(): void {
    const open = new Set(this.#open.values())
    closeFds([...(this.#staged?.values() ?? [])].filter((socket) => !open.has(socket)).map(({ fd }) => fd))
    this.#staged = null
  }

  close(): void {
    this.drop()
    closeFds([...this.#open.values()].map(({ fd }) => fd))
    this.#open = new Map()
  }

  /** Those of the plan that is prepared, else of the one that is served. */
  get sockets(): readonly UdpSocket[] {
    return [...(this.#staged ?? this.#open).values()]
  }

  /** `host:port` of each listener's bind as it really is, a list where it has several. */
  addresses(listeners: BindsByName): AddressesByName {
    const found: Record<string, string | readonly string[]> = {}
    for (const [name, listener] of Object.entries(listeners)) {
      const all = udpBindsOf(name, listener).flatMap(({ key, bind, path, portOf }) => {
        const socket = (this.#staged ?? this.#open).get(key)
        const isOwn = path[0] === 'bind' && portOf === null
        return socket && isOwn ? [writeBind(parseBind(bind).host, socket.port)] : []
      })
      if (all.length > 0) found[name] = oneOrList(all)
    }
    return found
  }

  /** Null: this machine does not need it. */
  async #socketFor(
    bind: UdpBind,
    staged: ReadonlyMap<string, UdpSocket>,
    tcpPort: number,
  ): Promise<UdpSocket | null> {
    const { key, listener, host: written } = bind
    const known = this.#open.get(key)
    // What a name meant when it was opened: where it leads by now is for the next start.
    const host = known?.written === written ? known.host : await literalOf(written)
    const isAnyPort = bind.port === 0 && bind.portOf === null
    const port = bind.port === 0 && bind.portOf !== null ? (staged.get(bind.portOf)?.port ?? 0) : bind.port
    if (known?.host === host && (isAnyPort ? known.isAnyPort : known.port === port)) return known
    const named = { key, listener, host, written, isAnyPort }
    const [handed] =
      this.#options.handed?.take('udp', { key: turnKey(key), bind: writeBind(host, port) }, []) ?? []
    if (handed !== undefined) {
      tellDestinations(handed.fd, host)
      return { ...named, port: handed.port, fd: handed.fd }
    }
    // Another listener's until now, or the same one's under another name: what arrived there is not lost.
    const same = this.#others(staged).find((other) => other.host === host && other.port === port)
    if (same) return { ...named, port, fd: duplicateFd(same.fd) }
    try {
      const bound = isAnyPort ? await this.#bindAny(host, tcpPort) : await this.#bind(host, port)
      return { ...named, ...bound }
    } catch (error) {
      // A machine without IPv6 still has every address of IPv4.
      if (host === '::' && bind.portOf !== null && NO_IPV6.has(codeOf(error))) return null
      throw error
    }
  }

  #bindAny(host: string, preferred: number): Promise<{ fd: number; port: number }> {
    if (preferred === 0) return this.#bind(host, 0)
    return this.#bind(host, preferred).catch(() => this.#bind(host, 0))
  }

  async #bind(host: string, port: number): Promise<{ fd: number; port: number }> {
    const beside = [...this.#open.values()]
      .filter((other) => port !== 0 && other.port === port && other.host !== host)
      .map(({ fd }) => fd)
    const untilMs = performance.now() + RETRY_MS
    for (;;) {
      const mayBeFreeSoon = this.#options.isEnding()
      try {
        return bindUdp(host, port, beside)
      } catch (error) {
        if (codeOf(error) !== 'EADDRINUSE' || !mayBeFreeSoon || performance.now() > untilMs) throw error
        await Bun.sleep(RETRY_EVERY_MS)
      }
    }
  }

  /** Open sockets that the new plan has no use for so far. */
  #others(staged: ReadonlyMap<string, UdpSocket>): UdpSocket[] {
    const kept = new Set(staged.values())
    return [...this.#open.values()].filter((socket) => !kept.has(socket))
  }
}

const NO_IPV6: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])

async function literalOf(host: string): Promise<string> {
  return parseAddress(host) ? host : (await lookup(host)).address
}
