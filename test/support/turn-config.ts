// Config of a turn listener, as the checks hand it on.
import type { TurnAuthConfig, TurnListenerConfig, TurnRelayConfig } from '../../server/turn/turn.options.ts'

export const REALM = 'example.org'
export const SECRET = 'north-secret'

type Quotas = TurnListenerConfig['quotas']

export interface ConfigParts {
  readonly auth?: Partial<TurnAuthConfig> | 'none'
  readonly relay?: Partial<TurnRelayConfig> | false
  readonly quotas?: Partial<Quotas>
  readonly limits?: Partial<TurnListenerConfig['limits']>
  readonly more?: Partial<TurnListenerConfig>
}

/** A listener's config as the checks hand it on, with defaults. */
export function configOf({
  auth = {},
  relay = {},
  quotas = {},
  limits = {},
  more = {},
}: ConfigParts = {}): TurnListenerConfig {
  return {
    bind: '198.51.100.1:3478',
    protocol: 'turn',
    transports: ['udp', 'tcp'],
    realm: REALM,
    auth:
      auth === 'none'
        ? 'none'
        : {
            users: { alice: 'apple', bob: 'berry' },
            secrets: [],
            strict_expiry: false,
            nonce_ttl: 3_600_000,
            ...auth,
          },
    relay:
      relay === false
        ? false
        : {
            bind: ['198.51.100.1', '2001:db8:f::1'],
            advertise: [],
            ports: '50000-50999',
            tcp: false,
            lifetime: 600_000,
            lifetime_max: 3_600_000,
            mobility: false,
            strict_channels: false,
            ...relay,
          },
    peers: { allow: ['192.0.2.0/24', '2001:db8::/32', '198.51.100.0/24', '203.0.113.0/24'], deny: [] },
    quotas: {
      user: 10,
      address: 100,
      realm: 4000,
      total: 4000,
      permissions: 256,
      channels: 256,
      connections: 16,
      ...quotas,
    },
    software: '',
    limits: { connections: 100, unauthenticated: 20, ...limits },
    timeouts: { idle: 60_000 },
    ...more,
  }
}
