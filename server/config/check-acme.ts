// Certificates by ACME: what no CA would sign, or could not see, is told before it is asked.
import { canonicalAddress } from '../lib/ip-address.ts'
import type { AcmeConfig } from '../control/acme/acme.options.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'
import { whyUnread } from './why-unread.ts'
import type { Written } from './written.ts'

/** They sign names that everybody can look up. */
const PUBLIC = /^(?:letsencrypt|letsencrypt-staging|zerossl)$/
/** RFC 6761, RFC 6762, RFC 9476 and what ICANN keeps for private use. */
const PRIVATE = /(?:^|\.)(?:localhost|local|internal|test|example|invalid|alt|onion|home\.arpa|lan)$/

/** Checks what a certificate says of ACME. */
export function checkAcme(checked: Written, path: Path, acme: AcmeConfig): void {
  checkTerms(checked, path, acme)
  checkDemand(checked, path, acme)
  for (const [index, name] of (acme.domains ?? []).entries()) {
    const here = [...path, 'domains']
    const isList = checked.written(here)?.is === 'list'
    if (!isStandIn(name)) checkName(checked, isList ? [...here, index] : here, { name, acme })
  }
  checkDns(checked, path, acme)
  checkIssuers(checked, path, acme)
}

function checkTerms(checked: Written, path: Path, { agree_to_terms }: AcmeConfig): void {
  if (agree_to_terms || !checked.isWritten([...path, 'agree_to_terms'])) return
  checked.report({
    code: 'wrong-value',
    path: [...path, 'agree_to_terms'],
    found: 'no agreement to the terms of the CA',
    allowed: 'true',
    hint: 'a CA gives nothing to who does not agree to its terms of service: read them, and write true',
  })
}

function checkDemand(checked: Written, path: Path, { domains, on_demand }: AcmeConfig): void {
  if (domains === undefined && !checked.isWritten([...path, 'domains']) && on_demand === undefined)
    checked.report({
      code: 'missing-key',
      path,
      found: 'no "domains"',
      allowed: '"domains", the names that it is for; or "on_demand"',
      hint: `write ${checked.spelled({ domains: ['example.org'] })}`,
    })
  if (on_demand?.ask === undefined && on_demand?.allow.includes('*') === true)
    checked.report({
      code: 'conflict',
      path: [...path, 'on_demand', 'allow'],
      found: '"*" without "ask"',
      allowed: 'names, or "*" beside "ask"',
      hint: 'else whoever connects has a certificate ordered for any name, until the CA takes no more',
    })
  else if (on_demand?.ask === undefined && on_demand?.allow.some((name) => name.startsWith('*.')) === true)
    checked.warn({
      code: 'conflict',
      path: [...path, 'on_demand', 'allow'],
      found: 'names with "*." and nobody who is asked which of them there are',
      allowed: '"ask" beside them, or each name written out',
      hint: `strangers may ask for names that nobody has, until none of yours is obtained for the rest of an hour (per_hour: ${on_demand.per_hour})`,
    })
}

function checkName(
  checked: Written,
  path: Path,
  { name, acme }: { readonly name: string; readonly acme: AcmeConfig },
): void {
  const { challenge, directory } = acme
  const found = checked.said(path, name)
  const wrong = (allowed: string, hint: string | null = null): void =>
    checked.report({ code: 'conflict', path, found, allowed, hint })
  if (canonicalAddress(name) !== null) {
    if (challenge !== 'http-01') wrong('names alone with this "challenge"', 'addresses are shown by http-01')
    return
  }
  if (name.startsWith('*.') && challenge !== 'dns-01')
    return wrong(
      '"challenge: dns-01" for a name with "*"',
      'no other shows a CA that all names below it are yours',
    )
  const plain = name.toLowerCase().replace(/\.$/, '')
  if (PUBLIC.test(directory) && (!plain.includes('.') || PRIVATE.test(plain)))
    wrong(
      'a name that everybody can look up',
      'for names of your own network: self_signed, or the directory of a CA of your own',
    )
}

function checkDns(checked: Written, path: Path, { challenge, dns }: AcmeConfig): void {
  if (challenge === 'dns-01' && dns === undefined)
    checked.report({
      code: 'missing-key',
      path,
      found: 'no "dns"',
      allowed: '"dns", with the command that sets TXT records',
      hint: `write ${checked.spelled({ dns: { command: ['./set-txt.sh'] } })}`,
    })
  if (dns !== undefined) checkProgram(checked, [...path, 'dns', 'command'], dns.command)
  if (challenge !== 'dns-01' && checked.isWritten([...path, 'dns']))
    checked.report({
      code: 'conflict',
      path: [...path, 'dns'],
      found: `"dns" beside the challenge ${challenge}`,
      allowed: 'it where "challenge" is dns-01',
      hint: null,
    })
}

/** Otherwise it would be found out at the first certificate, or at its renewal. */
function checkProgram(checked: Written, path: Path, [program = '']: readonly string[]): void {
  const why = isStandIn(program) ? null : (checked.machine?.whyNoProgram(program, checked.folder) ?? null)
  if (why === null) return
  const here = [...path, 0]
  checked.warn({
    code: 'file',
    path: here,
    found: `${checked.quoted(here, program)}, ${why}`,
    allowed: 'a program that the gateway can run',
    hint: 'this counts for the user and the machine that the gateway runs as',
  })
}

function checkIssuers(checked: Written, path: Path, { directory, eab, ca, fallbacks }: AcmeConfig): void {
  checkIssuer(checked, path, { directory, eab, ca })
  const seen = new Set([directory])
  for (const [index, one] of fallbacks.entries()) {
    const here = [...path, 'fallbacks', index]
    const issuer = typeof one === 'string' ? { directory: one } : one
    checkIssuer(checked, here, issuer)
    if (seen.has(issuer.directory))
      checked.report({
        code: 'duplicate',
        path: here,
        found: checked.said(here, issuer.directory),
        allowed: 'each CA once',
        hint: null,
      })
    seen.add(issuer.directory)
  }
}

function checkIssuer(
  checked: Written,
  path: Path,
  { directory, eab, ca }: { directory: string; eab?: object | undefined; ca?: string | undefined },
): void {
  if (directory === 'zerossl' && eab === undefined)
    checked.report({
      code: 'missing-key',
      path,
      found: 'zerossl without "eab"',
      allowed: '"eab", which its site gives for an account there',
      hint: 'write eab: { kid: ..., hmac: "${ZEROSSL_HMAC}" }',
    })
  const here = checked.isWritten([...path, 'directory']) ? [...path, 'directory'] : path
  if (directory.startsWith('https:') && !URL.canParse(directory))
    checked.report({
      code: 'wrong-value',
      path: here,
      found: checked.said(here, directory),
      allowed: 'the https URL of a directory',
      hint: null,
    })
  if (ca !== undefined && !isStandIn(ca)) checkCa(checked, [...path, 'ca'], ca)
}

function checkCa(checked: Written, path: Path, ca: string): void {
  const found = checked.said(path, ca)
  try {
    if (/-----BEGIN CERTIFICATE-----/.test(checked.readText(ca))) return
    const allowed = 'the certificate of a CA, in PEM'
    checked.report({
      code: 'file',
      path,
      found: `${found}, without a certificate in it`,
      allowed,
      hint: null,
    })
  } catch (error) {
    const hint = checked.isSubstituted(path) ? null : `it is ${ca}: ${whyUnread(error)}`
    checked.report({
      code: 'file',
      path,
      found: `${found}, which cannot be read`,
      allowed: 'a readable file',
      hint,
    })
  }
}
