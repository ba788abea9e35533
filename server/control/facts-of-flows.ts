// How many flows udp listeners have, of all workers.
import type { Config } from '../config/schema.ts'
import type { FlowFacts } from '../telemetry/documents.ts'
import type { Totals } from '../telemetry/registry.ts'

/** Of each udp listener. */
export function flowFacts({
  running,
  totals,
}: {
  readonly running: { readonly edition: { readonly config: Pick<Config, 'listeners'> } } | null
  readonly totals: Totals
}): FlowFacts[] {
  const listeners = Object.entries(running?.edition.config.listeners ?? {})
  const gauges = totals.gaugesOf('udp_flows')
  return listeners.flatMap(([listener, { protocol }]) => {
    const own = gauges.filter(({ labels }) => labels[0] === listener)
    const flows = own.reduce((sum, { value }) => sum + value, 0)
    return protocol === 'udp' ? [{ listener, flows }] : []
  })
}
