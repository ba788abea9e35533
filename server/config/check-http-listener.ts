// HTTP listeners, in TLS or not: each leads somewhere, and its limits and paths fit together.
import type { HttpListenerConfig } from '../http/listener.options.ts'
import { checkClientCertificate } from './check-client-certificate.ts'
import { checkListenerTls } from './check-listener-tls.ts'
import type { CheckedListener } from './listener-protocol.ts'
import type { Path } from './tree.ts'
import type { Written } from './written.ts'

/** Checks an http or https listener. */
export function checkHttpListener(
  written: Written,
  { path, options, isRuled }: CheckedListener<HttpListenerConfig>,
): void {
  checkLimits(written, path, options)
  checkStatusPaths(written, path, options)
  checkClient(written, path, options)
  checkDestination(written, path, options, isRuled)
  if (options.protocol !== 'https') return
  checkListenerTls(written, path, options, true)
  checkClientCertificate(written, path, options.client_certificate, true)
  checkHsts(written, path, options)
}

/** What lists of browsers take: https://hstspreload.org */
function checkHsts(written: Written, path: Path, { hsts }: Https): void {
  if (typeof hsts !== 'object' || !hsts.preload) return
  if (hsts.include_subdomains && hsts.max_age >= YEAR_S) return
  written.report({
    code: 'conflict',
    path: [...path, 'hsts', 'preload'],
    found: 'preload of a host alone, or for less than a year',
    allowed: 'it with include_subdomains: true, and max_age: 31536000 or more',
    hint: 'browsers take no other into their list (hstspreload.org)',
  })
}

const YEAR_S = 31_536_000

type Https = Extract<HttpListenerConfig, { protocol: 'https' }>

function checkDestination(written: Written, path: Path, options: HttpListenerConfig, isRuled: boolean): void {
  const { backend } = options
  if (written.isBroken('rules') || isRuled !== (backend !== undefined)) return
  // Nobody is led anywhere but to https.
  if (!isRuled && options.protocol === 'http' && (options.redirect_https ?? false) !== false) return
  if (isRuled)
    written.report({
      code: 'conflict',
      path: [...path, 'backend'],
      found: 'a backend beside rules that are for this listener too',
      allowed: 'a backend only where there are no rules',
      hint: `end the rules with one that matches everything: { ${written.spelled({ name: 'everything', backend: written.isSubstituted([...path, 'backend']) ? 'NAME' : (backend ?? 'NAME') })} }`,
    })
  else
    written.report({
      code: 'conflict',
      path,
      found: 'a listener without rules and without backend',
      allowed: 'a rule that is for it, or "backend"',
      hint: `add ${written.spelled({ backend: 'NAME' })} to it`,
    })
}

function checkLimits(written: Written, path: Path, { limits }: HttpListenerConfig): void {
  const here = [...path, 'limits', 'target']
  if (limits.target <= limits.head || !written.isWritten(here)) return
  written.report({
    code: 'conflict',
    path: here,
    found: written.said(here, limits.target),
    allowed: `at most limits.head, ${written.said([...path, 'limits', 'head'], limits.head)}`,
    hint: 'the target is a part of the head',
  })
}

/** Who the client is must have one answer. */
function checkClient(written: Written, path: Path, options: HttpListenerConfig): void {
  const { client_from, proxy_protocol, trusted_proxies } = options
  if (client_from === 'proxy_protocol' && proxy_protocol === undefined)
    written.report({
      code: 'conflict',
      path: [...path, 'client_from'],
      found: 'the PROXY protocol, which nobody speaks here',
      allowed: '"proxy_protocol" beside it, with who does',
      hint: `add ${written.spelled({ proxy_protocol: { trusted: ['10.0.0.5'] } })}`,
    })
  const byHeader = proxy_protocol !== undefined && (client_from ?? 'proxy_protocol') === 'proxy_protocol'
  if (byHeader && trusted_proxies.length > 0)
    written.report({
      code: 'conflict',
      path: [...path, 'trusted_proxies'],
      found: 'proxies whose fields would name the client, where the PROXY protocol names it',
      allowed: 'one of both, or "client_from" with the field of those that come through the PROXY protocol',
      hint: `leave it out, or add ${written.spelled({ client_from: 'x_forwarded_for' })}`,
    })
}

function checkStatusPaths(written: Written, path: Path, { status_endpoints }: HttpListenerConfig): void {
  const { health, metrics } = status_endpoints
  if (metrics === undefined || health !== metrics) return
  written.report({
    code: 'conflict',
    path: [...path, 'status_endpoints', 'metrics'],
    found: 'the path of "health"',
    allowed: 'a path of its own',
    hint: 'write /_health and /_metrics',
  })
}
