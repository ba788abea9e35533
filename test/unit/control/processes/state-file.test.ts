import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listeningInodes } from '../../../../server/lib/tcp-table.ts'
import {
  areHeldByOrphans,
  isRelayEnding,
  markOf,
  orphansOf,
  readRunState,
  removeRunState,
  runStateFile,
  writeRunState,
} from '../../../../server/control/processes/state-file.ts'

const folders: string[] = []
const children: Bun.Subprocess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'state-'))
  folders.push(made)
  return made
}

/** A process that listens on a port of its own and prints it. */
async function listener(): Promise<{ pid: number; port: number }> {
  const code = `console.log(Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } }).port)`
  const child = Bun.spawn([process.execPath, '-e', code], { stdout: 'pipe' })
  children.push(child)
  const { value } = await child.stdout.getReader().read()
  return { pid: child.pid, port: Number(new TextDecoder().decode(value)) }
}

describe('the state file', () => {
  test('says who runs, and leaves nothing else in the folder', () => {
    const data = join(folder(), 'data')
    const at = join(data, 'run.json')
    writeRunState(at, { workers: [process.ppid], relay: null })
    const [supervisor, worker] = [markOf(process.pid)!, markOf(process.ppid)!]
    expect(readRunState(at)).toEqual({ supervisor, workers: [worker], relay: null })
    writeRunState(at, { workers: [], relay: process.ppid })
    expect(readRunState(at)).toEqual({ supervisor, workers: [], relay: worker })
    expect(readdirSync(data)).toEqual(['run.json'])
    expect(statSync(data).mode & 0o777).toBe(0o700)
    removeRunState(at)
    expect(readRunState(at)).toBeNull()
  })

  test('workers of a supervisor that runs are no orphans', () => {
    const at = join(folder(), 'run.json')
    writeRunState(at, { workers: [process.ppid], relay: null })
    expect(orphansOf(readRunState(at))).toEqual([])
  })

  test('what a supervisor before the last one left behind is known until it ends, also after an orderly stop', () => {
    const at = join(folder(), 'run.json')
    const orphan = markOf(process.ppid)!
    writeRunState(at, { workers: [], relay: null, orphans: [orphan, { pid: 2 ** 22 + 1, started: '1' }] })
    // Ours are nobody's orphans while we run.
    expect(orphansOf(readRunState(at))).toEqual([])
    removeRunState(at)
    const state = readRunState(at)!
    expect(state).toMatchObject({ workers: [], orphans: [orphan] })
    expect(orphansOf({ ...state, supervisor: { pid: process.pid, started: '1' } })).toEqual([process.ppid])
    rmSync(at)
    writeRunState(at, { workers: [], relay: null, orphans: [] })
    removeRunState(at)
    expect(readRunState(at)).toBeNull()
  })

  test('workers of a supervisor that is gone are orphans, unless their id is of another process by now', () => {
    const worker = markOf(process.ppid)!
    const gone = { pid: process.pid, started: '1' }
    expect(orphansOf({ supervisor: gone, workers: [worker] })).toEqual([process.ppid])
    expect(orphansOf({ supervisor: gone, workers: [{ ...worker, started: '1' }] })).toEqual([])
  })

  test('a relay is about to end when it runs and its supervisor does not', () => {
    const relay = markOf(process.ppid)!
    const gone = { pid: process.pid, started: '1' }
    expect(isRelayEnding({ supervisor: gone, workers: [], relay })).toBe(true)
    expect(isRelayEnding({ supervisor: gone, workers: [], relay: { ...relay, started: '1' } })).toBe(false)
    expect(isRelayEnding({ supervisor: markOf(process.pid)!, workers: [], relay })).toBe(false)
    expect(isRelayEnding({ supervisor: gone, workers: [relay], relay: null })).toBe(false)
    expect(isRelayEnding({ supervisor: gone, workers: [relay] })).toBe(false)
    expect(isRelayEnding(null)).toBe(false)
  })

  test('two configs that share a folder have a file each; one config has the same one always', () => {
    const [one, other] = ['/etc/a.yaml', '/etc/b.yaml'].map((file) => runStateFile('/data', file))
    expect(one).not.toBe(other)
    expect(runStateFile('/data', '/etc/x/../a.yaml')).toBe(one!)
    expect(one).toMatch(/^\/data\/run-[0-9a-f]{16}\.json$/)
  })

  test('what another supervisor has written stays', () => {
    const at = join(folder(), 'run.json')
    const state = { supervisor: markOf(process.ppid)!, workers: [] }
    writeFileSync(at, JSON.stringify(state))
    removeRunState(at)
    expect(readRunState(at)).toEqual(state)
  })

  test('anything else in the file is no state', () => {
    const at = join(folder(), 'run.json')
    const mark = JSON.stringify(markOf(process.pid))
    for (const text of [
      '',
      '{',
      '[]',
      '{"supervisor":{"pid":1}}',
      '{"supervisor":null,"workers":[]}',
      `{"supervisor":${mark},"workers":[],"relay":{"pid":1}}`,
    ]) {
      writeFileSync(at, text)
      expect(readRunState(at)).toBeNull()
    }
  })

  test('a port is held by orphans only when all its sockets are theirs', async () => {
    const [one, other] = [await listener(), await listener()]
    const gone = { pid: process.pid, started: '1' }
    const state = { supervisor: gone, workers: [markOf(one.pid)!] }
    expect(listeningInodes(one.port).size).toBe(1)
    expect(areHeldByOrphans(state, listeningInodes(one.port))).toBe(true)
    expect(areHeldByOrphans(state, listeningInodes(other.port))).toBe(false)
    expect(
      areHeldByOrphans(state, new Set([...listeningInodes(one.port), ...listeningInodes(other.port)])),
    ).toBe(false)
    expect(areHeldByOrphans(state, new Set())).toBe(false)
    expect(areHeldByOrphans(null, listeningInodes(one.port))).toBe(false)
  })
})
