// Commands that come while one gateway hands over to another find the new one.
import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seenInTime } from '../../../server/cli/seen-gateway.ts'
import { controlSocketPath } from '../../../server/control/control-socket.ts'
import { runStateFile, writeRunState } from '../../../server/control/processes/state-file.ts'

const root = mkdtempSync(join(tmpdir(), 'seen-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A gateway (this process) that runs with a config in this folder, and has no control socket open. */
function running(folder: string): { readonly file: string; readonly data: string } {
  const [file, data] = [join(folder, 'sluice.yaml'), join(folder, 'data')]
  mkdirSync(data, { recursive: true })
  writeRunState(runStateFile(data, file), { workers: [], relay: null })
  return { file, data }
}

test('a gateway that runs and has no control socket open is waited for, until it has', () => {
  const { file, data } = running(join(root, 'a'))
  let slept = 0
  const [seen] = seenInTime([file], () => {
    if (++slept === 3) writeFileSync(controlSocketPath(data, file), '')
  })
  expect([slept, seen?.sockets]).toEqual([3, [controlSocketPath(data, file)]])
})

test('nobody waits for one that cannot open it, as its name is too long, nor where none runs', () => {
  const sleep = (): never => {
    throw new Error('it waits')
  }
  const { file } = running(join(root, 'long'.repeat(30)))
  expect(seenInTime([file], sleep)[0]?.pid).toBe(process.pid)
  expect(seenInTime([join(root, 'none.yaml')], sleep)[0]?.pid).toBeNull()
})

test('nor does anybody wait for ever', () => {
  const { file } = running(join(root, 'b'))
  let slept = 0
  expect(seenInTime([file], () => void slept++)[0]?.sockets).toEqual([])
  expect(slept).toBe(100)
})
