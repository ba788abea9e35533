import { Type, type Static } from '@sinclair/typebox'
import { DnsServer, Duration } from './kinds.ts'

export const ResolverOptions = Type.Object(
  {
    servers: Type.Array(DnsServer({ description: 'Address and port.' }), {
      default: [],
      description: 'DNS servers; empty: those of the system.',
    }),
    timeout: Duration({ default: '2s', least: '1ms', description: 'Of one query.' }),
    ttl_min: Duration({ default: '1s', description: 'An answer is kept at least this long.' }),
    ttl_max: Duration({
      default: '300s',
      least: '1ms',
      description: 'An answer is kept at most this long.',
    }),
  },
  {
    default: {},
    description:
      "How servers' names are resolved: by /etc/hosts, else by DNS with the search list of /etc/resolv.conf (a dot at a name's end keeps it from being searched).",
  },
)
export type ResolverConfig = Static<typeof ResolverOptions>
