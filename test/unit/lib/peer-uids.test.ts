import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
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
