import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { peerUids } from '../../../server/lib/peer-uids.ts'

const folder = mkdtempSync(join(tmpdir(), 'peers-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('who is connected to a Unix socket is told by the kernel, and nobody once they have gone', async () => {
  const own = process.geteuid?.() ?? -1
  const seen: (readonly number[])[] = []
  const server = Bun.serve({
    unix: join(folder, 'own.sock'),
    fetch: () => {
      seen.push(peerUids('own.sock'), peerUids('other.sock'))
      return new Response('')
    },
  })
  try {
    // The listening socket itself has our own credentials: it is nobody who asks.
    expect(peerUids('own.sock')).toEqual([])
    await fetch('http://localhost/', { unix: join(folder, 'own.sock'), headers: { Connection: 'close' } })
    expect(seen).toEqual(process.platform === 'linux' ? [[own], []] : [[], []])
  } finally {
    server.stop(true)
  }
})

/** Asks itself by a Unix socket, and looks who that is when it has taken every descriptor that was left. */
const CHILD = `
import { openSync } from 'node:fs'
import { openDescriptors, descriptorLimit } from '${join(import.meta.dir, '../../../server/lib/descriptors.ts')}'
import { peerUids } from '${join(import.meta.dir, '../../../server/lib/peer-uids.ts')}'
const [unix] = process.argv.slice(-1)
peerUids('own.sock')
const server = Bun.serve({
  unix,
  fetch: () => {
    try {
      for (;;) openSync('/dev/null')
    } catch {}
    console.log(JSON.stringify([peerUids('own.sock'), openDescriptors() === descriptorLimit()]))
    return new Response('')
  },
})
await fetch('http://localhost/', { unix })
process.exit()
`

test.skipIf(process.platform !== 'linux')(
  'also when no descriptor is left to read which there are',
  async () => {
    const script = join(folder, 'child.ts')
    mkdirSync(join(folder, 'full'))
    writeFileSync(script, CHILD)
    const child = Bun.spawn(
      [
        'sh',
        '-c',
        'ulimit -n 64; exec "$0" "$@"',
        process.execPath,
        script,
        join(folder, 'full', 'own.sock'),
      ],
      { stdout: 'pipe' },
    )
    expect(JSON.parse(await child.stdout.text())).toEqual([[process.geteuid?.()], true])
  },
)
