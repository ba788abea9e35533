// config/examples/unix-sockets.yaml: it runs as it stands, but for its places, and does what its comments
// say.
import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway } from '../support/gateway.ts'

const FILE = join(import.meta.dir, '../../config/examples/unix-sockets.yaml')

test('who comes by the file says who the client is, and the application is asked by its own', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-unix-example-'))
  const application = Bun.serve({
    unix: join(folder, 'app.sock'),
    fetch: ({ headers }) => new Response(headers.get('x-forwarded-for')),
  })
  try {
    const web = join(folder, 'web.sock')
    const text = readFileSync(FILE, 'utf8')
      .replaceAll('/run/sluice/web.sock', web)
      .replaceAll('/run/app/app.sock', join(folder, 'app.sock'))
      .replaceAll('127.0.0.1:8080', '127.0.0.1:0')
      .replaceAll('www-data', 'root')
    await using gateway = await startGateway({ config: `${text}\nadmin: { bind: "127.0.0.1:0" }\n` })
    expect(gateway.last('serving')?.['listeners']).toMatchObject({
      web: expect.arrayContaining([`unix:${web}`]),
    })
    expect(statSync(web).mode & 0o777).toBe(0o660)
    const answer = await fetch('http://example.org/', {
      unix: web,
      headers: { 'X-Forwarded-For': '192.0.2.7' },
    })
    expect(await answer.text()).toBe('192.0.2.7, unix:')
  } finally {
    await application.stop(true)
    rmSync(folder, { recursive: true })
  }
})
