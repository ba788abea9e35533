// What requests on listeners that ask for certificates of clients are held to: each for its own host, by what
// holds at this moment; and what servers are told of the certificate.
import { nameText } from '../lib/distinguished-name.ts'
import { alternativesText } from '../lib/certificate-facts.ts'
import type { FaultCode } from '../tables/faults.ts'
import type { ClientPolicies } from '../tls/client-policies.ts'
import { fingerprintOf, type ShownCertificate, type Verdict } from '../tls/shown-certificate.ts'
import type { ClientConnection } from './ends.ts'

/** What comes of a client's certificate for a host; null: it is asked for none there. */
export interface Judged {
  readonly fault: FaultCode | null
  readonly verdict: Verdict | null
  readonly shown: ShownCertificate | null
}

const PASSES: Judged = { fault: null, verdict: null, shown: null }
/** RFC 9110 §15.5.20: a connection that is made for this host would be asked otherwise. */
const MISDIRECTED: Judged = { fault: 'misdirected', verdict: null, shown: null }

/** Of a request for this host on this connection. */
export function judgeClient({ from }: ClientConnection, host: string, clients: ClientPolicies): Judged {
  const policy = clients.of(host)
  if (!policy.asks) return PASSES
  const { tls } = from
  const shown = tls?.client ?? null
  if (shown === null || clients.of(tls?.serverName ?? null) !== policy) return MISDIRECTED
  const verdict = shown.verdict(policy)
  return { fault: verdict.fault, verdict, shown }
}

/** More than a server takes of one field is not told at all: a part of it would say something else. */
const VALUE_MAX = 4096

/**
 * Whole lines; none for who is not asked. Values are ASCII without control characters, whatever a certificate
 * says.
 */
export function certificateLines({ shown, verdict }: Judged, { headers }: ClientPolicies['words']): Buffer {
  if (verdict === null || headers === 'none') return NOTHING
  const fields: (readonly [name: string, value: string])[] = []
  if (headers !== 'client-cert') fields.push(...wordsOf(shown, verdict))
  // RFC 9440 §2.4: only of clients that are let in for it.
  if (headers !== 'x-client-cert' && shown?.certificate && verdict.found === null)
    fields.push(['Client-Cert', `:${shown.certificate.raw.toString('base64')}:`])
  const lines = fields.flatMap(([name, value]) =>
    value !== '' && value.length <= VALUE_MAX ? `${name}: ${value.replace(/[^ -~]/g, '?')}\r\n` : [],
  )
  return Buffer.from(lines.join(''), 'latin1')
}

const NOTHING = Buffer.alloc(0)

function wordsOf(shown: ShownCertificate | null, { found }: Verdict): (readonly [string, string])[] {
  const fields: (readonly [string, string])[] = [['X-Client-Cert-Verified', verifiedText(found)]]
  const { certificate, facts } = shown ?? { certificate: null, facts: null }
  if (certificate === null || facts === null) return fields
  fields.push(
    ['X-Client-Cert-Subject', nameText(facts.subject)],
    ['X-Client-Cert-Issuer', nameText(facts.issuer)],
    ['X-Client-Cert-SAN', alternativesText(facts.alternatives)],
    ['X-Client-Cert-Serial', facts.serial],
    ['X-Client-Cert-Fingerprint', fingerprintOf(certificate)],
    ['X-Client-Cert-Not-After', new Date(facts.untilMs).toISOString()],
  )
  return fields
}

/** As nginx says it ($ssl_client_verify), with our own words for why. */
const verifiedText = (found: Verdict['found']): string =>
  found === null
    ? 'SUCCESS'
    : found === 'none'
      ? 'NONE'
      : `FAILED:${found.slice('client_certificate_'.length)}`
