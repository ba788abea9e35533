import { ConfigWriter, type WritingFacts } from './writing.ts'

export type { ConfigWriter } from './writing.ts'

const writers = new WeakMap<object, ConfigWriter>()

/** The one writer of a gateway: changes of whatever resource come one after the other. */
export function writerOf(facts: WritingFacts): ConfigWriter {
  const known = writers.get(facts.gateway)
  if (known !== undefined) return known
  const writer = new ConfigWriter(facts)
  writers.set(facts.gateway, writer)
  return writer
}
