// Config of turn listeners, as the checks hand it on.
import type { TurnAuthConfig, TurnListenerConfig, TurnRelayConfig } from '../../server/turn/turn.options.ts'

export const REALM = 'example.org'
export const SECRET = 'north-secret'

/** A turn listener on a free port that lets everybody in; all else is as the checks fill it in. */
export function turnListener(more: Partial<TurnListenerConfig> = {}): TurnListenerConfig {
  return {
    bind: '127.0.0.1:0',
    protocol: 'turn',
    transports: ['udp', 'tcp'],
    realm: REALM,
    auth: 'none',
    relay: relayConfig(),
    peers: { allow: [], deny: [] },
    quotas: {
      user: 10,
      address: 100,
      realm: 4000,
      total: 4000,
      permissions: 256,
      channels: 256,
      connections: 16,
    },
    software: '',
    limits: { connections: 16_384, unauthenticated: 200, binding: 5000 },
    timeouts: { idle: 60_000, handshake: 10_000 },
    ...more,
  }
}

/** What a turn listener relays with, as the checks fill it in. */
export const relayConfig = (more: Partial<TurnRelayConfig> = {}): TurnRelayConfig => ({
  bind: [],
  advertise: [],
  ports: '49152-65535',
  tcp: false,
  lifetime: 600_000,
  lifetime_max: 3_600_000,
  mobility: false,
  strict_channels: false,
  ...more,
})

/** What is other than in the listener that `configOf` makes. */
export interface ConfigParts {
  readonly auth?: Partial<TurnAuthConfig> | 'none'
  readonly relay?: Partial<TurnRelayConfig> | false
  readonly quotas?: Partial<TurnListenerConfig['quotas']>
  readonly limits?: Partial<TurnListenerConfig['limits']>
  readonly more?: Partial<TurnListenerConfig>
}

/** A turn listener of documentation addresses, with two users and a thousand ports. */
export function configOf({ auth, relay, quotas, limits, more }: ConfigParts = {}): TurnListenerConfig {
  const plain = turnListener()
  const users = { alice: 'apple', bob: 'berry' }
  const ours = { bind: ['198.51.100.1', '2001:db8:f::1'], ports: '50000-50999' }
  return {
    ...plain,
    bind: '198.51.100.1:3478',
    auth:
      auth === 'none' ? 'none' : { users, secrets: [], strict_expiry: false, nonce_ttl: 3_600_000, ...auth },
    relay: relay === false ? false : relayConfig({ ...ours, ...relay }),
    peers: { allow: ['192.0.2.0/24', '2001:db8::/32', '198.51.100.0/24', '203.0.113.0/24'], deny: [] },
    quotas: { ...plain.quotas, ...quotas },
    limits: { ...plain.limits, connections: 100, ...limits },
    ...more,
  }
}
