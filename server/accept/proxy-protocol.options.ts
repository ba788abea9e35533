import { Type } from '@sinclair/typebox'
import { Cidr, Duration } from '../lib/kinds.ts'

/** What a listener whose clients come over TCP may say of proxies before it. */
export const ProxyProtocol = (more: string) =>
  Type.Optional(
    Type.Object(
      {
        trusted: Type.Array(Cidr({ description: 'A range.', takesUnix: true }), {
          minItems: 1,
          description:
            'Who speaks it: from these addresses each connection must begin with a header, and one without is closed without an answer; from all others none is looked for, and what looks like one is bytes of the client.',
        }),
        timeout: Duration({
          default: '5s',
          least: '10ms',
          most: '1m',
          description: 'The whole header must arrive within this time; else the connection is closed.',
        }),
      },
      {
        description: `Proxies that say in a header of the PROXY protocol (version 1 or 2) before the first byte whose connection it is. ${more}`,
        whenMissing: 'write { trusted: [10.0.0.5] }, with the addresses of the proxies that speak it',
      },
    ),
  )
