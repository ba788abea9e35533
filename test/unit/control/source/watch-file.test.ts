import { afterEach, describe, expect, test } from 'bun:test'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { watchFile, type FileWatch } from '../../../../server/control/source/watch-file.ts'
import { staysTrue, waitFor } from '../../../support/wait.ts'

const folders: string[] = []
const watches: FileWatch[] = []
afterEach(() => {
  for (const watch of watches.splice(0)) watch.stop()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'watch-'))
  folders.push(made)
  return made
}

/** Watches with short times; the poll is off unless asked for. */
function watched(path: string, text: string, pollMs = 60_000): (string | null)[] {
  const seen: (string | null)[] = []
  watches.push(
    watchFile(text, { path, onChange: (now) => seen.push(now), settleMs: 20, pollMs, missingMs: 60 }),
  )
  return seen
}

const arrives = (seen: readonly (string | null)[], count: number): Promise<unknown> =>
  waitFor(() => seen.length >= count, { what: `${count} changes` })

describe('watching a file', () => {
  test('a file written in place is seen once', async () => {
    const path = join(folder(), 'a.yaml')
    writeFileSync(path, 'one')
    const seen = watched(path, 'one')
    writeFileSync(path, 'two')
    await arrives(seen, 1)
    writeFileSync(path, 'three')
    await arrives(seen, 2)
    expect(seen).toEqual(['two', 'three'])
  })

  test('a file renamed over it is seen, again and again', async () => {
    const at = folder()
    const path = join(at, 'a.yaml')
    writeFileSync(path, '0')
    const seen = watched(path, '0')
    for (let i = 1; i <= 4; i++) {
      writeFileSync(join(at, '.a.yaml.swp'), String(i))
      renameSync(join(at, '.a.yaml.swp'), path)
      await arrives(seen, i)
    }
    expect(seen).toEqual(['1', '2', '3', '4'])
  })

  test('a backup made by renaming, then a new file: as some editors save', async () => {
    const at = folder()
    const path = join(at, 'a.yaml')
    writeFileSync(path, 'one')
    const seen = watched(path, 'one')
    renameSync(path, `${path}~`)
    writeFileSync(path, 'two')
    await arrives(seen, 1)
    expect(seen).toEqual(['two'])
  })

  test('a swapped ..data link, as Kubernetes updates a mounted config', async () => {
    const at = folder()
    const put = (version: string, text: string): void => {
      mkdirSync(join(at, version))
      writeFileSync(join(at, version, 'a.yaml'), text)
      symlinkSync(version, join(at, '..data_tmp'))
      renameSync(join(at, '..data_tmp'), join(at, '..data'))
    }
    put('..2026_01', 'one')
    const path = join(at, 'a.yaml')
    symlinkSync('..data/a.yaml', path)
    const seen = watched(path, 'one')
    put('..2026_02', 'two')
    await arrives(seen, 1)
    put('..2026_03', 'three')
    await arrives(seen, 2)
    expect(seen).toEqual(['two', 'three'])
  })

  test('a link to a file elsewhere: writing there and pointing elsewhere are both seen', async () => {
    const [at, elsewhere] = [folder(), folder()]
    writeFileSync(join(elsewhere, 'x.yaml'), 'one')
    writeFileSync(join(elsewhere, 'y.yaml'), 'three')
    const path = join(at, 'a.yaml')
    symlinkSync(join(elsewhere, 'x.yaml'), path)
    const seen = watched(path, 'one')
    writeFileSync(join(elsewhere, 'x.yaml'), 'two')
    await arrives(seen, 1)
    symlinkSync(join(elsewhere, 'y.yaml'), join(at, 'new'))
    renameSync(join(at, 'new'), path)
    await arrives(seen, 2)
    expect(seen).toEqual(['two', 'three'])
  })

  test('the same text written again is no change', async () => {
    const path = join(folder(), 'a.yaml')
    writeFileSync(path, 'one')
    const seen = watched(path, 'one')
    writeFileSync(path, 'one')
    writeFileSync(path, 'two')
    await arrives(seen, 1)
    expect(seen).toEqual(['two'])
  })

  test('a change between the reading of the text and the beginning of the watch is seen', async () => {
    const path = join(folder(), 'a.yaml')
    writeFileSync(path, 'two')
    const seen = watched(path, 'one')
    await arrives(seen, 1)
    expect(seen).toEqual(['two'])
  })

  test('a file that goes away is told once, and so is its coming back', async () => {
    const path = join(folder(), 'a.yaml')
    writeFileSync(path, 'one')
    const seen = watched(path, 'one')
    rmSync(path)
    await arrives(seen, 1)
    writeFileSync(path, 'one')
    await arrives(seen, 2)
    expect(seen).toEqual([null, 'one'])
  })

  test('an empty file is as good as none', async () => {
    const path = join(folder(), 'a.yaml')
    writeFileSync(path, 'one')
    const seen = watched(path, 'one')
    writeFileSync(path, ' \n')
    await arrives(seen, 1)
    expect(seen).toEqual([null])
  })

  test('a change is seen while other files of the folder are written all the time', async () => {
    const at = folder()
    const path = join(at, 'a.yaml')
    writeFileSync(path, 'one')
    const seen = watched(path, 'one')
    const noise = setInterval(() => appendFileSync(join(at, 'access.log'), 'line\n'), 2)
    try {
      writeFileSync(path, 'two')
      await arrives(seen, 1)
    } finally {
      clearInterval(noise)
    }
    expect(seen).toEqual(['two'])
  })

  test('what happens to other files of the folder is not even looked at', async () => {
    const at = folder()
    const path = join(at, 'a.yaml')
    writeFileSync(path, 'one')
    const seen: (string | null)[] = []
    let looks = 0
    const stampOf = (): string => `${++looks}`
    watches.push(
      watchFile('one', { path, onChange: (now) => seen.push(now), settleMs: 20, pollMs: 60_000, stampOf }),
    )
    // At the beginning, and when it has settled.
    await waitFor(() => looks === 2)
    for (let i = 0; i < 20; i++) appendFileSync(join(at, 'access.log'), 'line\n')
    expect(await staysTrue(() => looks === 2, 100)).toBe(true)
    writeFileSync(path, 'two')
    await arrives(seen, 1)
    expect(seen).toEqual(['two'])
  })

  test('the slow poll sees what no event told: the folder was replaced as a whole', async () => {
    const at = folder()
    mkdirSync(join(at, 'conf'))
    const path = join(at, 'conf', 'a.yaml')
    writeFileSync(path, 'one')
    const seen = watched(path, 'one', 50)
    renameSync(join(at, 'conf'), join(at, 'old'))
    mkdirSync(join(at, 'conf'))
    writeFileSync(path, 'two')
    await waitFor(() => seen.includes('two'), { what: 'the new file' })
  })
})
