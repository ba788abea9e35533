// Files of uploaded certificates: which of them go, and when.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Served } from '../../../server/control/change/apply.ts'
import { type UploadHands, UnnamedUploads } from '../../../server/control/unnamed-uploads.ts'
import { uploadedFolder, uploadedPair } from '../../../server/control/uploaded-pair.ts'

const NOW_MS = Date.parse('2026-11-30T12:00:00Z')
const HOUR_MS = 3_600_000

let data: string
beforeEach(() => void (data = mkdtempSync(join(tmpdir(), 'uploads-'))))
afterEach(() => rmSync(data, { recursive: true, force: true }))

function put(name: string, ageMs = 2 * HOUR_MS): string {
  const folder = uploadedFolder(data)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), name)
  utimesSync(join(folder, name), new Date(NOW_MS - ageMs), new Date(NOW_MS - ageMs))
  return name
}

/** Both files of a pair, by their names. */
function pair(name: string, ageMs?: number): string[] {
  const { cert, key } = uploadedPair(data, name, { cert: name, key: name })
  return [cert, key].map((file) => put(file.slice(uploadedFolder(data).length + 1), ageMs))
}

const left = (): string[] => readdirSync(uploadedFolder(data)).toSorted()
const naming = (files: readonly string[]): string =>
  files.map((file) => `x: data/uploaded/${file}`).join('\n')
const servedOf = (text: string, config: object = {}): Served =>
  ({ revision: 1, edition: { text, hash: text, config: { data, ...config } } }) as unknown as Served

// oxlint-disable-next-line typescript/require-await -- as a database gives them
async function* each(texts: readonly string[]): AsyncGenerator<string> {
  yield* texts
}

const hands = (more: Partial<UploadHands> = {}, one = servedOf('')): UploadHands => ({
  served: () => one,
  isChanging: () => false,
  waiting: () => [],
  kept: () => Promise.resolve(each([])),
  nowMs: () => NOW_MS,
  ...more,
})

/** Something is served, and all that comes of it is done. */
async function serve(uploads: UnnamedUploads): Promise<void> {
  uploads.served()
  for (let turns = 0; turns < 20; turns++) await Promise.resolve()
}

test('go once neither what is served, nor a revision, nor what waits names them any more', async () => {
  const [served, filledIn, kept, waits, gone] = ['served', 'filled', 'kept', 'waits', 'gone'].map((name) =>
    pair(name),
  ) as [string[], string[], string[], string[], string[]]
  const one = servedOf(naming(served), { certificates: { a: { cert: [filledIn[0]], key: [filledIn[1]] } } })
  await serve(
    new UnnamedUploads(
      hands({
        served: () => one,
        waiting: () => ['', naming(waits)],
        kept: () => Promise.resolve(each(['listeners: {}', naming(kept), ''])),
      }),
    ),
  )
  expect(left()).toEqual([...served, ...filledIn, ...kept, ...waits].toSorted())
  expect(left()).not.toContain(gone[0])
})

test('stay within an hour of their making, as well those that are uploaded once more', async () => {
  const [young, old] = [pair('young', HOUR_MS - 1), pair('old', HOUR_MS + 1)]
  const again = pair('again')
  const kept = (): Promise<AsyncIterable<string>> => {
    for (const name of again) put(name, 0)
    return Promise.resolve(each([]))
  }
  await serve(new UnnamedUploads(hands({ kept })))
  expect(left()).toEqual([...young, ...again].toSorted())
  expect(old).toHaveLength(2)
})

test('are the only ones that go, but for what a write that was cut off has left', async () => {
  const stay = [put('mine.pem'), put('site-0123.key'), put('notes.txt')]
  const [named = ''] = pair('a')
  put(`.${named}.new`)
  symlinkSync('/dev/null', join(uploadedFolder(data), named.replace('a-', 'link-')))
  const one = servedOf(naming([named]))
  await serve(new UnnamedUploads(hands({ served: () => one })))
  expect(left()).toEqual([...stay, named, named.replace('a-', 'link-')].toSorted())
})

test('stay where not all is known that may name them', async () => {
  const all = pair('a').toSorted()
  const broken = (): Promise<AsyncIterable<string>> => Promise.reject(new Error('disk image is malformed'))
  for (const more of [
    { waiting: () => null },
    { kept: () => Promise.resolve(null) },
    { kept: broken },
    { served: () => null },
  ])
    await serve(new UnnamedUploads(hands(more)))
  expect(left()).toEqual(all)
})

test('wait for the end of a change that is under way, or that came in between', async () => {
  const all = pair('a').toSorted()
  let isChanging = true
  const uploads = new UnnamedUploads(hands({ isChanging: () => isChanging, served: () => now }))
  let now = servedOf('one')
  await serve(uploads)
  expect(left()).toEqual(all)
  // A change begins while revisions are read, and names them.
  isChanging = false
  const between = new UnnamedUploads(
    hands({
      ...{ isChanging: () => isChanging, served: () => now },
      kept: () => {
        isChanging = true
        return Promise.resolve(each([]))
      },
    }),
  )
  await serve(between)
  now = servedOf(naming(all))
  isChanging = false
  await between.look()
  expect(left()).toEqual(all)
  now = servedOf('one')
  await uploads.look()
  expect(left()).toEqual([])
})

test('a folder that is not there is none', async () => {
  let asked = 0
  await serve(new UnnamedUploads(hands({ kept: () => (asked++, Promise.resolve(null)) })))
  expect(asked).toBe(0)
})
