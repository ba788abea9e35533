// What "sticky" of a backend means, whichever way it is written.
import type { BackendConfig } from './backend.options.ts'
import type { StickySettingsConfig } from './sticky.options.ts'

export interface StickyWords extends Omit<StickySettingsConfig, 'cookie' | 'secret' | 'secrets'> {
  readonly by: 'cookie' | 'header' | 'client_ip' | 'learn'
  /** The name of ours; that of one that nobody sets where there is none. */
  readonly cookie: string
  /** The first signs; empty: the gateway's own. */
  readonly secrets: readonly string[]
}

/** The defaults of sticky.options.ts, as they are decoded. */
export const USUAL: StickySettingsConfig = {
  ttl: 3_600_000,
  sliding: true,
  path: '/',
  http_only: true,
  same_site: 'lax',
  drain: 'leave',
  full: 'other',
  strip: false,
  cache: 'private',
}
const USUAL_COOKIE = 'sluice_sticky'

interface Sticking {
  readonly sticky?: BackendConfig['sticky'] | undefined
}

/** Null: sessions stay nowhere. */
export function stickyWords({ sticky }: Sticking): StickyWords | null {
  if (sticky === undefined || sticky === false) return null
  const { cookie = USUAL_COOKIE, secret, secrets, ...rest } = sticky === true ? USUAL : sticky
  const own = { ...rest, cookie, secrets: secrets ?? (secret === undefined ? [] : [secret]) }
  if (rest.header !== undefined) return { ...own, by: 'header' }
  if (rest.client_ip === true) return { ...own, by: 'client_ip' }
  // It lives as long as that of the server does.
  return rest.learn === undefined ? { ...own, by: 'cookie' } : { ...own, by: 'learn', ttl: 0, sliding: false }
}

/** Whether a key leads to its server, and no cookie of ours. */
export const isKeyed = ({ by }: StickyWords): boolean => by === 'header' || by === 'client_ip'

/** Whether its cookies are signed with a secret that the gateway must make. */
export const needsSecret = (options: Sticking): boolean => {
  const words = stickyWords(options)
  return words !== null && !isKeyed(words) && words.secrets.length === 0
}
