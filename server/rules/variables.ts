// What variables in texts of rules stand for: one reader for each word of variables.options.ts.
import { type GeoFacts, NOWHERE } from '../geo/database.ts'
import { whereIs } from '../geo/where.ts'
import { portOf } from '../head/authority.ts'
import { cookiesIn } from '../head/cookie.ts'
import type { RequestHead } from '../head/request-head.ts'
import { nowMs } from '../lib/clock.ts'
import { alternativesText } from '../lib/certificate-facts.ts'
import { nameText } from '../lib/distinguished-name.ts'
import { splitName } from '../lib/template-text.ts'
import type { TlsFacts } from '../tls/accept-tls.ts'
import { fingerprintOf, type ShownCertificate } from '../tls/shown-certificate.ts'
import type { Captures, RuleCaptures } from './captures.ts'
import { queryValues } from './query.ts'
import type { FamilyName, VariableName } from './variables.options.ts'

/** What of an exchange variables tell. */
export interface Told {
  readonly id: string
  readonly listener: { readonly name: string }
  readonly rule: {
    readonly name: string
    readonly captures: RuleCaptures
    readonly to: { readonly is: string; readonly backend?: { readonly name: string } }
  } | null
  readonly request: Pick<
    RequestHead,
    'method' | 'host' | 'authority' | 'path' | 'query' | 'version' | 'edits' | 'get' | 'values'
  >
  readonly client: {
    readonly address: string | null
    readonly port: number
    readonly scheme: 'http' | 'https'
    readonly tls: TlsFacts | null
  }
  readonly identity: { readonly name: string; readonly claims: Readonly<Record<string, unknown>> } | null
  readonly server: { readonly name: string; readonly backend: string; readonly authority: string } | null
  readonly attempts: number
  readonly status: number
  readonly startedMs: number
}

/** Null or '': it has no value. */
export type Read = (x: Told) => string | null

/**
 * What the characters of a value may be. plain: of those that mean nothing anywhere · bytes: one character a
 * byte, as a head has them · host: one that was read as such · text: any · target: a piece of a request
 * target as it came.
 */
export type ValueKind = 'plain' | 'bytes' | 'host' | 'text' | 'target'

export interface Variable {
  readonly kind: ValueKind
  readonly read: Read
}

const plain = (read: Read): Variable => ({ kind: 'plain', read })
const bytes = (read: Read): Variable => ({ kind: 'bytes', read })
const text = (read: Read): Variable => ({ kind: 'text', read })
const target = (read: Read): Variable => ({ kind: 'target', read })

const portFor = (scheme: string): number => (scheme === 'https' ? 443 : 80)
const geoOf = ({ client: { address } }: Told): GeoFacts => (address === null ? NOWHERE : whereIs(address))
const queryOf = ({ request: { query } }: Told): string => (query === '' ? '' : `?${query}`)
/** "*" is asked of the server itself, not of a place below it. */
const pathOf = ({ request: { path } }: Told): string => (path === '*' ? '/' : path)

const VARIABLES: Readonly<Record<VariableName, Variable>> = {
  client_ip: plain(({ client }) => client.address),
  client_port: plain(({ client }) => String(client.port)),
  scheme: plain(({ client }) => client.scheme),
  host: { kind: 'host', read: ({ request }) => request.host },
  port: plain(({ request, client }) => String(portOf(request.authority) || portFor(client.scheme))),
  method: text(({ request }) => request.method),
  path: target(pathOf),
  query: target(queryOf),
  uri: target((x) => pathOf(x) + queryOf(x)),
  protocol: text(({ request }) => (request.version === 10 ? 'HTTP/1.0' : 'HTTP/1.1')),
  request_id: text(({ id }) => id),
  listener: plain(({ listener }) => listener.name),
  rule: plain(({ rule }) => rule && rule.name),
  backend: plain(({ server, rule }) => (server === null ? backendIn(rule) : server.backend)),
  country: plain((x) => geoOf(x).country),
  continent: plain((x) => geoOf(x).continent),
  city: text((x) => geoOf(x).city),
  asn: plain((x) => geoOf(x).asn?.toString() ?? null),
  as_name: text((x) => geoOf(x).asName),
  user: text(({ identity }) => identity && identity.name),
  // oxlint-disable-next-line no-restricted-properties -- the time of the wall is what is asked for
  time: plain(() => new Date(Date.now()).toISOString()),
  tls_version: plain(({ client }) => client.tls && client.tls.version),
  tls_cipher: plain(({ client }) => client.tls && client.tls.cipher),
  tls_name: text(({ client }) => client.tls && client.tls.serverName),
  client_certificate_subject: ofCertificate(({ facts }) => facts && nameText(facts.subject)),
  client_certificate_issuer: ofCertificate(({ facts }) => facts && nameText(facts.issuer)),
  client_certificate_common_name: ofCertificate(({ commonName }) => commonName),
  client_certificate_san: ofCertificate(({ facts }) => facts && alternativesText(facts.alternatives)),
  client_certificate_serial: ofCertificate(({ facts }) => facts && facts.serial),
  client_certificate_fingerprint: ofCertificate(
    ({ certificate }) => certificate && fingerprintOf(certificate),
  ),
  server: text(({ server }) => server && server.name),
  status: plain(({ status }) => (status === 0 ? null : String(status))),
  attempts: plain(({ attempts }) => String(attempts)),
  time_ms: plain(({ startedMs }) => String(Math.round((nowMs - startedMs) * 10) / 10)),
}

const FAMILIES: Readonly<Record<FamilyName, (name: string) => Variable>> = {
  path: (name) => target((x) => ownOf(capturesIn(x), name)),
  host: (name) =>
    text(({ rule, request }) => (rule === null ? null : ownOf(rule.captures.ofHost(request.host), name))),
  header: (name) => bytes(fieldReader(name.toLowerCase())),
  cookie: (name) =>
    bytes(({ request }) => {
      for (const field of request.values('cookie')) for (const value of cookiesIn(field, name)) return value
      return null
    }),
  query: (name) =>
    text(({ request: { query } }) => (query === '' ? null : (queryValues(query).get(name)?.[0] ?? null))),
  claim: (name) => text(({ identity }) => (identity === null ? null : claimText(identity.claims, name))),
}

/** The variable of this name; throws a RangeError where there is none. */
export function variable(name: string): Variable {
  const [family, of] = splitName(name)
  if (of === null && Object.hasOwn(VARIABLES, name)) return VARIABLES[name as VariableName]
  if (of !== null && Object.hasOwn(FAMILIES, family)) return FAMILIES[family as FamilyName](of)
  throw new RangeError(`{${name}} is not known`)
}

function backendIn(rule: Told['rule']): string | null {
  return rule?.to.backend === undefined ? null : rule.to.backend.name
}

const ownOf = (of: Captures, name: string): string | null =>
  Object.hasOwn(of, name) ? (of[name] ?? null) : null

/** A rule asks for several of them, one after the other: they are read once. */
let last: { readonly of: (path: string) => Captures; readonly path: string; readonly are: Captures } | null =
  null

function capturesIn({ rule, request: { path } }: Told): Captures {
  if (rule === null) return NONE
  const { captures } = rule
  if (last !== null && last.of === captures && last.path === path) return last.are
  last = { of: captures, path, are: captures(path) }
  return last.are
}
const NONE: Captures = {}

function fieldReader(name: string): Read {
  const between = name === 'cookie' ? '; ' : ', '
  return ({ request }) => {
    if (request.edits !== null) return request.get(name)
    const values = request.values(name)
    return values.length < 2 ? (values[0] ?? null) : values.join(between)
  }
}

/** Read once for a certificate: of a connection it stays the same. */
function ofCertificate(read: (shown: ShownCertificate) => string | null): Variable {
  const known = new WeakMap<ShownCertificate, string | null>()
  return text(({ client: { tls } }) => {
    const shown = tls?.client ?? null
    if (shown === null || !shown.isGood) return null
    let value = known.get(shown)
    if (value === undefined) known.set(shown, (value = read(shown)))
    return value
  })
}

/** Text, numbers and truths, and lists of those; of maps nothing. */
function claimText(claims: Readonly<Record<string, unknown>>, name: string): string | null {
  const claim = Object.hasOwn(claims, name) ? claims[name] : null
  if (!Array.isArray(claim)) return simpleText(claim)
  return claim
    .map(simpleText)
    .filter((one) => one !== null)
    .join(',')
}

const simpleText = (value: unknown): string | null =>
  typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : null
