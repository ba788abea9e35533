// What of TLS leads nowhere as a whole: certificates that nobody gets, those that a CA could not see, and
// redirects to a port where there is no https. Warnings only: something before this machine may do the rest.
import { domainToASCII } from 'node:url'
import { tcpBindsOf, parseBind } from '../lib/bind.ts'
import { certificateFacts } from '../lib/certificate-facts.ts'
import { certificatesIn } from '../lib/pem.ts'
import type { Checked } from './checked.ts'
import type { Config } from './schema.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'

const HTTPS_PORT = 443

export function checkTlsUse(checked: Checked): void {
  if (checked.isBroken('listeners')) return
  checkUnused(checked)
  checkTwice(checked)
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

/** Of two of a listener that are for one name, the first is served, whatever their keys are. */
function checkTwice(checked: Checked): void {
  const known = new Map<string, readonly string[]>()
  for (const [name, options] of Object.entries(checked.config.listeners)) {
    const certificates = 'certificates' in options ? [...new Set(options.certificates)] : []
    if (certificates.length < 2) continue
    const owners = new Map<string, string>()
    for (const certificate of certificates) {
      const names = known.get(certificate) ?? namesOf(checked, certificate)
      known.set(certificate, names)
      const taken = names.find((one) => owners.has(one))
      if (taken !== undefined) warnOfTwo(checked, name, certificate, [taken, owners.get(taken) ?? ''])
      for (const one of names) if (!owners.has(one)) owners.set(one, certificate)
    }
  }
}

function warnOfTwo(
  checked: Checked,
  listener: string,
  certificate: string,
  [name, first]: readonly [name: string, first: string],
): void {
  checked.warn({
    code: 'duplicate',
    path: ['listeners', listener, 'certificates'],
    found: `"${first}" and "${certificate}", which are both for ${name}`,
    allowed: 'one certificate for a name',
    hint: `"${first}" is served for it, as it comes first; two kinds of keys for one name are written as lists in one certificate: cert: [...], key: [...]`,
  })
}

/** As far as they are known before anything is obtained or made. */
function namesOf(checked: Checked, certificate: string): readonly string[] {
  const { certificates } = checked.config
  const words = Object.hasOwn(certificates, certificate) ? certificates[certificate] : undefined
  const { cert = [], key = [], acme, self_signed } = words ?? {}
  const made = typeof self_signed === 'object' ? self_signed.names : []
  const [only = '', another] = cert
  const known = another === undefined ? checked.goodPair(only, key[0] ?? only)?.names : undefined
  const read = known ?? cert.flatMap((file) => (isStandIn(file) ? [] : namesIn(checked, file)))
  return [...new Set([...(acme?.domains ?? []), ...made, ...read].map(asked))].filter((name) => name !== '')
}

/** What cannot be read was told with the certificate itself. */
function namesIn(checked: Checked, file: string): readonly string[] {
  try {
    const [leaf = ''] = certificatesIn(checked.readText(file)).blocks
    const der = Buffer.from(leaf.replace(/-----[A-Z ]+-----/g, ''), 'base64')
    return certificateFacts(der).alternatives.flatMap(({ kind, value }) => (kind === 'DNS' ? [value] : []))
  } catch {
    return []
  }
}

/** As clients ask for it; empty: it is no name. */
const asked = (name: string): string => domainToASCII(name).toLowerCase().replace(/\.$/, '')

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
