// Configs with turn listeners, for tests.
import type { Config } from '../../../server/config/schema.ts'
import type { TurnListenerConfig } from '../../../server/turn/turn.options.ts'

/** A turn listener on a free port. */
export function turnListener(more: Partial<TurnListenerConfig> = {}): TurnListenerConfig {
  return {
    bind: '127.0.0.1:0',
    protocol: 'turn',
    transports: ['udp', 'tcp'],
    realm: 'example.org',
    auth: 'none',
    relay: {
      bind: ['127.0.0.1'],
      advertise: [],
      ports: '49152-65535',
      tcp: false,
      lifetime: 600_000,
      lifetime_max: 3_600_000,
      mobility: false,
      strict_channels: false,
    },
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
    limits: { connections: 100, unauthenticated: 20 },
    timeouts: { idle: 60_000 },
    ...more,
  }
}

/** A config with these listeners, and whatever else is given. */
export function configOf(listeners: Record<string, unknown>, more: Record<string, unknown> = {}): Config {
  const rest = {
    data: '/nowhere',
    drain: 3000,
    logs: { level: 'warn', format: 'json' },
    workers: 1,
    admin: false,
  }
  return { ...rest, listeners, ...more } as unknown as Config
}
