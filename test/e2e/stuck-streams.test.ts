// Standard streams that nobody reads: the gateway serves, changes its config and stops as if they were read.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sources } from '../support/gateway.ts'
import { freePort } from '../support/kernel.ts'
import { commandOf, killAll, sendSignal, treeOf } from '../support/processes.ts'
import { waitFor, within } from '../support/wait.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-stuck-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A pipe that is full and that nobody reads. */
function fullPipe(): number {
  const path = join(folder, 'pipe')
  Bun.spawnSync(['mkfifo', path])
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  // As it is inherited by programs that know nothing of O_NONBLOCK.
  const blocking = openSync(path, constants.O_RDWR)
  const bytes = Buffer.alloc(4096, 'x')
  for (;;) {
    try {
      writeSync(fd, bytes)
    } catch {
      closeSync(fd)
      return blocking
    }
  }
}

const configOf = (port: number, body: string): string =>
  JSON.stringify({
    workers: 2,
    drain: '1s',
    admin: false,
    logs: { level: 'debug' },
    listeners: { web: { bind: `127.0.0.1:${port}` } },
    rules: [{ name: 'all', respond: { status: 200, body } }],
  })

test('with stdout and stderr full for good it serves, refuses and takes configs, replaces workers, and ends when told to', async () => {
  const port = freePort()
  const file = join(folder, 'sluice.yaml')
  const write = async (text: string): Promise<void> => {
    await writeFile(`${file}.new`, text)
    await rename(`${file}.new`, file)
  }
  await write(configOf(port, 'one'))
  const pipe = fullPipe()
  const child = Bun.spawn([...sources(), 'run', '-c', file], {
    cwd: folder,
    stdin: 'ignore',
    stdout: pipe,
    stderr: pipe,
  })
  closeSync(pipe)
  const fetched = async (): Promise<string | null> => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { keepalive: false }).catch(() => null)
    return answer === null ? null : answer.text()
  }
  const workers = (): number[] => treeOf(child.pid).filter((pid) => commandOf(pid).at(-1) === 'worker')
  try {
    await waitFor(async () => (await fetched()) === 'one', { what: 'an answer' })
    // The access log, on stdout, is as stuck as events are.
    for (let i = 0; i < 200; i++) expect(await fetched()).toBe('one')
    await write('listeners: [')
    sendSignal(child.pid, 'SIGHUP')
    await write(configOf(port, 'two'))
    await waitFor(async () => (await fetched()) === 'two', { what: 'the next config' })
    const before = workers()
    sendSignal(before[0], 'SIGKILL')
    await waitFor(() => workers().length === 2 && !workers().includes(before[0]!), { what: 'another worker' })
    await waitFor(async () => (await fetched()) === 'two')
    sendSignal(child.pid, 'SIGTERM')
    expect(await within(child.exited, 'the end')).toBe(0)
  } finally {
    killAll(treeOf(child.pid))
  }
})
