// A listener as it is written, and what is asked of each protocol.
import type { JsonMap } from '../../data/merge.ts'

/** As it stands in the file: whoever wrote it may have left out nearly all. */
export interface ListenerFields extends JsonMap {
  readonly protocol?: Protocol
  readonly bind?: string | readonly string[]
  readonly certificates?: string | readonly string[]
  readonly backend?: string
  readonly realm?: string
}

export type Protocol = 'http' | 'https' | 'tcp' | 'tls' | 'udp' | 'turn'

interface ProtocolRow {
  readonly label: string
  readonly words: string
  /** Schemes of the servers that it may lead to; none: it leads to no backend. */
  readonly schemes: readonly string[]
  /** Rules say where its traffic goes, where no backend does. */
  readonly hasRules: boolean
  /** It needs certificates, may have them, or has none. */
  readonly certificates: 'needed' | 'possible' | 'none'
}

/** In the order of how often they are chosen. */
export const PROTOCOLS: Readonly<Record<Protocol, ProtocolRow>> = {
  http: {
    ...{ label: 'http', words: 'HTTP/1.1 without TLS', schemes: ['http', 'https'] },
    ...{ hasRules: true, certificates: 'none' },
  },
  https: {
    ...{ label: 'https', words: 'HTTP/1.1 in TLS, which ends here', schemes: ['http', 'https'] },
    ...{ hasRules: true, certificates: 'needed' },
  },
  tcp: {
    ...{ label: 'tcp', words: 'any connection, passed on as it comes', schemes: ['tcp', 'tls'] },
    ...{ hasRules: false, certificates: 'possible' },
  },
  tls: {
    ...{
      label: 'tls',
      words: 'TLS that is passed on unopened, by the name asked for',
      schemes: ['tcp', 'tls'],
    },
    ...{ hasRules: true, certificates: 'none' },
  },
  udp: {
    ...{ label: 'udp', words: 'datagrams, by flow', schemes: ['udp'] },
    ...{ hasRules: false, certificates: 'none' },
  },
  turn: {
    ...{ label: 'turn', words: 'a TURN and STUN relay', schemes: [] },
    ...{ hasRules: false, certificates: 'none' },
  },
}

export const protocolOf = ({ protocol }: ListenerFields): Protocol => protocol ?? 'http'

/** What may be one or a list, as a list. */
export const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value

/** A list as it is written: one alone is a word, unless a list was written before. */
export function writtenAs(
  next: readonly string[],
  was: string | readonly string[] | undefined,
): string | readonly string[] | null {
  const [only] = next
  if (only === undefined) return null
  return next.length === 1 && !Array.isArray(was) ? only : next
}

/** Everything but these is in the form of all other fields. */
export const HAND_MADE = ['protocol', 'bind', 'certificates', 'backend', 'realm'] as const
