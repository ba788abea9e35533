// npm run soak: the long forms of what runs under load for a while: TURN for two minutes, servers that fail
// in all ways (chaos) for two, HTTP for ten, sockets and TLS for twenty each, and ten million requests; chaos
// and the last three on the kind of sockets that --on says. Certificates that are swapped five hundred times,
// and the whole of testssl.sh.
import { parseArgs } from 'node:util'
import { seededRandom, seedOfRun } from '../support/random.ts'
import { SOCKETS_KINDS } from '../../server/sockets/socket.ts'
import { socketsOfRun } from '../support/sockets.ts'
import { soakChaos } from './chaos/chaos.ts'
import { soakHttp } from './http.ts'
import { soakRequests } from './requests.ts'
import { soakSockets } from './sockets.ts'
import { soakSwaps } from './swaps.ts'
import { soakTestssl } from './testssl.ts'
import { soakTls } from './tls.ts'
import { soakTurn } from './turn.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string' },
    workers: { type: 'string', default: '2' },
    kill: { type: 'boolean', default: false },
    on: { type: 'string' },
    requests: { type: 'string', default: '10000000' },
    swaps: { type: 'string', default: '500' },
  },
})
/** Of each of the scenes of a chaos. */
const CHAOS_SECONDS = 12
const wants = (name: string): boolean => positionals.length === 0 || positionals.includes(name)
const minutes = (usual: number): number => Number(values.minutes ?? usual)

if (wants('turn')) {
  const random = seededRandom(seedOfRun())
  const said = await soakTurn({ seconds: minutes(2) * 60, isLong: true, random })
  for (const line of said.notes) console.log(line)
  for (const problem of said.problems) console.log(`  ${problem}`)
  console.log(`turn: ${said.problems.length === 0 ? 'nothing is left' : 'failed'} (seed ${random.seed})`)
  if (said.problems.length > 0) process.exitCode = 1
}
if (wants('http')) {
  const isGood = await soakHttp({ minutes: minutes(10), workers: Number(values.workers), kill: values.kill })
  if (!isGood) process.exitCode = 1
}
const kind = SOCKETS_KINDS.find((one) => one === values.on) ?? socketsOfRun()
const tell = (
  what: string,
  said: { readonly notes: readonly string[]; readonly problems: readonly string[] },
): void => {
  for (const line of said.notes) console.log(line)
  for (const problem of said.problems) console.log(`  ${problem}`)
  console.log(`${what}: ${said.problems.length === 0 ? 'nothing is left' : 'failed'}`)
  if (said.problems.length > 0) process.exitCode = 1
}
if (wants('chaos')) {
  // Seeds set the switches: one after the other.
  const untilMs = performance.now() + minutes(2) * 60_000
  for (let seed = seedOfRun(); performance.now() < untilMs; seed++) {
    const random = seededRandom(seed)
    tell(`chaos (seed ${seed})`, await soakChaos({ seconds: CHAOS_SECONDS, kind, random, workers: 4 }))
  }
}
if (wants('sockets')) {
  const random = seededRandom(seedOfRun())
  const workers = Number(values.workers)
  const said = await soakSockets({ seconds: minutes(20) * 60, kind, random, workers, growthMax: 16 << 20 })
  tell(`sockets (seed ${random.seed})`, said)
}
if (wants('tls')) {
  const random = seededRandom(seedOfRun())
  const workers = Number(values.workers)
  const said = await soakTls({ seconds: minutes(20) * 60, kind, random, workers, growthMax: 16 << 20 })
  tell(`tls (seed ${random.seed})`, said)
}
if (wants('swaps')) {
  const random = seededRandom(seedOfRun())
  tell(`swaps (seed ${random.seed})`, await soakSwaps({ swaps: Number(values.swaps), kind, random }))
}
if (wants('testssl')) tell('testssl', await soakTestssl())
if (wants('requests'))
  tell(
    'requests',
    await soakRequests({ count: Number(values.requests), kind, workers: Number(values.workers) }),
  )
// Whatever a soak still has open (clients that were broken off, servers of its own) does not keep it.
process.exit()
