// What of TLS leads nowhere as a whole: certificates that nobody gets, those that a CA could not see, and
// redirects to a port where there is no https. Warnings only: something before this machine may do the rest.
import { tcpBindsOf, parseBind } from '../lib/bind.ts'
import type { Checked } from './checked.ts'
import type { Config } from './schema.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'

const HTTPS_PORT = 443

export function checkTlsUse(checked: Checked): void {
  if (checked.isBroken('listeners')) return
  checkUnused(checked)
  checkChallenges(checked)
  checkRedirects(checked)
}

function checkUnused(checked: Checked): void {
  const { certificates, listeners } = checked.config
  const named = new Set(
    Object.values(listeners).flatMap((one) => ('certificates' in one ? one.certificates : [])),
  )
  for (const [name, { acme }] of Object.entries(certificates))
    if (!named.has(name))
      checked.warn({
        code: 'unused',
        path: ['certificates', name],
        found: `certificate "${name}", which no listener names`,
        allowed: 'certificates that a listener has in its "certificates"',
        hint: acme === undefined ? null : 'it is obtained and renewed all the same',
      })
}

/** A CA comes by way of a listener. */
function checkChallenges(checked: Checked): void {
  const protocols = new Set<string>(Object.values(checked.config.listeners).map(({ protocol }) => protocol))
  for (const [name, { acme }] of Object.entries(checked.config.certificates)) {
    const needs = acme && NEEDS[acme.challenge]
    if (needs === undefined || protocols.has(needs.protocol)) continue
    const path = ['certificates', name, 'acme']
    const here = checked.isWritten([...path, 'challenge']) ? [...path, 'challenge'] : path
    const { protocol, bind, comes } = needs
    checked.warn({
      code: 'conflict',
      path: here,
      found: `the challenge ${acme?.challenge}, and no ${protocol} listener`,
      allowed: `one that the CA reaches: ${comes}`,
      hint: `write ${checked.spelled({ listeners: { [protocol === 'http' ? 'plain' : 'web']: bind } })}, or "challenge: dns-01"`,
    })
  }
}

interface Need {
  readonly protocol: string
  readonly bind: { readonly [key: string]: string | boolean }
  readonly comes: string
}

const NEEDS: Readonly<Record<string, Need>> = {
  'http-01': {
    protocol: 'http',
    bind: { bind: '0.0.0.0:80', redirect_https: true },
    comes: 'it comes to port 80, in the clear',
  },
  'tls-alpn-01': {
    protocol: 'https',
    bind: { bind: '0.0.0.0:443', protocol: 'https' },
    comes: 'it comes to port 443',
  },
}

/** Whoever writes the port means it, as one that is translated. */
function checkRedirects(checked: Checked): void {
  const ports = portsByTls(checked.config)
  const [port] = ports
  if (port === undefined || ports.has(HTTPS_PORT) || ports.has(0)) return
  for (const [name, options] of Object.entries(checked.config.listeners)) {
    if (options.protocol !== 'http' || (options.redirect_https ?? false) === false) continue
    const path: Path = ['listeners', name, 'redirect_https']
    if (checked.isWritten([...path, 'port'])) continue
    checked.warn({
      code: 'conflict',
      path,
      found: `a redirect to port ${HTTPS_PORT}, where no https listener is`,
      allowed: `the port where clients find one, as ${port}`,
      hint: `write ${checked.spelled({ redirect_https: { port } })}, or { port: ${HTTPS_PORT} } where that port leads here (a container's, a translated one)`,
    })
  }
}

/** Where https is, or may be behind a tls listener; 0: a port that nobody knows. */
function portsByTls({ listeners }: Config): ReadonlySet<number> {
  const ports = new Set<number>()
  for (const [name, options] of Object.entries(listeners))
    if (options.protocol === 'https' || options.protocol === 'tls')
      for (const { bind } of tcpBindsOf(name, options)) if (!isStandIn(bind)) ports.add(parseBind(bind).port)
  return ports
}
