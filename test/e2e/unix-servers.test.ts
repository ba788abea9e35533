// Servers at Unix sockets: asked over kept connections, and told with their path where they cannot be
// reached.
import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listenUnix } from '../../server/lib/bind-fd.ts'
import { closeFds } from '../../server/lib/pass-fds.ts'
import { startEngine, toServers } from '../support/engine.ts'

let folder = ''
const servers: { stop(closeActive?: boolean): void }[] = []
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-servers-'))
})
afterEach(() => {
  for (const server of servers.splice(0)) server.stop(true)
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Answers each request with this; gives the heads that came, by connection. */
function serve(path: string, answer: string): string[][] {
  const heads: string[][] = []
  const server = Bun.listen<string[]>({
    unix: path,
    socket: {
      open(socket) {
        socket.data = []
        heads.push(socket.data)
      },
      data(socket, bytes) {
        socket.data.push(bytes.toString('latin1'))
        socket.write(answer)
      },
    },
  })
  servers.push(server)
  return heads
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

test('a server at a Unix socket is asked over a connection that is kept', async () => {
  const path = join(folder, 'app.sock')
  const heads = serve(path, OK)
  await using gateway = startEngine({ config: toServers([`http://unix:${path}`]) })
  await using client = await gateway.client()
  for (let i = 0; i < 3; i++) expect((await client.get('/')).body).toBe('ok')
  expect(heads.map((of) => of.length)).toEqual([3])
  expect(gateway.log[0]).toMatchObject({ server: `http://unix:${path}`, status: 200, attempts: 1 })
  await gateway.settled()
})

test("bytes behind an answer are nobody's: its connection serves no other request", async () => {
  const path = join(folder, 'surplus.sock')
  const heads = serve(path, `${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`)
  await using gateway = startEngine({ config: toServers([`http://unix:${path}`]) })
  await using client = await gateway.client()
  for (let i = 0; i < 3; i++) expect((await client.get('/')).body).toBe('ok')
  expect(heads.map((of) => of.length)).toEqual([1, 1, 1])
  await gateway.settled()
})

test('a request without a Host is told "localhost", as the server has no name', async () => {
  const path = join(folder, 'host.sock')
  const heads = serve(path, OK)
  await using gateway = startEngine({ config: toServers([`http://unix:${path}`]) })
  await using client = await gateway.client()
  client.send('GET / HTTP/1.0\r\n\r\n')
  expect((await client.readAnswer()).status).toBe(200)
  expect(heads[0]?.[0]).toContain('\r\nHost: localhost\r\n')
})

test('why one cannot be reached is told with its path', async () => {
  const [nothing, left, file] = ['none.sock', 'left.sock', 'file'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  closeFds([listenUnix(left, 1)])
  writeFileSync(file, '')
  for (const [path, fault, detail] of [
    [nothing, 'connect_failed', 'no such file'],
    [left, 'connect_refused', 'nobody listens there'],
    [file, 'connect_refused', 'nobody listens there'],
  ] as const) {
    await using gateway = startEngine({ config: toServers([`http://unix:${path}`]) })
    await using client = await gateway.client()
    expect((await client.get('/')).status).toBe(502)
    expect(gateway.log[0]).toMatchObject({ fault, detail: `${path}: ${detail}` })
    await gateway.settled()
  }
})
