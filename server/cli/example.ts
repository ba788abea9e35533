// sluice example: the commented reference of the config file and the examples, which the executable carries
// with it.
import access from '../../config/examples/access.yaml' with { type: 'text' }
import acme from '../../config/examples/acme.yaml' with { type: 'text' }
import cache from '../../config/examples/cache.yaml' with { type: 'text' }
import clientCertificates from '../../config/examples/client-certificates.yaml' with { type: 'text' }
import compress from '../../config/examples/compress.yaml' with { type: 'text' }
import content from '../../config/examples/content.yaml' with { type: 'text' }
import hash from '../../config/examples/hash.toml' with { type: 'text' }
import behindBalancer from '../../config/examples/behind-balancer.yaml' with { type: 'text' }
import circuitBreaker from '../../config/examples/circuit-breaker.yaml' with { type: 'text' }
import crossOrigin from '../../config/examples/cross-origin.yaml' with { type: 'text' }
import dynamicWeights from '../../config/examples/dynamic-weights.yaml' with { type: 'text' }
import geo from '../../config/examples/geo.yaml' with { type: 'text' }
import forwardAuth from '../../config/examples/forward-auth.yaml' with { type: 'text' }
import groups from '../../config/examples/groups.yaml' with { type: 'text' }
import healthAndBackup from '../../config/examples/health-and-backup.yaml' with { type: 'text' }
import limits from '../../config/examples/limits.yaml' with { type: 'text' }
import matchExample from '../../config/examples/match.yaml' with { type: 'text' }
import minimalJson from '../../config/examples/minimal.json' with { type: 'text' }
import https from '../../config/examples/https.yaml' with { type: 'text' }
import minimal from '../../config/examples/minimal.yaml' with { type: 'text' }
import plugins from '../../config/examples/plugins.yaml' with { type: 'text' }
import rules from '../../config/examples/rules.yaml' with { type: 'text' }
import rewrites from '../../config/examples/rewrites.yaml' with { type: 'text' }
import severalChecks from '../../config/examples/several-checks.yaml' with { type: 'text' }
import severalListeners from '../../config/examples/several-listeners.yaml' with { type: 'text' }
import sticky from '../../config/examples/sticky.yaml' with { type: 'text' }
import split from '../../config/examples/split.yaml' with { type: 'text' }
import stun from '../../config/examples/stun.yaml' with { type: 'text' }
import testsExample from '../../config/examples/tests.yaml' with { type: 'text' }
import tlsPassthrough from '../../config/examples/tls-passthrough.yaml' with { type: 'text' }
import turnAndHttps from '../../config/examples/turn-and-https.yaml' with { type: 'text' }
import turnUsers from '../../config/examples/turn-users.yaml' with { type: 'text' }
import turn from '../../config/examples/turn.yaml' with { type: 'text' }
import oidc from '../../config/examples/oidc.yaml' with { type: 'text' }
import passiveHealth from '../../config/examples/passive-health.yaml' with { type: 'text' }
import rateLimits from '../../config/examples/rate-limits.yaml' with { type: 'text' }
import slowDown from '../../config/examples/slow-down.yaml' with { type: 'text' }
import retries from '../../config/examples/retries.yaml' with { type: 'text' }
import tcp from '../../config/examples/tcp.yaml' with { type: 'text' }
import tlsToServers from '../../config/examples/tls-to-servers.yaml' with { type: 'text' }
import udp from '../../config/examples/udp.yaml' with { type: 'text' }
import unixSockets from '../../config/examples/unix-sockets.yaml' with { type: 'text' }
import weighted from '../../config/examples/weighted.yaml' with { type: 'text' }
import reference from '../../config/sluice.yaml' with { type: 'text' }
import { nearest } from '../config/nearest.ts'
import { readArgs } from './args.ts'
import type { Io } from './io.ts'
import { usageLine } from './usage.ts'

const HELP = `Prints an example of a config file. Without NAME it is the one that explains every setting.

Usage: sluice example [NAME]
       sluice example --list

      --list   the names of the others
  -h, --help   this text

Exit code: 0 done; 1 there is no example of this name; 2 wrong usage.
`

const REFERENCE = 'sluice.yaml'

/** As files in config/ and config/examples/ are called. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  [REFERENCE]: reference,
  'minimal.yaml': minimal,
  'minimal.json': text(minimalJson),
  'geo.yaml': geo,
  'access.yaml': access,
  'cache.yaml': cache,
  'limits.yaml': limits,
  'match.yaml': matchExample,
  'tests.yaml': testsExample,
  'rate-limits.yaml': rateLimits,
  'slow-down.yaml': slowDown,
  'content.yaml': content,
  'retries.yaml': retries,
  'compress.yaml': compress,
  'cross-origin.yaml': crossOrigin,
  'plugins.yaml': plugins,
  'weighted.yaml': weighted,
  'circuit-breaker.yaml': circuitBreaker,
  'dynamic-weights.yaml': dynamicWeights,
  'forward-auth.yaml': forwardAuth,
  'groups.yaml': groups,
  'health-and-backup.yaml': healthAndBackup,
  'oidc.yaml': oidc,
  'passive-health.yaml': passiveHealth,
  'hash.toml': text(hash),
  'rules.yaml': rules,
  'rewrites.yaml': rewrites,
  'several-checks.yaml': severalChecks,
  'several-listeners.yaml': severalListeners,
  'behind-balancer.yaml': behindBalancer,
  'split.yaml': split,
  'sticky.yaml': sticky,
  'stun.yaml': stun,
  'https.yaml': https,
  'acme.yaml': acme,
  'client-certificates.yaml': clientCertificates,
  'tcp.yaml': tcp,
  'tls-passthrough.yaml': tlsPassthrough,
  'tls-to-servers.yaml': tlsToServers,
  'udp.yaml': udp,
  'unix-sockets.yaml': unixSockets,
  'turn.yaml': turn,
  'turn-and-https.yaml': turnAndHttps,
  'turn-users.yaml': turnUsers,
}

/** Files that examples name: code, as text. */
const FILES: Readonly<Record<string, () => Promise<object>>> = {
  'plugins/quota.ts': () => import('../../config/examples/plugins/quota.ts', { with: { type: 'text' } }),
  'plugins/day.ts': () => import('../../config/examples/plugins/day.ts', { with: { type: 'text' } }),
  'plugins/fastest.ts': () => import('../../config/examples/plugins/fastest.ts', { with: { type: 'text' } }),
}

const textIn = (module: object): string => (module as { readonly default: string }).default

/** The types of these endings tell of values; the import says "text". */
function text(file: unknown): string {
  return String(file)
}

/** Prints an example, or their names. */
export async function example(args: readonly string[], io: Io): Promise<number> {
  const read = readArgs(args, { options: { list: { takes: 'flag' } }, words: { min: 0, max: 1 } })
  if ('problem' in read) return usageLine('example', read.problem, io)
  const names = [...Object.keys(EXAMPLES), ...Object.keys(FILES)]
  if (read.flag('help') || read.flag('list')) {
    io.stdout(read.flag('help') ? HELP : names.map((name) => `${name}\n`).join(''))
    return 0
  }
  const asked = read.words[0] ?? REFERENCE
  const name = names.find((known) => known === asked || known.replace(/\.[a-z]+$/, '') === asked)
  if (name !== undefined) {
    const file = FILES[name]
    io.stdout(file === undefined ? (EXAMPLES[name] ?? '') : textIn(await file()))
    return 0
  }
  const near = nearest(asked, names)
  const hint = near === null ? `there are: ${names.join(', ')}` : `did you mean "${near}"?`
  io.stderr(`sluice example: there is no example "${asked}"; ${hint}\n`)
  return 1
}
