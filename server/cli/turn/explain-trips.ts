// What round trips between two allocations tell of a server and its network.
import { explainForeign, round } from './explanations.ts'
import type { Finding } from './report.ts'
import type { RoundTrips, Side } from './round-trips.ts'

/** Calls suffer when a larger share is lost. */
const LOST_SHARE_MAX = 0.02

/** Why a round has failed; null: it has not. */
export function failureOfTrips({ sent, back, damaged }: RoundTrips, near: Side, far: Side): Finding | null {
  for (const { client } of [near, far]) {
    if (client.foreign !== null)
      return {
        found: `after ${back} of ${sent} messages the connection is out of step: what came is no message`,
        advice:
          'The server does not pad ChannelData to four bytes on TCP and TLS (RFC 8656 §12.5), or a proxy changes bytes.',
        facts: {
          first_bytes: explainForeign(client.foreign, String(client.link.remote)).facts?.['first_bytes'],
        },
      }
    if (client.gone !== null)
      return {
        found: `after ${back} of ${sent} messages the server ended the connection (${client.gone})`,
        advice:
          'See its log: it may have a limit, or it lost its place between messages (padding of ChannelData).',
      }
  }
  if (damaged > 0)
    return {
      found: `${damaged} messages arrived with other bytes or another length than were sent`,
      advice: 'Something on the way changes them: the server, or a "helpful" router.',
    }
  if (back === 0)
    return {
      found: `none of ${sent} messages came back, although they are permitted`,
      advice:
        'The server cannot reach its own relayed address: a firewall drops its relay ports (UDP), or it stands behind a translator that does not lead its public address back to it.',
    }
  if (sent - back > sent * LOST_SHARE_MAX)
    return {
      found: `${sent - back} of ${sent} messages were lost`,
      advice:
        'A limit of bandwidth (Sluice: quotas.bandwidth; coturn: max-bps), a busy server or a bad network drops them.',
    }
  return null
}

/** What a round that has not failed found. */
export function wordsOfTrips({ sent, back, twice, elsewhere, rtt }: RoundTrips, sizes: string): string {
  const times = rtt === null ? [] : [rtt.min, rtt.median, rtt.p99].map((ms) => round(ms))
  return [
    `${back} of ${sent} messages of ${sizes} bytes came back, each byte right, in ${times.join(' / ')} ms (least, median, p99)`,
    ...(twice > 0 ? [`${twice} came twice`] : []),
    ...(elsewhere === null ? [] : [`they came from ${elsewhere}, not from the relayed address`]),
  ].join('; ')
}

/** What is not as it should be although it works; null: nothing. */
export function adviceOnTrips({ sent, back, twice, elsewhere }: RoundTrips): string | null {
  if (elsewhere !== null)
    return 'The server shows peers another address than it tells its clients: look at the translator before it.'
  if (back < sent || twice > 0)
    return 'The network, or a limit of bandwidth, drops or repeats some: look at both under load.'
  return null
}

/** The same for programs. */
export const factsOfTrips = ({
  sent,
  back,
  damaged,
  twice,
  elsewhere,
  rtt,
}: RoundTrips): Record<string, unknown> => ({
  sent,
  back,
  lost: sent - back,
  damaged,
  twice,
  from: elsewhere === null ? null : String(elsewhere),
  rtt_min_ms: rtt && round(rtt.min),
  rtt_median_ms: rtt && round(rtt.median),
  rtt_p99_ms: rtt && round(rtt.p99),
})
