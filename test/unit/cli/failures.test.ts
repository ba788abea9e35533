// What a person may do to a command: it answers in words, one line each, and never shows the insides of the
// program.
import { afterAll, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COMMANDS } from '../../../server/cli/commands.ts'
import { failureLine } from '../../../server/cli/failure.ts'
import { needs } from '../../support/needs.ts'
import { type Said, saidBy } from '../../support/command.ts'

const cwd = mkdtempSync(join(tmpdir(), 'sluice-failures-'))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))
writeFileSync(join(cwd, 'good.yaml'), 'listen: "127.0.0.1:0"\nbackends: [{ url: "http://127.0.0.1:1" }]\n')
mkdirSync(join(cwd, 'folder'))
symlinkSync('one', join(cwd, 'other'))
symlinkSync('other', join(cwd, 'one'))

const MAIN = join(import.meta.dir, '../../../server/main.ts')
const SPAWN_MS = 30_000

function shell(script: string, env: Readonly<Record<string, string>> = {}): Said {
  const { exitCode, stdout, stderr } = Bun.spawnSync(['sh', '-c', script], {
    cwd,
    env: { ...process.env, SLUICE: `${process.execPath} ${MAIN}`, ...env },
  })
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() }
}

const said = async (command: string, ...args: readonly string[]): Promise<Said> => {
  const entry = COMMANDS[command]
  if (!entry) throw new Error(`no command ${command}`)
  const run = await entry.load()
  return saidBy((io) => run(args, io), { cwd })
}

const OF_A_FILE = [
  ['run'],
  ['run', '-c'],
  ['run', '--validate', '-c'],
  ['check'],
  ['check', '-c'],
  ['config'],
  ['status', '-c'],
  ['health', '-c'],
  ['metrics', '-c'],
  ['reload', '-c'],
  ['stop', '-c'],
  ['turn', 'list', '-c'],
  ['turn', 'end', 'x', '-c'],
  ['turn', 'credentials', '-c'],
  ['turn', 'test', '--peer', '10.0.0.1', '-c'],
  ['turn', 'credentials', '--secret-file'],
  ['turn', 'test', 'turn:127.0.0.1:1', '-u', 'a', '--secret-file'],
]
const BAD_FILES = [
  '',
  'nope',
  'folder',
  'one',
  'one/x.yaml',
  'good.yaml/x',
  'n'.repeat(300),
  'p/'.repeat(2500),
]

test.each(OF_A_FILE.map((words) => [words]))('%j answers to any file name in one line', async (words) => {
  const [command = '', ...args] = words
  for (const file of BAD_FILES) {
    const { code, out, err } = await said(command, ...args, file)
    expect([file, code === 1 || code === 2, out]).toEqual([file, true, ''])
    expect(err).toMatch(/^sluice [^\n]+\n$/)
    expect(err).not.toMatch(/\bE[A-Z]{3,}\b/)
  }
})

needs('setpriv')(
  'a folder or file that is closed to this user is told in one line',
  () => {
    mkdirSync(join(cwd, 'closed'))
    for (const file of ['closed/sluice.yaml', 'secret.yaml']) {
      writeFileSync(join(cwd, file), 'x')
      chmodSync(join(cwd, file), 0o600)
    }
    chmodSync(cwd, 0o755)
    chmodSync(join(cwd, 'closed'), 0o700)
    const as = process.getuid?.() === 0 ? 'setpriv --reuid=65534 --regid=65534 --clear-groups' : ''
    if (as === '') for (const file of ['closed', 'secret.yaml']) chmodSync(join(cwd, file), 0)
    const words = `${as} ${process.execPath} -e`
    const script = `const { findConfigFile } = await import('${join(import.meta.dir, '../../../server/cli/config-file.ts')}')
      console.log(JSON.stringify(['closed/sluice.yaml', 'secret.yaml'].map((file) => findConfigFile(file, '${cwd}'))))`
    const { out } = shell(`${words} "$SCRIPT"`, { SCRIPT: script })
    chmodSync(join(cwd, 'closed'), 0o700)
    if (out === '') return // Who may not read the sources either cannot tell.
    expect(JSON.parse(out)).toEqual([
      { problem: 'closed/sluice.yaml cannot be read: we may not look into its folder' },
      { file: join(cwd, 'secret.yaml') },
    ])
  },
  SPAWN_MS,
)

test(
  'a demo whose files have no place says where they should have gone',
  () => {
    for (const folder of ['/nope', join(cwd, 'good.yaml'), join(cwd, 'one')]) {
      const { code, out, err } = shell('exec $SLUICE demo --once', { TMPDIR: folder })
      expect([code, out]).toEqual([1, ''])
      expect(err).toStartWith(`sluice demo: its files cannot be put into ${folder}: `)
      expect(err).toMatch(/^[^\n]+; name another folder with TMPDIR\n$/)
    }
  },
  SPAWN_MS,
)

test(
  'a reader that leaves is no problem; a disk that is full is',
  () => {
    expect(shell('$SLUICE example | head -1')).toMatchObject({ code: 0, err: '' })
    expect(shell('$SLUICE schema | true')).toMatchObject({ code: 0, err: '' })
    expect(shell('$SLUICE version >&-').err).toBe('')
    if (!existsSync('/dev/full')) return
    expect(shell('$SLUICE config good.yaml > /dev/full')).toEqual({
      code: 1,
      out: '',
      err: 'sluice config: the output cannot be written: no space is left on the disk\n',
    })
  },
  SPAWN_MS,
)

test(
  'no command needs HOME or anything else of the environment, nor a folder to stand in',
  () => {
    expect(shell('exec env -i $SLUICE check good.yaml')).toMatchObject({ code: 0, err: '' })
    const gone = shell('mkdir gone && cd gone && rmdir ../gone && exec $SLUICE check good.yaml')
    expect([gone.code, gone.err.trimEnd().split('\n').length]).toEqual([1, 1])
  },
  SPAWN_MS,
)

test('what the system refuses is told in words, and a bug with where it is when that is asked for', () => {
  const refused = Object.assign(new Error("EROFS: read-only file system, open '/x'"), {
    code: 'EROFS',
    path: '/x',
  })
  expect(failureLine(refused, false)).toBe('/x: the file system is read-only')
  const bug = new TypeError('a is\nnot b')
  expect(failureLine(bug, false)).toBe('this is a bug: TypeError: a is not b; SLUICE_TRACE=1 shows where')
  expect(failureLine(bug, true)).toContain('failures.test.ts')
  expect(failureLine('odd', false)).toBe('this is a bug: odd')
})
