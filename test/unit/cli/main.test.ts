// The program as a person calls it.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COMMANDS, OTHER_WORDS } from '../../../server/cli/commands.ts'

const cwd = mkdtempSync(join(tmpdir(), 'sluice-main-'))
beforeAll(() => {
  for (const folder of ['empty', 'full']) mkdirSync(join(cwd, folder))
  writeFileSync(join(cwd, 'full', 'sluice.yaml'), 'admin: { bind: "127.0.0.1:0" }')
})
afterAll(() => rmSync(cwd, { recursive: true }))

const MAIN = join(import.meta.dir, '../../../server/main.ts')

interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

function sluice(...args: readonly string[]): Said {
  const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, MAIN, ...args], { cwd })
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() }
}

test('a worker that a person starts says that it is of no use', () => {
  const { code, out, err } = sluice('worker')
  expect([code, out]).toEqual([2, ''])
  expect(err).toMatch(/^sluice worker: it is started by "sluice run".*\n$/)
})

test('an unknown command is told with the one that was meant', () => {
  const { code, err } = sluice('chekc')
  expect(code).toBe(2)
  expect(err).toBe('sluice: unknown command "chekc"; did you mean "check"? "sluice -h" lists them\n')
  // A word of another tool.
  expect(sluice('drain', 'api-1').err).toContain('did you mean "server SERVER drain"?')
  expect(sluice('validate').err).toContain('did you mean "check"?')
  expect(sluice('constructor').err).toBe('sluice: unknown command "constructor"; "sluice -h" lists them\n')
  expect(sluice('xyzzy').err).toBe('sluice: unknown command "xyzzy"; "sluice -h" lists them\n')
  expect(sluice('workers').err).toBe('sluice: unknown command "workers"; "sluice -h" lists them\n')
})

test('what other words stand for is a command', () => {
  for (const meant of Object.values(OTHER_WORDS))
    expect(Object.keys(COMMANDS)).toContain(meant.split(' ')[0]!)
  for (const word of Object.keys(OTHER_WORDS)) expect(Object.keys(COMMANDS)).not.toContain(word)
})

test('-v, -V and --version tell the version, and -h lists them', () => {
  const { out } = sluice('version')
  expect(out).toMatch(/^sluice [0-9]+\.[0-9]+\.[0-9]+/)
  for (const flag of ['-v', '-V', '--version']) expect(sluice(flag)).toEqual({ code: 0, out, err: '' })
  for (const flag of ['-h', '--help']) expect(sluice(flag).out).toMatch(/-h, --help .*\n.*-V, --version /)
})

const TAKE_A_FILE = [
  ['run', '-c'],
  ['run'],
  ['run', '--validate', '-c'],
  ['check'],
  ['check', '-c'],
  ['config'],
  ['status', '-c'],
  ['metrics', '-c'],
  ['reload', '-c'],
]

test.each(TAKE_A_FILE.map((words) => [words]))(
  '%j tells of a folder and of a missing file in the same words',
  ([name = '', ...rest]) => {
    expect(sluice(name, ...rest, 'nope')).toEqual({
      code: 1,
      out: '',
      err: `sluice ${name}: there is no file nope\n`,
    })
    expect(sluice(name, ...rest, 'empty').err).toBe(`sluice ${name}: empty is a folder, not a config file\n`)
    expect(sluice(name, ...rest, 'full').err).toBe(
      `sluice ${name}: full is a folder; did you mean full/sluice.yaml?\n`,
    )
  },
)

test.skipIf(existsSync('/etc/sluice/sluice.yaml'))('run without a file tells where it looked', () => {
  expect(sluice('run').err).toBe(
    'sluice run: there is no ./sluice.yaml and no /etc/sluice/sluice.yaml; name a config file with -c FILE\n',
  )
})
