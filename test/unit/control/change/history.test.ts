import { afterEach, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { History } from '../../../../server/control/change/history.ts'
import type { Edition } from '../../../../server/control/problem.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'history-'))
  folders.push(folder)
  return join(folder, 'data')
}

const edition = (hash: string): Edition => ({ hash }) as unknown as Edition

function apply(history: History, hash: string): number {
  const revision = history.revisionOf(edition(hash))
  history.stage(edition(hash))
  history.commit()
  return revision
}

test('a revision counts what was applied, and goes on over a restart', () => {
  const data = dataFolder()
  const history = new History(data, '/etc/sluice.yaml')
  expect([apply(history, 'a'), apply(history, 'b')]).toEqual([1, 2])
  history.stage(edition('refused'))
  history.drop()
  expect(apply(history, 'b')).toBe(3)
  // The same text is the same revision after a restart, another one is the next.
  expect(apply(new History(data, '/etc/sluice.yaml'), 'b')).toBe(3)
  const again = new History(data, '/etc/sluice.yaml')
  expect([apply(again, 'c'), apply(again, 'c')]).toEqual([4, 5])
  expect(apply(new History(data, '/etc/other.yaml'), 'c')).toBe(1)
})

test('what waits to be confirmed outlives the gateway, for its user alone', () => {
  const data = dataFolder()
  const history = new History(data, '/etc/sluice.yaml')
  apply(history, 'a')
  history.hold({ hashes: ['b'], previous: 'text of a' })
  apply(history, 'b')
  const again = new History(data, '/etc/sluice.yaml')
  expect(again.unconfirmed).toEqual({ hashes: ['b'], previous: 'text of a' })
  const [name = ''] = readdirSync(data)
  expect(statSync(join(data, name)).mode & 0o777).toBe(0o600)
  again.hold(null)
  expect(new History(data, '/etc/sluice.yaml').unconfirmed).toBeNull()
})

test('a file that is broken, or a folder that cannot be written, is no reason not to serve', () => {
  const data = dataFolder()
  const history = new History(data, '/etc/sluice.yaml')
  apply(history, 'a')
  const [name = ''] = readdirSync(data)
  for (const text of [
    '',
    'null',
    '{"revision":"x"}',
    '{"revision":7}',
    '{"revision":7,"hash":"a","unconfirmed":{}}',
  ]) {
    writeFileSync(join(data, name), text)
    expect(new History(data, '/etc/sluice.yaml').unconfirmed).toBeNull()
  }
  expect(apply(new History('/proc/nowhere', '/etc/sluice.yaml'), 'a')).toBe(1)
})
