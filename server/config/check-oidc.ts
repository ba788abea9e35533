// Identity providers, and the rules that have people sign in with them.
import { isOwnOnRequest, OWN_FIELD } from '../lib/own-fields.ts'
import type { OidcProviderConfig } from '../middleware/oidc-provider.options.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import type { Checked } from './checked.ts'
import { nearest } from './nearest.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'

/** Checks what `auth.oidc` says. */
export function checkProviders(checked: Checked): void {
  const { auth, rules } = checked.config
  const used = new Set(rules.flatMap(({ middleware }) => middleware.map(({ oidc }) => oidc?.provider)))
  const cookies = new Map<string, string>()
  for (const [name, provider] of Object.entries(auth.oidc)) {
    const path = ['auth', 'oidc', name]
    checkIssuer(checked, path, provider)
    checkSession(checked, path, provider)
    checkPaths(checked, path, provider)
    checkFields(checked, path, provider)
    const cookie = provider.session.cookie ?? `sluice_oidc_${name}`
    const other = cookies.get(cookie)
    cookies.set(cookie, name)
    if (other !== undefined)
      checked.report({
        code: 'conflict',
        path: [...path, 'session', 'cookie'],
        found: `cookie ${cookie}, which provider "${other}" sets as well`,
        allowed: 'a name of its own for each provider',
      })
    if (used.has(name) || checked.isBroken('rules')) continue
    checked.warn({
      code: 'unused',
      path,
      found: `provider "${name}", which no rule asks for`,
      allowed: 'providers that a step oidc names',
    })
  }
}

function checkIssuer(checked: Checked, path: Path, { issuer, scopes }: OidcProviderConfig): void {
  const isHere = /^http:\/\/(?:localhost|127\.[0-9.]+|\[::1\])(?:[:/]|$)/.test(issuer)
  if (!isStandIn(issuer) && issuer.startsWith('http:') && !isHere)
    checked.warn({
      code: 'conflict',
      path: [...path, 'issuer'],
      found: `${checked.said([...path, 'issuer'], issuer)}, to which secrets and codes go in the clear`,
      allowed: 'https, but for a provider on this machine',
    })
  if (!scopes.includes('openid'))
    checked.report({
      code: 'conflict',
      path: [...path, 'scopes'],
      found: 'scopes without openid',
      allowed: 'openid among them: without it nobody says who it is',
    })
}

function checkSession(
  checked: Checked,
  path: Path,
  { session, client_secret: secret, client_auth: how }: OidcProviderConfig,
): void {
  const here = [...path, 'session']
  if (session.secret !== undefined && session.secrets !== undefined)
    checked.report({
      code: 'conflict',
      path: [...here, 'secrets'],
      found: '"secrets" beside "secret"',
      allowed: 'one of them',
      hint: 'put it into "secrets": the first seals, all open',
    })
  const cookie = session.cookie ?? ''
  if (/^__(?:Host|Secure)-/i.test(cookie) || /^sluice-[0-9a-f]{8}$/.test(cookie))
    checked.report({
      code: 'wrong-value',
      path: [...here, 'cookie'],
      found: checked.quoted([...here, 'cookie'], cookie),
      allowed: 'a plain name, such as session',
      hint: cookie.startsWith('__')
        ? 'by https "__Host-" is put before it'
        : 'cookies of sign-ins to a dashboard are called so',
    })
  if (session.idle > session.ttl)
    checked.warn({
      code: 'conflict',
      path: [...here, 'idle'],
      found: 'idle beyond ttl, which never is over first',
      allowed: 'at most ttl',
    })
  if (secret === undefined && how === 'post' && checked.isWritten([...path, 'client_auth']))
    checked.warn({
      code: 'conflict',
      path: [...path, 'client_auth'],
      found: 'client_auth without client_secret',
      allowed: 'both, or neither',
    })
}

function checkPaths(
  checked: Checked,
  path: Path,
  { redirect_path: back, logout_path: out }: OidcProviderConfig,
): void {
  if (back === out)
    checked.report({
      code: 'conflict',
      path: [...path, 'logout_path'],
      found: 'one path for two things',
      allowed: 'another path than redirect_path',
    })
}

function checkFields(checked: Checked, path: Path, { claims_to_headers: fields }: OidcProviderConfig): void {
  for (const name of Object.keys(fields))
    if (isOwnOnRequest(name, 'add'))
      checked.report({
        code: 'conflict',
        path: [...path, 'claims_to_headers', name],
        found: `the field ${JSON.stringify(name)}`,
        ...OWN_FIELD,
      })
}

/** What a step oidc of a rule names, and whether its rule is asked for the paths of that. */
export function checkSignIn(checked: Checked, path: Path, rule: RuleConfig): void {
  const { auth, rules } = checked.config
  for (const [place, { oidc: step }] of rule.middleware.entries()) {
    if (step === undefined || isStandIn(step.provider)) continue
    const here = [...path, 'middleware', place, 'oidc', 'provider']
    const provider = Object.hasOwn(auth.oidc, step.provider) ? auth.oidc[step.provider] : undefined
    if (provider === undefined) {
      const names = Object.keys(auth.oidc)
      const near = checked.isSubstituted(here) ? null : nearest(step.provider, names)
      checked.report({
        code: 'unknown-name',
        path: here,
        found: checked.said(here, step.provider),
        allowed:
          names.length === 0
            ? 'a provider, but there is none'
            : `a provider: ${names.slice(0, 12).join(', ')}`,
        hint:
          near !== null
            ? `did you mean "${near}"?`
            : names.length === 0
              ? 'write one at the top level: auth: { oidc: { NAME: { issuer: "https://…", client_id: … } } }'
              : null,
      })
      continue
    }
    const all = rules.filter(({ middleware }) =>
      middleware.some(({ oidc }) => oidc?.provider === step.provider),
    )
    // Said once, at the first of them.
    if (all[0] !== rule || all.some(({ match }) => mayTake(match.path, provider.redirect_path))) continue
    checked.warn({
      code: 'unreachable',
      path: here,
      found: `no rule with this provider for ${provider.redirect_path}, where it sends browsers back to`,
      allowed: 'a rule with this step that takes that path as well',
      hint: `add it to match.path, or set redirect_path of the provider to a path that the rule takes`,
    })
  }
}

/** Patterns that are no plain beginnings may. */
function mayTake(paths: RuleConfig['match']['path'], path: string): boolean {
  return (
    paths.length === 0 ||
    paths.some((one) => {
      if (typeof one !== 'string' || one.includes('{')) return true
      return one.endsWith('*') ? path.startsWith(one.slice(0, -1)) : one === path
    })
  )
}
