import { afterEach, beforeEach, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tagAt } from '../../../../server/admin/resources/known-config.ts'
import { StateKey } from '../../../../server/control/store/state-key.ts'
import { hashFor, markedHash, tagKeyOf } from '../../../../server/control/store/tag-key.ts'

let folders: string[]
beforeEach(() => {
  folders = ['a', 'b'].map((name) => mkdtempSync(join(tmpdir(), `sluice-tags-${name}-`)))
})
afterEach(() => folders.forEach((folder) => rmSync(folder, { recursive: true })))

const [A, B] = [() => folders[0]!, () => folders[1]!]
const sum = (text: string): string => createHash('sha256').update(text).digest('hex')
const tag = (data: string, value: object): string =>
  tagAt({ value: new Map(Object.entries(value)), tagKey: tagKeyOf(data) }, [])

test('the tag of a value cannot be made without the key of the gateway, and stays over restarts', () => {
  const value = { name: 'api', password: 'hush' }
  const here = tag(A(), value)
  expect(here).toMatch(/^"[0-9a-f]{24}"$/)
  expect(here).not.toContain(sum(JSON.stringify(value)).slice(0, 24))
  expect(tag(B(), value)).not.toBe(here)
  expect(tag(A(), { password: 'hush', name: 'api' })).toBe(here)
  expect(tag(A(), { ...value, password: 'hush2' })).not.toBe(here)
  // What another process reads of the same folder.
  expect(tagKeyOf(A())).toEqual(new StateKey(A()).derive('etag'))
})

test('who may read the text is told its SHA-256, and others a hash that says the same of nothing else', () => {
  const text = { hash: sum('a text'), config: { data: A() } }
  const told = (['viewer', 'operator', 'editor', 'admin'] as const).map((role) => hashFor({ role }, text))
  const marked = markedHash(text.hash, A())
  expect(marked).toMatch(/^[0-9a-f]{64}$/)
  expect(told).toEqual([marked, marked, text.hash, text.hash])
  expect(marked).not.toBe(text.hash)
})

test('a folder whose key cannot be read has tags all the same', () => {
  const gone = join(A(), 'not', 'there')
  expect(tag(gone, { a: '1' })).toBe(tag(gone, { a: '1' }))
  expect(tag(gone, { a: '1' })).not.toBe(tag(gone, { a: '2' }))
})
