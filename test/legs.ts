// Runs the tests in legs: all of them on the best kind of sockets that this machine lets us have (those with
// sockets first, as more of them may run at a time), what bears sockets also on epoll, and a part of that on
// Bun's. Ends with one line that sums them up. Names of legs as
// arguments: those only.
import { isRunning, killAll, sendSignal, treeOf } from './support/processes.ts'
import { against, KINDS } from './support/sockets.ts'
import { pause, waitFor } from './support/wait.ts'
import type { SocketsKind } from '../server/sockets/socket.ts'

interface Leg {
  readonly name: string
  /** Its sockets. */
  readonly kind: SocketsKind
  /** Paths. */
  readonly files: readonly string[]
  /** How many of them run at a time. */
  readonly atOnce: number
  /** How long it may take, before it is taken for hung. */
  readonly minutes: number
}

interface Result {
  readonly passed: number
  readonly failed: number
  /** What failed, a line each. */
  readonly failures: readonly string[]
}

const ALL = ['test/**/*.test.ts']
// Tests of the sockets themselves (test/unit/sockets/) name their kind: the first leg has them.
const WITH_SOCKETS = [
  'test/{e2e,threats,soak}/**/*.test.ts',
  'test/fuzz/{client-certificates,fuzz,layer4}.test.ts',
  'test/unit/{accept,http1,worker}/**/*.test.ts',
  'test/unit/turn/{*,answers/*,relay/*,sockets/*}.test.ts',
]
// Among these, but the same on each kind: they name theirs, or ask the admin listener alone, which is Bun's.
const FIRST_LEG_ONLY = [
  'test/e2e/sockets-choice.test.ts',
  'test/threats/{guessed-passwords,stolen-links}.test.ts',
  // What steps of rules decide, above whatever brings the bytes.
  'test/e2e/{access,cache*,content,cross-origin,geo,oidc*,plugins,rewrites}.test.ts',
]
const SHORT = [
  'test/e2e/{http-*,compress,proxy-protocol,system-drain,turn-streams,killed-workers}.test.ts',
  'test/threats/{resets,held-bytes,scarce-descriptors,silent-peers,slow-peers,stalled-memory,storms}.test.ts',
  'test/fuzz/fuzz.test.ts',
  'test/unit/{accept,http1}/**/*.test.ts',
]

/**
 * Tests wait more than they work: one more at a time than there are processors. Those with sockets most of
 * all (1.3 s of CPU time for a file, and no browser, which can use up a processor): two for each, and one.
 */
const CORES = navigator.hardwareConcurrency
const [AT_ONCE, AT_ONCE_WITH_SOCKETS] = [CORES + 1, 2 * CORES + 1]

/** The legs of this machine: the best kind has all, the next what bears sockets, Bun's the short form. */
function legsHere(kinds: readonly SocketsKind[]): readonly Leg[] {
  const atOnce = AT_ONCE_WITH_SOCKETS
  const bearing = filesOf(WITH_SOCKETS)
  return kinds.flatMap((kind, place) => {
    if (place === 0)
      return [
        { name: `${kind}, with sockets`, kind, files: bearing, atOnce, minutes: 10 },
        {
          name: `${kind}, without`,
          kind,
          files: filesOf(ALL).filter((path) => !bearing.includes(path)),
          atOnce: AT_ONCE,
          minutes: 20,
        },
      ]
    const again = kind === 'bun' ? filesOf(SHORT) : bearing
    const files = again.filter((path) => !isOneOf(FIRST_LEG_ONLY, path))
    return [{ name: kind, kind, files, atOnce, minutes: kind === 'bun' ? 5 : 10 }]
  })
}

const filesOf = (globs: readonly string[]): readonly string[] => [
  ...new Set(globs.flatMap((glob) => [...new Bun.Glob(glob).scanSync()]).toSorted()),
]

const isOneOf = (globs: readonly string[], path: string): boolean =>
  globs.some((glob) => new Bun.Glob(glob).match(path))

async function run({ kind, files, atOnce, minutes }: Leg): Promise<Result> {
  const child = Bun.spawn(
    [process.execPath, 'run', 'test', `--parallel=${atOnce}`, ...files.map((path) => `./${path}`)],
    {
      env: { ...process.env, SLUICE_TEST_SOCKETS: kind },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    },
  )
  const told: string[] = []
  const all = Promise.all([child.stdout, child.stderr].map((stream) => follow(stream, told)))
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null
  const isHung = await waitFor(isOver, { forMs: minutes * 60_000, everyMs: 200 }).then(
    () => false,
    () => true,
  )
  if (isHung) await end(child.pid)
  await all
  const code = await child.exited
  return resultOf(
    told,
    isHung ? `it was ended after ${minutes} minutes` : `it ended with ${code}`,
    isHung ? 1 : code,
  )
}

/** All that it has started: first so that the runner can say which files it was in. */
async function end(pid: number): Promise<void> {
  const tree = treeOf(pid)
  for (const one of tree) if (isRunning(one)) sendSignal(one, 'SIGTERM')
  await pause(5000)
  killAll(tree.filter(isRunning))
}

/** Shows what a leg says as it comes. */
async function follow(stream: ReadableStream<Uint8Array>, told: string[]): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of stream) {
    const text = decoder.decode(bytes, { stream: true })
    process.stdout.write(text)
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    told.push(...lines)
  }
}

/** What a leg came to, by what the runner said at its end. One that ended badly without a failure has one. */
function resultOf(told: readonly string[], why: string, code: number): Result {
  const count = (what: RegExp): number =>
    Number(
      told
        .findLast((line) => what.test(line))
        ?.trim()
        .split(' ')[0] ?? 0,
    )
  const passed = count(/^ *\d+ pass$/)
  const failed = Math.max(count(/^ *\d+ fail$/), count(/^ *\d+ errors?$/))
  const failures = told.filter((line) => /^(\(fail\)|✗) /.test(line))
  if (failed === 0 && code === 0 && passed > 0) return { passed, failed, failures }
  return { passed, failed: Math.max(1, failed), failures: failures.length > 0 ? failures : [why] }
}

const closed = KINDS.flatMap((kind) => {
  const why = against(kind)
  return why === null ? [] : [`not tested on ${kind}: ${why}`]
})
for (const line of closed) console.log(line)

const asked = process.argv.slice(2)
const legs = legsHere(KINDS.filter((kind) => against(kind) === null)).filter(
  ({ name, kind }) => asked.length === 0 || asked.includes(kind) || asked.includes(name),
)
const summary: string[] = [...closed]
let [passed, failed] = [0, legs.length === 0 ? 1 : 0]
for (const leg of legs) {
  console.log(`\n── on ${leg.name} ──`)
  const began = performance.now()
  const result = await run(leg)
  const seconds = Math.round((performance.now() - began) / 1000)
  passed += result.passed
  failed += result.failed
  summary.push(`on ${leg.name}: ${result.passed} passed, ${result.failed} failed, ${seconds} s`)
  for (const failure of result.failures) summary.push(`  on ${leg.name}: ${failure}`)
}
console.log(`\n${summary.join('\n')}\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
