// An algorithm of one's own: the server that is fastest for its work, and now and then another one.
import type { Algorithm } from 'sluice/plugin'

export const algorithm: Algorithm<{ readonly explore?: number }> =
  ({ explore = 0.05 }) =>
  (servers) => {
    if (Math.random() < explore) return Math.floor(Math.random() * servers.length)
    let best = 0
    let least = Infinity
    for (const [place, { inFlight, latencyMs, weight }] of servers.entries()) {
      const cost = ((inFlight + 1) * (latencyMs ?? 1)) / weight
      if (cost < least) [best, least] = [place, cost]
    }
    return best
  }
