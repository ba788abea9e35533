// What is said of a request on the command line, beside its URL: of sluice explain.
import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { AskedRequest } from '../control/explain/asked-request.ts'
import type { AskedCertificate, AskedTls } from '../control/explain/asked-tls.ts'
import type { Claims } from '../rules/claims.ts'
import { certificateFacts } from '../lib/certificate-facts.ts'
import { nameText } from '../lib/distinguished-name.ts'
import { canonicalAddress } from '../lib/ip-address.ts'
import { readBounded } from '../lib/read-bounded.ts'
import { fingerprintOf } from '../tls/shown-certificate.ts'
import type { Args } from './args.ts'

type Said = Pick<AskedRequest, 'method' | 'headers' | 'client' | 'scheme' | 'tls' | 'claims' | 'atMs'>

/** Reads it; a text: what is wrong with it. */
export function askedFlags(read: Args): Said | string {
  const headers = headersOf(read.values('header'))
  if (typeof headers === 'string') return headers
  const method = read.value('method') ?? 'GET'
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32}$/.test(method)) return `"${method}" is no method`
  const named = read.value('client')
  const client = named === null ? null : canonicalAddress(named)
  if (named !== null && client === null) return `"${named}" is no IP address`
  const scheme = read.value('scheme')
  if (scheme !== null && scheme !== 'http' && scheme !== 'https') return `--scheme takes http or https`
  const at = read.value('time')
  const atMs = at === null ? undefined : Date.parse(at)
  if (Number.isNaN(atMs)) return `"${at}" is no time such as 2026-03-01T08:30:00Z`
  const tls = tlsOf(read.value('tls'), read.value('certificate'))
  if (typeof tls === 'string') return tls
  const claims = claimsOf(read.values('claims'))
  if (typeof claims === 'string') return claims
  return {
    ...{ method, headers, client },
    ...(claims !== null && { claims }),
    ...(scheme !== null && { scheme }),
    ...(tls !== null && { tls }),
    ...(atMs !== undefined && { atMs }),
  }
}

/** `login={"sub":"anna"}`, once for each issuer. */
function claimsOf(all: readonly string[]): NonNullable<AskedRequest['claims']> | null | string {
  const claims: Record<string, Claims> = {}
  for (const one of all) {
    const [, issuer = '', json = ''] = /^([A-Za-z0-9_.-]{1,63})=(.*)$/s.exec(one) ?? []
    try {
      const said: unknown = JSON.parse(json)
      if (typeof said !== 'object' || said === null || Array.isArray(said)) throw new SyntaxError('no map')
      claims[issuer] = said as Claims
    } catch {
      return `--claims takes ISSUER={"sub":"anna"}, what a token says as JSON: "${one}" is none`
    }
  }
  return all.length === 0 ? null : claims
}

function headersOf(fields: readonly string[]): AskedRequest['headers'] | string {
  const headers: [string, string][] = []
  for (const field of fields) {
    const [, name, value] = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/s.exec(field) ?? []
    if (name === undefined || value === undefined)
      return `"${field}" is no header field such as "Accept: text/html"`
    headers.push([name, value])
  }
  return headers
}

function tlsOf(words: string | null, shown: string | null): AskedTls | null | string {
  if (words === null && shown === null) return null
  const [version = '', cipher] = (words ?? 'TLSv1.3').split(',')
  if (!/^TLSv1\.[23]$/.test(version)) return '--tls takes TLSv1.2 or TLSv1.3, and behind a comma a cipher'
  const certificate = shown === null ? null : certificateOf(shown)
  if (typeof certificate === 'string') return certificate
  return {
    version,
    ...(cipher !== undefined && { cipher }),
    ...(certificate !== null && { client_certificate: certificate }),
  }
}

/** A file in PEM, or the subject of one that is not at hand. */
function certificateOf(shown: string): AskedCertificate | string {
  if (!existsSync(shown))
    return shown.includes('=')
      ? { subject: shown }
      : `--certificate takes a file in PEM, or a subject such as "CN=alice,O=Acme": there is no ${shown}`
  try {
    const certificate = new X509Certificate(readBounded(shown, FILE_BYTES_MAX))
    const { subject, issuer, alternatives } = certificateFacts(certificate.raw)
    return {
      subject: nameText(subject),
      issuer: nameText(issuer),
      san: alternatives.map(({ kind, value }) => `${kind}:${value}`),
      fingerprint: fingerprintOf(certificate),
    }
  } catch (error) {
    return `no certificate can be read from ${shown}: ${error instanceof Error ? error.message : String(error)}`
  }
}

const FILE_BYTES_MAX = 1024 * 1024
