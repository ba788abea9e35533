// Completion in zsh and fish, which are run as people have them: what a Tab offers, and what becomes of the
// line.
import { afterAll, beforeAll, expect } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { SHELLS } from '../../server/cli/completion/scripts.ts'
import { binary, type Gateway, startGateway } from '../support/gateway.ts'
import { needs } from '../support/needs.ts'
import { completedByFish, completedByZsh, type Completion, type ShellWorld } from '../support/shells.ts'

let gateway: Gateway
let home = ''
let bin = ''
beforeAll(async () => {
  bin = dirname((await binary())[0] ?? '')
  home = mkdtempSync(join(tmpdir(), 'sluice-shells-'))
  gateway = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' } },
      rules: [{ name: 'all', backend: 'api' }],
      backends: {
        api: { servers: [{ name: 'api-1', url: 'http://127.0.0.1:9' }, { url: 'http://127.0.0.1:10' }] },
      },
    },
  })
  mkdirSync(join(gateway.folder, 'conf'))
  writeFileSync(join(gateway.folder, 'conf', 'next.yaml'), '')
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  rmSync(home, { recursive: true })
})

const world = (setUp: string): ShellWorld => ({ cwd: gateway.folder, bin, home, setUp })

/** A line, what is offered, and what zsh makes of it by one Tab. */
const LINES: readonly (readonly [line: string, offered: readonly string[], becomes: string])[] = [
  ['sluice st', ['status', 'stop'], 'sluice st'],
  ['sluice comp', ['completion'], 'sluice completion '],
  ['sluice nobody ', [], 'sluice nobody '],
  ['sluice admin user ', ['add', 'list', 'remove'], 'sluice admin user '],
  ['sluice admin token --role=e', ['--role=editor'], 'sluice admin token --role=editor '],
  ['sluice run --lo', ['--log-level'], 'sluice run --log-level '],
  ['sluice run -l w', ['warn'], 'sluice run -l warn '],
  ['sluice status ', ['api', 'web'], 'sluice status '],
  ['sluice server http://127.0.0.1:1', ['http://127.0.0.1:10'], 'sluice server http://127.0.0.1:10 '],
  ['sluice api turn/a', ['turn/allocations', 'turn/allocations/'], 'sluice api turn/allocations'],
  // One that is there, and goes on, waits for more.
  ['sluice api tu', ['turn', 'turn/'], 'sluice api turn'],
  [
    'sluice api backends/api/servers/api-1/ch',
    ['backends/api/servers/api-1/checks/'],
    'sluice api backends/api/servers/api-1/checks/',
  ],
  ['sluice apply conf/n', ['conf/next.yaml'], 'sluice apply conf/next.yaml '],
]

/** Who completes a word is not kept waiting for names: on a busy machine they may come too late. */
async function inTime<T>(wanted: T, ask: () => Promise<T>): Promise<void> {
  let found = await ask()
  for (let left = 4; left > 0 && !Bun.deepEquals(found, wanted); left--) found = await ask()
  expect<unknown>(found).toEqual(wanted)
}

const TYPED = LINES.map(([line]) => line)
const offersOf = (all: readonly Completion[]): string[][] => all.map(({ offered }) => offered.toSorted())
const linesOf = (all: readonly Completion[]): (string | null)[] => all.map(({ line }) => line)

needs('zsh')(
  'zsh offers what there is, and completes what is the only one',
  async () => {
    const sourced = world('compinit -u -D; source <(sluice completion zsh)')
    // Of files zsh tells the part behind the folder.
    const offers = LINES.map(([line, offered]) =>
      line.includes('conf/') ? ['next.yaml'] : offered.toSorted(),
    )
    const lines: (string | null)[] = LINES.map(([, , becomes]) => becomes)
    await inTime([offers, lines] as const, async () => {
      const found = await completedByZsh(TYPED, sourced)
      return [offersOf(found), linesOf(found)] as const
    })
  },
  60_000,
)

needs('zsh')(
  'zsh finds it in a folder of its functions, too',
  async () => {
    writeFileSync(join(home, '_sluice'), SHELLS.zsh.script)
    const found = world(`fpath=(${home} $fpath); compinit -u -D`)
    const lines: (string | null)[] = ['sluice completion ', 'sluice status api ']
    await inTime(lines, async () => linesOf(await completedByZsh(['sluice comp', 'sluice status a'], found)))
  },
  60_000,
)

needs('fish')(
  'fish offers what there is, from its folder of completions as well',
  async () => {
    const offers = LINES.map(([, offered]) => offered.toSorted())
    const sourced = world('sluice completion fish | source')
    await inTime(offers, async () => offersOf(await completedByFish(TYPED, sourced)))
    const folder = join(home, '.config', 'fish', 'completions')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'sluice.fish'), SHELLS.fish.script)
    await inTime(offers, async () => offersOf(await completedByFish(TYPED, world(''))))
  },
  60_000,
)
