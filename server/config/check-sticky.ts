// Sessions that stay with a server: one way to know them by, and cookies that browsers keep.
import type { BackendConfig } from '../backends/backend.options.ts'
import { STICKY_COOKIE, type StickySettingsConfig } from '../backends/sticky.options.ts'
import { familyOf } from '../lib/server-url.ts'
import { backendsNamed } from '../rules/rule.options.ts'
import { checkGivenCookie } from './check-cookie.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'
import { STICKY_WAYS, UNUSED_WITH_LEARN, UNUSED_WITHOUT_COOKIE } from './unused-words.ts'
import type { Written } from './written.ts'

type Way = (typeof STICKY_WAYS)[number]

/** What "sticky" of a backend says that cannot be. */
export function checkSticky(
  written: Written,
  path: Path,
  { sticky, servers, algorithm }: BackendConfig,
): void {
  if (sticky === undefined || sticky === false) return
  const here = [...path, 'sticky']
  const family = familyOf(servers)
  const by = sticky === true ? 'cookie' : wayOf(sticky)
  if (family !== 'http' && by !== 'client_ip')
    return written.report({
      code: 'conflict',
      path: sticky === true || !written.isWritten([...here, by]) ? here : [...here, by],
      found: `sessions by ${by} in a backend of ${family} servers`,
      allowed: 'client_ip: nothing else is known of who connects',
      hint: `write ${written.spelled({ sticky: { client_ip: true } })}`,
    })
  if ((by === 'header' || by === 'client_ip') && (algorithm === 'hash' || algorithm === 'ip_hash'))
    written.report({
      code: 'conflict',
      path: here,
      found: `"sticky" by ${by} with algorithm ${algorithm}`,
      allowed: 'one of them: each says by itself where a request goes',
      hint: 'leave "algorithm" out, or take one that spreads new clients, such as least_connections',
    })
  if (sticky === true) return
  checkWays(written, here, sticky)
  if (by === 'cookie' || by === 'learn') checkCookie(written, here, sticky)
  const unused = by === 'cookie' ? [] : by === 'learn' ? UNUSED_WITH_LEARN : UNUSED_WITHOUT_COOKIE
  for (const key of unused)
    if (written.isWritten([...here, key]))
      written.report({
        code: 'conflict',
        path: [...here, key],
        found: `"${key}" with sessions by ${by}`,
        allowed: 'it with a cookie that is the gateway’s alone',
        hint:
          by === 'learn'
            ? 'that of the servers says how long and where'
            : `without "${by}" sessions stay by a cookie`,
      })
}

function wayOf({ header, client_ip, learn }: StickySettingsConfig): Way {
  if (header !== undefined) return 'header'
  if (client_ip === true) return 'client_ip'
  return learn === undefined ? 'cookie' : 'learn'
}

function checkWays(written: Written, path: Path, sticky: StickySettingsConfig): void {
  const { cookie = STICKY_COOKIE, learn } = sticky
  if (learn === cookie)
    written.report({
      code: 'conflict',
      path: [...path, 'learn'],
      found: `${written.quoted([...path, 'learn'], cookie)} for the cookie of the servers and for that of the gateway`,
      allowed: 'two names: one stands beside the other',
    })
  // With "learn", "cookie" is what that beside it is called.
  const ways = STICKY_WAYS.filter((way) => sticky[way] !== undefined && sticky[way] !== false).filter(
    (way) => way !== 'cookie' || learn === undefined,
  )
  const [first, second] = ways
  if (second !== undefined)
    written.report({
      code: 'conflict',
      path: [...path, second],
      found: `"${second}" beside "${first}"`,
      allowed: `one of ${STICKY_WAYS.join(', ')}`,
    })
}

function checkCookie(written: Written, path: Path, sticky: StickySettingsConfig): void {
  const { cookie = STICKY_COOKIE, secret, secrets } = sticky
  const report = (key: string, found: string, allowed: string, hint: string): void =>
    written.report({ code: 'conflict', path: [...path, key], found, allowed, hint })
  if (secret !== undefined && secrets !== undefined)
    report(
      'secrets',
      '"secrets" beside "secret"',
      'one of them',
      'put it into "secrets": the first signs, all are believed',
    )
  if (sticky.learn !== undefined) return
  checkGivenCookie(written, path, { ...sticky, key: 'cookie', name: cookie, usual: STICKY_COOKIE })
}

/** What it says that may be meant otherwise. */
export function warnSticky(checked: Checked, path: Path, { sticky }: BackendConfig): void {
  if (typeof sticky !== 'object' || sticky.client_ip !== false || wayOf(sticky) !== 'cookie') return
  const here = [...path, 'sticky']
  if (!checked.isWritten([...here, 'cookie']))
    checked.warn({
      code: 'conflict',
      path: [...here, 'client_ip'],
      found: 'client_ip: false and no other way, so sessions stay by a cookie',
      allowed: 'the way that is meant, or no "sticky"',
      hint: `write ${checked.spelled({ sticky: true })} for the cookie, ${checked.spelled({ sticky: false })} for none`,
    })
}

/**
 * Two backends that set the same cookie for the same host: who goes to both has always lost the session of
 * the other one.
 */
export function checkStickyNames(checked: Checked): void {
  const { rules, backends } = checked.config
  const owners = new Map<string, string>()
  const told = new Set<string>()
  const all = rules.flatMap((rule) => backendsNamed(rule).map((backend) => ({ backend, match: rule.match })))
  for (const { backend, match } of all) {
    const options = backends[backend]
    const cookie = options === undefined ? null : cookieOf(options)
    if (cookie === null) continue
    for (const named of match.host.length === 0 ? ['*'] : match.host) {
      const host = typeof named === 'string' ? named : `hosts like ${named.regex}`
      const key = JSON.stringify([cookie, host.toLowerCase()])
      const owner = owners.get(key) ?? backend
      owners.set(key, owner)
      if (owner === backend || told.has(backend)) continue
      told.add(backend)
      checked.warn({
        code: 'conflict',
        path: ['backends', backend, 'sticky'],
        found: `cookie ${cookie[0]}, which backend "${owner}" sets as well for ${host === '*' ? 'the same clients' : host}`,
        allowed: 'a name of its own for each backend that the same clients ask',
        hint: `write ${checked.spelled({ cookie: `${cookie[0]}_${backend}` })} in it, else each takes away the session of the other`,
      })
    }
  }
}

function cookieOf({ sticky, servers }: BackendConfig): [string, string, string] | null {
  if (sticky === undefined || sticky === false || familyOf(servers) !== 'http') return null
  if (sticky === true) return [STICKY_COOKIE, '', '/']
  const by = wayOf(sticky)
  if (by === 'header' || by === 'client_ip') return null
  return [sticky.cookie ?? STICKY_COOKIE, sticky.domain ?? '', sticky.path]
}
