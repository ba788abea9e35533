// The first steps of an examination: from a name to a server that answers, and its certificate.
import { isIP } from 'node:net'
import { Address } from '../../lib/address.ts'
import { ATTRIBUTES, METHODS } from '../../turn/bytes/stun.ts'
import type { Answer } from './answer.ts'
import type { Examination } from './examination.ts'
import { judgeCertificate } from './explain-certificate.ts'
import { explainFailure, explainForeign, explainSilence, factsOf, round, saidBy } from './explanations.ts'
import type { Finding } from './report.ts'
import type { Silence } from './transactions.ts'
import { askForUdp, TurnClient } from './turn-client.ts'
import type { TurnUrl } from '../../lib/turn-url.ts'

export interface Reached {
  readonly client: TurnClient
  readonly address: Address
  readonly url: TurnUrl
}

/** More addresses of a name are not tried. */
const ADDRESSES_MAX = 8
/** How long the question is put once more in another way, after the first was not answered. */
const SECOND_QUESTION_MS = 1500

/** Resolves, reaches, judges the certificate. Null: it ends here, and the report says why. */
export async function reach(exam: Examination, url: TurnUrl): Promise<Reached | null> {
  const addresses = await resolve(exam, url)
  return addresses.length === 0 ? null : reachOne(exam, url, addresses)
}

async function resolve({ wishes, world, report }: Examination, { host, port }: TurnUrl): Promise<Address[]> {
  if (isIP(host) !== 0) {
    report.ok('resolve', `${host} is an address: no name to resolve`, { addresses: [host] })
    return addressesOf([host], port)
  }
  try {
    const hosts = await lookupWithin(world.lookup(host), wishes.timeoutMs)
    report.ok('resolve', `${host} is ${hosts.join(', ')}`, { name: host, addresses: hosts })
    return addressesOf(hosts, port)
  } catch (problem) {
    const code = (problem as { code?: string } | null)?.code ?? String(problem)
    report.fail('resolve', {
      found: `${host} has no address (${code})`,
      advice: 'Look at the spelling, and at its A and AAAA records: browsers ask for nothing else.',
      facts: { name: host, code },
    })
    return []
  }
}

// A resolver may ask on for half a minute.
async function lookupWithin(
  hosts: Promise<readonly string[]>,
  timeoutMs: number,
): Promise<readonly string[]> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject({ code: `no answer within ${timeoutMs} ms` }), timeoutMs)
  return Promise.race([hosts, late.promise]).finally(() => clearTimeout(timer))
}

const addressesOf = (hosts: readonly string[], port: number): Address[] =>
  [...new Set(hosts)].slice(0, ADDRESSES_MAX).flatMap((host) => Address.parse(host, port) ?? [])

/** Tries all addresses at once, as clients may come to any of them; goes on with the first that answers. */
export async function reachOne(
  exam: Examination,
  url: TurnUrl,
  addresses: readonly Address[],
): Promise<Reached | null> {
  const { report } = exam
  const attempts = await Promise.all(addresses.map((address) => attempt(exam, url, address)))
  const chosen = attempts.find((one) => 'client' in one) ?? null
  for (const one of attempts) {
    if ('client' in one) report.ok('reach', one.found, one.facts)
    // Where another address answers, clients lose time here, no more.
    else if (chosen === null) report.fail('reach', one)
    else report.warn('reach', one)
    if ('client' in one && one !== chosen) one.client.close()
  }
  if (chosen === null) return null
  const { certificate } = chosen.client.link
  if (certificate === null || judgeCertificate(exam, url, certificate)) return chosen
  chosen.client.close()
  return null
}

type Attempt = (Reached & { readonly found: string; readonly facts: Record<string, unknown> }) | Finding

async function attempt({ wishes }: Examination, url: TurnUrl, address: Address): Promise<Attempt> {
  const { transport, host } = url
  const target = { transport, address, serverName: host }
  const client = await TurnClient.open(target, { timeoutMs: wishes.timeoutMs, login: wishes.login })
  if ('failure' in client) return explainFailure(client, transport, String(address))
  const answer = await client.binding()
  if (!('silence' in answer)) return { client, address, url, ...describeBinding(client, answer) }
  // Some servers answer no Binding but relay all the same.
  if (url.isTurn && answer.silence === 'timeout') {
    const other = await client.ask(
      METHODS.ALLOCATE,
      askForUdp,
      Math.min(SECOND_QUESTION_MS, wishes.timeoutMs),
    )
    const found = `${address} answers over ${transport.toUpperCase()}, but no Binding request`
    const facts = { address: String(address), transport, binding: false }
    if (!('silence' in other)) return { client, address, url, found, facts }
  }
  client.close()
  return explainNoAnswer(client, answer)
}

function describeBinding(
  { link }: TurnClient,
  answer: Answer,
): { found: string; facts: Record<string, unknown> } {
  const { local, remote, transport } = link
  const over = `${remote} answers over ${transport.toUpperCase()} in ${round(answer.rttMs)} ms`
  const facts = { address: String(remote), transport, ...factsOf(answer) }
  const mapped = answer.message.address(ATTRIBUTES.XOR_MAPPED_ADDRESS)
  if (answer.code !== 0) return { found: `${over}, but Binding with ${saidBy(answer)}`, facts }
  if (mapped === null || mapped === 'malformed')
    return { found: `${over}, but does not say how it sees us (no XOR-MAPPED-ADDRESS)`, facts }
  const isTranslated = local.ipKey !== mapped.ipKey
  const seen = { ...facts, local: String(local), mapped: String(mapped), translated: isTranslated }
  const words = isTranslated
    ? `it sees us as ${mapped}, not ${local}: an address translator (NAT) stands between`
    : `it sees us as ${mapped}: no address translator between`
  return { found: `${over}; ${words}`, facts: seen }
}

function explainNoAnswer({ link, foreign }: TurnClient, silence: Silence): Finding {
  const { transport, remote } = link
  const at = String(remote)
  if (foreign !== null) return explainForeign(foreign, at)
  if (transport === 'udp') {
    const failure = silence.silence === 'refused' ? 'refused' : 'timeout'
    return explainFailure({ failure, detail: silence.detail }, transport, at)
  }
  if (silence.silence !== 'timeout') return explainSilence(silence)
  return {
    found: `${at} accepts connections, but answers no STUN`,
    advice: 'Another service has this port, or a proxy before the server waits for more.',
    facts: { address: at, transport },
  }
}
