// A turn listener of the plan: its config, made into what answers ask of it. It outlives reloads, and with it
// its allocations.
import { parseBind } from '../../lib/bind.ts'
import { parsePortRange, type PortRange } from '../../lib/port-range.ts'
import { Address } from '../../lib/address.ts'
import type { UdpSocket } from '../../sockets/udp/udp-socket.ts'
import type { TurnListenerConfig } from '../turn.options.ts'
import type { Client } from './client.ts'
import { Credentials } from './credentials.ts'
import { ListenerMeter } from './meters.ts'
import { noncesOf } from './nonces.ts'
import { ANY_PORT, type OwnAddresses, PeerRules, type Verdict } from './peer-rules.ts'
import { relayAddresses, type RelayAddress } from './relay-addresses.ts'
import { testSecretOf } from './rest-names.ts'
import { StrangerLimit } from './stranger-limit.ts'
import type { TurnState } from './turn-state.ts'

export type { RelayAddress } from './relay-addresses.ts'

/** What configures a listener. */
export interface ListenerPlan {
  readonly config: TurnListenerConfig
  readonly nonceKey: string
  readonly own: OwnAddresses
  /** Those that routes prefer. */
  readonly routed: readonly string[]
}

const NO_PORTS: PortRange = { first: 1, last: 0 }

export class TurnListener {
  readonly name: string
  readonly meter: ListenerMeter
  readonly strangers = new StrangerLimit()
  /** Of Binding requests. */
  readonly askers = new StrangerLimit()
  /** Of behaviour discovery (RFC 5780), by place: bit 0 is discovery's port, bit 1 its address. */
  readonly discovery: (UdpSocket | null)[] = [null, null, null, null]
  /** Clients by connections. */
  readonly streams = new Set<Client>()
  /** Allocations and reserved ports. */
  places = 0
  config!: TurnListenerConfig
  credentials!: Credentials
  ports!: PortRange
  /** Changes whenever verdicts may. */
  rulesVersion = 0
  readonly #relayed: TurnState['relayed']
  #rules!: PeerRules
  #relays!: readonly RelayAddress[]
  #alternates!: readonly Address[]
  #nextAlternate = 0

  constructor(turn: TurnState, name: string, plan: ListenerPlan) {
    this.name = name
    this.#relayed = turn.relayed
    this.meter = new ListenerMeter(turn.parts.registry, name)
    this.configure(plan)
  }

  /** Takes another config: it holds from the next request on. */
  configure(plan: ListenerPlan): void {
    this.config = plan.config
    this.credentials = credentialsOf(plan)
    this.ports = portsOf(plan.config)
    this.#rules = rulesOf(plan)
    this.#relays = relaysOf(plan)
    this.#alternates = alternatesOf(plan.config)
    this.rulesVersion++
  }

  get realm(): string {
    return this.config.realm
  }

  /** Where allocations of this family are made; null: there are none. */
  relayOf(family: 4 | 6): RelayAddress | null {
    return this.#relays.find((one) => one.real.family === family) ?? null
  }

  /** Whether clients may reach a peer at this port. */
  verdict({ ip, port }: Address, transport: 'udp' | 'tcp'): Verdict {
    return this.#rules.verdict(ip, port, this.#relayed[transport].isRelayed)
  }

  /** Whether clients may reach an address at all. */
  verdictOnHost({ ip }: Address, transport: 'udp' | 'tcp'): Verdict {
    return this.#rules.verdict(ip, ANY_PORT, this.#relayed[transport].isRelayed)
  }

  /** The next server that clients of this family are sent to (300); null: there is none. */
  nextAlternate(family: 4 | 6): Address | null {
    const servers = this.#alternates.filter((one) => one.family === family)
    return servers[this.#nextAlternate++ % servers.length] ?? null
  }
}

function credentialsOf({ config, nonceKey }: ListenerPlan): Credentials {
  const { auth, realm } = config
  return new Credentials(realm, auth, noncesOf(auth, nonceKey), testSecretOf(nonceKey))
}

const portsOf = ({ relay }: TurnListenerConfig): PortRange =>
  relay === false ? NO_PORTS : (parsePortRange(relay.ports) ?? NO_PORTS)

const rulesOf = ({ config, own }: ListenerPlan): PeerRules => new PeerRules({ ...config.peers, own })

const relaysOf = ({ config, routed }: ListenerPlan): readonly RelayAddress[] => relayAddresses(config, routed)

function alternatesOf({ alternate }: TurnListenerConfig): readonly Address[] {
  return (alternate?.servers ?? []).flatMap((server) => {
    const address = addressOfBind(server)
    return address === null ? [] : [address]
  })
}

/** Of "address:port"; null where the host is a name. */
export function addressOfBind(bind: string): Address | null {
  const { host, port } = parseBind(bind)
  return Address.parse(host, port)
}
