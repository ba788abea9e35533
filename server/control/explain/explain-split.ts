// Which part of a split a request goes to, and why, by the code that workers ask.
import type { Config } from '../../config/schema.ts'
import type { RequestHead } from '../../head/request-head.ts'
import type { SplitConfig } from '../../rules/destination.options.ts'
import { Split } from '../../rules/split.ts'
import { explainBackend, type ServerStates } from './explain-backend.ts'

export interface ExplainedSplit {
  readonly part: string
  readonly backend: string
  /** What decides: random, client_ip, cookie, "header NAME" or "cookie NAME". */
  readonly by: string
  /** Chance decides, for each request or for each new browser: this one may go to another part as well. */
  readonly by_chance: boolean
  /** The part that it belongs to, which has no server in use; null: it is that one. */
  readonly instead_of: string | null
  readonly parts: readonly {
    readonly part: string
    readonly backend: string
    readonly weight: number
    /** Of a hundred requests that it is to get. */
    readonly percent: number
    /** A server of it takes work. */
    readonly in_use: boolean
  }[]
}

/** Where chance decides the part with the most weight is told, of those in use. */
export function explainSplit(
  words: SplitConfig,
  { config, states }: { readonly config: Config; readonly states: ServerStates },
  who: { readonly request: RequestHead; readonly client: string },
): ExplainedSplit {
  const split = new Split(words)
  const open = split.parts.map(({ backend }) => {
    const options = config.backends[backend]
    if (options === undefined) return false
    const { servers } = explainBackend(backend, options, states, who)
    return servers.some(({ gets_work, why }) => gets_work || why?.startsWith('full') === true)
  })
  const { seed, isDrawn } = split.seedOf(who.request, who.client, () => 0)
  const choose = (isOpen: (place: number) => boolean): number =>
    isDrawn ? heaviest(split, isOpen) : split.choose(seed, isOpen)
  const own = choose(() => true)
  const other =
    words.when_down === 'stay' || open[own] === true ? own : choose((place) => open[place] === true)
  const taken = split.parts[other === -1 ? own : other]
  return {
    part: taken?.name ?? '',
    backend: taken?.backend ?? '',
    by: words.by,
    by_chance: isDrawn,
    instead_of: other === own || other === -1 ? null : (split.parts[own]?.name ?? null),
    parts: split.parts.map(({ name, backend, weight }, place) => ({
      ...{ part: name, backend, weight },
      percent: Math.round(split.shareOf(place) * 10_000) / 100,
      in_use: open[place] === true,
    })),
  }
}

function heaviest({ parts }: Split, isOpen: (place: number) => boolean): number {
  let found = -1
  for (const [place, { weight }] of parts.entries())
    if (weight > (parts[found]?.weight ?? 0) && isOpen(place)) found = place
  return found
}
