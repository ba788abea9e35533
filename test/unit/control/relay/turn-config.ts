// Configs with turn listeners, for tests.
import type { Config } from '../../../../server/config/schema.ts'

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
