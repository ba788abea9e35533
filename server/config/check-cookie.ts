// A cookie that the gateway gives to browsers: what these would not keep.
import type { Path } from './tree.ts'
import type { Written } from './written.ts'

interface GivenCookie {
  /** Where its name stands. */
  readonly key: string
  readonly name: string
  /** What it is called where nothing is written. */
  readonly usual: string
  readonly secure?: boolean
  readonly same_site: string
  readonly path: string
  readonly domain?: string
}

/** Checks the cookie of the map at `path`. */
export function checkGivenCookie(written: Written, path: Path, cookie: GivenCookie): void {
  const { key, name, usual, secure, same_site, domain } = cookie
  const report = (at: string, found: string, allowed: string, hint: string): void =>
    written.report({ code: 'conflict', path: [...path, at], found, allowed, hint })
  const named = written.quoted([...path, key], name)
  const isUnsafe = secure !== true && !isNotAsMeant(written, [...path, 'secure'])
  if (same_site === 'none' && isUnsafe)
    report(
      'same_site',
      'same_site none without secure: true',
      'both, as browsers drop such a cookie otherwise',
      `write ${written.spelled({ secure: true })} beside it; clients must come by https then`,
    )
  if (/^__(?:Host|Secure)-/i.test(name) && isUnsafe)
    report(
      key,
      `${named} without secure: true`,
      'both: browsers ask that of such names',
      `write ${written.spelled({ secure: true })} beside it`,
    )
  if (/^(?:__Host-)?sluice-[0-9a-f]{8}$/.test(name))
    report(
      key,
      `${named}, as cookies of sign-ins to a dashboard are called`,
      'another name: such cookies are taken out of all requests',
      `leave it out for ${usual}`,
    )
  if (/^__Host-/i.test(name) && (cookie.path !== '/' || domain !== undefined))
    report(
      key,
      `${named} with a path or a domain`,
      'path "/", and no domain: browsers ask that of such names',
      'take a name without "__Host-", or leave both out',
    )
}

/** Something of another kind stands there: that was told. */
function isNotAsMeant(written: Written, path: Path): boolean {
  const tree = written.written(path)
  return tree !== null && !(tree.is === 'scalar' && typeof tree.value === 'boolean')
}
