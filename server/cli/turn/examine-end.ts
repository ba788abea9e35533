// The last steps of an examination: what the server should refuse, and whether allocations are kept and
// ended.
import { Address } from '../../lib/address.ts'
import type { Held } from './examine-allocate.ts'
import type { Examination } from './examination.ts'
import { explainOther, explainSilence, factsOf } from './explanations.ts'

/** Nobody is asked anything there: a permission alone sends nothing. */
const PRIVATE_PEERS = {
  4: ['127.0.0.1', '10.0.0.1', '169.254.169.254', '0.0.0.0', '224.0.0.1'],
  6: ['::1', '::', 'fd00::1', 'fe80::1', 'ff02::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1'],
} as const

/**
 * Asks for permissions that a safe server refuses: its own machine, its network, the metadata service of its
 * cloud.
 */
export async function findPrivatePeers({ report }: Examination, { client, relayed }: Held): Promise<void> {
  // Its own relayed address is one that clients may need.
  const hosts = PRIVATE_PEERS[relayed.family].filter((host) => host !== relayed.host)
  const granted: string[] = []
  const refused: string[] = []
  for (const host of hosts) {
    const answer = await client.permit(literal(host))
    if ('silence' in answer) return void report.fail('private_peers', explainSilence(answer))
    ;(answer.code === 0 ? granted : refused).push(host)
  }
  const facts = { granted, refused }
  if (granted.length === 0)
    return report.ok('private_peers', `refused, as they should be: ${refused.join(', ')}`, facts)
  report.warn('private_peers', {
    found: `it relays to private networks: permission was given for ${granted.join(', ')}`,
    advice:
      'Whoever has credentials reaches these from the server: its own services, its network, the metadata of its cloud. Unless that is meant, refuse them (Sluice: take them out of peers.allow; coturn: denied-peer-ip).',
    facts,
  })
}

// IPv4 in IPv6 is meant as it is written.
function literal(host: string): Address {
  if (host === '::ffff:127.0.0.1')
    return new Address(Uint8Array.from([...Array(10).fill(0), 255, 255, 127, 0, 0, 1]), 9)
  const address = Address.parse(host, 9)
  if (address === null) throw new Error(`${host} is no address`)
  return address
}

/** Keeps an allocation, as clients do every few minutes. */
export async function refreshHeld({ report }: Examination, { client }: Held): Promise<void> {
  const answer = await client.refresh()
  if ('silence' in answer) return void report.fail('refresh', explainSilence(answer))
  const { lifetime } = answer.message
  const facts = { ...factsOf(answer), lifetime_s: lifetime }
  if (answer.code === 0) report.ok('refresh', `the allocation is kept, for ${lifetime} s`, facts)
  else report.fail('refresh', explainOther(answer))
}

/** Ends the allocations, those that can still be spoken of. */
export async function deleteHeld({ report }: Examination, held: readonly Held[]): Promise<void> {
  const open = held.filter(({ client }) => client.gone === null)
  for (const { client } of open) {
    const answer = await client.refresh(0)
    if ('silence' in answer) return void report.fail('delete', explainSilence(answer))
    if (answer.code !== 0) return void report.fail('delete', explainOther(answer))
  }
  const lost = held.find(({ client }) => client.gone !== null)
  if (lost !== undefined)
    return void report.fail('delete', {
      found: `a connection is gone, and its allocation with it (${lost.client.gone})`,
      advice: 'See the log of the server.',
    })
  const found = held.length === 1 ? 'the allocation is ended' : 'both allocations are ended'
  report.ok('delete', found, { allocations: held.length })
}
