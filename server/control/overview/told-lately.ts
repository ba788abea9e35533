// Events that say why something is as it is, from those that are kept for who watches.
import type { Topic } from '../../tables/events.ts'
import type { KeptEvent } from '../events/frames.ts'
import type { EventHub } from '../events/hub.ts'
import type { ToldEvent } from './seen.ts'

/** Of each topic: more say the same again. */
const EACH_MAX = 50
const TOPICS: readonly Topic[] = ['limits', 'worker', 'turn', 'config', 'listener', 'health']

/** Read once. */
const known = new WeakMap<KeptEvent, ToldEvent>()

export const toldLately = (hub: Pick<EventHub, 'latest'>): readonly ToldEvent[] =>
  TOPICS.flatMap((topic) => hub.latest(new Set([topic]), EACH_MAX)).map(read)

function read(kept: KeptEvent): ToldEvent {
  const found = known.get(kept)
  if (found !== undefined) return found
  const fields = JSON.parse(kept.text) as Record<string, unknown>
  const told = { event: String(fields['event']), atMs: Date.parse(String(fields['time'])), fields }
  known.set(kept, told)
  return told
}
