import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../../../server/config/schema.ts'
import { FileCertificates } from '../../../../server/control/certificates/file-certificates.ts'
import { wantedCertificates } from '../../../../server/control/source/wanted-certificates.ts'
import type { PemPair } from '../../../../server/tls/certificate.ts'
import { certificateName } from '../../../../server/tls/certificates.ts'
import { testCertificate } from '../../../support/certificate.ts'
import { waitFor } from '../../../support/wait.ts'

const { cert, key } = testCertificate()
const pair = { cert: readFileSync(cert, 'latin1'), key: readFileSync(key, 'latin1') }

/** Only what is looked at. */
const config = (listeners: Record<string, unknown>, certificates: object = {}): Config =>
  ({ listeners, certificates }) as unknown as Config

const hands = {
  replace: () => Promise.resolve(false),
  refused: () => undefined,
  learn: () => Promise.resolve(),
  refuse: () => Promise.resolve(),
  challenge: () => Promise.resolve(),
  httpChallenges: () => Promise.resolve(),
}

async function read(words: Config): Promise<Record<string, readonly PemPair[]>> {
  const files = new FileCertificates({ hands, isWatching: false })
  const found: Record<string, readonly PemPair[]> = {}
  for (const wanted of wantedCertificates(words).values()) found[wanted.name] = await files.textOf(wanted)
  return found
}

test('those of the top level and of turn listeners are read as text, by name; of a list each pair', async () => {
  const found = await read(
    config(
      {
        web: { protocol: 'http', bind: '127.0.0.1:0' },
        plain: { protocol: 'turn', bind: '127.0.0.1:0' },
        turn: { protocol: 'turn', bind: '127.0.0.1:0', tls: { bind: '127.0.0.1:0', cert, key } },
      },
      { site: { cert: [cert], key: [key] }, both: { cert: [cert, cert], key: [key, key] } },
    ),
  )
  expect(found).toEqual({ site: [pair], both: [pair, pair], [certificateName({ cert, key })]: [pair] })
})

test('a file that cannot be read is told by its place in the config', () => {
  const turn = (tls: object): Config => config({ 'a.b': { protocol: 'turn', tls } })
  expect(read(turn({ bind: '', cert, key: '/nowhere/key.pem' }))).rejects.toMatchObject({
    path: 'listeners["a.b"].tls.key',
    message: 'cannot read /nowhere/key.pem: no file of this name',
  })
  expect(read(turn({ bind: '', cert: '/', key }))).rejects.toMatchObject({
    path: 'listeners["a.b"].tls.cert',
    message: 'cannot read /: a folder',
  })
  const site = (certs: string[], keys: string[]): Config => config({}, { site: { cert: certs, key: keys } })
  expect(read(site([cert, '/'], [key, key]))).rejects.toMatchObject({ path: 'certificates.site.cert[1]' })
  expect(read(site([cert], ['/']))).rejects.toMatchObject({ path: 'certificates.site.key' })
})

test('files that are as they were are not read again; one that was changed is, whatever its time says', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-files-'))
  try {
    const names = ['a', 'b'].map((name) => join(folder, name))
    const [first = '', second = ''] = names
    for (const file of names) writeFileSync(file, 'one')
    const words = config({}, { a: { cert: [first], key: [first] }, b: { cert: [second], key: [second] } })
    const files = new FileCertificates({ hands, isWatching: false })
    const all = async (read?: ReadonlyMap<string, string>): Promise<(readonly PemPair[])[]> => {
      const found: (readonly PemPair[])[] = []
      for (const wanted of wantedCertificates(words).values()) found.push(await files.textOf(wanted, read))
      return found
    }
    // Written just now: another writing might look the same.
    expect((await all())[0]).not.toBe((await all())[0])
    await waitFor(() => Date.now() - statSync(second).ctimeMs > 2000)
    const before = await all()
    const { atime, mtime } = statSync(second)
    writeFileSync(second, 'two')
    utimesSync(second, atime, mtime)
    const after = await all()
    expect(after[0]).toBe(before[0]!)
    expect(after[1]).toEqual([{ cert: 'two', key: 'two' }])
    // What the check of a config has read goes before.
    const read = new Map(names.map((name) => [name, 'checked']))
    expect((await all(read))[1]).toEqual([{ cert: 'checked', key: 'checked' }])
    expect((await all())[1]).toEqual([{ cert: 'two', key: 'two' }])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
