// Servers that are this gateway itself: they are up, and no request that they get comes to anything.
import { ownServers, WHAT_COMES } from '../../config/check-loops.ts'
import { openAddresses } from '../../config/open-address.ts'
import type { Config } from '../../config/schema.ts'
import type { OverviewProblem } from './document.ts'
import { asSentence } from './words.ts'

/** Looked for once for each config: it may have thousands of servers. */
const known = new WeakMap<Config, readonly OverviewProblem[]>()

export function loopProblems(config: Config): readonly OverviewProblem[] {
  const found = known.get(config) ?? [...problemsOf(config)]
  known.set(config, found)
  return found
}

function* problemsOf(config: Config): Generator<OverviewProblem> {
  for (const { backend, index, url, own, family } of ownServers(config, openAddresses(config))) {
    // By the admin listener nothing comes round.
    if (own.listener === null) continue
    const server = config.backends[backend]?.servers[index]?.name ?? url
    yield {
      id: `loop:${backend}/${server}`,
      ...{ state: 'failing', severity: 'warn', since: null },
      title: `Server ${server} of backend ${backend} is this gateway itself`,
      cause: `Listener ${own.listener} is at ${own.bind}. ${asSentence(WHAT_COMES[family])}`,
      remedy: 'Name a server behind the gateway in its place, or take it out of the backend.',
      about: { kind: 'server', name: server, backend },
      actions: [{ kind: 'open', label: 'Open server', role: 'viewer' }],
    }
  }
}
