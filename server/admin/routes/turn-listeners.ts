// Turn listeners with what they allow and what they have relayed and refused: the first look at TURN.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import type { AddressesByName } from '../../control/sockets/binds.ts'
import type { TurnFigures } from '../../control/relay/turn-figures.ts'
import { parsePortRange } from '../../lib/port-range.ts'
import type { TurnListenerConfig } from '../../turn/turn.options.ts'
import { jsonAnswer } from '../problem.ts'
import type { Route } from '../route.ts'

const COUNTS = (description: string) => Type.Record(Type.String(), Type.Number(), { description })

const LISTENER = Type.Object({
  name: Type.String(),
  realm: Type.String(),
  addresses: Type.Array(
    Type.Object({ transport: Type.String({ description: 'udp, tcp or tls.' }), address: Type.String() }),
    { description: 'As they are open.' },
  ),
  relay: Type.Union(
    [
      Type.Object({
        bind: Type.Array(Type.String(), { description: 'Empty: those that routes prefer.' }),
        advertise: Type.Array(Type.String()),
        ports: Type.String(),
        port_count: Type.Integer(),
        tcp: Type.Boolean({ description: 'TCP to peers (RFC 6062).' }),
        mobility: Type.Boolean(),
        lifetime_s: Type.Number(),
        lifetime_max_s: Type.Number(),
      }),
      Type.Null(),
    ],
    { description: 'Null: STUN only.' },
  ),
  auth: Type.Object({
    everybody: Type.Boolean(),
    users: Type.Integer({ description: 'Users that stay; their names and passwords are not told.' }),
    secrets: Type.Integer({ description: 'Those that time-limited credentials are made with.' }),
    makes_credentials: Type.Boolean({ description: 'POST /api/v1/turn/credentials makes some.' }),
    strict_expiry: Type.Boolean(),
  }),
  peers: Type.Object({ allow: Type.Array(Type.String()), deny: Type.Array(Type.String()) }),
  quotas: Type.Record(Type.String(), Type.Number(), {
    description: 'As they take effect; bandwidth in bytes a second.',
  }),
  limits: Type.Record(Type.String(), Type.Number()),
  allocations: Type.Object({
    open: COUNTS('Now, by the transport of their clients.'),
    total: COUNTS('Since the start of the gateway.'),
    ended: COUNTS('By why.'),
  }),
  connections: Type.Number({ description: 'Of clients by TCP and TLS.' }),
  bytes: COUNTS('to_peer and to_client: of two answers the rate.'),
  packets: COUNTS('to_peer and to_client.'),
  requests: COUNTS('By method.'),
  refused: COUNTS('By the code of the error: 401 is asked of every client first.'),
  refused_peers: COUNTS('By what the address is: private, loopback …'),
  dropped: COUNTS('By why.'),
})

const TURN = Type.Object(
  {
    time: Type.String({ format: 'date-time' }),
    serving: Type.Boolean({ description: 'The relay runs; one that died is about to be replaced.' }),
    listeners: Type.Array(LISTENER),
  },
  { title: 'Turn' },
)

type Facts = Pick<ControlFacts, 'gateway' | 'turn'>

export const turnListenerRoutes = ({ gateway, turn }: Facts): readonly Route[] => [
  {
    method: 'GET',
    path: '/api/v1/turn',
    permission: 'view',
    tag: 'TURN',
    summary: 'Turn listeners: where they are, what they allow, what they have relayed and refused',
    answers: {
      200: { description: 'As of the last second; no listeners where there are none.', schema: TURN },
    },
    answer: () => {
      const listeners = Object.entries(gateway.served()?.edition.config.listeners ?? {})
      const [addresses, figures] = [gateway.addresses(), turn.figures()]
      return jsonAnswer({
        time: new Date().toISOString(),
        serving: turn.isServing(),
        listeners: listeners.flatMap(([name, one]) =>
          one.protocol === 'turn'
            ? [{ name, ...wordsOf(name, one, addresses), ...(figures[name] ?? NONE) }]
            : [],
        ),
      })
    },
  },
]

/** Of a listener that was never asked for anything. */
const NONE: TurnFigures = {
  allocations: { open: {}, total: {}, ended: {} },
  connections: 0,
  ...{ bytes: {}, packets: {}, requests: {}, refused: {}, refused_peers: {}, dropped: {} },
}

function wordsOf(name: string, listener: TurnListenerConfig, addresses: AddressesByName): object {
  const { realm, auth, relay, peers, quotas, limits } = listener
  const users = auth === 'none' ? 0 : Object.keys(auth.users).length
  const secrets = auth === 'none' ? 0 : auth.secrets.length
  return {
    realm,
    addresses: addressesOf(name, listener, addresses),
    relay: relay === false ? null : relayOf(relay),
    auth: {
      everybody: auth === 'none',
      ...{ users, secrets, makes_credentials: auth === 'none' || secrets > 0 },
      strict_expiry: auth !== 'none' && auth.strict_expiry,
    },
    ...{ peers, quotas, limits },
  }
}

function relayOf({
  bind,
  advertise,
  ports,
  tcp,
  mobility,
  lifetime,
  lifetime_max: lifetimeMax,
}: Exclude<TurnListenerConfig['relay'], false>): object {
  const range = parsePortRange(ports)
  return {
    ...{ bind, advertise, ports, tcp, mobility },
    port_count: range === null ? 0 : range.last - range.first + 1,
    ...{ lifetime_s: lifetime / 1000, lifetime_max_s: lifetimeMax / 1000 },
  }
}

/** TCP is on the port of UDP unless an address of its own is told. */
function addressesOf(
  name: string,
  { transports, tls }: TurnListenerConfig,
  addresses: AddressesByName,
): { readonly transport: string; readonly address: string }[] {
  const at = (transport: string, key: string): { transport: string; address: string }[] =>
    [addresses[key] ?? []].flat().map((address) => ({ transport, address }))
  const tcp = addresses[`${name}.tcp`] === undefined ? name : `${name}.tcp`
  return [
    ...(transports.includes('udp') ? at('udp', name) : []),
    ...(transports.includes('tcp') ? at('tcp', tcp) : []),
    ...(tls === undefined ? [] : at('tls', `${name}.tls`)),
  ]
}
