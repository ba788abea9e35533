import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { waitFor } from '../../../support/wait.ts'
import { Peer } from './peer.ts'
import type { Subject } from './scene.ts'

const CHILD = join(import.meta.dir, '../few-descriptors-child.ts')
const CLIENTS = 60

/** A machine that has no descriptor left for who comes. */
export function testExhaustion({ kind }: Subject): void {
  test('out of descriptors, who comes waits without keeping anybody busy, and is served when others go', async () => {
    const child = Bun.spawn(['sh', '-c', `ulimit -n 48; exec "$0" "$@"`, process.execPath, CHILD, kind], {
      stdout: 'pipe',
      stderr: 'inherit',
    })
    const said = lines(child.stdout)
    try {
      const { port } = (await said.next()).value as { port: number }
      const peers = Array.from({ length: CLIENTS }, () => Peer.connect(port))
      for (const peer of peers) peer.send('x')
      // It tried again a few times, and slept between: a loop that is kept busy has thousands of turns.
      const { turns } = (await said.next()).value as { turns: number }
      expect(turns).toBeLessThan(40)
      const served = (): Peer[] => peers.filter((peer) => (peer.read(), peer.bytes.length > 0))
      await waitFor(() => served().length > 0)
      const first = served()
      expect(first.length).toBeLessThan(CLIENTS)
      // Neither can it dial, and it says why.
      first[0]?.send('dial')
      expect((await first[0]?.readBytes(1 + 'descriptor_limit'.length))?.toString()).toBe('xdescriptor_limit')
      for (const peer of first) peer.close()
      const others = peers.filter((peer) => !first.includes(peer))
      for (const peer of others) {
        await peer.readBytes(1)
        peer.close()
      }
    } finally {
      child.kill('SIGKILL')
      await child.exited
    }
  })
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  let text = ''
  for await (const bytes of stream) {
    text += Buffer.from(bytes).toString()
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield JSON.parse(text.slice(0, end))
      text = text.slice(end + 1)
    }
  }
}
