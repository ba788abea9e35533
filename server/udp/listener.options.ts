import { Type, type Static } from '@sinclair/typebox'
import { Binds, Cidr, Duration, Name, Size, Words } from '../lib/kinds.ts'

const FlowRate = Type.Object(
  {
    datagrams: Type.Integer({
      minimum: 1,
      maximum: 10_000_000,
      description: 'So many datagrams of one address pass.',
    }),
    per: Duration({ default: '1s', least: '1ms', most: '1h', description: 'In this time.' }),
    burst: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000_000,
        description: 'So many may come at once. Default: as many as `datagrams`.',
      }),
    ),
  },
  {
    description:
      'Datagrams of one address (of IPv6: of one /64) beyond this are dropped, over all workers. Default: any number.',
  },
)

const UdpLimits = Type.Object(
  {
    flows: Type.Integer({
      default: 16384,
      minimum: 1,
      maximum: 1_000_000,
      description:
        'Most flows of each worker at a time; each needs a descriptor. At the limit the flow ends that was idle longest among those that were not answered yet, or whose client has not come back since; where there is none, the new one is dropped.',
    }),
    datagram: Size({
      default: '65507',
      least: '1',
      most: '65507',
      description: 'Longest datagram of a client that is passed on.',
    }),
    rate: Type.Optional(FlowRate),
  },
  { default: {}, description: 'How much clients may send.' },
)

export const UdpListenerOptions = Type.Object(
  {
    bind: Binds('Address and port, such as "0.0.0.0:53" or "[::1]:53"; not a name.'),
    protocol: Words(['udp'], { description: 'Datagrams, whatever is in them.' }),
    backend: Name({ description: 'Where they go: a backend with servers of udp://.' }),
    idle: Duration({
      default: '30s',
      least: '10ms',
      most: '1d',
      description: 'A flow (one client address and port) ends when neither side sent anything for so long.',
    }),
    requests: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000_000,
        description:
          'After so many datagrams of its client another flow begins, which may go to another server: 1 spreads what one client sends over all servers. Default: it lasts.',
      }),
    ),
    responses: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1_000_000_000,
        description:
          'So many datagrams answer each one of a client. A flow ends as soon as they have come, and a server that sent none until the flow is idle has failed. 0: none are expected. Default: it is not known.',
      }),
    ),
    proxy_header: Type.Optional(
      Words(['first', 'each'], {
        description:
          'Tells servers who the client is, by a header of the PROXY protocol v2 before the bytes of the first datagram of each flow, or of each datagram (as dnsdist and unbound want it). Default: not told.',
      }),
    ),
    allow: Type.Optional(
      Type.Array(Cidr({ description: 'A range.' }), {
        description: 'Ranges of clients that are served. Default: all.',
      }),
    ),
    deny: Type.Array(Cidr({ description: 'A range.' }), {
      default: [],
      description: 'Ranges of clients that are not served, also where "allow" has them.',
    }),
    limits: UdpLimits,
  },
  {
    description: 'Datagrams, passed on by flows: one for each address and port of a client.',
    also: {
      address: 'bind',
      addr: 'bind',
      listen: 'bind',
      port: 'bind',
      default_backend: 'backend',
      proxy_timeout: 'idle',
      timeout: 'idle',
      idle_timeout: 'idle',
      proxy_requests: 'requests',
      proxy_responses: 'responses',
    },
    lacks: {
      timeouts: 'a flow has one: "idle"',
      proxy_protocol: 'balancers of UDP name no clients; to name them to servers write "proxy_header"',
      tls: 'DTLS and QUIC pass as they come; they are not ended here',
      certificates: 'DTLS and QUIC pass as they come; they are not ended here',
    },
  },
)
export type UdpListenerConfig = Static<typeof UdpListenerOptions>
