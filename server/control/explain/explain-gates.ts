// What stands between a client and where a listener leads, in the order in which it is met.
import { Ranges } from '../../lib/ranges.ts'
import { clientRules, isNeeded, isVerified } from '../../lib/client-auth.ts'
import { comparableName, findByName } from '../../tls/comparable-name.ts'
import type { ClientCertificateConfig } from '../../tls/client-certificate.options.ts'
import type { FaultCode } from '../../tables/faults.ts'
import type { ListenerConfig } from './find-entrance.ts'

export interface ExplainedGate {
  readonly gate: 'proxy_protocol' | 'tls' | 'client_certificate' | 'address' | 'rate' | 'rules'
  /** `depends` on what else comes: a header, a certificate, how many came before. */
  readonly does: 'passes' | 'refuses' | 'depends'
  readonly why: string
}

export interface GateClient {
  readonly address: string
  readonly serverName: string | null
}

export interface Gates {
  readonly gates: readonly ExplainedGate[]
  readonly fault: FaultCode | null
}

/** Those of one listener; `isFirst`: the connection comes in there, no other one has handed it on. */
export function gatesOf(options: ListenerConfig, client: GateClient, isFirst: boolean): Gates {
  const gates: ExplainedGate[] = []
  if (isFirst && 'proxy_protocol' in options && options.proxy_protocol !== undefined)
    gates.push(proxyGate(options.proxy_protocol.trusted, client))
  if ('certificates' in options && options.certificates.length > 0)
    gates.push({ gate: 'tls', does: 'passes', why: tlsText(options.certificates, client) })
  if ('client_certificate' in options && options.client_certificate !== undefined)
    gates.push(certificateGate(options.client_certificate, client))
  const address = addressGate(options, client)
  if (address !== null) gates.push(address)
  if (address?.does !== 'refuses' && 'limits' in options) {
    const rate = rateText(options.limits)
    if (rate !== null) gates.push({ gate: 'rate', does: 'depends', why: rate })
  }
  return { gates, fault: address?.does === 'refuses' ? 'denied' : null }
}

const proxyGate = (trusted: readonly string[], { address }: GateClient): ExplainedGate =>
  Ranges.parse(trusted).has(address)
    ? {
        gate: 'proxy_protocol',
        does: 'depends',
        why: `${address} is trusted: it must begin with a header, and the client is whom that names`,
      }
    : { gate: 'proxy_protocol', does: 'passes', why: `${address} is not trusted: no header is looked for` }

function tlsText(certificates: readonly string[], { serverName }: GateClient): string {
  const named =
    serverName === null
      ? 'no name is asked for: the first of'
      : `the one for ${serverName}, else the first, of`
  return `it ends here; ${named} ${certificates.join(', ')}`
}

/** What is asked of a client, by the name that it asks for. */
export function certificateGate(
  words: ClientCertificateConfig,
  { serverName }: Pick<GateClient, 'serverName'>,
): ExplainedGate {
  const rules = clientRules(words)
  const names = new Map(
    Object.entries(words.names).map(([name, own]) => [
      comparableName(name),
      { name, rules: clientRules(rules, own) },
    ]),
  )
  const own = findByName(names, serverName)
  const { mode, ca, crl, allow } = own?.rules ?? rules
  const where = own === undefined ? '' : ` for ${own.name}`
  const gate = 'client_certificate'
  if (mode === 'off') return { gate, does: 'passes', why: `mode off${where}: none is asked for` }
  const shown = isNeeded(mode) ? 'one must be shown' : 'who shows none is let in'
  const good = isVerified(mode)
    ? `; one that is shown must be of ${ca.join(', ')}${crl.length > 0 ? `, and in no list of ${crl.join(', ')}` : ''}`
    : '; one that is not good is let in as well'
  const among = allow === undefined ? '' : `, and one of the ${allow.length} in allow`
  const does = !isNeeded(mode) && !isVerified(mode) && allow === undefined ? 'passes' : 'depends'
  return { gate, does, why: `mode ${mode}${where}: ${shown}${good}${among}` }
}

function addressGate(options: ListenerConfig, { address }: GateClient): ExplainedGate | null {
  if (!('deny' in options)) return null
  const { allow = [], deny } = options
  if (allow.length === 0 && deny.length === 0) return null
  const gate = 'address'
  if (Ranges.parse(deny).has(address)) return { gate, does: 'refuses', why: `${address} is in deny` }
  if (allow.length > 0 && !Ranges.parse(allow).has(address))
    return { gate, does: 'refuses', why: `${address} is not in allow` }
  return {
    gate,
    does: 'passes',
    why: allow.length > 0 ? `${address} is in allow` : `${address} is not in deny`,
  }
}

function rateText(limits: object): string | null {
  const { rate } = limits as { rate?: { connections?: number; datagrams?: number; per: number } }
  if (rate === undefined) return null
  const { connections, datagrams, per } = rate
  return `${connections ?? datagrams} ${connections === undefined ? 'datagrams' : 'connections'} in ${per} ms of each address`
}
