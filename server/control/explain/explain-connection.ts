// What becomes of a connection, or of a client's datagrams, and why: the listener where it comes in, what
// stands before, the rule that takes it by what its TLS asks for, where it goes. Nothing is sent or counted.
import { RequestHead } from '../../head/request-head.ts'
import { comparableHost } from '../../lib/host-name.ts'
import { kindOfRule } from '../../lib/rule-kind.ts'
import { compileTlsMatch } from '../../rules/tls-match.ts'
import { isOn } from '../../snapshot/compile-http.ts'
import type { FaultCode } from '../../tables/faults.ts'
import { type ExplainedBackend, explainBackend, noneFault } from './explain-backend.ts'
import { type ExplainedGate, type GateClient, gatesOf } from './explain-gates.ts'
import type { Ground } from './explained.ts'
import type { PlacedRule } from './explain-rules.ts'
import { findEntrance, type FoundEntrance, type ListenerConfig } from './find-entrance.ts'

/** What is asked about. */
export interface AskedConnection {
  readonly transport: 'tcp' | 'udp'
  /** Where it goes: an address; a name, or empty: whichever this machine has. */
  readonly host: string
  readonly port: number
  /** Whose it is; null: of this machine. */
  readonly client: string | null
  /** The name that its TLS asks for (SNI); null: none. */
  readonly serverName: string | null
  /** Protocols that it offers (ALPN). */
  readonly alpn: readonly string[]
  /** Where it comes in; null: where its port leads. */
  readonly listener: string | null
}

export interface ExplainedConnection {
  readonly connection: {
    readonly transport: 'tcp' | 'udp'
    readonly port: number
    readonly client: string
    readonly server_name: string | null
    readonly alpn: readonly string[]
  }
  readonly listener: { readonly name: string; readonly protocol: string; readonly why: string }
  /** In their order; of a listener that it is handed to as well. */
  readonly gates: readonly ExplainedGate[]
  /** Of a tls listener: the one that takes it. */
  readonly rule: PlacedRule | null
  /** The listener that the rule leads to. */
  readonly handed_to: string | null
  /** `requests`: it is one of HTTP, whose requests are explained by their URLs; `relay`: TURN has it. */
  readonly outcome: 'refused' | 'no_rule' | 'backend' | 'requests' | 'relay'
  readonly fault: FaultCode | null
  readonly detail: string | null
  readonly backend: ExplainedBackend | null
}

const THIS_MACHINE = '127.0.0.1'

/** Explains it; `problem`: why that cannot be. */
export function explainConnection(
  asked: AskedConnection,
  ground: Ground,
): ExplainedConnection | { readonly problem: string } {
  const serverName = asked.serverName === null ? null : comparableHost(asked.serverName)
  if (asked.serverName !== null && serverName === null)
    return { problem: `"${asked.serverName}" is no name that TLS can ask for` }
  const found = findEntrance(ground.config, asked, ground.portsOf)
  if ('problem' in found) return found
  return new ConnectionExplanation({ ...asked, serverName }, found, ground).told()
}

type Led = Pick<ExplainedConnection, 'outcome'> & Partial<ExplainedConnection>

class ConnectionExplanation {
  readonly #asked: AskedConnection
  readonly #found: FoundEntrance
  readonly #ground: Ground
  readonly #client: GateClient
  readonly #gates: ExplainedGate[] = []

  constructor(asked: AskedConnection, found: FoundEntrance, ground: Ground) {
    this.#asked = asked
    this.#found = found
    this.#ground = ground
    this.#client = { address: asked.client ?? THIS_MACHINE, serverName: asked.serverName }
  }

  told(): ExplainedConnection {
    const { name, options, why } = this.#found
    const { transport, port, serverName, alpn } = this.#asked
    const led = this.#through(name, options, true)
    return {
      connection: { transport, port, client: this.#client.address, server_name: serverName, alpn },
      listener: { name, protocol: options.protocol, why },
      ...{ rule: null, handed_to: null, fault: null, detail: null, backend: null },
      ...led,
      gates: this.#gates,
    }
  }

  #through(name: string, options: ListenerConfig, isFirst: boolean): Led {
    const { gates, fault } = gatesOf(options, this.#client, isFirst)
    this.#gates.push(...gates)
    if (fault !== null) return { outcome: 'refused', fault, detail: gates.at(-1)?.why ?? null }
    switch (options.protocol) {
      case 'http':
      case 'https':
        return { outcome: 'requests', detail: `each is explained by its URL, ${options.protocol}://…` }
      case 'turn':
        return { outcome: 'relay' }
      case 'tls':
        return this.#byRule(name)
      case 'tcp':
      case 'udp':
        return this.#sent(options.backend)
    }
  }

  #byRule(name: string): Led {
    const { rules, listeners } = this.#ground.config
    const sources = rules.flatMap(({ name: rule, match, ...to }, place) =>
      isOn(match, name) &&
      kindOfRule({ match, ...(to.listener !== undefined && { listener: to.listener }) }, listeners) === 'tls'
        ? [{ match, rule: { name: rule, place, to } }]
        : [],
    )
    const { serverName, alpn } = this.#asked
    const match = compileTlsMatch(sources)
    const taken = match(serverName, alpn)
    if (taken === null) {
      const isKnown = match(serverName, null) !== null
      const detail = isKnown
        ? 'a rule is for the name, and none for the protocols that are offered'
        : serverName === null
          ? 'it asks for no name'
          : `no rule is for ${serverName}`
      return { outcome: 'no_rule', fault: 'no_rule', detail }
    }
    const rule = { name: taken.name, place: taken.place }
    if (taken.to.backend !== undefined) return { rule, ...this.#sent(taken.to.backend) }
    const next = taken.to.listener ?? ''
    const options = listeners[next]
    if (options === undefined) return { rule, outcome: 'refused', fault: 'no_rule' }
    return { rule, handed_to: next, ...this.#through(next, options, false) }
  }

  #sent(name: string): Led {
    const { config, states } = this.#ground
    const options = config.backends[name]
    if (options === undefined) return { outcome: 'refused', fault: 'no_server' }
    const who = { request: new RequestHead(), client: this.#client.address }
    const backend = explainBackend(name, options, states, who)
    if (backend.servers_with_work > 0) return { outcome: 'backend', backend }
    const isFull = backend.servers.some(({ why }) => why?.startsWith('full') === true)
    if (isFull && options.queue.size > 0 && this.#asked.transport === 'tcp')
      return { outcome: 'backend', backend, detail: 'all servers are full: it waits in the queue' }
    return { outcome: 'backend', backend, fault: isFull ? 'queue_full' : noneFault(name, options, states) }
  }
}
